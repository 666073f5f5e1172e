"""Going back and cloning start servers too: a licence and a block stand before them and their work of minutes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from licensed import NEXT, TEXT, license_meadow
from onesave import AT, SAVED, Shelf

from core.data.tables import ServerRow
from core.errors import ClusterError, LicenceNeeded, LimitReached, Refusal, TryAgain
from core.guilds.access import Actor
from core.servers.going_on import GoingOn, WentOn
from core.servers.host_rules import HostRules
from core.words import Problem, Sharer
from core.worlds.receipt import Receipt
from tests.conftest import ADA, CHANNEL, GUILD
from tests.conftest import CY as ADMIN


@pytest.fixture
def rules(rules: HostRules) -> HostRules:
    return replace(rules, keeps_worlds=True)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def saves() -> list[str]:
    """Servers of which a snapshot was taken."""
    return []


@pytest.fixture
async def pond(house: Any, saves: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    async def save(server: str, **_: Any) -> Receipt:
        saves.append(server)
        return Receipt(SAVED, AT, 100)

    monkeypatch.setattr(house.cluster, "snapshot", save)
    server = str(await house.create())
    await house.until(server, lambda row: row.phase == "running" and row.bound == 1)
    return server


async def test_going_back_asks_before_it_saves_anything(house: Any, pond: str, saves: list[str]) -> None:
    license_meadow(house.core)
    with pytest.raises(LicenceNeeded) as needed:
        await house.core.worlds.restore(ADA, pond, SAVED)
    assert (needed.value.server, needed.value.then, saves) == (pond, "", [])
    assert (await house.row(pond)).volume == 1
    for do in ("restore", ""):  # pressed twice
        went = await house.core.going_on.go_on(ADA, pond, needed.value.question)
        assert (went.do, went.server.volume) == (do, 2)
    assert (await house.core.worlds.restore(ADA, pond, SAVED)).volume == 3


async def test_what_is_refused_after_the_question_can_be_pressed_again(
    house: Any, pond: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    license_meadow(house.core)
    with pytest.raises(LicenceNeeded) as needed:
        await house.core.worlds.restore(ADA, pond, SAVED)
    with monkeypatch.context() as away:
        away.setattr(house.cluster, "snapshot", _fail)
        with pytest.raises(Refusal):
            await house.core.going_on.go_on(ADA, pond, needed.value.question)
    with pytest.raises(Refusal):
        await house.core.going_on.go_on(ADMIN, pond, needed.value.question)
    assert (await house.core.going_on.go_on(ADA, pond, needed.value.question)).server.volume == 2


async def test_what_a_process_died_over_is_done_when_it_is_pressed_again(
    house: Any, pond: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    license_meadow(house.core)
    with pytest.raises(LicenceNeeded) as needed:
        await house.core.worlds.restore(ADA, pond, SAVED)
    reached = asyncio.Event()

    async def saving(server: str, **_: Any) -> Receipt:
        reached.set()
        return await asyncio.Future()

    with monkeypatch.context() as before:
        before.setattr(house.cluster, "snapshot", saving)
        dies = asyncio.ensure_future(another(house).go_on(ADA, pond, needed.value.question))
        await reached.wait()
        # Nothing of that process is told that it ends: its work only stops.
    went = await house.core.going_on.go_on(ADA, pond, needed.value.question)
    assert (went.do, went.server.volume) == ("restore", 2)
    dies.cancel()


async def test_pressed_at_two_processes_at_once_it_is_done_once(house: Any, pond: str) -> None:
    license_meadow(house.core)
    with pytest.raises(LicenceNeeded) as needed:
        await house.core.worlds.restore(ADA, pond, SAVED)
    went = await asyncio.gather(
        *(each.go_on(ADA, pond, needed.value.question) for each in (house.core.going_on, another(house))),
        return_exceptions=True,
    )
    assert [each.do for each in went if isinstance(each, WentOn)].count("restore") == 1
    assert all(isinstance(each, WentOn | TryAgain) for each in went)
    assert (await house.row(pond)).volume == 2


async def test_pressed_again_while_it_is_under_way_nothing_is_saved_twice(
    house: Any, pond: str, saves: list[str]
) -> None:
    license_meadow(house.core)
    with pytest.raises(LicenceNeeded) as needed:
        await house.core.worlds.restore(ADA, pond, SAVED)
    going_on = house.core.going_on
    went = await asyncio.gather(*(going_on.go_on(ADA, pond, needed.value.question) for _ in range(2)))
    assert (sorted(each.do for each in went), saves) == (["", "restore"], [pond])


def another(house: Any) -> GoingOn:
    """As in another process."""
    servers = house.core.servers
    return GoingOn(house.core.parts.questions, servers.lookup, servers.power, house.core.worlds)


async def _fail(server: str, **_: Any) -> Receipt:
    raise ClusterError("no", problem=Problem.STORE_AWAY)


async def test_a_text_that_changed_meanwhile_is_asked_for_anew(house: Any, pond: str) -> None:
    license_meadow(house.core)
    with pytest.raises(LicenceNeeded) as needed:
        await house.core.worlds.restore(ADA, pond, SAVED)
    license_meadow(house.core, NEXT)
    with pytest.raises(LicenceNeeded) as again:
        await house.core.going_on.go_on(ADA, pond, needed.value.question)
    assert (await house.core.going_on.go_on(ADA, pond, again.value.question)).do == "restore"


async def test_a_file_is_not_kept_and_the_licence_is_accepted(house: Any, pond: str) -> None:
    license_meadow(house.core)
    with pytest.raises(LicenceNeeded) as needed:
        await house.core.worlds.bring_in(ADA, pond, file=Sent(), url=None)
    assert (await house.core.going_on.go_on(ADA, pond, needed.value.question)).do == "file"
    assert (await house.core.worlds.restore(ADA, pond, SAVED)).volume == 2


class Sent:
    size = 10

    async def save(self, path: Path, /) -> object:
        raise AssertionError("nobody fetches it")


async def test_a_clone_beyond_a_limit_is_refused_before_anything_is_saved(
    house: Any, pond: str, saves: list[str]
) -> None:
    await house.quotas.set(ADMIN, {"memory": house.core.catalogue.memory("meadow", "small")})
    with pytest.raises(LimitReached):
        await house.core.worlds.clone(ADA, pond, channel=CHANNEL, name="Sea", snapshot=None)
    with pytest.raises(Refusal):
        await house.core.worlds.clone(ADA, pond, channel=CHANNEL, name="Pond", snapshot=None)
    assert saves == []


async def test_a_clone_is_asked_for_and_goes_on_with_its_world(house: Any, pond: str) -> None:
    license_meadow(house.core)
    with pytest.raises(LicenceNeeded) as needed:
        await house.core.worlds.clone(ADA, pond, channel=CHANNEL, name="Sea", snapshot=SAVED)
    made = await house.servers.creation.go_on(ADA, needed.value.question)
    row = await house.row(made.id)
    assert (row.name, row.source, needed.value.mark) == ("Sea", f"{pond}/{SAVED}", TEXT.mark)


async def test_in_a_blocked_guild_nothing_goes_back_or_is_cloned(house: Any, pond: str, saves: list[str]) -> None:
    await house.core.operations.block(GUILD, "Mining", by=None)
    for refused in (
        house.core.worlds.restore(ADA, pond, SAVED),
        house.core.worlds.clone(ADA, pond, channel=CHANNEL, name="Sea", snapshot=None),
    ):
        with pytest.raises(Refusal) as refusal:
            await refused
        assert refusal.value.values["words"] == "Mining"
    assert (saves, (await house.row(pond)).volume) == ([], 1)


@pytest.mark.parametrize(("who", "message"), [(ADA, "storage.member_full"), (ADMIN, None)])
async def test_whose_worlds_take_as_much_as_they_may_stores_no_more_by_hand(
    house: Any, pond: str, saves: list[str], who: Actor, message: str | None
) -> None:
    await house.quotas.set_for(ADMIN, ADA.user, Sharer.MEMBER, storage=100)
    async with house.database.begin() as session:
        row = await session.get_one(ServerRow, pond)
        row.stored_bytes = 100
        session.add(row)
    if message is None:
        await house.core.worlds.snapshot(who, pond)
        assert saves == [pond]
        return
    for asked in (
        house.core.worlds.snapshot(who, pond),
        house.core.worlds.clone(who, pond, channel=CHANNEL, name="Sea", snapshot=None),
    ):
        with pytest.raises(LimitReached) as refused:
            await asked
        assert refused.value.message == message
    assert saves == []
