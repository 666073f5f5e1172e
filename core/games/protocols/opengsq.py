"""Protocols of the library opengsq (https://github.com/opengsq/opengsq-python), loaded with the first question.

It reads what comes in one go, and whatever it stumbles over is no answer. Only what says a number of players, or lists
all of them, is taken.
"""

from __future__ import annotations

import asyncio
import importlib
import secrets
import sys
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from core.games.protocols.answer import Answer, NoAnswer, counted
from core.games.protocols.bedrock import number
from core.games.protocols.exchange import datagrams

_PATIENCE = 3.0  # seconds
_HEAD = b"\xff\xff\xff\xff"


async def load() -> None:
    """The library, in a thread: it takes a fifth of a second, which is no part of a game's time to answer."""
    if "opengsq.protocols" not in sys.modules:
        await asyncio.to_thread(importlib.import_module, "opengsq.protocols")


async def ask(host: str, port: int, protocol: str) -> Answer:
    """After `load`. Raises `NoAnswer`, and whatever the library raises."""
    how = PROTOCOLS.get(protocol)
    if how is None:
        raise NoAnswer(f"{protocol} is not spoken here")
    return await how(host, port)


def _asker(name: str, method: str, read: Callable[[Any], Answer]) -> Callable[[str, int], Awaitable[Answer]]:
    async def how(host: str, port: int) -> Answer:
        from opengsq import protocols

        return read(await getattr(getattr(protocols, name)(host, port, _PATIENCE), method)())

    return how


def _quake(name: str, challenge: str) -> Callable[[str, int], Awaitable[Answer]]:
    """The library reads; the question goes out by our socket, so that a packet that breaks off is seen, and bears a
    word that the game repeats, where it does (`challenge`)."""

    async def how(host: str, port: int) -> Answer:
        from opengsq import protocols

        game = getattr(protocols, name)(host, port, _PATIENCE)
        mark = secrets.token_hex(4)

        async def exchanged() -> Any:
            async with datagrams(host, port) as line:
                packet = await line.ask(_HEAD + game._request_header + (b" " + mark.encode() if challenge else b"\0"))
            packet = packet.rstrip(b"\0")
            if (
                not packet.startswith(_HEAD)
                or not packet.endswith(b"\n")
                or packet.count(b"\n") < 2 - (name == "Quake1")
            ):
                raise NoAnswer("the answer breaks off")
            reader = _reader()(packet[len(_HEAD) :])
            if reader.read_string(game._delimiter1) != game._response_header:
                raise NoAnswer("the answer is not to what was asked")
            return reader

        game._get_response_binary_reader = exchanged
        status = await game.get_status()
        if challenge and status.info.get(challenge, mark) != mark:
            raise NoAnswer("the answer is not to what was asked")
        return _quake_status(status)

    return how


@cache
def _reader() -> Any:
    """The library's reader, but for what takes most of its time: it looks for an end byte by byte."""
    from opengsq.binary_reader import BinaryReader

    class Reader(BinaryReader):  # type: ignore[misc]
        def __init__(self, data: bytes) -> None:
            super().__init__(data)
            self._whole, self.stream_position = data, 0

        def read_string(self, delimiters: Any = (b"\0",), encoding: str = "utf-8", errors: str = "ignore") -> str:
            whole, start = self._whole, self.stream_position
            end = len(whole)
            for each in delimiters:  # of bytes these are numbers
                if (found := whole.find(each, start, end)) >= 0:
                    end = found
            self.stream_position = min(end + 1, len(whole))
            return str(whole[start:end], encoding=encoding, errors=errors)

    return Reader


def _quake_status(status: Any) -> Answer:
    """A line for each client. Bots have a ping of 0, but so may somebody who plays nearby: only a game that counts
    humans itself, as ioquake3's do, has no bots here."""
    info = {str(key).lower(): value for key, value in status.info.items()}
    names = [each.name for each in status.players]
    humans, most = _number(info.get("g_humanplayers")), info.get("sv_maxclients") or info.get("maxclients")
    if humans is not None and humans < len(names):
        return counted(humans, _number(most), [each.name for each in status.players if each.ping][:humans])
    return counted(len(names), _number(most), names)


def _counts(status: Any) -> Answer:
    return counted(status.num_players, status.max_players)


def _listed(status: Any) -> Answer:
    """A number of players among what is said of the server, and a record for each."""
    info = {str(key).lower(): value for key, value in status.info.items()}
    names = [_name_of(each) for each in status.players if isinstance(each, dict)]
    return counted(_number(info.get("numplayers")), _number(info.get("maxplayers")), names)


def _name_of(player: dict[str, Any]) -> str:
    return str(next((player[key] for key in ("name", "player", "player_") if key in player), ""))


def _number(value: Any) -> int | None:
    return number(str(value).encode())


PROTOCOLS: dict[str, Callable[[str, int], Awaitable[Answer]]] = {
    "quake1": _quake("Quake1", ""),
    "quake2": _quake("Quake2", ""),
    "quake3": _quake("Quake3", "challenge"),
    "gamespy1": _asker("GameSpy1", "get_status", _listed),
    "gamespy2": _asker("GameSpy2", "get_status", _listed),
    "gamespy3": _asker("GameSpy3", "get_status", _listed),
    "unreal2": _asker("Unreal2", "get_details", _counts),
    "samp": _asker("Samp", "get_status", _counts),
    "ase": _asker("ASE", "get_status", _counts),
    "vcmp": _asker("Vcmp", "get_status", _counts),
}
