"""The agent in a pod: a sidecar that answers for the game, and saves its world.

    GET  /v1/alive                  200; needs no token
    GET  /v1/ready                  200 or 503; needs no token (the kubelet asks)
    GET  /v1/status, /v1/players    as http.py says
    POST /v1/console {"line": ...}  {"output": ...}, or {"output": null} where only the pod's log has the answer
    POST /v1/snapshot {"note", "full"}  as http.py says
    GET  /v1/saved[?after=N]        {"revision": N, "saved": SavedFile or null, "saving": bool, "not_saved": why or ""};
                                    with `after`, waits up to 25 s for a revision other than N
All but the first two need `Authorization: Bearer <agent secret>`. The game's stop line is sent when the game's
preStop hook has touched `stop` (pod_places.py). SIGTERM comes when the game has ended: a last snapshot, and the end.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from core.cluster.local_files import PodFile, SavedFile
from core.games.console.rcon import Rcon

from .asked import NOT_ALLOWED, Answer, console_line, is_allowed, snapshot
from .game import NoConsole
from .pod_game import PodGame
from .pod_places import Places, store_of
from .pod_scene import News, PodScene, unsaved_since
from .probe import NoAnswer
from .server import Server
from .snapshots import Saver

LONG_POLL = 25.0  # seconds
LINGER = 3.0
"""Seconds that the end waits for somebody to fetch the last receipt."""
_FLUSH_PATIENCE = 60.0  # seconds that a game's RCON may take to write the world


class PodAgent:
    """Answers `Server`'s requests."""

    def __init__(self, pod: PodFile, game: PodGame, saver: Saver, news: News) -> None:
        self._pod = pod
        self._game = game
        self._saver = saver
        self._news = news

    async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        url = urlsplit(target)
        match method, url.path:
            case "GET", "/v1/alive":
                return 200, {}
            case "GET", "/v1/ready":
                detail = await self._game.detail()
                return (503 if detail else 200), {"ready": not detail, "detail": detail}
        if not is_allowed(headers, self._pod.token):
            return NOT_ALLOWED
        match method, url.path:
            case "GET", "/v1/status":
                detail = await self._game.detail()
                return 200, {"phase": "starting" if detail else "ready", "detail": detail, "run": self._pod.run}
            case "GET", "/v1/players":
                return await self._players()
            case "POST", "/v1/console":
                return await self._line(body)
            case "POST", "/v1/snapshot":
                return await snapshot(self._saver, body)
            case "GET", "/v1/saved":
                after = parse_qs(url.query).get("after", [""])[0]
                return 200, await self._news.read(int(after) if after.isdecimal() else None, LONG_POLL)
        return 404, {"error": "there is nothing here"}

    async def _players(self) -> Answer:
        try:
            return 200, await self._game.players()
        except NoAnswer as why:
            return 200, {"unknown": str(why)}

    async def _line(self, body: bytes) -> Answer:
        try:
            said = await self._game.order(console_line(body))
        except ValueError as wrong:
            return 400, {"error": str(wrong)}
        except NoConsole as why:
            return 409, {"error": str(why)}
        return 200, {"output": said if self._game.hears_answers else None}


async def run(environ: Mapping[str, str]) -> None:
    """Until SIGTERM, and what is to be done then."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    known: dict[str, Any] = json.loads(environ["DORMOUSE_POD"])
    pod = replace(PodFile.of(known), token=environ["DORMOUSE_AGENT_TOKEN"])
    places, store = Places.of(environ), store_of(environ)
    within = float(environ.get("DORMOUSE_LAST_WITHIN") or 0)
    game = _game(pod, places, environ)
    news = News(SavedFile.read(places.receipt))
    since = unsaved_since(places) if store else None
    saver = Saver(pod, PodScene(pod, places, game, store, news, environ), since)
    tasks = [asyncio.create_task(saver.run(), name="snapshots")] if store else []
    if pod.stop_console:
        tasks.append(asyncio.create_task(game.watch_for_stop(), name="stop line"))
    async with Server(PodAgent(pod, game, saver, news).answer, places.host, places.port):
        await stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if store and within:
            await saver.last(within)
            await news.until_heard(LINGER)
        news.close()


def _game(pod: PodFile, places: Places, environ: Mapping[str, str]) -> PodGame:
    if not (port := environ.get("DORMOUSE_RCON_PORT")):
        return PodGame(pod, places.shared)
    address = "127.0.0.1", int(port), environ["DORMOUSE_CONSOLE_SECRET"]
    return PodGame(pod, places.shared, rcon=Rcon(*address), slow=Rcon(*address, patience=_FLUSH_PATIENCE))
