"""A B2 on loopback with one bucket, a key that is all the bot needs, and a store that does not really wait."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from b2server import B2Server, Key

from core.worlds.store.b2 import B2Store
from core.worlds.store.b2_keys import ServerKey
from core.worlds.store.b2_place import B2Place, Patience
from tests.worlds.b2.bucket import ALL_THE_BOT_NEEDS, BUCKET, PREFIX, Open


@pytest.fixture
def server() -> Iterator[B2Server]:
    with B2Server() as running:
        running.account.add_bucket(BUCKET)
        yield running


@pytest.fixture
def bot_key(server: B2Server) -> Key:
    return server.account.add_key(ALL_THE_BOT_NEEDS, bucket=BUCKET, prefix=PREFIX)


@pytest.fixture
def master(server: B2Server) -> Key:
    """A key that may make keys, and so everything."""
    return server.account.add_key()


@pytest.fixture
def waits() -> list[float]:
    """The pauses between tries, in seconds: recorded, not made."""
    return []


@pytest.fixture
def open_b2(server: B2Server, waits: list[float]) -> Iterator[Open]:
    opened: list[B2Store] = []

    def opens(
        key: Key | ServerKey, bucket: str = BUCKET, prefix: str = PREFIX, patience: Patience | None = None
    ) -> B2Store:
        pair = (key.id, key.secret) if isinstance(key, Key) else (key.key_id, key.key)
        place = B2Place.parse(f"b2:{bucket}/{prefix}", *pair, server.url)
        store = B2Store(place, patience=patience, sleep=waits.append)
        opened.append(store)
        return store

    yield opens
    for store in opened:
        store.close()


@pytest.fixture
def store(open_b2: Open, bot_key: Key) -> B2Store:
    return open_b2(bot_key)
