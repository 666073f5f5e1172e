"""How much memory may run at once, in a guild and of a member: pure tables, and where it is asked; both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core.errors import BadInput, LimitReached, NotAllowed
from core.guilds.access import Actor
from core.guilds.limits import Limits, Quota, Running, check_memory, for_member, to_pause
from core.guilds.storage import refuse_owners
from core.servers.audit import Asked
from core.servers.sharing import Target
from core.words import Desired, NoticeKind, Sharer
from tests.conftest import ADA, BO, CY
from tests.guilds.conftest import GIB, limit

SMALL = 96
"""MiB of Meadow's smallest size."""
VIP, FRIENDS = 50, 51


@pytest.mark.parametrize(
    ("own", "roles", "servers", "memory"),
    [
        (None, [], 2, None),
        (None, [Quota(servers=5)], 5, None),
        (None, [Quota(servers=1)], 1, None),  # a role may also lower it
        (None, [Quota(servers=3, memory=100), Quota(servers=4), Quota(memory=50)], 4, 100),
        (Quota(servers=1), [Quota(servers=5, memory=100)], 1, 100),  # number by number
        (Quota(memory=0), [Quota(memory=100)], 2, 0),
        (Quota(servers=0, memory=10), [Quota(servers=9, memory=99)], 0, 10),
    ],
)
def test_a_members_own_quota_wins_then_the_best_of_their_roles_then_the_guilds(
    own: Quota | None, roles: list[Quota], servers: int, memory: int | None
) -> None:
    limits = for_member(Limits(), own, roles)
    assert (limits.per_member, limits.member_memory) == (servers, memory)


def test_storage_is_decided_likewise() -> None:
    limits = for_member(Limits(), Quota(servers=1), [Quota(storage=5), Quota(storage=7)])
    assert (limits.per_member, limits.member_storage) == (1, 7)
    assert for_member(Limits(), Quota(storage=3), [Quota(storage=7)]).member_storage == 3


@pytest.mark.parametrize(
    ("used", "own", "message"), [(9, True, None), (10, True, "storage.member_full"), (10, False, "storage.owner_full")]
)
def test_whose_worlds_take_as_much_as_they_may_stores_no_more(used: int, own: bool, message: str | None) -> None:
    limits = for_member(Limits(), Quota(storage=10), [])
    if message is None:
        refuse_owners(used, limits, own=own)
        return
    with pytest.raises(LimitReached) as refused:
        refuse_owners(used, limits, own=own)
    assert refused.value.message == message


def runs(name: str, memory: int, *, owner: int = 1, playing: int = 0) -> Running:
    return Running(name, name, owner, memory, playing)


POND, LAKE, SEA = runs("Pond", 100), runs("Lake", 200, owner=2), runs("Sea", 400, owner=2, playing=3)


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (50, ["Pond"]),
        (100, ["Pond"]),
        (150, ["Lake"]),
        (250, ["Lake", "Pond"]),
        (350, ["Sea"]),
        (650, ["Sea", "Lake", "Pond"]),
    ],
)
def test_what_to_pause_is_as_little_as_is_enough_and_first_where_nobody_plays(missing: int, named: list[str]) -> None:
    assert [each.name for each in to_pause([SEA, POND, LAKE], missing)] == named


@pytest.mark.parametrize(
    ("limits", "refused"),
    [
        (Limits(), None),
        (Limits(memory=400), None),  # all of it may be used
        (Limits(memory=399), "memory.guild_full"),
        (Limits(memory=99), "memory.guild_never"),
        (Limits(member_memory=300), None),
        (Limits(member_memory=299), "memory.member_full"),
        (Limits(member_memory=99), "memory.member_never"),
    ],
)
def test_who_has_no_room_for_one_more(limits: Limits, refused: str | None) -> None:
    new, others = runs("Brook", 100, owner=2), [POND, LAKE]
    if refused is None:
        check_memory(new, others, limits)
        return
    with pytest.raises(LimitReached, match=refused.replace(".", r"\.")) as told:
        check_memory(new, others, limits)
    assert told.value.values["needs"] == 100 * 2**20
    check_memory(new, others, replace(limits, memory=None), admin=True)  # whom the quota of a member does not bind


async def runs_now(house: Any) -> int:
    async with house.database.session() as session:
        return len(await house.parts.rows.running(session, ADA.guild))


async def paused(house: Any, *names: str, actor: Actor = ADA) -> list[str]:
    servers = [await house.create(name, actor) for name in names]
    for server in servers:
        await house.servers.power.pause(CY, server)
    return servers


async def test_no_race_passes_the_guilds_memory(house: Any) -> None:
    """Four that want to run at once, and room for two: by resume, by create, by whoever is first."""
    servers = [*await paused(house, "One", "Two"), *await paused(house, "Three", actor=BO)]
    await house.quotas.set(CY, {"memory": 2 * SMALL + 50})
    asked = [house.servers.power.resume(CY, server) for server in servers]
    beside = [house.quotas.set(CY, {"storage": GIB}), house.quotas.watch()]  # they lock guilds and servers, too
    done = await asyncio.gather(*asked, house.create("Four", CY), *beside, return_exceptions=True)
    assert all(isinstance(each, LimitReached) for each in done if isinstance(each, BaseException))
    refused = [each for each in done if isinstance(each, LimitReached)]
    assert len(refused) == 2
    assert all(each.message == "memory.guild_full" for each in refused)
    assert await runs_now(house) == 2


async def test_no_race_passes_a_members_memory(house: Any) -> None:
    await limit(house, ADA.guild, servers_per_member=4)
    servers = await paused(house, "One", "Two", "Three")
    await house.quotas.set_for(CY, ADA.user, Sharer.MEMBER, memory=2 * SMALL)
    done = await asyncio.gather(
        *(house.servers.power.resume(ADA, server) for server in servers), return_exceptions=True
    )
    assert [type(each) for each in done].count(LimitReached) == 1
    assert await runs_now(house) == 2


async def test_a_refusal_says_what_is_used_and_what_to_pause(house: Any) -> None:
    await house.create("One")
    [two] = await paused(house, "Two")
    await house.quotas.set(CY, {"memory": SMALL})
    with pytest.raises(LimitReached) as refused:
        await house.servers.power.resume(ADA, two)
    mib = 2**20
    assert refused.value.values == {
        "name": "Two", "needs": SMALL * mib, "limit": SMALL * mib, "used": SMALL * mib, "pause": "One"
    }  # fmt: skip
    await house.servers.power.pause(ADA, "One")
    await house.servers.power.resume(ADA, two)


async def test_what_runs_goes_on_and_may_restart_where_a_limit_was_set_below_it(house: Any) -> None:
    pond = await house.create()
    await house.quotas.set(CY, {"memory": 1})
    await house.servers.power.restart(ADA, pond)
    await house.servers.editing.edit(ADA, pond, {"max_players": "5"})
    await house.servers.power.restart(ADA, pond)
    assert (await house.row(pond)).run == 3
    await house.servers.power.pause(ADA, pond)
    with pytest.raises(LimitReached, match=r"memory\.guild_never"):
        await house.servers.power.restart(ADA, pond)
    await house.quotas.set(CY, {"memory": 0})
    await house.servers.power.resume(ADA, pond)


async def test_a_role_counts_while_its_member_acts_and_somebody_elses_press_by_theirs(house: Any) -> None:
    await house.create("One")
    [two] = await paused(house, "Two")
    await house.quotas.set_for(CY, FRIENDS, Sharer.ROLE, memory=SMALL)
    await house.quotas.set_for(CY, VIP, Sharer.ROLE, memory=2 * SMALL)
    friend = frozenset({FRIENDS})
    with pytest.raises(LimitReached, match=r"memory\.member_full"):
        await house.servers.power.resume(replace(ADA, roles=friend), two)
    with pytest.raises(LimitReached, match=r"memory\.owner_full"):
        await house.servers.power.resume(replace(BO, roles=friend), two)
    await house.servers.power.resume(replace(ADA, roles=friend | {VIP}), two)


async def test_the_role_that_everybody_has_counts_whoever_acts(house: Any) -> None:
    """Also where Discord tells no roles: in direct messages, and for a schedule."""
    await house.create("One")
    [two] = await paused(house, "Two")
    await house.quotas.set_for(CY, ADA.guild, Sharer.ROLE, memory=SMALL)
    with pytest.raises(LimitReached, match=r"memory\.member_full"):
        await house.servers.power.resume(replace(ADA, direct=True), two)
    await house.servers.power.resume(CY, two)  # an admin


async def test_a_schedule_wakes_no_more_than_there_is_memory_for_and_says_so(house: Any) -> None:
    [two] = await paused(house, "Two")
    await house.phase(two, "paused")
    await house.create("One")
    await house.quotas.set(CY, {"memory": SMALL})
    await house.servers.scheduling.add(ADA, two, "awake", "daily 0:00 to 24:00")
    await house.core.timekeeper.run()
    assert (await house.row(two)).desired == Desired.PAUSED
    assert NoticeKind.SCHEDULE in [each.kind for each in await house.notices(two)]
    await house.servers.power.pause(ADA, "One")
    await house.core.timekeeper.run()
    assert (await house.row(two)).desired == Desired.RUNNING


async def test_a_guild_that_is_back_runs_as_much_as_it_may_and_the_rest_once_there_is_room(house: Any) -> None:
    servers = [await house.create("One"), await house.create("Two")]
    await house.core.departures.left(ADA.guild)
    await house.quotas.set(CY, {"memory": SMALL})
    await house.core.departures.joined(ADA.guild)
    assert await runs_now(house) == 1
    [waits] = [server for server in servers if (await house.row(server)).desired == Desired.PAUSED]
    await house.quotas.set(CY, {"memory": 2 * SMALL})
    await house.core.departures.settle()
    assert (await house.row(waits)).desired == Desired.RUNNING


async def test_who_takes_a_server_that_runs_has_to_have_memory_for_it(house: Any) -> None:
    pond = await house.create()
    await house.create("Brook", BO)
    await house.quotas.set(CY, {"memory": 1})  # it ran before: to the guild it is no more
    await house.quotas.set_for(CY, BO.user, Sharer.MEMBER, memory=SMALL)
    await house.servers.transfers.offer(ADA, pond, Target(BO.user, Sharer.MEMBER))
    with pytest.raises(LimitReached, match=r"memory\.member_full"):
        await house.servers.transfers.take(BO, pond)
    assert (await house.row(pond)).owner == ADA.user
    await house.servers.power.pause(ADA, pond)
    await house.servers.transfers.take(BO, pond)


async def test_a_members_number_of_servers_binds_create_take_and_undo(house: Any) -> None:
    await house.quotas.set_for(CY, ADA.user, Sharer.MEMBER, servers=1)
    pond = await house.create()
    with pytest.raises(LimitReached, match=r"create\.member_full"):
        await house.create("Lake")
    await house.servers.removal.delete(ADA, pond, "Pond")
    await house.create("Lake")
    with pytest.raises(LimitReached, match=r"undo\.member_full"):
        await house.servers.removal.undo(ADA, pond)
    brook = await house.create("Brook", BO)
    await house.servers.transfers.offer(BO, brook, Target(ADA.user, Sharer.MEMBER))
    with pytest.raises(LimitReached, match=r"transfer\.quota"):
        await house.servers.transfers.take(ADA, brook)
    await house.quotas.set_for(CY, VIP, Sharer.ROLE, servers=3)
    with pytest.raises(LimitReached):  # the member's own goes before the role's
        await house.servers.transfers.take(replace(ADA, roles=frozenset({VIP})), brook)
    await house.quotas.remove(CY, ADA.user, Sharer.MEMBER)
    await house.servers.transfers.take(replace(ADA, roles=frozenset({VIP})), brook)


async def test_a_quota_is_removed_once_however_often_and_each_change_is_told(house: Any) -> None:
    await house.quotas.set_for(CY, BO.user, Sharer.MEMBER, servers=5)
    await house.quotas.set_for(CY, BO.user, Sharer.MEMBER, memory=1024)
    found = await house.quotas.set_for(CY, BO.user, Sharer.MEMBER, memory=1024)
    assert [(each.target, each.quota) for each in found.special] == [(BO.user, Quota(5, 1024))]
    for _ in range(2):
        assert (await house.quotas.remove(CY, BO.user, Sharer.MEMBER)).special == ()
    told = [entry.event for entry in (await house.core.audit.read(CY, Asked(kind="guild"))).entries]
    assert [(each.servers, each.memory, each.servers_before, each.memory_before) for each in reversed(told)] == [
        (5, None, None, None),
        (5, 1024, 5, None),
        (None, None, 5, 1024),
    ]


async def test_quotas_are_for_admins_and_within_what_options_offer(house: Any) -> None:
    for refused in (
        house.quotas.set_for(ADA, ADA.user, Sharer.MEMBER, servers=9),
        house.quotas.remove(ADA, ADA.user, Sharer.MEMBER),
    ):
        with pytest.raises(NotAllowed):
            await refused
    with pytest.raises(BadInput):
        await house.quotas.set_for(CY, ADA.user, Sharer.MEMBER, servers=11)


async def test_status_tells_the_memory_of_what_is_to_run(house: Any) -> None:
    await house.create("One")
    await paused(house, "Two")
    assert (await house.quotas.status(CY)).memory == SMALL
