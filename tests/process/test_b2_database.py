"""The database is lost: back from its copy on a B2, and where there is none, from what else is known. On both kinds."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from b2server import Fault
from onb2 import OnB2, dormouse, on_b2
from reading import texts

from bot.demo.guild.cast import ADA

pytestmark = pytest.mark.process


@pytest.fixture
async def place(tmp_path: Path, database_url: str) -> AsyncIterator[OnB2]:
    """What is done by the hour is done every second: copies of the database, and notes of who owns what."""
    settings = {} if database_url.startswith("sqlite") else {"DATABASE_URL": database_url}
    async with on_b2(tmp_path, hurried=3, **settings) as place:
        yield place


def shell(place: OnB2) -> dict[str, str]:
    """All that an operator has to set at a shell: the store, the database, the data folder."""
    names = ("DATABASE_URL", "DATA_DIR", "STORE", "B2_KEY_ID", "B2_KEY", "B2_REALM", "PORTS")
    return {f"DORMOUSE_{name}": place.house.environ.get(f"DORMOUSE_{name}", "") for name in names}


async def lose(place: OnB2) -> None:
    """The database's server is new and empty; the bot does not run."""
    await place.house.stop()
    address = place.house.environ.get("DORMOUSE_DATABASE_URL")
    if address is None:
        for file in (place.house.folder / "bot").glob("dormouse.db*"):
            file.unlink()
        return
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()


async def asleep(place: OnB2) -> str:
    """Pond, with a castle, shared with Bo, paused; its id."""
    server = await place.create()
    await place.pause()
    return server


async def as_before(place: OnB2, server: str, volume: int) -> None:
    """Ada's, with its one card and its world."""
    assert "(owner) or an admin" in await place.ask("world snapshots", who="Bo", server="Pond")
    await place.resume()
    assert (place.world(server, volume) / "castle").read_text() == "tall"
    (card,) = await place.house.cards()
    assert f"<@{ADA}>" in texts(card["components"])


async def until_copied(place: OnB2) -> None:
    """A copy was taken that began after now."""
    there = {each.key for each in place.store.list("backups/")}
    await place.house.until(lambda _: len({each.key for each in place.store.list("backups/")} - there) > 1)


async def until_noted(place: OnB2, server: str) -> None:
    """Who owns it, and where its card is."""
    await place.house.until(lambda _: any(b'"card": [' in place.store.get(e.key) for e in place.store.list("about/")))


async def test_a_copy_is_taken_by_itself_and_brings_the_database_back(place: OnB2) -> None:
    server = await asleep(place)
    await until_copied(place)
    code, said = await dormouse("backup", "restore", "newest", environ=shell(place))
    assert (code, "Another Dormouse is running" in said) == (1, True), said
    await lose(place)
    code, said = await dormouse("backup", "restore", "newest", environ=shell(place))
    assert code == 0, said
    await place.house.start()
    await as_before(place, server, 1)


async def test_a_database_that_is_there_is_moved_aside_and_not_lost(place: OnB2) -> None:
    server = await asleep(place)
    await until_copied(place)
    name = next(iter(place.store.list("backups/"))).key.partition("/")[2].partition(".")[0]
    await place.house.stop()
    code, said = await dormouse("backup", "ls", environ=shell(place))
    assert (code, said.split()[-3].count("-")) == (0, 1), said
    code, said = await dormouse("backup", "restore", "20010101-000000", environ=shell(place))
    assert (code, "There is no copy 20010101-000000" in said) == (1, True), said
    code, said = await dormouse("backup", "restore", name, environ=shell(place))
    assert (code, "The one before lies in" in said, "aside-" in said) == (0, True, True), said
    code, said = await dormouse("backup", "restore", "newest", environ=shell(place))
    assert code == 0, said
    await place.house.start()
    await as_before(place, server, 1)


async def test_a_damaged_copy_is_refused_and_nothing_is_moved(place: OnB2) -> None:
    server = await asleep(place)
    await until_copied(place)
    await place.house.stop()
    newest = max(each.key for each in place.store.list("backups/"))
    place.store.put(newest, place.store.get(newest)[:-20])
    code, said = await dormouse("backup", "restore", "newest", environ=shell(place))
    assert (code, "is damaged" in said, "aside" in said) == (1, True, False), said
    await place.house.start()
    await as_before(place, server, 1)


async def test_without_a_copy_the_server_is_rebuilt_from_the_bucket_alone(place: OnB2) -> None:
    server = await asleep(place)
    await until_noted(place, server)
    await lose(place)
    shutil.rmtree(place.house.folder / "bot")
    for each in list(place.store.list("backups/")):
        place.store.hide(each.key)
    code, said = await dormouse("backup", "restore", "newest", environ=shell(place))
    assert (code, "There is no copy newest" in said) == (1, True), said
    code, said = await dormouse("backup", "rebuild", environ=shell(place))
    assert (code, "1 server came back, paused: Pond." in said) == (0, True), said
    code, said = await dormouse("backup", "rebuild", environ=shell(place))
    assert (code, "No server was missing" in said) == (0, True), said
    await place.house.start()
    await as_before(place, server, 2)


async def test_a_copy_that_fails_is_told_in_the_log_and_taken_later(place: OnB2) -> None:
    await place.create()
    place.b2.faults.add(Fault("b2_*", status=429, retry_after="3600", code="too_many_requests", times=100_000))
    await place.house.until(lambda _: '"job": "backup"' in place.house.log)
    place.b2.faults.clear()
    await until_copied(place)
    assert "Traceback" not in place.house.log
