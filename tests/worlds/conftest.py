"""A store in a folder, a world beside it, and the shortest way to a snapshot and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.worlds.restore import Restoration, restore
from core.worlds.snapshot import Taken, snapshot
from core.worlds.store.folder import FolderStore
from core.worlds.store.port import Store
from tests.worlds.around import SERVER, Around

Take = Callable[..., Taken]
Bring = Callable[..., tuple[Path, Restoration]]


@pytest.fixture
def store(tmp_path: Path) -> Around:
    return Around(FolderStore(tmp_path / "store"))


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "world"
    folder.mkdir()
    return folder


@pytest.fixture
def take(store: Around, world: Path) -> Take:
    """A snapshot of `world`, as if it had not been touched for a while: its files are not racy."""

    def take(*, volume: int = 1, run: int = 1, into: Store | None = None, **more: object) -> Taken:
        calm = {"now": _long_after} | more
        return snapshot(into or store, SERVER, world, volume=volume, run=run, **calm)  # type: ignore[arg-type]

    return take


@pytest.fixture
def bring(store: Around, tmp_path: Path) -> Bring:
    """A restore into a new folder; that folder, and what restore returned."""
    count = iter(range(1000))

    def bring(name: str | Taken, out_of: Store | None = None) -> tuple[Path, Restoration]:
        into = tmp_path / f"restored-{next(count)}"
        into.mkdir()
        return into, restore(out_of or store, SERVER, name if isinstance(name, str) else name.name, into)

    return bring


def _long_after() -> int:
    import time

    return time.time_ns() + 10_000_000_000
