"""The agent in a pod: a sidecar that answers for the game (requests.py), and saves its world.

The game's stop line is sent when the game's preStop hook has written to the pipe `stop` in the folder shared with it.
SIGTERM comes when the game has ended: a last snapshot, and the end.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.agent.console import far_console
from core.agent.files import read_record
from core.agent.http_server import HttpServer
from core.agent.pod.game import PodGame
from core.agent.pod.places import Places
from core.agent.pod.requests import SidecarRequests
from core.agent.pod.surroundings import PodSurroundings, ReceiptNews, unsaved_since
from core.agent.query import PATIENCE
from core.agent.saver import Saver
from core.agent.wire import PodSpec
from core.worlds.receipt import Receipt
from core.worlds.store.place import StorePlace

LINGER = 3.0
"""Seconds that the end waits for somebody to fetch the last receipt."""
_FLUSH_PATIENCE = 60.0  # seconds that a game's console may take to write the world


async def run(environ: Mapping[str, str]) -> None:
    """Until SIGTERM, and what is to be done then."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    known: dict[str, Any] = json.loads(environ["DORMOUSE_POD"])
    secret = environ.get("DORMOUSE_CONSOLE_SECRET", "")
    pod = replace(PodSpec.of(known), token=environ["DORMOUSE_AGENT_TOKEN"], secret=secret)
    places, store = Places.of(environ), StorePlace.of_environment(environ)
    within = float(environ.get("DORMOUSE_LAST_WITHIN") or 0)
    game = _game(pod, places)
    news = ReceiptNews(read_record(Receipt, places.receipt))
    since = unsaved_since(places) if store else None
    around = PodSurroundings(pod, places, game, store, news, environ)
    saver = Saver(pod, around, since)
    tasks = [asyncio.create_task(saver.run(), name="snapshots")] if store else []
    if pod.stop_console:
        tasks.append(asyncio.create_task(game.watch_for_stop(), name="stop line"))
    requests = SidecarRequests(pod, game, saver, news, around.take_store, places.token)
    async with HttpServer(requests.answer, places.host, places.port, requests.room):
        places.up.touch()
        await stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if store and within:
            await saver.last(within)
            await news.until_heard(LINGER)
        news.close()


def _game(pod: PodSpec, places: Places) -> PodGame:
    slow = far_console(pod, patience=_FLUSH_PATIENCE)
    return PodGame(pod, places.shared, far=far_console(pod), quick=far_console(pod, patience=PATIENCE), slow=slow)
