"""Beside no game: answers what is asked of the files of a volume at rest, for as long as somebody asks, and ends.

GET  /v1/alive   200; needs no token
POST /v1/files   as every agent (core/agent/requests.py)
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import signal
from collections.abc import Mapping

from core.agent.file_wire import LONGEST_ORDER
from core.agent.files import parsed
from core.agent.http_server import HttpServer, Response
from core.agent.pod.places import Places
from core.agent.world_files import WorldFiles

IDLE = 120.0
"""Seconds without a request after which it ends."""


async def run(environ: Mapping[str, str], idle: float = IDLE) -> None:
    """Until SIGTERM, or until nobody asks any more."""
    places, ending = Places.of(environ), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    helper = _Helper(WorldFiles(places.volume(int(environ["DORMOUSE_VOLUME"]))), environ["DORMOUSE_AGENT_TOKEN"])
    async with HttpServer(helper.answer, places.host, places.port, helper.room):
        while not ending.is_set() and helper.was_asked():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(idle):
                    await ending.wait()
        await helper.quiet.wait()


class _Helper:
    def __init__(self, files: WorldFiles, token: str) -> None:
        self._files = files
        self._token = token
        self._asked = True  # it was begun because somebody did
        self._busy = 0
        self.quiet = asyncio.Event()
        self.quiet.set()

    def was_asked(self) -> bool:
        """Since the last time that this was called, or just now."""
        asked, self._asked = self._asked or self._busy > 0, False
        return asked

    def room(self, method: str, target: str, headers: Mapping[str, str]) -> int:
        return LONGEST_ORDER if self._is_allowed(headers) else 0

    async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        if (method, target) == ("GET", "/v1/alive"):
            return 200, {}
        if not self._is_allowed(headers):
            return 401, {"error": "the token is missing or wrong"}
        if (method, target) != ("POST", "/v1/files"):
            return 404, {"error": "there is nothing here"}
        self._asked, self._busy = True, self._busy + 1
        self.quiet.clear()
        try:
            return 200, await self._files.answer(parsed(body))
        except ValueError:
            return 400, {"error": "the body is no order"}
        finally:
            self._busy -= 1
            if not self._busy:
                self.quiet.set()

    def _is_allowed(self, headers: Mapping[str, str]) -> bool:
        shown = headers.get("authorization", "").encode()
        return bool(self._token) and hmac.compare_digest(shown, f"Bearer {self._token}".encode())
