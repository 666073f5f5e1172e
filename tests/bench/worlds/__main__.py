"""Our snapshots beside restic and rclone, in one run: `python tests/bench/worlds [MiB]` from the repository's root.

A Minecraft-like world is made (tests/support/worldgen.py), kept, changed by about 6 MiB, kept again, and brought back.
CPU is user and system time of the whole process tree, memory its largest process. rclone copies files and
keeps the older ones of those that changed. The last lines say whether the targets hold; exit code 1 if
one does not.
"""

from __future__ import annotations

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
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

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


def measure(command: list[str], grows: Path | None = None) -> Measured:
    """Run it to its end; by how much the folder `grows` grew."""
    before = weight(grows) if grows else 0
    began = time.monotonic()
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, cwd=ROOT, env=os.environ | {"RESTIC_PASSWORD": "bench"}
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command[0]} ended with {child.returncode}")
    wall = time.monotonic() - began
    return Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, weight(grows) - before if grows else 0)


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


def main(mebibytes: int) -> int:
    missing = [tool for tool in ("restic", "rclone") if not shutil.which(tool)]
    if missing:
        print(f"Install {' and '.join(missing)} first (Debian has both).", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="bench-worlds-") as folder:
        base = Path(folder)
        world = base / "world"
        minecraft(world, mebibytes << 20)
        time.sleep(2.5)  # files as old as a world's usually are: no racy clocks (core/worlds/FORMAT.md)
        sides: list[Tool] = [Ours(base, world), Restic(base, world), Rclone(base, world)]
        results: dict[tuple[str, str], Measured] = {}
        for step in ("first", "second", "restore"):
            if step == "second":
                play(world, CHANGED)
            for side in sides:
                os.sync()  # nobody waits for another's writes
                results[step, side.name] = side.bring() if step == "restore" else side.keep()
        return report(results)


def report(results: dict[tuple[str, str], Measured]) -> int:
    print(f"{'':10}{'':10}{'wall s':>8}{'CPU s':>8}{'peak MiB':>10}{'MiB':>9}")
    for (step, side), of in results.items():
        sent = f"{of.bytes / 2**20:9.1f}" if of.bytes else ""
        print(f"{step:10}{side:10}{of.wall:8.2f}{of.cpu:8.2f}{of.peak:10.0f}{sent}")
    missed = 0
    for (step, what), most in TARGETS.items():
        share = getattr(results[step, "dormouse"], what) / getattr(results[step, "restic"], what)
        missed += share > most
        print(f"{step} {what}: {share:.2f} of restic's, target {most} {'MISSED' if share > most else 'met'}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1024))
