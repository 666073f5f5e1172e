"""Minecraft: Java Edition's Server List Ping (https://minecraft.wiki/w/Java_Edition_protocol/Server_List_Ping)."""

from __future__ import annotations

import json
import struct

from core.games.protocols.answer import Answer, NoAnswer, counted
from core.games.protocols.exchange import stream

_LARGEST = 256 * 1024  # bytes; an icon takes 20 KB


async def ask(host: str, port: int) -> Answer:
    name = host.encode()[:255]
    # Protocol -1: only asking. Next state 1: status.
    hello = b"\x00\xff\xff\xff\xff\x0f" + _varint(len(name)) + name + struct.pack(">H", port) + b"\x01"
    async with stream(host, port) as game:
        await game.send(_varint(len(hello)) + hello + b"\x01\x00")
        size = shift = 0
        while True:
            byte = (await game.exactly(1))[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
            if shift == 35:
                raise NoAnswer("the answer has no number where one should be")
        if not 0 < size <= _LARGEST:
            raise NoAnswer("the answer is too large")
        return read(await game.exactly(size))


def read(packet: bytes) -> Answer:
    """Pure: the players in a status: a packet's id, the length of a text, and the text, which is JSON. Both numbers are
    varints, and either may look like the beginning of the JSON. Raises `NoAnswer`."""
    kind, at = varint(packet, 0)
    size, at = varint(packet, at)
    if kind != 0 or size != len(packet) - at:
        raise NoAnswer("the answer is not a status")
    try:
        told = json.loads(packet[at:])["players"]
        sample = told.get("sample")
        names = [each.get("name") for each in sample if isinstance(each, dict)] if isinstance(sample, list) else []
        return counted(told.get("online"), told.get("max"), names)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as wrong:
        raise NoAnswer(f"the status cannot be read: {type(wrong).__name__}") from wrong


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at `at`, seven bits a byte, low ones first, and where it ends. Raises `NoAnswer`."""
    value = 0
    for place, byte in enumerate(data[at : at + 5]):
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return value, at + place + 1
    raise NoAnswer("the answer has no number where one should be")


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])
