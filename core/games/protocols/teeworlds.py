"""Teeworlds 0.7's server information, and that of 0.6 and DDNet
(https://github.com/heinrich5991/libtw2/tree/master/doc).

Which one it is, is not known: both are asked. Version 0.7 wants a token of its own to be sent back first, so that what
it answers comes to whoever asked. Spectators are players to us, and bots are not.
"""

from __future__ import annotations

import secrets

from core.games.protocols.answer import Answer, NoAnswer, counted
from core.games.protocols.bedrock import number
from core.games.protocols.exchange import datagrams

_ASK = b"\xff\xff\xff\xffgie3"
_TOLD = b"\xff\xff\xff\xffinf3"
_OLD = b"\xff" * 6
_CONTROL, _TOKEN = b"\x04\0\0", b"\x05"
_LOOSE = b"\x21"
_PADDING = 512  # bytes, so that a small question never has a larger answer
_STRAY = 8  # packets that are no answer
_BOT = 2  # a kind of client


async def ask(host: str, port: int) -> Answer:
    ours = secrets.token_bytes(4)
    async with datagrams(host, port) as game:
        await game.send(_CONTROL + b"\xff" * 4 + _TOKEN + ours + bytes(_PADDING))
        await game.send(_OLD + _ASK + ours[:1])
        for _ in range(_STRAY):
            packet = await game.hear()
            if packet[:8] == _CONTROL + ours + _TOKEN and len(packet) >= 12:
                await game.send(_LOOSE + packet[8:12] + ours + _ASK + b"\0")
            elif packet[:5] == _LOOSE + ours and packet[9:17] == _TOLD:
                return read(packet[17:])
            elif packet[:14] == _OLD + _TOLD:
                return read_old(packet[14:], ours[0])
    raise NoAnswer("it does not come to an answer")


def read(body: bytes) -> Answer:
    """Pure: who is on, by version 0.7: numbers of a byte or more, and texts that end with a zero. Raises `NoAnswer`."""
    data = _Reader(body)
    data.number()  # what we sent
    for _ in range(5):  # version, name, host, map, kind
        data.text()
    for _ in range(4):  # flags, difficulty, players, most players
        data.number()
    online, most = data.number(), data.number()
    names, bots = [], 0
    for _ in range(min(max(online, 0), 256)):
        name = data.text()
        data.text()  # clan
        data.number()  # country
        data.number()  # score
        if data.number() & _BOT:
            bots += 1
        else:
            names.append(name.decode(errors="replace"))
    return counted(online, most, names, bots=bots)


def read_old(body: bytes, mark: int) -> Answer:
    """Pure: who is on, by version 0.6: all are texts. Raises `NoAnswer`."""
    parts = body.split(b"\0")
    # What we sent, version, name, map, kind, flags, players, most, clients, most; five for each client.
    if len(parts) < 11 or number(parts[0]) != mark:
        raise NoAnswer("the answer is not to what was asked")
    names = [name.decode(errors="replace") for name in parts[10:-1:5]]
    return counted(number(parts[8]), number(parts[9]), names)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_over(self) -> bool:
        return self._at >= len(self._data)

    def number(self) -> int:
        """Six bits and a sign, then seven bits a byte while the highest is set."""
        value, sign = 0, 0
        for place in range(5):
            if self.is_over:
                raise NoAnswer("the answer breaks off")
            byte = self._data[self._at]
            self._at += 1
            if place == 0:
                sign, value = byte & 0x40, byte & 0x3F
            else:
                value |= (byte & 0x7F) << (7 * place - 1)
            if not byte & 0x80:
                break
        return ~value if sign else value

    def text(self) -> bytes:
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise NoAnswer("the answer breaks off")
        found, self._at = self._data[self._at : end], end + 1
        return found
