"""What the agent in a pod answers besides (core/agent/requests.py).

GET  /v1/alive                  200; needs no token
GET  /v1/ready                  200 or 503; needs no token (kubelet asks)
GET  /v1/started                the same, and a game that comes up is waited for, so that kubelet hears of it at once
                                and not when it asks the next time
GET  /v1/status                 {"phase", "detail", "run"}
GET  /v1/saved[?after=N]        {"revision": N, "saved": Receipt or null, "saving": bool, "not_saved": why or "",
                                "not_saved_kind": of failures.py, or ""};
                                with `after`, waits up to 25 s for a revision other than N
POST /v1/store {NAME: ...}      200: the next snapshot goes to the store with these keys (core.worlds.store.place)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.agent.http_server import Response
from core.agent.pod.game import PodGame
from core.agent.pod.surroundings import ReceiptNews
from core.agent.requests import Requests
from core.agent.saver import Saver
from core.agent.wire import PodSpec

LONG_POLL = 25.0  # seconds
STARTED_WITHIN = 0.8
"""Seconds that `/v1/started` waits at most: kubelet asks every second, and skips a turn while it waits."""


class SidecarRequests(Requests):
    def __init__(
        self,
        pod: PodSpec,
        game: PodGame,
        saver: Saver,
        news: ReceiptNews,
        take_store: Callable[[dict[str, str]], None],
        token: Path | None = None,
    ) -> None:
        """`token`: a file that has the token as it is now; it may be missing."""
        super().__init__(pod, saver)
        self._take_store = take_store
        self._token_file = token
        self._pod = pod
        self._game = game
        self._news = news

    def tokens(self) -> list[str]:
        """Also the one that came later: a Secret that somebody edited is written again, and nothing starts for it."""
        try:
            later = self._token_file.read_text("utf-8").strip() if self._token_file else ""
        except (OSError, ValueError):
            later = ""
        return [*super().tokens(), *([later] if later else [])]

    async def open_to_all(self, method: str, path: str) -> Response | None:
        match method, path:
            case "GET", "/v1/alive":
                return 200, {}
            case "GET", "/v1/ready":
                return _ready(await self._game.detail())
            case "GET", "/v1/started":
                return _ready(await self._game.up_within(STARTED_WITHIN))
        return None

    async def own(self, method: str, path: str, after: int | None, body: bytes) -> Response | None:
        match method, path:
            case "POST", "/v1/store":
                return self._store(body)
            case "GET", "/v1/status":
                detail = await self._game.detail()
                return 200, {"phase": "starting" if detail else "ready", "detail": detail, "run": self._pod.run}
            case "GET", "/v1/saved":
                return 200, await self._news.read(after, LONG_POLL)
        return None

    def _store(self, body: bytes) -> Response:
        try:
            told = json.loads(body)
            self._take_store({str(name): str(value) for name, value in told.items()})
        except (ValueError, AttributeError):
            return 400, {"error": "the body is no keys"}
        return 200, {}

    async def players(self) -> dict[str, Any]:
        return await self._game.players()

    async def console(self, line: str) -> str | None:
        said = await self._game.order(line)
        return said if self._game.hears_answers else None


def _ready(detail: str) -> Response:
    return (503 if detail else 200), {"ready": not detail, "detail": detail}
