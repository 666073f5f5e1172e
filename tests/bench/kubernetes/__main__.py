"""`make bench-cluster`: how Dormouse does on a real Kubernetes, beside kubectl and the typed client in the same run.

`python tests/bench/kubernetes [--quick]`, with the repository, tests/support and tests/bench on PYTHONPATH. KUBECONFIG
names a cluster with Dormouse's image on it (DORMOUSE_TEST_IMAGE); DORMOUSE_BENCH_API is the kubeconfig of an API server
without controllers that may be filled with servers, once. That takes a quarter of an hour, or with the address of its
etcd (DORMOUSE_BENCH_ETCD) a minute. A part whose names are not set is left out. The whole run writes its
tables into docs/performance.md, the quick one only prints.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import kube
import quiet
import report
import resuming
import tables
import to_ready
from measuring import Load
from populate import populate
from sides import ROOT, SHIPPED, Side
from starting import Start

from bot.demo.guild import cast

HERE = Path(__file__).parent
COUNTED = [sys.executable, str(HERE / "counted.py")]
API = os.environ.get("DORMOUSE_BENCH_API", "")
HOW = ("dormouse", "kinds", "typed")


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers, and seconds of quiet. `typed` starts are dear."""

    pairs: int
    quiet: float
    running: int
    servers: int
    starts: int
    typed: int


WHOLE = Size(pairs=12, quiet=120, running=4, servers=10_000, starts=3, typed=2)
QUICK = Size(pairs=3, quiet=30, running=2, servers=2_000, starts=1, typed=1)


async def on_cluster(size: Size, folder: Path) -> str:
    """One bot, first the shipped one that is timed, then the one that counts."""
    namespace = kube.make_namespace(folder)
    (folder / ".kube").mkdir()
    shutil.copy(namespace.kubeconfig, folder / ".kube" / "config")
    side = Side("Dormouse", SHIPPED, folder, **to_ready.settings(namespace))
    await side.open()
    try:
        await side.start()
        to_ready.lift_limits(side)
        load = Load()
        pairs = await to_ready.pairs(side, namespace, size.pairs)
        others = f"The machine was busy to {load.read()[1]:.0%} meanwhile, with the cluster itself and other programs."
        sections = [section("From the command to Ready", f"{tables.to_ready(pairs)} {others}")]
        load.read()
        resumed = await resuming.pairs(side, namespace, size.pairs)
        busy = f"The machine was busy to {load.read()[1]:.0%} meanwhile."
        sections.append(section("From Resume to Ready", f"{tables.resuming(resumed)} {busy}"))
        await side.stop()
        side.command = COUNTED
        await side.start()
        run = [to_ready.pond(n) for n in range(size.running)]
        sections.append(
            section("Requests while nothing happens", tables.quiet(await quiet.listen(side, run, size.quiet)))
        )
        for name in run:
            await side.ask(cast.ADA, "pause", server=name)
        return "\n\n".join(sections)
    finally:
        await side.close()
        await asyncio.to_thread(namespace.remove)


async def at_start(size: Size) -> str:
    namespace = await populate(API, size.servers, etcd=os.environ.get("DORMOUSE_BENCH_ETCD", ""))
    found: dict[str, list[Start]] = {how: [] for how in HOW}
    for number in range(size.starts):
        for how in HOW:
            if how != "typed" or number < size.typed:
                found[how].append(await start(how, namespace))
                print(f"  {how}: {found[how][-1]}", flush=True)
    assert all(each.servers == size.servers for starts in found.values() for each in starts)
    return section(f"Start with {size.servers:,} servers", tables.starts(*found.values()))


async def start(how: str, namespace: str) -> Start:
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "bench")))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / "starting.py"),
        how,
        namespace,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "KUBECONFIG": API},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return Start(**json.loads(output))


def section(title: str, text: str) -> str:
    made = f"### {title}\n\n{text}"
    print(f"\n{made}\n", flush=True)
    return made


async def run(size: Size, folder: Path, *, keeps: bool) -> None:
    parts: dict[str, Callable[[], Awaitable[str]]] = {}
    if kube.KUBECONFIG and kube.IMAGE:
        parts["with pods"] = lambda: on_cluster(size, folder)
    else:
        print("KUBECONFIG or DORMOUSE_TEST_IMAGE is not set: nothing that needs pods.")
    if API:
        parts["without pods"] = lambda: at_start(size)
    else:
        print("DORMOUSE_BENCH_API is not set: no start with thousands of servers.")
    for name, part in parts.items():
        began = time.monotonic()
        text = await part()
        took = f"`make bench-cluster` on {report.machine()}, {time.monotonic() - began:.0f} s."
        print(took, flush=True)
        if keeps:
            tables.keep(name, f"{took}\n\n{text}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-cluster", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller numbers, nothing written")
    quick = parser.parse_args().quick
    folder = Path(tempfile.mkdtemp(prefix="dormouse-bench-"))
    try:
        asyncio.run(run(QUICK if quick else WHOLE, folder, keeps=not quick))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
