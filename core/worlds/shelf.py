"""The store as the bot itself uses it: short reads in a thread, all real work in child processes."""

from __future__ import annotations

import asyncio
import hmac
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from core.children import ChildFailed, Program, minimal_env, run_child
from core.nofollow import Spot

from .archives.export_format import EXPORT_KEY
from .errors import WorldError
from .failures import failure_of
from .listing import Snapshot, listing
from .scratch import Scratch
from .store import Store, StoreError, open_store
from .store.place import StorePlace
from .turns import HOUSE, Turns

_WITH_EXPORTS = (Program.EXPORT, Program.BRING)
_T = TypeVar("_T")


class Shelf:
    """`work` is a folder for what is put together on the way, at most `most` bytes of it; it is made if missing.
    `public_url`: for a folder store's links; `secret`: for those, and for what exports are sealed with. Whoever starts
    a child has one of the `turns`. Every method raises `ChildFailed`, whose `kind` is one of failures.py."""

    def __init__(
        self, place: StorePlace, work: Path, *, most: int | None = None, public_url: str = "", secret: bytes = b""
    ) -> None:
        self._place = place
        self._public_url = public_url
        self._secret = secret
        self._work = work
        self.room = Scratch(work, most)
        self._store: Store | None = None
        self.turns = Turns()

    async def snapshots(self, server: str) -> list[Snapshot]:
        """What can be restored, newest first."""
        return await self.ask(lambda store: listing(store, server))

    async def ask(self, question: Callable[[Store], _T], threads: Executor | None = None) -> _T:
        """Something short, in a thread: one of everybody's, or of `threads`."""

        def answer() -> _T:
            try:
                if self._store is None:
                    self._store = open_store(
                        self._place.place, self._place.env, public_url=self._public_url, secret=self._secret
                    )
                return question(self._store)
            except (StoreError, WorldError, OSError) as wrong:
                raise ChildFailed(failure_of(wrong), str(wrong)) from wrong

        return await asyncio.get_running_loop().run_in_executor(threads, answer)

    async def run(
        self,
        program: Program,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        within: float | None = None,
    ) -> dict[str, Any]:
        """The result of `program`, on this store, in the turn that the caller has, else in one of the house's. What is
        nobody's business goes by `env`."""
        self._work.mkdir(parents=True, exist_ok=True)
        own = minimal_env(str(self._work), python=True) | self._place.env | dict(env or {})
        if program in _WITH_EXPORTS and self._secret:
            own[EXPORT_KEY] = hmac.digest(self._secret, b"exports", "sha256").hex()
        async with self.turns.of(HOUSE):
            return await run_child(program, arguments, env=own, cwd=self._work, within=within)

    @asynccontextmanager
    async def scratch(self, size: int) -> AsyncIterator[Path]:
        """A folder for that many bytes, which is gone afterwards; waits until there is room. Raises `NoRoom`."""
        self._work.mkdir(parents=True, exist_ok=True)
        async with self.room.take(size):
            folder = Path(await asyncio.to_thread(partial(tempfile.mkdtemp, dir=self._work)))
            try:
                yield folder
            finally:
                await asyncio.to_thread(_throw_away, folder)

    def sweep(self) -> None:
        """Throw away the folders of `scratch` that a crash left."""
        if self._work.exists():
            for each in os.scandir(self._work):
                _throw_away(Path(each.path))


def _throw_away(folder: Path) -> None:
    with suppress(OSError):
        Spot.of(folder).remove()
