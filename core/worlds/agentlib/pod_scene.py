"""What a saver (snapshots.py) sees in a pod, and what it tells those who ask."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.cluster.local_files import PodFile, SavedFile, StoreFile

from .pod_game import PodGame
from .pod_places import Places, child_env, read_marker
from .snapshots import Scene


class News:
    """Which snapshot is the newest, for long polls. A revision is never used twice, not even by two agents of a pod."""

    def __init__(self, saved: SavedFile | None) -> None:
        self._saved = saved
        self._saving = False
        self._not_saved = ""
        self._revision = time.time_ns() // 1_000_000
        self._heard = -1  # the revision that somebody got last
        self._closed = False
        self._stirred = asyncio.Event()

    def tell(self, *, saving: bool, saved: SavedFile | None = None, not_saved: str | None = None) -> None:
        self._saving = saving
        self._saved = saved or self._saved
        self._not_saved = self._not_saved if not_saved is None else not_saved
        self._revision += 1
        self._stir()

    async def read(self, after: int | None, patience: float) -> dict[str, Any]:
        """As soon as the revision is not `after`, at the latest after `patience` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._revision == after and not self._closed:
                    await self._stirred.wait()
        self._heard = self._revision
        self._stir()
        return {
            "revision": self._revision,
            "saved": self._saved.to_json() if self._saved else None,
            "saving": self._saving,
            "not_saved": self._not_saved,
        }

    async def until_heard(self, patience: float) -> None:
        """Until somebody got the newest; at most so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._heard != self._revision:
                    await self._stirred.wait()

    def close(self) -> None:
        """Nothing will change any more."""
        self._closed = True
        self._stir()

    def _stir(self) -> None:
        self._stirred.set()
        self._stirred = asyncio.Event()


class PodScene(Scene):
    def __init__(
        self,
        pod: PodFile,
        places: Places,
        game: PodGame,
        store: StoreFile | None,
        news: News,
        environ: Mapping[str, str],
    ) -> None:
        self._volume = pod.volume
        self._places = places
        self._game = game
        self._store = store
        self._environ = environ
        self._news = news
        self.data = places.data
        self.work = places.work
        self.receipt = places.receipt

    def store(self) -> StoreFile | None:
        return self._store

    def env(self, store: StoreFile) -> Mapping[str, str]:
        return child_env(self._environ, self.work, store)

    def foreign(self) -> str:
        try:
            marker = read_marker(self._places.marker) or {}
        except (OSError, ValueError) as wrong:
            return f"the volume's marker cannot be read: {wrong}"
        if marker.get("volume") != self._volume or not self.data.is_dir():
            return f"what is there is not volume {self._volume}"
        return ""

    async def is_ready(self) -> bool:
        return await self._game.is_up()

    async def until_ready(self) -> None:
        await self._game.until_up()

    async def online(self) -> int:
        return int((await self._game.players())["online"])

    async def order(self, line: str) -> None:
        await self._game.order(line)

    async def flush(self, line: str, done: str, within: float) -> None:
        await self._game.flush(line, done, within)

    def tell(self, *, saving: bool, saved: SavedFile | None = None, not_saved: str | None = None) -> None:
        self._news.tell(saving=saving, saved=saved, not_saved=not_saved)


def unsaved_since(places: Places) -> int:
    """From when on (ns since 1970) what changed may be saved by nobody: this pod's newest snapshot, else its start."""
    if (saved := SavedFile.read(places.receipt)) is not None:
        with contextlib.suppress(ValueError):
            return int(datetime.fromisoformat(saved.saved_at).timestamp() * 1e9)
    if not places.since.exists():
        places.since.touch()
    return places.since.stat().st_ctime_ns
