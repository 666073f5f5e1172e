"""Queries in the games' own protocols, which the agent in a pod makes itself, on loopback. The agent has to stay small,
so no library for them is imported here.

Minecraft's Server List Ping (https://minecraft.wiki/w/Java_Edition_protocol/Server_List_Ping), Source's A2S_INFO
(https://developer.valvesoftware.com/wiki/Server_queries) and a console command with what its answer looks like.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
from typing import Any

from core.agent import probe
from core.agent.probe import NoAnswer
from core.agent.wire import PodSpec
from core.games.console.port import Console, ConsoleAway

PATIENCE = 3.0  # seconds
MOST_NAMES = 200
_LARGEST = 256 * 1024  # bytes
_INFO = b"\xff\xff\xff\xffTSource Engine Query\0"


async def players(pod: PodSpec, console: Console | None) -> dict[str, Any]:
    """`{"online": n, "max": n or null, "names": [...]}`; `NoAnswer` where the game does not tell."""
    kind, port = pod.query.get("kind"), pod.ports.get(pod.query.get("port", ""), 0)
    try:
        async with asyncio.timeout(PATIENCE):
            match kind:
                case "minecraft":
                    return await _minecraft(port)
                case "a2s":
                    return await _a2s(port)
                case "console" if console is not None:
                    return read(await console.send(pod.query.get("command", "")), pod.query)
    except ConsoleAway as away:
        raise NoAnswer(str(away)) from away
    except (OSError, TimeoutError, ValueError, LookupError, struct.error, asyncio.IncompleteReadError) as wrong:
        raise NoAnswer(f"no {kind} answer on port {port}: {wrong or type(wrong).__name__}") from wrong
    return await probe.players(pod)


async def is_up(pod: PodSpec, console: Console | None) -> None:
    """Returns if the game answers as its catalogue entry says; `NoAnswer` if not (yet)."""
    if pod.ready == "query" and pod.query.get("kind") in ("minecraft", "a2s", "console"):
        await players(pod, console)
    else:
        await probe.is_up(pod)


def read(answer: str, rule: dict[str, str]) -> dict[str, Any]:
    """Pure: the players in a console's answer. Raises `NoAnswer`."""
    found = re.search(rule["count"], answer) if rule.get("count") else None
    if found is None:
        raise NoAnswer("the answer has no number of players")
    names = [each["player"] for each in re.finditer(rule["player"], answer)] if rule.get("player") else []
    return {"online": int(found["online"]), "max": None, "names": names[:MOST_NAMES]}


def read_status(packet: bytes) -> dict[str, Any]:
    """Pure: the players in Minecraft's status: a packet's id, the length of a text, and the text, which is JSON. Both
    numbers are varints, and either may look like the beginning of the JSON. Raises `NoAnswer`."""
    try:
        kind, at = varint(packet, 0)
        size, at = varint(packet, at)
        if kind != 0 or size != len(packet) - at:
            raise NoAnswer("the answer is not a status")
        told = json.loads(packet[at:])["players"]
        sample = [str(each["name"]) for each in told.get("sample") or () if isinstance(each, dict) and "name" in each]
        online, most = int(told["online"]), int(told["max"])
        if online < 0:
            raise NoAnswer("fewer than no players")
        return {"online": online, "max": most, "names": sample[:MOST_NAMES]}
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as wrong:
        raise NoAnswer(f"the status cannot be read: {type(wrong).__name__}") from wrong


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at `at`, seven bits a byte, low ones first, and where it ends. Raises `NoAnswer`."""
    value = 0
    for place, byte in enumerate(data[at : at + 5]):
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return value, at + place + 1
    raise NoAnswer("the answer has no number where one should be")


def read_info(packet: bytes) -> dict[str, Any]:
    """Pure: the players in Source's A2S_INFO, without the bots that it counts among them. Raises `NoAnswer`."""
    if packet[:5] != b"\xff\xff\xff\xffI":
        raise NoAnswer("the answer is not A2S_INFO")
    rest = packet[6:]  # after the protocol's number
    for _ in range(4):  # name, map, folder, game
        _, ended, rest = rest.partition(b"\0")
        if not ended:
            raise NoAnswer("the answer breaks off")
    if len(rest) < 5:
        raise NoAnswer("the answer breaks off")
    online, most, bots = rest[2:5]  # after the game's number
    return {"online": max(0, online - bots), "max": most, "names": []}


async def _minecraft(port: int) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        host = b"127.0.0.1"
        # Protocol -1: only asking. Next state 1: status.
        hello = b"\x00" + b"\xff\xff\xff\xff\x0f" + bytes([len(host)]) + host + struct.pack(">H", port) + b"\x01"
        writer.write(bytes([len(hello)]) + hello + b"\x01\x00")
        size = await _varint(reader)
        if not 0 < size <= _LARGEST:
            raise NoAnswer("the answer is too large")
        body = await reader.readexactly(size)
    finally:
        writer.close()
    return read_status(body)


async def _varint(reader: asyncio.StreamReader) -> int:
    value = 0
    for shift in range(0, 35, 7):
        byte = (await reader.readexactly(1))[0]
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value
    raise ValueError("no number")


async def _a2s(port: int) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Hears(heard), remote_addr=("127.0.0.1", port))
    try:
        transport.sendto(_INFO)
        answer = await heard.get()
        if answer[4:5] == b"A":  # a challenge, to be sent back
            transport.sendto(_INFO + answer[5:9])
            answer = await heard.get()
    finally:
        transport.close()
    return read_info(answer)


class _Hears(asyncio.DatagramProtocol):
    def __init__(self, heard: asyncio.Queue[bytes]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._heard.put_nowait(data)
