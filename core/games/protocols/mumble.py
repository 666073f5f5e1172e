"""Mumble's ping (https://github.com/mumble-voip/mumble/tree/master/docs/dev/network-protocol): 12 bytes, then 24."""

from __future__ import annotations

import secrets
import struct

from core.games.protocols.answer import Answer, NoAnswer, counted
from core.games.protocols.exchange import datagrams


async def ask(host: str, port: int) -> Answer:
    mark = secrets.token_bytes(8)
    async with datagrams(host, port) as game:
        return read(await game.ask(bytes(4) + mark), mark)


def read(packet: bytes, mark: bytes) -> Answer:
    """Pure: who is on, in the answer to the ping with this mark. Raises `NoAnswer`."""
    if len(packet) != 24 or packet[4:12] != mark:
        raise NoAnswer("the answer is not to what was asked")
    online, most = struct.unpack(">II", packet[12:20])
    return counted(online, most)
