"""Our snapshots beside restic and rclone, in one run: `make bench-worlds`.

A Minecraft-like world is made (tests/support/worldgen.py), kept, changed by about 6 MiB, kept again, and brought back.
CPU is user and system time of the whole process tree, memory its largest process. rclone copies files and
keeps the older ones of those that changed. The tables go into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support"), str(ROOT / "tests" / "bench")]

import report  # noqa: E402
from report import table  # noqa: E402
from worldgen import minecraft, picture, play  # noqa: E402

from core.worlds.listing import listing  # noqa: E402
from core.worlds.store.folder import FolderStore  # noqa: E402

SERVER = "abcdefghijkl"
CHANGED = 6 * 1024 * 1024
TARGETS = {  # ours, as a share of restic's
    ("first", "cpu"): 0.6,
    ("first", "bytes"): 1.02,
    ("second", "cpu"): 0.4,
    ("second", "bytes"): 0.35,
    ("restore", "cpu"): 0.8,
}


@dataclass(frozen=True)
class Measured:
    wall: float  # s
    cpu: float  # s
    peak: float  # MiB
    bytes: int = 0


# A process's peak counts what it was forked from: this one is small, and the bench is not.
MEASURE = """
import json, os, sys, time
began = time.monotonic()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
wall = time.monotonic() - began
told = os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
print(json.dumps(told), file=sys.stderr)
"""


def measure(command: list[str], grows: Path | None = None) -> Measured:
    """Run it to its end; by how much the folder `grows` grew."""
    before = weight(grows) if grows else 0
    ended = subprocess.run(
        [sys.executable, "-S", "-E", "-c", MEASURE, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"RESTIC_PASSWORD": "bench"},
        check=True,
        text=True,
    )
    code, wall, cpu, peak = json.loads(ended.stderr.splitlines()[-1])
    if code:
        raise SystemExit(f"{command[0]} ended with {code}: {ended.stderr}")
    return Measured(wall, cpu, peak, weight(grows) - before if grows else 0)


def weight(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


class Tool(Protocol):
    name: str

    def keep(self) -> Measured: ...

    def bring(self) -> Measured: ...


class Ours:
    name = "dormouse"

    def __init__(self, base: Path, world: Path) -> None:
        self.world, self.base, self.store = world, base, base / "ours"
        self.store.mkdir()

    def _python(self, module: str) -> list[str]:
        return [sys.executable, "-m", f"core.worlds.{module}", "--store", f"folder:{self.store}", "--server", SERVER]

    def keep(self) -> Measured:
        return measure([*self._python("snapshot"), str(self.world), "--volume=1", "--run=1"], self.store)

    def bring(self) -> Measured:
        into = self.base / "ours-restored"
        into.mkdir()
        name = listing(FolderStore(self.store), SERVER)[0].name
        measured = measure([*self._python("restore"), name, str(into)])
        if picture(into) != picture(self.world):
            raise SystemExit("what came back is not what was there")
        return measured


class Restic:
    name = "restic"

    def __init__(self, base: Path, world: Path) -> None:
        self.world, self.base, self.store = world, base, base / "restic"
        # Its cache is of use on the network only, and holds the metadata a second time.
        self.command = ["restic", "-q", "--no-cache", "-r", str(self.store)]
        measure([*self.command, "init"])

    def keep(self) -> Measured:
        return measure([*self.command, "backup", str(self.world)], self.store)

    def bring(self) -> Measured:
        return measure([*self.command, "restore", "latest", "--target", str(self.base / "restic-restored")])


class Rclone:
    name = "rclone"

    def __init__(self, base: Path, world: Path) -> None:
        self.world, self.base, self.store, self.copies = world, base, base / "rclone", 0
        self.store.mkdir()

    def keep(self) -> Measured:
        """`--backup-dir` keeps the older versions of what changed, as a store with versions would."""
        self.copies += 1
        old = self.store / f"old-{self.copies}"
        command = ["rclone", "sync", "-q", "--backup-dir", str(old), str(self.world), str(self.store / "now")]
        return measure(command, self.store)

    def bring(self) -> Measured:
        return measure(["rclone", "copy", "-q", str(self.store / "now"), str(self.base / "rclone-restored")])


Results = dict[tuple[str, str], Measured]
"""By step (first, second, restore) and tool."""

BEGIN, END = "<!-- worlds: written by `make bench-worlds` -->", "<!-- end of worlds -->"
STEPS = {"first": "first snapshot", "second": "next one", "restore": "restore"}


def compare(mebibytes: int) -> Results:
    """The tools take turns on the same world, step by step."""
    with tempfile.TemporaryDirectory(prefix="bench-worlds-") as folder:
        base = Path(folder)
        world = base / "world"
        minecraft(world, mebibytes << 20)
        time.sleep(2.5)  # files as old as a world's usually are: no racy clocks (core/worlds/FORMAT.md)
        sides: list[Tool] = [Ours(base, world), Restic(base, world), Rclone(base, world)]
        results: Results = {}
        for step in STEPS:
            if step == "second":
                play(world, CHANGED)
            for side in sides:
                os.sync()  # nobody waits for another's writes
                results[step, side.name] = side.bring() if step == "restore" else side.keep()
        return results


def share(results: Results, step: str, what: str) -> float:
    return float(getattr(results[step, "dormouse"], what) / getattr(results[step, "restic"], what))


def tables(mebibytes: int, results: Results) -> str:
    rows = [
        [
            STEPS[step],
            side,
            f"{of.wall:.2f}",
            f"{of.cpu:.2f}",
            f"{of.peak:.0f}",
            f"{of.bytes / 2**20:.1f}" if of.bytes else "",
        ]
        for (step, side), of in results.items()
    ]
    shares = [
        [f"{STEPS[step]}, {what}", f"{found:.2f}" if found <= most else f"**{found:.2f}**", f"{most}"]
        for (step, what), most in TARGETS.items()
        for found in [share(results, step, what)]
    ]
    measured = table(["", "tool", "wall s", "CPU s", "peak MiB", "MiB stored"], rows)
    ratios = table(["Dormouse's, of restic's", "ratio", "target"], shares)
    return f"### A world of {mebibytes / 1024:g} GiB\n\n{measured}\n\n{ratios}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-worlds")
    parser.add_argument("mebibytes", nargs="*", type=int, default=[1024, 4096], help="sizes of worlds")
    parser.add_argument("--quick", action="store_true", help="a small world, nothing written")
    options = parser.parse_args(arguments)
    missing = [tool for tool in ("restic", "rclone") if not shutil.which(tool)]
    if missing:
        print(f"{' and '.join(missing)} not installed (Debian has both): nothing about worlds.")
        return 0
    began, found = time.monotonic(), {}
    for size in [128] if options.quick else options.mebibytes:
        found[size] = compare(size)
        print(tables(size, found[size]), flush=True)
    took = f"`make bench-worlds` on {report.machine()}, {time.monotonic() - began:.0f} s."
    if not options.quick:
        sections = "\n\n".join(tables(size, results) for size, results in found.items())
        before, _, rest = report.FILE.read_text("utf-8").partition(BEGIN)
        report.FILE.write_text(f"{before}{BEGIN}\n\n{took}\n\n{sections}\n\n{END}{rest.partition(END)[2]}", "utf-8")
    print(took)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
