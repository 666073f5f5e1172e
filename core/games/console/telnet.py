"""A console in plain text over TCP, as 7 Days to Die has it: it asks for a password, greets, and takes a line at a
time. Nothing marks where an answer ends unless the catalogue says so: else a moment of silence does.

Every line is a connection of its own, so that what the game says of itself meanwhile is not taken for an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import re

from core.games.console.port import Console, ConsoleAway
from core.games.terminal import plain

PATIENCE = 5.0  # seconds
LARGEST = 64 * 1024  # bytes of an answer, and of a greeting
QUIET = 0.4
"""Seconds of silence after which an answer is over."""
_COMMANDS = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa.*?\xff\xf0|.)", re.DOTALL)  # RFC 854


class Telnet(Console):
    def __init__(
        self, host: str, port: int, password: str, *, ask: str, welcome: str, end: str, patience: float | None = None
    ) -> None:
        """`ask`, `welcome`, `end`: regular expressions, as in the catalogue."""
        self._host = host
        self._port = port
        self._password = password
        self._ask = re.compile(ask)
        self._welcome = re.compile(welcome) if welcome else None
        self._end = re.compile(end) if end else None
        self._patience = PATIENCE if patience is None else patience
        self._turn = asyncio.Lock()

    async def send(self, line: str) -> str:
        try:
            async with self._turn, asyncio.timeout(self._patience):
                return await self._converse(line)
        except TimeoutError as late:
            raise ConsoleAway(f"no answer within {self._patience:g} s") from late
        except OSError as wrong:
            raise ConsoleAway(f"the connection broke: {wrong}") from wrong

    async def _converse(self, line: str) -> str:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            await _until(reader, self._ask)
            writer.write(self._password.encode() + b"\r\n")
            if self._welcome is None:
                greeting = await _until(reader, silence=QUIET)
                is_in = self._ask.search(greeting) is None
            else:
                is_in = self._welcome.search(await _until(reader, self._welcome, self._ask)) is not None
                await _until(reader, silence=QUIET / 3)  # the rest of the greeting
            if not is_in:
                raise ConsoleAway("the game refuses the password")
            writer.write(line.encode() + b"\r\n")
            return (await _until(reader, *([self._end] if self._end else []), silence=QUIET)).strip("\r\n")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _until(reader: asyncio.StreamReader, *marks: re.Pattern[str], silence: float | None = None) -> str:
    """What comes until one of `marks` is in it or, where there is a `silence`, until it has lasted so many seconds: a
    few times that before the first word. Raises `ConsoleAway` where the game closes before anything came."""
    heard, text = b"", ""
    while len(heard) < LARGEST:
        patience = None if silence is None else silence if heard else 3 * silence
        try:
            async with asyncio.timeout(patience):
                piece = await reader.read(4096)
        except TimeoutError:
            return text
        if not piece:
            if heard:
                return text
            raise ConsoleAway("the game closed the connection")
        heard += piece
        text = plain(_COMMANDS.sub(b"", heard).decode(errors="replace"))
        if any(mark.search(text) for mark in marks):
            return text
    return text
