"""A client of Mumble that says nothing: TLS, then messages with a type and a length, whose bodies are protocol buffers
(https://mumble-protocol.readthedocs.io/en/latest/protocol_stack_tcp.html, Mumble.proto)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Iterator

from tests.realgames.players.port import MARK, Player

_VERSION, _AUTHENTICATE, _REJECT, _SYNC, _CHANNEL = 0, 2, 4, 5, 7
_HEAD = struct.Struct(">HI")
_SPOKEN = 1 << 16 | 3 << 8 | 4  # version 1.3.4
_OPERATOR = "SuperUser"


class Line:
    """One connection that is signed in. `channels`: the names that it heard of."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.channels: set[str] = set()

    @classmethod
    async def open(cls, where: tuple[str, int], name: str, password: str = "") -> Line:
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE  # the server made its own
        line = cls(*await asyncio.open_connection(*where, ssl=trusting))
        line.send(_VERSION, _number(1, _SPOKEN))
        line.send(_AUTHENTICATE, _text(1, name) + _text(2, password))
        while await line.hear() != _SYNC:
            pass
        return line

    def send(self, kind: int, body: bytes) -> None:
        self._writer.write(_HEAD.pack(kind, len(body)) + body)

    async def hear(self) -> int:
        """The kind of the next message; channels are remembered."""
        kind, size = _HEAD.unpack(await self._reader.readexactly(_HEAD.size))
        body = await self._reader.readexactly(size)
        assert kind != _REJECT, body
        if kind == _CHANNEL:
            self.channels |= {value.decode() for field, value in _fields(body) if field == 3}
        return int(kind)

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class Mumble(Player):
    _line: Line | None = None

    async def join(self) -> None:
        self._line = await Line.open(self.where, self.name)

    async def leave(self) -> None:
        if self._line is not None:
            await self._line.close()

    async def place(self) -> None:
        operator = await Line.open(self.where, _OPERATOR, self.secret)
        operator.send(_CHANNEL, _number(2, 0) + _text(3, MARK))  # below the root
        while MARK not in operator.channels:
            await operator.hear()
        await operator.close()

    async def finds(self) -> bool:
        fresh = await Line.open(self.where, self.name + "2")
        await fresh.close()
        return MARK in fresh.channels


def _varint(value: int) -> bytes:
    made = b""
    while value > 0x7F:
        made += bytes([value & 0x7F | 0x80])
        value >>= 7
    return made + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value.encode())) + value.encode()


def _fields(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Those that have a length; numbers are read over."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte, at = body[at], at + 1
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
            shift += 7

    while at < len(body):
        field, kind = divmod(number(), 8)
        assert kind in (0, 2), "there are no others in a ChannelState"
        value = number()
        if kind == 2:
            yield field, body[at : at + value]
            at += value
