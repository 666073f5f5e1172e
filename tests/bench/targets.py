"""The sweep over many games that really answer, beside each protocol's bare library in the same run.

`python targets.py URL OBSERVED` runs on a database that `seed` filled with running servers, and prints JSON. The games
are one process that answers on loopback (`python targets.py games`), whose CPU is not counted.
"""

from __future__ import annotations

import asyncio
import gc
import json
import pickle
import struct
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import structlog
from in_memory import Cluster
from measuring import Ticker
from seed import make_core

from core.cluster.port import Observed
from core.data.database import Database
from core.games.catalogue import Catalogue
from core.games.form.reached import Query
from core.games.query.adapters import make_queries
from core.games.query.port import Endpoint
from core.idle import sweep as sweeping
from core.idle.asking import AT_ONCE
from core.idle.sweep import Sweep

HOST = "127.0.0.1"
WITHIN = 1.5
"""Target: the bare library's CPU, so many times."""
RULES = {
    "minecraft": {"kind": "minecraft"},
    "bedrock": {"kind": "bedrock"},
    "a2s": {"kind": "a2s"},
    "quake3": {"kind": "opengsq", "protocol": "quake3"},
    "http": {"kind": "http", "path": "/", "online": "online", "max": "max", "names": "names"},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """CPU seconds for all targets: the bare library's, and those of a pass of the sweep in which nothing changes."""

    protocol: str
    library: str
    targets: int
    bare: float
    swept: float
    longest_block: float


# the games


def _java() -> bytes:
    players = {"online": 1, "max": 20, "sample": [{"name": "ada", "id": "4566e69f-c907-48ee-8d71-d7ba5aa00d20"}]}
    status = {"version": {"name": "1.21.8", "protocol": 772}, "players": players, "description": "Pond"}
    text = json.dumps(status).encode()
    body = b"\0" + _varint(len(text)) + text
    return _varint(len(body)) + body


def _varint(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80, number >> 7]) if number > 0x7F else bytes([number])


class _Java(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self._transport, self._heard = transport, b""

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if self._heard.endswith(b"\x01\x00"):
            self._transport.write(_java())


class _Http(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        body = b'{"online": 1, "max": 20, "names": ["ada"]}'
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, say: Callable[[bytes], bytes]) -> None:
        self._say = say

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._transport.sendto(self._say(data), addr)


def _steam(data: bytes) -> bytes:
    if not data.endswith(b"1234"):
        return b"\xff\xff\xff\xffA1234"
    return b"\xff\xff\xff\xffI\x11Pond\0map\0folder\0game\0\x10\0\x01\x10\x00dl\0\x01" + b"1.0\0"


def _pong(data: bytes) -> bytes:
    text = b"MCPE;Pond;527;1.19.1;1;20;1;Bedrock level;Survival;1;19132;19133;"
    return b"\x1c" + data[1:9] + bytes(8) + data[9:25] + struct.pack(">H", len(text)) + text


def _quake(data: bytes) -> bytes:
    word = data.split()[-1] if b" " in data else b""
    info = b"\\sv_maxclients\\20\\sv_hostname\\Pond\\challenge\\" + word
    return b"\xff\xff\xff\xffstatusResponse\n" + info + b'\n1 50 "ada"\n'


async def games() -> None:
    """Prints the ports, and answers until stdin ends."""
    loop = asyncio.get_running_loop()
    ports, held = {}, []
    for name, say in (("bedrock", _pong), ("a2s", _steam), ("quake3", _quake)):
        transport, _ = await loop.create_datagram_endpoint(lambda say=say: _Udp(say), local_addr=(HOST, 0))  # type: ignore[misc]
        ports[name] = transport.get_extra_info("sockname")[1]
        held.append(transport)
    for name, protocol in (("minecraft", _Java), ("http", _Http)):
        server = await loop.create_server(protocol, HOST, 0, backlog=1024)
        ports[name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await asyncio.to_thread(sys.stdin.read)


# those who ask

Ask = Callable[[int], Awaitable[Any]]


def bare(name: str, session: Any) -> tuple[str, Ask]:
    """The library's name, and how it asks the game on this port."""
    import a2s
    import mcstatus
    from opengsq import protocols

    async def http(port: int) -> Any:
        async with session.get(f"http://{HOST}:{port}/") as answer:
            return await answer.json()

    known: dict[str, tuple[str, Ask]] = {
        "minecraft": ("mcstatus", lambda port: mcstatus.JavaServer(HOST, port).async_status()),
        "bedrock": ("mcstatus", lambda port: mcstatus.BedrockServer(HOST, port).async_status()),
        "a2s": ("python-a2s", lambda port: a2s.ainfo((HOST, port))),
        "quake3": ("opengsq", lambda port: protocols.Quake3(HOST, port).get_status()),
        "http": ("aiohttp", http),
    }
    return known[name]


async def _bare(ask: Ask, port: int, targets: int) -> None:
    left = iter(range(targets))

    async def some() -> None:
        for _ in left:
            await ask(port)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def _cpu(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """CPU seconds, and the longest block of the loop."""
    gc.collect()
    async with Ticker() as ticker:
        await asyncio.sleep(0.05)
        ticker.reset()
        began = time.process_time()
        await work()
        return time.process_time() - began, ticker.reset()


def _speaking(catalogue: Catalogue, rule: dict[str, str]) -> Catalogue:
    """All games answer so."""
    return Catalogue(game.model_copy(update={"query": Query.model_validate(rule)}) for game in catalogue)


async def run(url: str, listed: tuple[Observed, ...], ports: dict[str, int]) -> list[Asked]:
    import aiohttp

    sweeping.APART = 0  # as the bare libraries, without pauses: what watches the loop meanwhile costs both the same
    database, cluster = Database(url), Cluster()
    cluster.begin_with(listed)
    found = []
    async with aiohttp.ClientSession() as session:
        core = make_core(database, cluster, dict(make_queries(session)))
        for name, rule in RULES.items():
            there = {"game": Endpoint(HOST, ports[name])}
            core.parts.observed.by_server = {seen.server: replace(seen, endpoints=there) for seen in listed}
            sweep: Sweep = core.sweep
            sweep._asking._catalogue = _speaking(core.parts.catalogue, rule)
            library, ask = bare(name, session)
            await _bare(ask, ports[name], 200)
            await sweep.run()  # what is new is written
            bare_cpu, _ = await _cpu(lambda ask=ask, name=name: _bare(ask, ports[name], len(listed)))  # type: ignore[misc]
            swept, block = await _cpu(sweep.run)
            assert len(sweep._playing) == len(listed)
            found.append(Asked(name, library, len(listed), bare_cpu, swept, block))
    await database.close()
    return found


async def main(url: str, listed: tuple[Observed, ...]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "games", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ports = json.loads(await process.stdout.readline())
        found = await run(url, listed, ports)
        print(json.dumps([asdict(each) for each in found]))
    finally:
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is the result
    if sys.argv[1:] == ["games"]:
        asyncio.run(games())
    else:
        gc.collect()
        gc.freeze()  # as the App does when it has started
        asyncio.run(main(sys.argv[1], pickle.loads(Path(sys.argv[2]).read_bytes())))
