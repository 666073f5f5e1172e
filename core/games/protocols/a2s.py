"""Steam's A2S_INFO (https://developer.valvesoftware.com/wiki/Server_queries), of Source and of older games. It tells
numbers and no names.

An answer is one packet: those in several, which may be packed so that a small one becomes large, are none.
"""

from __future__ import annotations

import re

from core.games.protocols.answer import Answer, NoAnswer, counted
from core.games.protocols.exchange import datagrams

_ASK = b"\xff\xff\xff\xffTSource Engine Query\0"
_CHALLENGES = 3  # as often a game may ask for another one
_STRAY = 8  # packets that are no answer
_TAG = re.compile(rb"(?:^|,)(cp|mp)(\d{1,6})(?=,|$)")


async def ask(host: str, port: int) -> Answer:
    async with datagrams(host, port) as game:
        await game.send(_ASK)
        challenges = 0
        for _ in range(_STRAY):
            packet = await game.hear()
            if packet[:5] == b"\xff\xff\xff\xffA" and len(packet) >= 9:
                if (challenges := challenges + 1) > _CHALLENGES:
                    break
                await game.send(_ASK + packet[5:9])
            elif packet[:4] == b"\xff\xff\xff\xff":
                return read(packet)
            elif packet[:4] == b"\xfe\xff\xff\xff":
                raise NoAnswer("the answer comes in parts")
    raise NoAnswer("it does not come to an answer")


def read(packet: bytes) -> Answer:
    """Pure: the players in an answer, without the bots that it counts among them. Raises `NoAnswer`."""
    match packet[:5]:
        case b"\xff\xff\xff\xffI":
            return _source(packet)
        case b"\xff\xff\xff\xffm":
            return _gold(packet)
    raise NoAnswer("the answer is not A2S_INFO")


def _source(packet: bytes) -> Answer:
    rest = _after_texts(packet[6:], 4)  # after the protocol's number: name, map, folder, game
    counts, rest = rest[2:5], _after(rest, 9)  # after the game's number; kind, system, password, secure
    online, most, bots = counts
    rest = _after_texts(rest, 1)  # the version
    if rest:
        tags = dict(_TAG.findall(_keywords(rest)))
        if b"cp" in tags:  # Rust counts past 255 here, where a byte cannot
            online, most = int(tags[b"cp"]), int(tags.get(b"mp", most))
    return counted(online, most, bots=bots)


def _keywords(rest: bytes) -> bytes:
    """What stands in the extra data, by its flags: port, Steam id, spectators' port and name, keywords."""
    flags, rest = rest[0], rest[1:]
    rest = _after(rest, (2 if flags & 0x80 else 0) + (8 if flags & 0x10 else 0))
    if flags & 0x40:
        rest = _after_texts(_after(rest, 2), 1)
    if not flags & 0x20:
        return b""
    _after_texts(rest, 1)
    return rest.partition(b"\0")[0]


def _gold(packet: bytes) -> Answer:
    rest = _after_texts(packet[5:], 5)  # address, name, map, folder, game
    counts, rest = rest[:7], _after(rest, 7)
    if counts[6] == 1 and len(rest) > 2:  # a mod, which most tell of
        rest = _after(_after_texts(rest, 2), 1 + 4 + 4 + 1 + 1)
    _after(rest, 2)
    if rest[1] > counts[0]:
        raise NoAnswer("the answer has more bots than players")
    return counted(counts[0], counts[1], bots=rest[1])


def _after(data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise NoAnswer("the answer breaks off")
    return data[size:]


def _after_texts(data: bytes, texts: int) -> bytes:
    for _ in range(texts):
        _, ended, data = data.partition(b"\0")
        if not ended:
            raise NoAnswer("the answer breaks off")
    return data
