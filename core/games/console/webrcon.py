"""Rust's WebRCON (https://github.com/Facepunch/webrcon): a websocket whose path is the password, and JSON both ways:
`{"Identifier": 7, "Message": "playerlist", "Name": "WebRcon"}`. The answer has the same identifier; what the game says
to everybody has another."""

from __future__ import annotations

import asyncio
import importlib
import json
import secrets
import sys
from typing import Any
from urllib.parse import quote

from core.authority import authority
from core.games.console.port import Console, ConsoleAway
from core.games.terminal import plain

PATIENCE = 5.0  # seconds
LARGEST = 256 * 1024  # bytes of a message: that it cuts, nobody would see
_MOST_HEARD = 1000  # messages for others


class WebRcon(Console):
    def __init__(self, host: str, port: int, password: str, *, patience: float | None = None) -> None:
        self._address = authority(host, port)
        self._password = password
        self._patience = PATIENCE if patience is None else patience

    async def send(self, line: str) -> str:
        if "websockets.asyncio.client" not in sys.modules:
            await asyncio.to_thread(importlib.import_module, "websockets.asyncio.client")
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        number = secrets.randbelow(2**30) + 1
        question = json.dumps({"Identifier": number, "Message": line, "Name": "Dormouse"})
        try:
            async with (
                asyncio.timeout(self._patience),
                connect(
                    f"ws://{self._address}/{quote(self._password, safe='')}",
                    max_size=LARGEST,
                    max_queue=4,
                    compression=None,  # what is packed may be larger than it looks
                    proxy=None,
                    ping_interval=None,
                    close_timeout=0.2,
                    user_agent_header=None,
                ) as socket,
            ):
                await socket.send(question)
                for _ in range(_MOST_HEARD):
                    if (answer := read(await socket.recv(), number)) is not None:
                        return answer
        except TimeoutError as late:
            raise ConsoleAway(f"no answer within {self._patience:g} s") from late
        except (OSError, WebSocketException) as wrong:  # neither names the password
            raise ConsoleAway(f"the connection broke: {type(wrong).__name__}") from wrong
        raise ConsoleAway("it does not come to an answer")


def read(message: str | bytes, number: int) -> str | None:
    """Pure: what the message says to the question of this number; None: it is for somebody else, or none at all."""
    try:
        told: Any = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("Identifier") != number or isinstance(told["Identifier"], bool):
        return None
    text = told.get("Message")
    return plain(text).rstrip("\n") if isinstance(text, str) else None
