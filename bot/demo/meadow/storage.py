"""The world on disk: one file, replaced as a whole, and the saves that keep it up to date."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from .world import World, decode, encode

WORLD_FILE = "world.json"


@dataclass(frozen=True, slots=True)
class Saved:
    """What is known to be on disk. `at` is the file's modification time (unix seconds), `digest` its SHA-256 in hex."""

    revision: int
    at: float
    digest: str


def load(folder: Path) -> tuple[World, Saved]:
    """The folder's world; an empty one is written first where there is none.

    Raises `DamagedWorldError` (nothing was written then) and `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / WORLD_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        world = World()
        return world, write(folder, world.revision, encode(world))
    world = decode(data)
    return world, Saved(world.revision, path.stat().st_mtime, hashlib.sha256(data).hexdigest())


def write(folder: Path, revision: int, data: bytes) -> Saved:
    """Replace the world file. On return the bytes are on disk; on `OSError` the former file is untouched."""
    path = folder / WORLD_FILE
    temporary = folder / (WORLD_FILE + ".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(folder)
    return Saved(revision, path.stat().st_mtime, hashlib.sha256(data).hexdigest())


def _sync_folder(folder: Path) -> None:
    # Without this the rename itself may be lost with the power.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Keeper:
    """Saves one world, one save at a time, in a thread so that slow disks do not stop the game."""

    def __init__(self, folder: Path, world: World, saved: Saved) -> None:
        self._folder = folder
        self._world = world
        self._lock = asyncio.Lock()
        self.saved = saved
        self.held = False

    @property
    def up_to_date(self) -> bool:
        return self.saved.revision == self._world.revision

    async def save(self) -> Saved:
        """Write the world as it is now, unless the disk has it already; works while held. Raises `OSError`."""
        async with self._lock:
            if not self.up_to_date:
                data = encode(self._world)
                self.saved = await asyncio.to_thread(write, self._folder, self._world.revision, data)
            return self.saved

    async def hold(self) -> None:
        """No save by interval from here on. A save under way has ended when this returns."""
        self.held = True
        async with self._lock:
            return

    def release(self) -> None:
        self.held = False

    async def save_if_due(self) -> None:
        """The save by interval. Raises `OSError`."""
        if not self.held:
            await self.save()
