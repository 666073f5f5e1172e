"""What the agent of the local cluster answers over HTTP (server.py).

    GET  /ready                     200 or 503; needs no token
    GET  /v1/status[?after=N]       the state; with `after`, waits up to 30 s for a revision other than N
    GET  /v1/players                {"online", "max", "names"} or {"unknown": why}
    POST /v1/console {"line": ...}  {"output": ...}, 409 where the game has no console or is not up
    POST /v1/snapshot {"note", "full"}  {"saved": SavedFile}; 503 {"kind", "error"} where there is none (process.py)
    POST /v1/stop                   202; the game is ended, then the agent
All but /ready need `Authorization: Bearer <agent secret>`, else 401.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from core.cluster.local_files import PodFile

from . import probe
from .asked import NOT_ALLOWED, Answer, console_line, is_allowed, snapshot
from .game import NoConsole
from .snapshots import Saver
from .supervisor import Supervisor

LONG_POLL = 30.0  # seconds


class Api:
    """Answers `Server`'s requests."""

    def __init__(self, pod: PodFile, supervisor: Supervisor, saver: Saver) -> None:
        self._pod = pod
        self._saver = saver
        self._supervisor = supervisor

    async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        url = urlsplit(target)
        if (method, url.path) == ("GET", "/ready"):
            ready = self._supervisor.state.phase == "ready"
            return (200 if ready else 503), {"ready": ready}
        if not is_allowed(headers, self._pod.token):
            return NOT_ALLOWED
        match method, url.path:
            case "GET", "/v1/status":
                return await self._status(parse_qs(url.query).get("after", [""])[0])
            case "GET", "/v1/players":
                return await self._players()
            case "POST", "/v1/console":
                return await self._console(body)
            case "POST", "/v1/snapshot":
                return await snapshot(self._saver, body)
            case "POST", "/v1/stop":
                self._supervisor.stop()
                return 202, self._supervisor.state.to_json()
        return 404, {"error": "there is nothing here"}

    async def _status(self, after: str) -> Answer:
        if after.isdecimal():
            await self._supervisor.changed(int(after), LONG_POLL)
        return 200, self._supervisor.state.to_json()

    async def _players(self) -> Answer:
        try:
            return 200, await probe.players(self._pod)
        except probe.NoAnswer as why:
            return 200, {"unknown": str(why)}

    async def _console(self, body: bytes) -> Answer:
        try:
            return 200, {"output": await self._supervisor.console(console_line(body))}
        except ValueError as wrong:
            return 400, {"error": str(wrong)}
        except NoConsole as why:
            return 409, {"error": str(why)}
