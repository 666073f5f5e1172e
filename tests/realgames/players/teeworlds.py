"""A client of Teeworlds 0.7 that stands still, and is operator with the password.

A packet has a head, and either a word of the lower layer or chunks, which may be packed; those that count are numbered
and acknowledged (src/engine/shared/network.h and protocol.h, datasrc/network.py of its repository)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
from collections.abc import Callable, Iterator
from typing import Any

from tests.realgames.players.port import Player
from tests.realgames.players.teeworlds_packing import unpacked

_HEAD = struct.Struct(">BBB4s")  # flags and the last chunk heard, its low bits, number of chunks, the other's token
_CONTROL, _PACKED, _CONNECTIONLESS = 1, 4, 8
_ALIVE, _CONNECT, _ACCEPT, _CLOSE, _TOKEN = 0, 1, 2, 4, 5
_NO_TOKEN = b"\xff\xff\xff\xff"
_ROOM = bytes(508)  # so that no answer is larger than what asked for it
_VITAL = 1
_SEQUENCE = 1024
_INFO, _CON_READY, _LINE, _READY, _ENTER, _COMMAND, _SIGN_IN = 1, 5, 13, 18, 19, 21, 22
_READY_TO_ENTER, _START_INFO = 8, 27  # of the game
_RELEASE, _RELEASE_NUMBER = b"0.7 802f1be60a05665f", 0x0705
_AGAIN = 0.3  # seconds
BANNED = "203.0.113.7"


class Teeworlds(Player):
    _line: Line | None = None

    async def join(self) -> None:
        loop = asyncio.get_running_loop()
        _, self._line = await loop.create_datagram_endpoint(Line, remote_addr=self.where)
        line = self._line
        await line.until(lambda: line.token != _NO_TOKEN, lambda: line.control(_TOKEN, line.own + _ROOM))
        await line.until(lambda: line.accepted, lambda: line.control(_CONNECT, line.own + _ROOM))
        line.say(_INFO, _RELEASE + b"\0" + b"\0" + _int(_RELEASE_NUMBER), system=True)
        line.say(_READY, b"", system=True)
        await line.until(lambda: (True, _CON_READY) in line.heard)
        looks = b"standard\0" * 6 + _int(0) * 12
        line.say(_START_INFO, self.name.encode() + b"\0\0" + _int(-1) + looks)
        await line.until(lambda: (False, _READY_TO_ENTER) in line.heard)
        line.say(_ENTER, b"", system=True)

    async def leave(self) -> None:
        if self._line is not None:
            self._line.close()

    async def place(self) -> None:
        await self._operate(f'ban {BANNED} 0 "for good"', "banned")
        await self._operate("bans_save bans.cfg", "saved banlist")

    async def finds(self) -> bool:
        return BANNED in await self._operate("bans", " ban")

    async def _operate(self, command: str, answer: str) -> str:
        """What the console says from now on, until it says `answer`."""
        line = self._line
        assert line is not None
        line.say(_SIGN_IN, self.secret[:16].encode() + b"\0", system=True)
        since = len(line.printed)
        line.say(_COMMAND, command.encode() + b"\0", system=True)
        await line.until(lambda: any(answer in each for each in line.printed[since:]))
        return "\n".join(line.printed[since:])


class Line(asyncio.DatagramProtocol):
    """`heard`: the messages so far, as (of the system, number); `printed`: lines of the server's console."""

    def __init__(self) -> None:
        self.own, self.token = os.urandom(4), _NO_TOKEN
        self.accepted = False
        self.heard: set[tuple[bool, int]] = set()
        self.printed: list[str] = []
        self._said, self._acknowledged, self._known = 0, 0, 0
        self._open: dict[int, bytes] = {}
        self._news = asyncio.Event()
        self._again: asyncio.Task[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._again = asyncio.create_task(self._repeat())

    def datagram_received(self, data: bytes, addr: Any) -> None:
        first, low, count, token = _HEAD.unpack_from(data)
        flags, body = first >> 2, data[_HEAD.size :]
        if token != self.own or flags & _CONNECTIONLESS:
            return
        if flags & _CONTROL:
            self._obey(body)
        else:
            self._forget((first & 3) << 8 | low)
            for number, message in _chunks(unpacked(body) if flags & _PACKED else body, count):
                self._hear(number, message)
        self._news.set()

    def _obey(self, body: bytes) -> None:
        word, more = body[0], body[1:]
        assert word != _CLOSE, f"the server closed: {more!r}"
        if word == _TOKEN:
            self.token = more[:4]
        self.accepted |= word == _ACCEPT

    def _forget(self, acknowledged: int) -> None:
        for number in list(self._open):
            if (acknowledged - number) % _SEQUENCE < _SEQUENCE // 2:
                del self._open[number]

    def _hear(self, number: int | None, message: bytes) -> None:
        if number is not None:
            if number != (self._known + 1) % _SEQUENCE:
                return  # it comes again
            self._known = number
        kind, rest = _read_int(message)
        self.heard.add((bool(kind & 1), kind >> 1))
        if kind == _LINE << 1 | 1:
            self.printed.append(rest.partition(b"\0")[0].decode(errors="replace"))

    def control(self, word: int, more: bytes = b"") -> None:
        self._send(_CONTROL, 0, bytes([word]) + more)

    def say(self, message: int, body: bytes, *, system: bool = False) -> None:
        """Told again until it is acknowledged."""
        self._said = (self._said + 1) % _SEQUENCE
        whole = _int(message << 1 | system) + body
        size, number = len(whole), self._said
        head = bytes([_VITAL << 6 | size >> 6, size & 0x3F | number >> 2 & 0xC0, number & 0xFF])
        self._open[number] = head + whole
        self._send(0, 1, head + whole)

    async def until(self, true: Callable[[], bool], do: Callable[[], None] = lambda: None) -> None:
        """`do` again and again until it is so."""
        while not true():
            do()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN):
                    while not true():
                        self._news.clear()
                        await self._news.wait()

    def close(self) -> None:
        self.control(_CLOSE)
        if self._again is not None:
            self._again.cancel()
        self._transport.close()

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(_AGAIN)
            if self.accepted:
                self.control(_ALIVE)
            for chunk in list(self._open.values()):
                self._send(0, 1, chunk)

    def _send(self, flags: int, chunks: int, body: bytes) -> None:
        head = _HEAD.pack(flags << 2 | self._known >> 8, self._known & 0xFF, chunks, self.token)
        self._transport.sendto(head + body)


def _chunks(body: bytes, count: int) -> Iterator[tuple[int | None, bytes]]:
    """Each with its number, if it has one."""
    at = 0
    for _ in range(count):
        vital = body[at] >> 6 & _VITAL
        size = (body[at] & 0x3F) << 6 | body[at + 1] & 0x3F
        number = (body[at + 1] & 0xC0) << 2 | body[at + 2] if vital else None
        at += 3 if vital else 2
        yield number, body[at : at + size]
        at += size


def _int(value: int) -> bytes:
    """Six bits and the sign, then seven bits a byte; each but the last has its highest bit set."""
    sign, rest = (0x40, ~value) if value < 0 else (0, value)
    made = [sign | rest & 0x3F]
    rest >>= 6
    while rest:
        made[-1] |= 0x80
        made.append(rest & 0x7F)
        rest >>= 7
    return bytes(made)


def _read_int(data: bytes) -> tuple[int, bytes]:
    value, at, shift = data[0] & 0x3F, 1, 6
    while data[at - 1] & 0x80:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return ~value if data[0] & 0x40 else value, data[at:]
