"""What a saver sees in a pod, and what it tells those who ask."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.agent.files import read_record
from core.agent.pod.game import PodGame
from core.agent.pod.places import Places, child_env
from core.agent.saver import NotSaved, Surroundings
from core.agent.wire import PodSpec
from core.worlds.receipt import Receipt
from core.worlds.store.place import KEY, KEY_ID, StorePlace


class ReceiptNews:
    """Which snapshot is the newest, for long polls. A revision is never used twice, not even by two agents of a pod."""

    def __init__(self, saved: Receipt | None) -> None:
        self._saved = saved
        self._saving = False
        self._not_saved = NotSaved()
        self._revision = time.time_ns() // 1_000_000
        self._heard = -1  # the revision that somebody got last
        self._closed = False
        self._stirred = asyncio.Event()

    def tell(self, *, saving: bool, saved: Receipt | None = None, not_saved: NotSaved | None = None) -> None:
        self._saving = saving
        self._saved = saved or self._saved
        self._not_saved = not_saved or self._not_saved
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
            "not_saved": self._not_saved.why,
            "not_saved_kind": self._not_saved.kind,
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


class PodSurroundings(Surroundings):
    def __init__(
        self,
        pod: PodSpec,
        places: Places,
        game: PodGame,
        store: StorePlace | None,
        news: ReceiptNews,
        environ: Mapping[str, str],
    ) -> None:
        self._game = game
        self._store = store
        self._environ = environ
        self._news = news
        self.volume = places.volume(pod.volume)
        self.work = places.work
        self.receipt = places.receipt

    def store(self) -> StorePlace | None:
        return self._store

    def take_store(self, secrets: Mapping[str, str]) -> None:
        """From now on with these keys: those that the pod was started with are no good any more. An agent that is
        started again has them from the pod's Secret."""
        if self._store is not None:
            known = {name: secrets[name] for name in (KEY_ID, KEY) if secrets.get(name)}
            self._store = replace(self._store, secrets=self._store.secrets | known)

    def env(self) -> Mapping[str, str]:
        return child_env(self._environ, self.work)

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

    def tell(self, *, saving: bool, saved: Receipt | None = None, not_saved: NotSaved | None = None) -> None:
        self._news.tell(saving=saving, saved=saved, not_saved=not_saved)


def unsaved_since(places: Places) -> int:
    """From when on (ns since 1970) what changed may be saved by nobody: this pod's newest snapshot, else its start."""
    if (saved := read_record(Receipt, places.receipt)) is not None:
        return int(saved.at.timestamp() * 1e9)
    if not places.since.exists():
        places.since.touch()
    return places.since.stat().st_ctime_ns
