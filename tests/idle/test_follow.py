"""Who follows a server hears by direct message that somebody joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from core import once
from core.data.tables import FollowRow
from core.errors import LimitReached, NotAllowed, NotFound
from core.games.query.port import Players, Query
from core.guilds.access import Actor
from core.guilds.membership import Present
from core.idle.evidence import ShownPlayers, joined
from core.notices.kinds.notices import FollowNotice
from core.servers import following
from core.servers.sharing import Target
from core.words import Empty, Evidence, Occupied, Sharer, ShareRole, Unknown
from tests.conftest import ADA, BO, CY, GUILD

PLAYERS = 90
MINUTE = timedelta(minutes=1)


class Game(Query):
    evidence: Evidence = Empty()

    async def players(self, endpoint: object, rule: object, *, token: str = "") -> Players:
        return Players(self.evidence, 16)


@pytest.fixture
def game(house: Any) -> Game:
    house.queries["http"] = made = Game()
    return made


async def followed(house: Any, *who: Actor, name: str = "Pond") -> str:
    """A server, which runs and is empty, with these followers."""
    pond = await house.create(name)
    await house.phase(pond, "running")
    for actor in who:
        assert (await house.servers.following.follow(actor, pond)).follows
    await house.core.sweep.run()
    return str(pond)


async def looks(house: Any, game: Game, *evidence: Evidence) -> None:
    """A sweep a minute, each of which finds this."""
    for game.evidence in evidence:
        house.pass_time(MINUTE)
        await house.core.sweep.run()


async def told(house: Any, server: str) -> Sequence[FollowNotice]:
    found: Sequence[FollowNotice] = await house.told(server, FollowNotice)
    return found


async def follows(house: Any) -> set[int]:
    async with house.database.session() as session:
        return {row.user for row in await session.exec(select(FollowRow))}


async def wanted(house: Any, server: str, user: int = BO.user) -> bool:
    return bool(await house.servers.following.may_be_told(server, user, house.core.now()))


def occupied(*names: str) -> Occupied:
    return Occupied(names, len(names))


async def test_each_follower_is_told_who_joined_and_nobody_that_somebody_left(house: Any, game: Game) -> None:
    pond = await followed(house, ADA, BO)
    await looks(house, game, occupied("Ada"), occupied("Ada"), Empty())
    assert await told(house, pond) == [FollowNotice(user, ("Ada",)) for user in (ADA.user, BO.user)]


async def test_of_servers_that_are_joined_at_once_each_follower_is_told_of_their_own(house: Any, game: Game) -> None:
    pond, lake = await followed(house, ADA), await followed(house, BO, CY, name="Lake")
    await looks(house, game, occupied("Di"))
    assert await told(house, pond) == [FollowNotice(ADA.user, ("Di",))]
    assert await told(house, lake) == [FollowNotice(user, ("Di",)) for user in (BO.user, CY.user)]


async def test_at_most_once_in_fifteen_minutes_and_not_later_either(house: Any, game: Game) -> None:
    pond = await followed(house, BO)
    await looks(house, game, occupied("Ada"), occupied("Ada", "Cy"), *[occupied("Ada", "Cy")] * 15)
    assert len(await told(house, pond)) == 1
    await looks(house, game, occupied("Ada", "Cy", "Di"))
    assert (await told(house, pond))[1:] == [FollowNotice(BO.user, ("Di",), 3)]


async def test_of_those_who_played_when_nobody_looked_nobody_is_told(house: Any, game: Game) -> None:
    pond = await followed(house, BO)
    house.pass_time(timedelta(hours=2))  # the bot was down
    await looks(house, game, occupied("Ada"))
    assert await told(house, pond) == []
    await looks(house, game, occupied("Ada", "Cy"))
    assert await told(house, pond) == [FollowNotice(BO.user, ("Cy",), 2)]


async def test_a_start_of_the_bot_tells_nothing_twice(house: Any, game: Game) -> None:
    pond = await followed(house, BO)
    await looks(house, game, occupied("Ada"))
    async with house.database.begin() as session:
        row = await session.get_one(FollowRow, (pond, BO.user))
        row.told_at = None  # whatever was told
        session.add(row)
    house.pass_time(MINUTE)
    again = house.another()
    again.parts.observed.by_server, again.parts.observed.stale_since = house.parts.observed.by_server, None
    await again.sweep.run()
    assert len(await told(house, pond)) == 1


@pytest.mark.parametrize(
    ("before", "after", "who"),
    [
        (ShownPlayers(), ShownPlayers(("Bo",), 1), ShownPlayers(("Bo",), 1)),
        (ShownPlayers(("Bo",), 1), ShownPlayers(("Bo",), 1), None),
        (ShownPlayers(("Bo",), 1), ShownPlayers((), 0), None),
        (ShownPlayers(("Bo",), 1), ShownPlayers(("Cy",), 1), ShownPlayers(("Cy",), 1)),
        (ShownPlayers(("Bo",), 1), ShownPlayers((), 2), ShownPlayers((), 2)),
        # games that tell no names, or some of many and each time others
        (ShownPlayers((), 3), ShownPlayers((), 4), ShownPlayers((), 4)),
        (ShownPlayers((), 3), ShownPlayers((), 3), None),
        (ShownPlayers(("Ada", "Bo"), 9), ShownPlayers(("Cy", "Di"), 9), None),
        (ShownPlayers(("Ada", "Bo"), 9), ShownPlayers(("Cy", "Di"), 10), ShownPlayers((), 10)),
    ],
)
def test_who_joined(before: ShownPlayers, after: ShownPlayers, who: ShownPlayers | None) -> None:
    assert joined(before, after) == who


async def test_again_ends_it_and_one_interaction_told_twice_is_one(house: Any) -> None:
    pond = await house.create()
    follow = house.servers.following.follow
    assert [(await follow(BO, pond)).follows for _ in range(3)] == [True, False, True]
    once.begin(7)
    await follow(BO, pond)
    with pytest.raises(once.Repeated):
        await follow(BO, pond)
    assert await follows(house) == set()


async def test_the_button_ends_it_in_direct_messages_and_for_nobody_else(house: Any) -> None:
    pond = await followed(house, ADA, BO)
    stop, direct = house.servers.following.stop, replace(BO, direct=True)
    assert (await stop(direct, pond)).changed
    assert await follows(house) == {ADA.user}
    with pytest.raises(NotFound):
        await stop(direct, pond)
    with pytest.raises(NotFound):
        await stop(replace(ADA, direct=True, guild=GUILD + 7), pond)
    assert await follows(house) == {ADA.user}


async def test_only_who_may_join_follows(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pond = await house.create()
    await house.servers.sharing.share(ADA, pond, Target(PLAYERS, Sharer.ROLE), ShareRole.PLAYER)
    with pytest.raises(NotAllowed):
        await house.servers.following.follow(BO, pond)
    monkeypatch.setattr(following, "MOST_FOLLOWERS", 1)
    await house.servers.following.follow(replace(BO, roles=frozenset({PLAYERS})), pond)
    with pytest.raises(LimitReached):
        await house.servers.following.follow(CY, pond)


async def test_who_lost_the_right_or_left_is_told_nothing_and_follows_no_more(house: Any) -> None:
    pond = await followed(house, BO, CY)
    assert await wanted(house, pond)
    await house.servers.sharing.share(ADA, pond, Target(PLAYERS, Sharer.ROLE), ShareRole.PLAYER)
    house.membership.present[BO.user] = Present(frozenset({PLAYERS}))
    house.membership.present[CY.user] = Present(manages_guild=True)
    assert await wanted(house, pond)
    assert await wanted(house, pond, CY.user)
    house.membership.unknown.add(BO.user)
    assert not await wanted(house, pond)
    assert await follows(house) == {BO.user, CY.user}, "an outage ends nothing"
    house.membership.unknown.clear()
    house.membership.present[BO.user] = Present()
    house.membership.gone.add(CY.user)
    assert not await wanted(house, pond)
    assert not await wanted(house, pond, CY.user)
    assert await follows(house) == set()


async def test_what_comes_too_late_is_not_said(house: Any) -> None:
    pond = await followed(house, BO)
    assert not await house.servers.following.may_be_told(pond, BO.user, house.core.now() - timedelta(minutes=6))
    assert await follows(house) == {BO.user}


async def test_a_deleted_server_is_followed_by_nobody(house: Any) -> None:
    pond = await followed(house, BO)
    await house.servers.removal.delete(ADA, pond, "Pond")
    assert await follows(house) == set()


async def test_while_nobody_knows_who_plays_nobody_joined(house: Any, game: Game) -> None:
    pond = await followed(house, BO)
    await looks(house, game, occupied("Ada"), Unknown(), occupied("Ada"))
    assert len(await told(house, pond)) == 1


async def test_what_followers_are_told_holds_up_nothing_else(house: Any, game: Game) -> None:
    pond = await followed(house, ADA, BO)
    await looks(house, game, occupied("Cy"))
    outbox, now = house.core.outbox, house.core.now()
    others, theirs = await outbox.due_keys(now)
    assert {row.kind for row in await outbox.due(now, others)} == {"ready"}
    assert [row.kind for row in await outbox.due(now, theirs)] == ["follow", "follow"]
    assert others == pond
