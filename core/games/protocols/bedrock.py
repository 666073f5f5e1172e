"""Minecraft: Bedrock Edition, and other games on RakNet: the unconnected ping
(https://minecraft.wiki/w/RakNet#Unconnected_Ping). It tells numbers and no names."""

from __future__ import annotations

import secrets

from core.games.protocols.answer import Answer, NoAnswer, counted
from core.games.protocols.exchange import datagrams

_MAGIC = bytes.fromhex("00ffff00fefefefefdfdfdfd12345678")


async def ask(host: str, port: int) -> Answer:
    mark = secrets.token_bytes(8)  # the game sends this time back
    async with datagrams(host, port) as game:
        return read(await game.ask(b"\x01" + mark + _MAGIC + bytes(8)), mark)


def read(packet: bytes, mark: bytes) -> Answer:
    """Pure: the players in a pong to the ping with this mark. Raises `NoAnswer`."""
    if packet[:1] != b"\x1c" or packet[1:9] != mark or packet[17:33] != _MAGIC:
        raise NoAnswer("the answer is not to what was asked")
    text = packet[35:]
    if len(packet) < 35 or len(text) < int.from_bytes(packet[33:35], "big"):
        raise NoAnswer("the answer breaks off")
    parts = text[: int.from_bytes(packet[33:35], "big")].split(b";")
    if len(parts) < 6:
        raise NoAnswer("the answer breaks off")
    return counted(number(parts[4]), number(parts[5]))


def number(text: bytes) -> int | None:
    """A number in ASCII digits, not too long to be one of players; None: it is none."""
    return int(text) if text.isdigit() and len(text) <= 9 else None
