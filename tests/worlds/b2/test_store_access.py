"""What pods get to reach the store with, and what the store tells of a server, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from b2server import B2Server, Fault, Key

from core.errors import ClusterError
from core.words import Problem
from core.worlds.snapshot import snapshot
from core.worlds.store import open_store
from core.worlds.store.b2_access import B2Access
from core.worlds.store.place import StorePlace
from tests.worlds.b2.bucket import ALL_THE_BOT_NEEDS, BUCKET

POND, LAKE = "abcdefghijkl", "bcdefghijklm"
Access = Callable[[Key], B2Access]


@pytest.fixture
def access(server: B2Server) -> Access:
    return lambda key: B2Access(file_of(server, key))


def file_of(server: B2Server, key: Key) -> StorePlace:
    secrets = {"DORMOUSE_B2_KEY_ID": key.id, "DORMOUSE_B2_KEY": key.secret, "DORMOUSE_B2_REALM": server.url}
    return StorePlace(f"b2:{BUCKET}/guild", secrets)


async def test_a_server_gets_a_key_that_reaches_its_own_world_only(server: B2Server, access: Access) -> None:
    bot = server.account.add_key()
    env = await access(bot).give(POND, None)
    assert env["DORMOUSE_STORE"] == f"b2:{BUCKET}/guild"
    made = server.account.keys[env["DORMOUSE_B2_KEY_ID"]]
    assert (made.prefix, made.secret) == (f"guild/worlds/{POND}/", env["DORMOUSE_B2_KEY"])
    assert bot.secret not in env.values()


async def test_where_the_bot_may_make_no_keys_all_share_its_own(server: B2Server, access: Access) -> None:
    bot = server.account.add_key(ALL_THE_BOT_NEEDS, bucket=BUCKET)
    env = await access(bot).give(POND, f"{LAKE}/newest")
    assert env["DORMOUSE_B2_KEY_ID"] == bot.id
    assert "DORMOUSE_SOURCE_KEY_ID" not in env


async def test_a_clone_may_read_its_origin_and_the_key_goes_with_the_clone(server: B2Server, access: Access) -> None:
    mine = access(server.account.add_key())
    env = await mine.give(POND, f"{LAKE}/newest")
    reader = server.account.keys[env["DORMOUSE_SOURCE_KEY_ID"]]
    assert reader.prefix == f"guild/worlds/{LAKE}/"
    assert "writeFiles" not in reader.capabilities
    assert reader.expires is not None
    await mine.forget(POND)
    assert reader.id not in server.account.keys


async def test_older_keys_go_once_nobody_uses_them(server: B2Server, access: Access) -> None:
    mine = access(server.account.add_key())
    old, new = await mine.give(POND, None), await mine.give(POND, None)
    await mine.trim(POND, new)
    assert old["DORMOUSE_B2_KEY_ID"] not in server.account.keys
    assert new["DORMOUSE_B2_KEY_ID"] in server.account.keys


async def test_the_mark_differs_with_the_key_and_the_origin_and_asks_nobody(server: B2Server, access: Access) -> None:
    one, other = access(server.account.add_key()), access(server.account.add_key())
    marks = [one.mark(POND, None), other.mark(POND, None), one.mark(POND, f"{LAKE}/newest")]
    assert len(set(marks)) == 3
    assert one.mark(POND, "000001-000001-000001-x") == one.mark(POND, None)
    assert server.seen == []


async def test_the_newest_snapshot_and_what_all_of_them_take(server: B2Server, access: Access, tmp_path: Path) -> None:
    bot = server.account.add_key()
    assert await access(bot).newest(POND) is None
    (tmp_path / "world").mkdir()
    (tmp_path / "world" / "castle").write_bytes(b"tall" * 1000)
    file = file_of(server, bot)
    store = open_store(file.place, file.env)
    made = snapshot(store, POND, tmp_path / "world", volume=1, run=1)
    store.close()
    found = await access(bot).newest(POND)
    assert found is not None
    assert (found.name, found.size) == (made.name, made.size)
    assert found.stored > 0


async def test_a_store_that_is_away_is_said(server: B2Server, access: Access) -> None:
    server.faults.add(Fault("*", status=403, code="cap_exceeded", message="Cap exceeded", times=1000))
    with pytest.raises(ClusterError) as refused:
        await access(server.account.add_key()).give(POND, None)
    assert refused.value.problem == Problem.STORE_REFUSED
