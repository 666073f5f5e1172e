"""What is asked of every agent by HTTP, whichever cluster it stands on.

    GET  /v1/players                    {"online", "max", "names"} or {"unknown": why}
    POST /v1/console {"line": ...}      {"output": ...}; 409 where the game has no console or is not up. The output is
                                        null where only the pod's log has the answer
    POST /v1/snapshot {"note", "full"}  {"saved": Receipt}; 503 {"kind", "error"} (failures.py) where there is none
    POST /v1/files FileOrder            FileAnswer, or {"refused", "why"} (file_wire.py)

All but what `open_to_all` answers needs `Authorization: Bearer <agent secret>`, else 401. local/requests.py and
pod/requests.py say what more an agent answers.
"""

from __future__ import annotations

import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from core.agent.console import NoConsole, asked_line
from core.agent.file_wire import LONGEST_ORDER
from core.agent.files import parsed
from core.agent.http_server import Response
from core.agent.saver import Saver
from core.agent.wire import PodSpec
from core.agent.world_files import WorldFiles
from core.children import ChildFailed
from core.games.protocols.answer import NoAnswer
from core.worlds.failures import failure_of

_LONGEST_NOTE = 200  # characters


class Requests(ABC):
    """Answers what `HttpServer` hears."""

    def __init__(self, pod: PodSpec, saver: Saver) -> None:
        self._token = pod.token
        self._splits = pod.console_rule.get("splits", "")
        self._saver = saver
        self._files = WorldFiles(saver.volume)

    def room(self, method: str, target: str, headers: Mapping[str, str]) -> int:
        """Bytes of a request's body: only who has the token may send more than a little."""
        return LONGEST_ORDER if (method, target) == ("POST", "/v1/files") and self._is_allowed(headers) else 0

    async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        url = urlsplit(target)
        if (known := await self.open_to_all(method, url.path)) is not None:
            return known
        if not self._is_allowed(headers):
            return 401, {"error": "the token is missing or wrong"}
        match method, url.path:
            case "GET", "/v1/players":
                return await self._players()
            case "POST", "/v1/console":
                return await self._console(body)
            case "POST", "/v1/snapshot":
                return await self._snapshot(body)
            case "POST", "/v1/files":
                return await self._of_files(body)
        after = parse_qs(url.query).get("after", [""])[0]
        known = await self.own(method, url.path, int(after) if after.isdecimal() else None, body)
        return known or (404, {"error": "there is nothing here"})

    @abstractmethod
    async def open_to_all(self, method: str, path: str) -> Response | None:
        """What is answered without a token; None: nothing is, at this path."""

    @abstractmethod
    async def own(self, method: str, path: str, after: int | None, body: bytes) -> Response | None:
        """What only this kind of agent answers. `after`: the revision that whoever asks knows already."""

    @abstractmethod
    async def players(self) -> dict[str, Any]:
        """Raises `NoAnswer`."""

    @abstractmethod
    async def console(self, line: str) -> str | None:
        """Raises `NoConsole`."""

    def tokens(self) -> list[str]:
        """Each of which opens."""
        return [self._token] if self._token else []

    def _is_allowed(self, headers: Mapping[str, str]) -> bool:
        shown = headers.get("authorization", "").encode()
        return any(hmac.compare_digest(shown, f"Bearer {token}".encode()) for token in self.tokens())

    async def _players(self) -> Response:
        try:
            return 200, await self.players()
        except NoAnswer as why:
            return 200, {"unknown": str(why)}

    async def _console(self, body: bytes) -> Response:
        try:
            return 200, {"output": await self.console(asked_line(body, self._splits))}
        except ValueError as wrong:
            return 400, {"error": str(wrong)}
        except NoConsole as why:
            return 409, {"error": str(why)}

    async def _of_files(self, body: bytes) -> Response:
        try:
            return 200, await self._files.answer(parsed(body))
        except ValueError:
            return 400, {"error": "the body is no order"}

    async def _snapshot(self, body: bytes) -> Response:
        try:
            asked = json.loads(body or b"{}")
            note, full = str(asked.get("note", ""))[:_LONGEST_NOTE], bool(asked.get("full"))
        except (ValueError, AttributeError):
            return 400, {"error": "the body is not a wish"}
        try:
            saved = await self._saver.snapshot(note=note, full=full)
        except ChildFailed as wrong:
            return 503, {"kind": wrong.kind, "error": wrong.detail}
        except OSError as wrong:
            return 503, {"kind": failure_of(wrong), "error": str(wrong)}
        return 200, {"saved": saved.to_json()}
