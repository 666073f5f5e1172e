"""`make bench-web`: the HTTP face beside a bare FastAPI route that reads one row, and what it costs to have it.

`python tests/bench/web [--quick]`, with the repository, tests/support and tests/bench on PYTHONPATH. The whole run
writes its tables into docs/performance.md, the quick one only prints.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import report
from in_memory import OBSERVED
from measuring import Load, Memory, median, percentile
from seed import fill, make, sqlite_url
from sides import IN_MEMORY, ROOT, Side, member_ids

from bot.demo.guild import cast
from core.accounts.scopes import ALL
from core.accounts.tokens import Tokens
from core.data.database import Database
from core.data.tables import utc_now
from core.guilds.access import Actor

BEGIN, END = "<!-- web: written by `make bench-web` -->", "<!-- end of web -->"
SERVERS = 10
MEMORY_ABOVE = 45.0
"""Target: MiB that the face may take."""


@dataclass(frozen=True, slots=True)
class Size:
    rounds: int
    each: int
    people: int
    at_once: int
    streams: int


WHOLE, QUICK = Size(5, 200, 400, 1000, 500), Size(1, 50, 100, 200, 50)


@dataclass(slots=True)
class Times:
    alone: list[float] = field(default_factory=list)  # seconds, one after the other
    crowded: list[float] = field(default_factory=list)  # requests a second, 16 at a time


class Bench:
    def __init__(self, size: Size, folder: Path) -> None:
        self.size = size
        self.folder = folder
        self.tokens: list[str] = []
        self.sections: list[str] = []

    async def run(self) -> str:
        async with AsyncExitStack() as stack:
            off, on = [self._side(name, web) for name, web in (("off", "off"), ("on", "127.0.0.1:0"))]
            for side in (off, on):
                side.folder.mkdir()
                await fill(
                    sqlite_url(side.folder / "dormouse.db"),
                    make(servers=SERVERS, running=SERVERS // 2),
                    side.folder / OBSERVED,
                )
                await side.open(self.size.at_once)
                stack.push_async_callback(side.close)
                await side.start()
            await self._people(on)
            peer = await self._peer(on, stack)
            url = _url_of(on)
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
                await self._requests(http, url, peer, on)
                memory = [("without the face", off.memory(), None), ("with it, after the above", on.memory(), None)]
                await self._rush(http, url, on)
                memory += await self._streams(http, url, on)
            taken = memory[1][1].rss - memory[0][1].rss
            self.sections.append("#### Memory\n\n" + report.memory(memory))
            self.sections.append(f"The face takes {taken:.0f} MiB; the target is {MEMORY_ABOVE:.0f}.")
        return "\n\n".join(self.sections)

    def _side(self, name: str, web: str) -> Side:
        return Side(name, IN_MEMORY, self.folder / name, WEB=web, PUBLIC_URL="http://127.0.0.1")

    async def _people(self, on: Side) -> None:
        database = Database(sqlite_url(on.folder / "dormouse.db"))
        tokens = Tokens(database, utc_now)
        for user in member_ids(max(self.size.people, self.size.at_once)):
            self.tokens.append((await tokens.make(Actor(user, int(cast.GUILD), "M"), "bench", ALL))[1])
        await database.close()

    async def _peer(self, on: Side, stack: AsyncExitStack) -> str:
        told = self.folder / "peer"
        environ = {
            "PATH": os.environ["PATH"],
            "PEER_DATABASE": sqlite_url(on.folder / "dormouse.db"),
            "PEER_TELLS": str(told),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(Path(__file__).with_name("peer.py")), cwd=ROOT, env=environ
        )

        async def end() -> None:
            process.terminate()
            await process.wait()

        stack.push_async_callback(end)
        async with asyncio.timeout(30):
            while not told.exists() or not told.read_text():
                await asyncio.sleep(0.05)
        return told.read_text()

    async def _requests(self, http: aiohttp.ClientSession, url: str, peer: str, on: Side) -> None:
        people = itertools.cycle(self.tokens)

        async def ask(method: str, path: str) -> None:
            headers = {"Authorization": f"Bearer {next(people)}"}
            async with http.request(method, f"{url}/api/v1{path}", headers=headers) as got:
                assert got.status < 300, (got.status, await got.text())
                await got.read()

        async def bare() -> None:
            async with http.get(f"{peer}/row/{server}") as got:
                assert got.status == 200
                await got.read()

        async with http.get(f"{url}/api/v1/servers", headers={"Authorization": f"Bearer {self.tokens[0]}"}) as got:
            found = (await got.json())["items"]
        server = next(each["id"] for each in found if each["desired"] == "running")
        asked: dict[str, Callable[[], Awaitable[None]]] = {
            "a bare route": bare,
            "list": lambda: ask("GET", "/servers"),
            "show": lambda: ask("GET", f"/servers/{server}"),
            "resume": lambda: ask("POST", f"/servers/{server}/resume"),
        }
        times = {name: Times() for name in asked}
        for each in asked.values():
            for _ in range(20):
                await each()
        load = Load(os.getpid(), on.process.pid if on.process else 0)
        for _ in range(self.size.rounds):
            for name, each in asked.items():
                for _ in range(self.size.each):
                    began = time.perf_counter()
                    await each()
                    times[name].alone.append(time.perf_counter() - began)
                times[name].crowded.append(await _crowd(each, self.size.each))
        _, others = load.read()
        peers = times["a bare route"]
        rows = [
            (
                name,
                f"{report.ms(median(found.alone)):.1f}",
                f"{report.ms(percentile(found.alone, 0.99)):.1f}",
                f"{median(found.alone) / median(peers.alone):.1f}",
                f"{median(found.crowded):.0f}",
                f"{median(peers.crowded) / median(found.crowded):.1f}",
            )
            for name, found in times.items()
        ]
        head = ("", "ms, median", "p99", "of the bare", "a second, 16 at a time", "of the bare's time")
        self.sections.append(f"#### Requests\n\n{report.table(head, rows)}\n\n{report.others(others)}")

    async def _rush(self, http: aiohttp.ClientSession, url: str, on: Side) -> None:
        """So many calls at once, and members who type commands meanwhile."""
        failed, took = 0, list[float]()

        async def call(token: str) -> None:
            nonlocal failed
            began = time.perf_counter()
            async with http.get(f"{url}/api/v1/servers", headers={"Authorization": f"Bearer {token}"}) as got:
                await got.read()
                failed += got.status != 200
            took.append(time.perf_counter() - began)

        async def type_commands() -> list[float | None]:
            return [(await on.ask(str(user), "list")).acknowledged for user in list(member_ids(20))]

        *_, acknowledged = await asyncio.gather(*map(call, self.tokens[: self.size.at_once]), type_commands())
        assert isinstance(acknowledged, list)
        heard = [each for each in acknowledged if each is not None]
        self.sections.append(
            f"#### {self.size.at_once:,} calls at once, beside Discord\n\n"
            f"All were answered within {max(took):.1f} s (median {median(took):.1f} s), {failed} failed. "
            f"{len(heard)} of {len(acknowledged)} commands that members typed meanwhile were acknowledged, "
            f"the slowest after {max(heard):.2f} s; Discord waits 3 s."
        )

    async def _streams(self, http: aiohttp.ClientSession, url: str, on: Side) -> list[tuple[str, Memory, float | None]]:
        """Event streams that stay open."""
        open_now: list[aiohttp.ClientResponse] = []
        try:
            for token in self.tokens[: self.size.streams]:
                got = await http.get(f"{url}/api/v1/events", headers={"Authorization": f"Bearer {token}"})
                if got.status != 200:
                    got.close()
                    return []
                open_now.append(got)
            await asyncio.sleep(2)
            return [(f"with {len(open_now)} event streams open", on.memory(), None)]
        finally:
            for each in open_now:
                each.close()


async def _crowd(each: Callable[[], Awaitable[None]], number: int) -> float:
    """Requests a second, 16 at a time."""

    async def worker(share: int) -> None:
        for _ in range(share):
            await each()

    began = time.perf_counter()
    await asyncio.gather(*(worker(number // 16 + 1) for _ in range(16)))
    return (number // 16 + 1) * 16 / (time.perf_counter() - began)


def _url_of(side: Side) -> str:
    found = re.search(r'"url": "(http[^"]*)".*"event": "web"', (side.folder / "bot.log").read_text())
    assert found, "the face does not listen"
    return found[1]


def keep(text: str) -> None:
    """Put `text` between the marks of docs/performance.md."""
    before, _, rest = report.FILE.read_text("utf-8").partition(BEGIN)
    report.FILE.write_text(f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{rest.partition(END)[2]}", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        text = asyncio.run(Bench(QUICK if quick else WHOLE, Path(folder)).run())
    text = f"`make bench-web` on {report.machine()}, {time.perf_counter() - began:.0f} s.\n\n{text}"
    print(text)
    if not quick:
        keep(text)


if __name__ == "__main__":
    main()
