"""How much memory 500 open event streams take, and how long an event takes to reach them all.

`python tests/bench/streams.py [500]` (with `PYTHONPATH=.:tests/support`). The face runs in a process of its own, with a
cluster in memory; this process opens the streams.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

GUILD, EACH = 700, 10  # streams of one caller
PATHS = ("/api/v1/events", "/api/v1/live")


def resident(pid: int | str) -> float:
    """MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


async def serve(folder: Path, callers: int) -> None:
    """Prints an address and tokens, creates a server for each line that comes, prints when, until there are none."""
    import migrated
    from fakecluster import FakeCluster
    from members import Members
    from webface import serving

    from core.assemble import assemble
    from core.data.database import Database
    from core.games.catalogue import BUILT_IN, Catalogue
    from core.guilds.access import Actor
    from core.guilds.quotas import Quotas
    from core.servers.host_rules import HostRules

    def now() -> datetime:
        return datetime.now(UTC)

    await migrated.file(folder / "bench.db")
    database = Database(f"sqlite+aiosqlite:///{folder / 'bench.db'}")
    rules = HostRules("127.0.0.1", ports=range(25500, 25600), master_key=b"key")
    core = assemble(database, Catalogue.load(BUILT_IN), FakeCluster(now), rules, now, membership=Members())
    assert isinstance(core.quotas, Quotas)
    async with serving(core) as face:
        actors = [Actor(user=number, guild=GUILD, name="A program") for number in range(1, callers + 1)]
        tokens = [await face.token(actor) for actor in actors]
        print(json.dumps({"url": face.url, "tokens": tokens}), flush=True)
        numbers = iter(range(1, 100))
        while line := await asyncio.to_thread(sys.stdin.readline):
            owner = Actor(user=9000 + next(numbers), guild=GUILD, name="Ada")
            await core.servers.creation.create(owner, channel=1, game="meadow", name=line.strip(), size=None)
            print(time.time(), flush=True)
    await database.close()


async def measure(streams: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, __file__, "serve", folder, str(streams // EACH + 1)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=2**20,
        )
        assert program.stdin is not None
        assert program.stdout is not None
        while not (line := await program.stdout.readline()).startswith(b'{"url"'):
            assert line, "the face did not start"
        told = json.loads(line)

        async def create(name: str) -> float:
            assert program.stdin is not None
            assert program.stdout is not None
            program.stdin.write(f"{name}\n".encode())
            while not (line := await program.stdout.readline())[:1].isdigit() or b"[" in line:
                assert line, "the face ended"
            return float(line)

        async def heard(got: aiohttp.ClientResponse, name: str) -> float:
            while name.encode() not in await got.content.readline():
                pass
            return time.time()

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            for path in PATHS:
                await create(f"Warm {path[-4:]}")
                await _once(http, told["url"] + path, told["tokens"][-1])
                before, opened = resident(program.pid), []
                for number in range(streams):
                    headers = {"Authorization": f"Bearer {told['tokens'][number // EACH]}"}
                    got = await http.get(told["url"] + path, headers=headers, timeout=aiohttp.ClientTimeout(total=None))
                    assert got.status == 200, await got.text()
                    await got.content.readuntil(b"\n\n")
                    opened.append(got)
                after = resident(program.pid)
                name = f"Pond {path[-4:]}"
                hearing = [asyncio.create_task(heard(got, name)) for got in opened]
                created = await create(name)
                took = sorted(await asyncio.gather(*hearing))
                print(
                    f"{path}: {streams} streams take {after - before:.1f} MiB ({(after - before) * 1024 / streams:.0f}"
                    f" KiB each), {resident(program.pid) - before:.1f} MiB after an event, which the last one has"
                    f" {max(took) - created:.2f} s after it was written; the process has {after:.0f} MiB"
                )
                for got in opened:
                    got.close()
                await asyncio.sleep(1)
        program.stdin.close()
        await program.wait()


async def _once(http: aiohttp.ClientSession, url: str, token: str) -> None:
    """What is loaded at the first stream is no stream's."""
    got = await http.get(url, headers={"Authorization": f"Bearer {token}"})
    await got.content.readuntil(b"\n\n")
    got.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(Path(sys.argv[2]), int(sys.argv[3])))
    else:
        asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
