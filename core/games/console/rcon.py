"""Source RCON (https://developer.valvesoftware.com/wiki/Source_RCON_Protocol), as Minecraft and Factorio speak it too.

A packet: size, id, type (little-endian int32), body, two zero bytes. An answer longer than a packet comes in several
with the same id and no mark at the last one; so after a full one an empty packet is sent, whose echo ends the answer.
One command is under way at a time, on a connection of its own: servers that read one packet at a time are not
confused, and a lost answer is never taken for the next one's.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import struct

from core.games.console.port import Console, ConsoleAway
from core.games.terminal import plain

PATIENCE = 5.0  # seconds
LARGEST = 64 * 1024  # bytes of an answer
LONGEST = 1400
"""Bytes of a line: Minecraft closes on a packet of more than 1,460, its head and its end included."""
QUIET = 1.0
"""Seconds after which an answer in several packets is over, on a game that does not answer the empty one."""

_AUTH, _COMMAND, _AUTH_ANSWER, _ANSWER = 3, 2, 2, 0
_HEAD = struct.Struct("<iii")
_FULL = 4000  # bytes: a body this long may go on (4,096 is the protocol's; Minecraft counts characters)
_SIGN_IN, _LINE, _END = 1, 2, 3  # ids
_COLOURS = re.compile("\u00a7[0-9a-fk-orx]", re.IGNORECASE)  # Minecraft's


class Rcon(Console):
    """`patience`: seconds for one line, sign-in included."""

    def __init__(self, host: str, port: int, password: str, *, patience: float | None = None) -> None:
        self._host = host
        self._port = port
        self._password = password
        self._patience = PATIENCE if patience is None else patience
        self._turn = asyncio.Lock()

    async def send(self, line: str) -> str:
        if len(line.encode()) > LONGEST:
            raise ConsoleAway(f"a line has at most {LONGEST:,} bytes")
        try:
            async with self._turn, asyncio.timeout(self._patience):
                return await self._converse(line)
        except TimeoutError as late:
            raise ConsoleAway(f"no answer within {self._patience:g} s") from late
        except (OSError, asyncio.IncompleteReadError) as wrong:
            raise ConsoleAway(f"the connection broke: {wrong}") from wrong

    async def _converse(self, line: str) -> str:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(_packet(_SIGN_IN, _AUTH, self._password))
            while (answer := await _read(reader))[1] != _AUTH_ANSWER:
                pass  # some servers send an empty answer first
            if answer[0] != _SIGN_IN:
                raise ConsoleAway("the game refuses the password")
            writer.write(_packet(_LINE, _COMMAND, line))
            said = (await _collect(reader, writer)).decode(errors="replace")
            return plain(_COLOURS.sub("", said)).rstrip("\n")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    whole, asked = b"", False
    while len(whole) < LARGEST:
        try:
            async with asyncio.timeout(QUIET if asked else None):
                number, _, body = await _read(reader)
        except TimeoutError:
            break
        if number == _LINE:
            whole += body
        if number == _END or (number == _LINE and not asked and len(body) < _FULL):
            break
        if number == _LINE and not asked:
            writer.write(_packet(_END, _ANSWER, ""))
            asked = True
    return whole[:LARGEST]


def _packet(number: int, kind: int, body: str) -> bytes:
    data = body.encode() + b"\0\0"
    return _HEAD.pack(len(data) + 8, number, kind) + data


async def _read(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    size, number, kind = _HEAD.unpack(await reader.readexactly(12))
    if not 10 <= size <= LARGEST:
        raise ConsoleAway("the answer is not RCON")
    return number, kind, (await reader.readexactly(size - 8))[:-2]
