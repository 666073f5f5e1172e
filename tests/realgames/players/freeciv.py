"""A client of Freeciv 3.0 that looks on. A packet has its length, its kind (one byte before the two have agreed, two
afterwards) and its fields; of a chat line a first byte says that it is there. Several packets together may be
compressed (common/networking/packets.def and packets.c)."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import zlib

from tests.realgames.players.port import Player

_JOIN, _SAY = 4, 26
_COMPRESSED, _LONG = 16385, 65535
_SPEAKS = "+Freeciv-3.0-network year32 plrculture32 pingfix researchclr cityculture32"


class Freeciv(Player):
    _writer: asyncio.StreamWriter | None = None

    async def join(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self.where)
        fields = f"{self.name}\0{_SPEAKS}\0\0".encode() + struct.pack(">III", 3, 0, 6)
        self._writer.write(struct.pack(">HB", 3 + len(fields), _JOIN) + fields)
        await self._hears("Welcome")

    async def leave(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def place(self) -> None:
        self._says("/start")
        await self._hears(" rules the ")

    async def finds(self) -> bool:
        self._says("/list players")
        return "user Bo" in await self._hears("List of players:")

    def _says(self, line: str) -> None:
        assert self._writer is not None
        fields = b"\1" + line.encode() + b"\0"
        self._writer.write(struct.pack(">HH", 4 + len(fields), _SAY) + fields)

    async def _hears(self, words: str) -> str:
        """The packets, or several together, that have these words."""
        while words not in (said := (await self._next()).decode(errors="replace")):
            pass
        return said

    async def _next(self) -> bytes:
        size = struct.unpack(">H", await self._reader.readexactly(2))[0]
        if size == _LONG:
            size = struct.unpack(">I", await self._reader.readexactly(4))[0]
            return zlib.decompress(await self._reader.readexactly(size - 6))
        if size >= _COMPRESSED:
            return zlib.decompress(await self._reader.readexactly(size - _COMPRESSED - 2))
        return await self._reader.readexactly(size - 2)
