"""The store as the bot itself uses it: short reads in a thread, all real work in child processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from core.cluster.children import ChildFailed, run_child
from core.cluster.local_files import StoreFile
from core.cluster.local_spec import minimal_env

from .errors import WorldError
from .listing import Snapshot, listing
from .process import kind_of
from .store import Store, StoreError, open_store

EXPORTS = "exports/"
"""Below it lie archives that somebody asked for; each is hidden a day later."""

_T = TypeVar("_T")


class Shelf:
    """`work` is a folder for what is put together on the way; it is made if missing. `public_url` and `secret`: for a
    folder store's links. Every method raises `ChildFailed`, whose `kind` is one of core/worlds/process.py."""

    def __init__(self, store: StoreFile, work: Path, *, public_url: str = "", secret: bytes = b"") -> None:
        self._file = store
        self._public_url = public_url
        self._secret = secret
        self._work = work
        self._store: Store | None = None

    async def snapshots(self, server: str) -> list[Snapshot]:
        """What can be restored, newest first."""
        return await self.ask(lambda store: listing(store, server))

    async def ask(self, question: Callable[[Store], _T]) -> _T:
        """Something short, in a thread."""

        def answer() -> _T:
            try:
                if self._store is None:
                    self._store = open_store(
                        self._file.place, self._file.env, public_url=self._public_url, secret=self._secret
                    )
                return question(self._store)
            except (StoreError, WorldError, OSError) as wrong:
                raise ChildFailed(kind_of(wrong)[0], str(wrong)) from wrong

        return await asyncio.to_thread(answer)

    async def run(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        within: float | None = None,
    ) -> dict[str, Any]:
        """`python -m core.worlds.<module>` on this store. What is nobody's business goes by `env`."""
        self._work.mkdir(parents=True, exist_ok=True)
        own = minimal_env(str(self._work), python=True) | self._file.env | dict(env or {})
        return await run_child(f"core.worlds.{module}", arguments, env=own, cwd=self._work, within=within)

    @asynccontextmanager
    async def bench(self) -> AsyncIterator[Path]:
        """A folder that is gone afterwards."""
        self._work.mkdir(parents=True, exist_ok=True)
        folder = Path(await asyncio.to_thread(partial(tempfile.mkdtemp, dir=self._work)))
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def sweep(self) -> None:
        """Throw away what a crash left on the bench."""
        if self._work.exists():
            for each in os.scandir(self._work):
                shutil.rmtree(each.path, ignore_errors=True)
