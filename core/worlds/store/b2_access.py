"""Keys for pods: one for each server where the bot's own key may make keys, else the bot's own (b2_keys.py)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from core.worlds.errors import WorldError
from core.worlds.failures import failure_of, refusal_of
from core.worlds.listing import latest
from core.worlds.receipt import Receipt
from core.worlds.source import split_source
from core.worlds.store import StoreError, open_store
from core.worlds.store.access import StoreAccess
from core.worlds.store.place import KEY, KEY_ID, REALM, SOURCE_KEY, SOURCE_KEY_ID, StorePlace

if TYPE_CHECKING:
    from core.worlds.store.b2 import B2Store

READER_FOR = 7 * 24 * 3600
"""Seconds that a clone may read its origin's world."""

_T = TypeVar("_T")


class B2Access(StoreAccess):
    """`place` is on B2. The store is opened when it is first needed."""

    def __init__(self, place: StorePlace) -> None:
        self._place = place
        self._store: B2Store | None = None

    def mark(self, server: str, source: str | None) -> str:
        told = [self._place.place, *(self._place.secrets.get(name, "") for name in (KEY_ID, REALM))]
        return hashlib.sha256("\n".join([*told, _origin(server, source)]).encode()).hexdigest()[:16]

    async def give(self, server: str, source: str | None) -> Mapping[str, str]:
        from core.worlds.store.b2_keys import make_server_key

        origin = _origin(server, source)

        def make(store: B2Store) -> dict[str, str]:
            own = make_server_key(store, server)
            env = {**self._place.env, KEY_ID: own.key_id, KEY: own.key}
            if origin and not own.shared:
                reader = make_server_key(store, origin, saves=False, seconds=READER_FOR, holder=server)
                env |= {SOURCE_KEY_ID: reader.key_id, SOURCE_KEY: reader.key}
            return env

        return await self._ask(make)

    async def trim(self, server: str, keep: Mapping[str, str]) -> None:
        from core.worlds.store.b2_keys import remove_server_keys

        kept = {keep[name] for name in (KEY_ID, SOURCE_KEY_ID) if name in keep}
        await self._ask(lambda store: remove_server_keys(store, server, but=kept))

    async def forget(self, server: str) -> None:
        await self.trim(server, {})

    async def keys(self) -> Mapping[str, int]:
        from core.worlds.store.b2_keys import server_keys

        return await self._ask(server_keys)

    async def newest(self, server: str) -> Receipt | None:
        def look(store: B2Store) -> Receipt | None:
            newest = latest(store, server)
            if newest is None:
                return None
            stored = sum(version.size for version in store.list(f"worlds/{server}/"))
            return Receipt(newest.name, newest.at, newest.size, newest.new_bytes, stored, gaps=newest.gaps)

        return await self._ask(look)

    async def _ask(self, question: Callable[[B2Store], _T]) -> _T:
        def answer() -> _T:
            from core.worlds.store.b2 import B2Store

            try:
                if self._store is None:
                    opened = open_store(self._place.place, self._place.env)
                    assert isinstance(opened, B2Store)
                    self._store = opened
                return question(self._store)
            except (StoreError, WorldError, OSError) as wrong:
                raise refusal_of(failure_of(wrong), str(wrong)) from wrong

        return await asyncio.to_thread(answer)


def _origin(server: str, source: str | None) -> str:
    """Whose world else it is made from; empty if it is its own."""
    owner = split_source(source, server)[0] if source else server
    return "" if owner == server else owner
