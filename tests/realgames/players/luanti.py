"""A client of Luanti that stands still. Packets over UDP, some of which have to be acknowledged, and the way in
(src/network/connection.h and networkprotocol.h of Minetest 5.6; doc/protocol.txt describes the lower layer)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import struct
from collections.abc import Callable
from typing import Any

from tests.realgames.players.port import Player

_PROTOCOL = 0x4F457403
_HEAD = struct.Struct(">IHB")  # protocol, the sender's number, channel
_CONTROL, _ORIGINAL, _RELIABLE = 0, 1, 3
_ACK, _NUMBER, _GOODBYE = 0, 1, 3
_FIRST = 65500  # reliable packets are counted from here
_INIT, _INIT2, _SAY, _READY, _FIRST_SRP = 0x02, 0x11, 0x32, 0x43, 0x50
_HELLO, _ACCEPTED, _DENIED, _CHAT = 0x02, 0x03, 0x0A, 0x2F
_SERIALIZATION, _OLDEST, _NEWEST = 28, 37, 41  # versions
_AGAIN = 0.3  # seconds
_MARKS = re.compile(r"\x1b(\([^)]*\)|.)")  # of what is translated, and of colours


class Luanti(Player):
    """Whoever comes is new to the server, so it is told a verifier, and never asked for the password of it."""

    _line: Line | None = None

    async def join(self) -> None:
        loop = asyncio.get_running_loop()
        _, self._line = await loop.create_datagram_endpoint(Line, remote_addr=self.where)
        line = self._line
        await line.until(lambda: line.number != 0, line.greet)
        versions = struct.pack(">BHHH", _SERIALIZATION, 0, _OLDEST, _NEWEST)
        await line.until(lambda: _HELLO in line.heard, lambda: line.tell(_INIT, versions + _text(self.name.encode())))
        line.order(_FIRST_SRP, _text(os.urandom(16)) + _text(os.urandom(256)) + b"\0")
        await line.until(lambda: _ACCEPTED in line.heard)
        line.order(_INIT2, _text(b"en"))
        line.order(_READY, bytes([5, 6, 1, 0]) + _text(b"5.6.1") + struct.pack(">H", 6))
        await line.until(lambda: any(self.name in said for said in line.chat))

    async def leave(self) -> None:
        if self._line is not None:
            self._line.close()

    async def place(self) -> None:
        (self.folder.parent / "first").write_text(self.name)  # the world knows who was there

    async def finds(self) -> bool:
        line, first = self._line, (self.folder.parent / "first").read_text()
        assert line is not None
        line.order(_SAY, _wide(f"/last-login {first}"))
        known, unknown = f"{first}'s last login time was", "Player name does not exist"
        await line.until(lambda: any(said.startswith((known, unknown)) for said in line.chat))
        return any(said.startswith(known) for said in line.chat)


class Line(asyncio.DatagramProtocol):
    """`number`: what the server calls us; `heard`: the kinds of its messages so far."""

    def __init__(self) -> None:
        self.number = 0
        self.heard: set[int] = set()
        self.chat: list[str] = []
        self._next = _FIRST
        self._open: dict[int, bytes] = {}
        self._news = asyncio.Event()
        self._again: asyncio.Task[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._again = asyncio.create_task(self._repeat())

    def datagram_received(self, data: bytes, addr: Any) -> None:
        _, _, channel = _HEAD.unpack_from(data)
        self._read(data[_HEAD.size :], channel)
        self._news.set()

    def _read(self, data: bytes, channel: int) -> None:
        kind, rest = data[0], data[1:]
        if kind == _RELIABLE:
            self._send(bytes([_CONTROL, _ACK]) + rest[:2], channel)
            self._read(rest[2:], channel)
        elif kind == _CONTROL and rest[0] == _ACK:
            self._open.pop(struct.unpack(">H", rest[1:3])[0], None)
        elif kind == _CONTROL and rest[0] == _NUMBER:
            self.number = struct.unpack(">H", rest[1:3])[0]
        elif kind == _ORIGINAL and len(rest) >= 2:
            self._hear(struct.unpack(">H", rest[:2])[0], rest[2:])

    def _hear(self, command: int, body: bytes) -> None:
        assert command != _DENIED, body
        self.heard.add(command)
        if command == _CHAT:  # version, kind, sender, message
            at = 4 + 2 * struct.unpack(">H", body[2:4])[0]
            size = struct.unpack(">H", body[at : at + 2])[0]
            said = body[at + 2 : at + 2 + 2 * size].decode("utf-16-be", "replace")
            self.chat.append(_MARKS.sub("", said))

    def greet(self) -> None:
        self._send(struct.pack(">BHB", _RELIABLE, _FIRST, _ORIGINAL), 0)

    def tell(self, command: int, body: bytes) -> None:
        self._send(struct.pack(">BH", _ORIGINAL, command) + body, 1)

    def order(self, command: int, body: bytes) -> None:
        """Told again until it is acknowledged."""
        packet = struct.pack(">BHBH", _RELIABLE, self._next, _ORIGINAL, command) + body
        self._open[self._next] = packet
        self._next = (self._next + 1) % 65536
        self._send(packet, 1)

    async def until(self, true: Callable[[], bool], do: Callable[[], None] = lambda: None) -> None:
        """`do` again and again until it is so."""
        while not true():
            do()
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN):
                    while not true():
                        await self._news.wait()
                        self._news.clear()

    def close(self) -> None:
        self._send(bytes([_CONTROL, _GOODBYE]), 0)
        if self._again is not None:
            self._again.cancel()
        self._transport.close()

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(_AGAIN)
            for packet in list(self._open.values()):
                self._send(packet, 1)

    def _send(self, data: bytes, channel: int) -> None:
        self._transport.sendto(_HEAD.pack(_PROTOCOL, self.number, channel) + data)


def _text(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def _wide(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode("utf-16-be")
