"""A console by HTTP: one request for each line, as the catalogue says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from core.games.console.port import Console, ConsoleAway
from core.games.protocols.answer import NoAnswer
from core.games.protocols.http import request
from core.games.protocols.status import pick
from core.games.terminal import plain

PATIENCE = 5.0  # seconds
LARGEST = 64 * 1024  # bytes of an answer
_SECRET, _LINE = "{secret.console}", "{line}"


class Rest(Console):
    def __init__(
        self, host: str, port: int, secret: str, rule: Mapping[str, str], *, patience: float | None = None
    ) -> None:
        """`rule` has the catalogue's [console] as texts."""
        self._host = host
        self._port = port
        self._secret = secret
        self._rule = rule
        self._patience = PATIENCE if patience is None else patience

    async def send(self, line: str) -> str:
        rule = self._rule
        path = rule.get("path", "/").replace(_SECRET, quote(self._secret, safe="")).replace(_LINE, quote(line, safe=""))
        template = rule.get("body", "")
        body = json.dumps(_filled(json.loads(template), line)).encode() if template else None
        try:
            async with asyncio.timeout(self._patience):
                answer = await request(
                    self._host,
                    self._port,
                    path,
                    method=rule.get("method", "POST"),
                    body=body if body is not None or rule.get("method") == "GET" else b"",
                    https=rule.get("https") == "True",
                    user=rule.get("user", "").replace(_SECRET, self._secret),
                    password=rule.get("password", "").replace(_SECRET, self._secret),
                    largest=LARGEST,
                )
        except TimeoutError as late:
            raise ConsoleAway(f"no answer within {self._patience:g} s") from late
        except OSError as wrong:
            raise ConsoleAway(f"the connection broke: {wrong}") from wrong
        except NoAnswer as wrong:
            raise ConsoleAway(f"the game refuses the line: {wrong}") from wrong
        return plain(said(answer, rule.get("answer", "")))


def said(answer: bytes, where: str) -> str:
    """Pure: the text of an answer; each element of a list is a line."""
    text = answer.decode(errors="replace")
    if not where:
        return text
    try:
        found = pick(json.loads(text), where)
    except (ValueError, RecursionError):
        return text
    if isinstance(found, list):
        return "\n".join(str(each) for each in found)
    return "" if found is None else str(found)


def _filled(template: Any, line: str) -> Any:
    """The line put in as it is, wherever JSON has it in a text."""
    match template:
        case str():
            return template.replace(_LINE, line)
        case list():
            return [_filled(each, line) for each in template]
        case dict():
            return {key: _filled(each, line) for key, each in template.items()}
    return template
