"""Killed at every call to the store, and at every fsync and rename: the last complete snapshot is whole."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from worldgen import picture

from core.worlds import pack
from core.worlds.listing import listing
from core.worlds.store.folder import FolderStore
from core.worlds.verify import verify
from tests.worlds.around import SERVER, Around
from tests.worlds.conftest import Bring, Take


class Killed(BaseException):
    pass


def change(world: Path) -> None:
    (world / "a").write_bytes(os.urandom(150_000))
    (world / "b").write_bytes(os.urandom(150_000))
    (world / "c").write_bytes(b"short")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_at_any_call_to_the_store_hurts_nothing(
    world: Path, take: Take, bring: Bring, store: Around, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "PACK_LIMIT", 140_000)
    change(world)
    complete = [(take().name, picture(world))]
    for death in range(100):
        change(world)
        calls = iter(range(1000))

        def kill(operation: str, key: str, at: str, calls: object = calls, death: int = death) -> None:
            if at == when and next(calls) == death:  # type: ignore[call-overload]
                raise Killed

        store.hook = kill
        try:
            take()
            ended = True
        except Killed:
            ended = False
        store.hook = lambda operation, key, when: None
        names = [each.name for each in listing(store, SERVER)]
        if len(names) > len(complete):
            complete.append((names[0], picture(world)))
        assert names == [name for name, _ in reversed(complete)]
        into, restored = bring(complete[-1][0])
        assert (picture(into), restored.found) == (complete[-1][1], ())
        shutil.rmtree(into)
        if ended:
            break
    assert ended
    assert death > 6
    for name, _ in complete:
        assert verify(store, SERVER, name).ok


DYING = """
import itertools, os, signal, sys, threading

def dies(real, counter, lock=threading.Lock()):
    def call(*arguments, **more):
        with lock:
            mine = next(counter)
        if mine == death and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **more)
        if mine == death and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return call

when, death = sys.argv[1], int(sys.argv[2])
counter = itertools.count()
os.fsync, os.rename = dies(os.fsync, counter), dies(os.rename, counter)
from core.worlds.snapshot import main
sys.exit(main(sys.argv[3:]))
"""


@pytest.mark.process
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_killed_at_any_fsync_or_rename_hurts_nothing(
    world: Path, tmp_path: Path, bring: Bring, when: str
) -> None:
    """Counted over all threads (strace counts each by itself).

    A kill says nothing of the page cache, which survives it: FORMAT.md argues the order on paper.
    """
    store = FolderStore(tmp_path / "store")
    complete: list[tuple[str, dict[bytes, tuple[object, ...]]]] = []
    for death in range(100):
        change(world)
        code, said = _snapshot(tmp_path, world, when, death)
        names = [each.name for each in listing(store, SERVER)]
        if len(names) > len(complete):
            complete.append((names[0], picture(world)))
        if complete:
            into, restored = bring(complete[-1][0], store)
            assert (picture(into), restored.found) == (complete[-1][1], ())
        if code == 0:
            assert said["result"]["name"] == names[0]
            break
        assert code == -signal.SIGKILL
    assert code == 0
    assert death > 6


def _snapshot(tmp_path: Path, world: Path, when: str, death: int) -> tuple[int, dict[str, Any]]:
    place = ["--store", f"folder:{tmp_path / 'store'}", "--server", SERVER]
    done = subprocess.run(
        [sys.executable, "-c", DYING, when, str(death), *place, str(world), "--volume=1", "--run=1"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = done.stdout.splitlines()
    return done.returncode, json.loads(lines[-1]) if lines else {}
