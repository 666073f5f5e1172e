"""Keys for pods: one for each server where the bot's own key may make keys, else the bot's own (store/b2_keys.py)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from core.cluster.local_files import StoreFile
from core.cluster.local_volumes import refusal_of
from core.cluster.port import Saved, split_source
from core.cluster.store_access import StoreAccess

from .errors import WorldError
from .listing import latest
from .process import kind_of
from .store import StoreError, open_store

if TYPE_CHECKING:
    from .store.b2 import B2Store

READER_FOR = 7 * 24 * 3600
"""Seconds that a clone may read its origin's world."""

_KEY_ID, _KEY = "DORMOUSE_B2_KEY_ID", "DORMOUSE_B2_KEY"
_SOURCE_KEY_ID, _SOURCE_KEY = "DORMOUSE_SOURCE_KEY_ID", "DORMOUSE_SOURCE_KEY"
_T = TypeVar("_T")


class B2Access(StoreAccess):
    """`store` is on B2. It is opened when it is first needed."""

    def __init__(self, store: StoreFile) -> None:
        self._file = store
        self._store: B2Store | None = None

    def mark(self, server: str, source: str | None) -> str:
        told = [self._file.place, *(self._file.secrets.get(name, "") for name in (_KEY_ID, "DORMOUSE_B2_REALM"))]
        return hashlib.sha256("\n".join([*told, _origin(server, source)]).encode()).hexdigest()[:16]

    async def give(self, server: str, source: str | None) -> Mapping[str, str]:
        from .store.b2_keys import make_server_key

        origin = _origin(server, source)

        def make(store: B2Store) -> dict[str, str]:
            own = make_server_key(store, server)
            env = {**self._file.env, _KEY_ID: own.key_id, _KEY: own.key}
            if origin and not own.shared:
                reader = make_server_key(store, origin, saves=False, seconds=READER_FOR, holder=server)
                env |= {_SOURCE_KEY_ID: reader.key_id, _SOURCE_KEY: reader.key}
            return env

        return await self._ask(make)

    async def trim(self, server: str, keep: Mapping[str, str]) -> None:
        from .store.b2_keys import remove_server_keys

        kept = {keep[name] for name in (_KEY_ID, _SOURCE_KEY_ID) if name in keep}
        await self._ask(lambda store: remove_server_keys(store, server, but=kept))

    async def forget(self, server: str) -> None:
        await self.trim(server, {})

    async def newest(self, server: str) -> Saved | None:
        def look(store: B2Store) -> Saved | None:
            newest = latest(store, server)
            if newest is None:
                return None
            stored = sum(version.size for version in store.list(f"worlds/{server}/"))
            return Saved(newest.name, newest.at, newest.size, newest.new_bytes, stored)

        return await self._ask(look)

    async def _ask(self, question: Callable[[B2Store], _T]) -> _T:
        def answer() -> _T:
            from .store.b2 import B2Store

            try:
                if self._store is None:
                    opened = open_store(self._file.place, self._file.env)
                    assert isinstance(opened, B2Store)
                    self._store = opened
                return question(self._store)
            except (StoreError, WorldError, OSError) as wrong:
                raise refusal_of(kind_of(wrong)[0], str(wrong)) from wrong

        return await asyncio.to_thread(answer)


def _origin(server: str, source: str | None) -> str:
    """Whose world else it is made from; empty if it is its own."""
    owner = split_source(source, server)[0] if source else server
    return "" if owner == server else owner
