"""OpenTTD's game information, over TCP since version 12
(https://github.com/OpenTTD/OpenTTD/blob/master/src/network/core/network_game_info.h). It tells numbers and no names.
Spectators are players to us: somebody is there."""

from __future__ import annotations

import struct

from core.games.protocols.answer import Answer, NoAnswer, counted
from core.games.protocols.exchange import stream

_ASK = struct.pack("<HB", 3, 7)
_INFO = 6
_SMALLEST, _LARGEST = 3, 32 * 1024  # bytes of a packet


async def ask(host: str, port: int) -> Answer:
    async with stream(host, port) as game:
        await game.send(_ASK)
        size, kind = struct.unpack("<HB", await game.exactly(3))
        if kind != _INFO or not _SMALLEST <= size <= _LARGEST:
            raise NoAnswer("the answer is not to what was asked")
        return read(await game.exactly(size - 3))


def read(body: bytes) -> Answer:
    """Pure: who is on, in a packet's body. Raises `NoAnswer`."""
    data = _Reader(body)
    version = data.byte()
    if not 1 <= version <= 7:
        raise NoAnswer(f"version {version} of the answer is not known here")
    if version >= 7:
        data.skip(8)  # ticks
    named = version >= 6 and data.byte() == 1  # how add-ons are told of
    if version >= 5:
        data.skip(4)
        data.text()  # script
    if version >= 4:
        for _ in range(data.byte()):
            data.skip(4 + 16)
            if named:
                data.text()
    if version >= 3:
        data.skip(8)  # dates
    if version >= 2:
        data.skip(3)  # companies
    data.text()  # name
    data.text()  # version of the game
    if version < 6:
        data.skip(1)  # language
    data.skip(1)  # whether there is a password
    most, online = data.byte(), data.byte()
    return counted(online, most)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def skip(self, size: int) -> None:
        self._at += size
        if self._at > len(self._data):
            raise NoAnswer("the answer breaks off")

    def byte(self) -> int:
        self.skip(1)
        return self._data[self._at - 1]

    def text(self) -> None:
        self._at = self._data.find(b"\0", self._at) + 1
        if not self._at:
            raise NoAnswer("the answer breaks off")
