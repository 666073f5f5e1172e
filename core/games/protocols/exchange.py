"""A few packets there and back, on a socket that hears nobody but whom it asked.

The kernel drops datagrams of other addresses, and holds no more of those that come than fits its buffer. What is read
from a stream is bounded by whoever reads it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from core.games.protocols.answer import NoAnswer

_DATAGRAM = 65536  # bytes: none is larger
_PIECE = 65536  # bytes


class Datagrams:
    def __init__(self, line: socket.socket) -> None:
        self._line = line

    async def send(self, data: bytes) -> None:
        try:
            self._line.send(data)  # there is room for a packet nearly always
        except BlockingIOError:
            await asyncio.get_running_loop().sock_sendall(self._line, data)

    async def hear(self) -> bytes:
        """The next one. Raises `OSError` where nobody is there."""
        return await asyncio.get_running_loop().sock_recv(self._line, _DATAGRAM)

    async def ask(self, data: bytes) -> bytes:
        await self.send(data)
        return await self.hear()


class Stream:
    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._rest = b""

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._line, data)

    async def exactly(self, size: int) -> bytes:
        """Raises `NoAnswer` where it ends before."""
        pieces, have = [self._rest], len(self._rest)
        while have < size:
            piece = await asyncio.get_running_loop().sock_recv(self._line, _PIECE)
            if not piece:
                raise NoAnswer("the answer breaks off")
            pieces.append(piece)
            have += len(piece)
        whole = b"".join(pieces)
        self._rest = whole[size:]
        return whole[:size]


@asynccontextmanager
async def datagrams(host: str, port: int) -> AsyncIterator[Datagrams]:
    line = await _connected(host, port, socket.SOCK_DGRAM)
    try:
        yield Datagrams(line)
    finally:
        line.close()


@asynccontextmanager
async def stream(host: str, port: int) -> AsyncIterator[Stream]:
    line = await _connected(host, port, socket.SOCK_STREAM)
    try:
        yield Stream(line)
    finally:
        line.close()


async def _connected(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    address: Any = (host, port)
    if not _is_address(family, host):
        family, _, _, _, address = (await loop.getaddrinfo(host, port, type=kind))[0]
    line = socket.socket(family, kind)
    try:
        line.setblocking(False)
        if kind is socket.SOCK_DGRAM:
            line.connect(address)  # which only says whom it hears
        else:
            await loop.sock_connect(line, address)
    except BaseException:
        line.close()
        raise
    return line


def _is_address(family: socket.AddressFamily, host: str) -> bool:
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError):
        return False
    return True
