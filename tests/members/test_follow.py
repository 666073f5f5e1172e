"""`/server follow`: a direct message when somebody joins, until its button ends that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select
from town import WITHIN, Town, town
from wire import ADA, BO

from bot.demo.guild import cast
from bot.demo.guild.components import walk
from bot.demo.guild.interactions import COMPONENT
from core.data.tables import FollowRow
from core.games.query.port import Players, Query
from core.words import Empty, Evidence, Occupied

DIRECT = cast.DIRECT_CHANNELS[BO]


class Game(Query):
    evidence: Evidence = Empty()

    async def players(self, endpoint: object, rule: object, *, token: str = "") -> Players:
        return Players(self.evidence, 16)


@pytest.fixture
async def oak(tmp_path: Path) -> AsyncIterator[Town]:
    """Bo follows Pond, which runs and is empty."""
    async with town(tmp_path) as made:
        await made.create()
        said = await made.wire.command(BO, "server follow", server="Pond")
        assert said.text.startswith("You follow **Pond**")
        await joins(made, Empty())
        yield made


async def joins(oak: Town, evidence: Evidence) -> None:
    """A sweep finds this."""
    game = Game()
    game.evidence = evidence
    oak.wire.core.sweep._asking._queries = {"http": game}
    await oak.wire.core.sweep.run()
    oak.wire.core.changes.tell("")


async def follows(oak: Town) -> int:
    async with oak.wire.database.session() as session:
        return len(list(await session.exec(select(FollowRow))))


async def test_who_follows_hears_who_joined_and_ends_it_right_there(oak: Town) -> None:
    await joins(oak, Occupied(("*Ada*",)))
    message = await oak.message("\\*Ada\\* joined **Pond**.", channel=DIRECT)
    [button] = [each for each, _ in walk(message.data["components"]) if each.get("label") == "Stop following"]
    data = {"custom_id": button["custom_id"], "component_type": button["type"]}
    said = await oak.wire.send(BO, COMPONENT, data, source=message, direct=True)
    assert said.text == "You do not follow **Pond** any more."
    assert await follows(oak) == 0
    assert oak.having("joined", channel=cast.CHAT) == []


async def test_a_game_that_tells_no_names_is_said_by_number(oak: Town) -> None:
    await joins(oak, Occupied((), 3))
    await oak.message("Somebody joined **Pond**: 3 players now.", channel=DIRECT)


@pytest.mark.parametrize("code", [50007, 50278])
async def test_where_no_direct_message_is_taken_the_follow_ends(oak: Town, code: int) -> None:
    oak.faults.answer("POST", f"/channels/{DIRECT}/messages", 403, code=code, times=None)
    await joins(oak, Occupied(("Ada",)))
    await oak.notice("follow", "dead")
    assert await follows(oak) == 0


async def test_who_left_is_told_nothing_and_an_outage_ends_nothing(oak: Town) -> None:
    looked_for = ("GET", f"/guilds/{cast.GUILD}/members/{BO}")
    oak.faults.answer(*looked_for, 403, code=50001)
    await joins(oak, Occupied(("Ada",)))
    await oak.notice("follow", "dropped")
    assert await follows(oak) == 1
    async with oak.wire.database.begin() as session:
        for row in await session.exec(select(FollowRow)):
            row.told_at = None
            session.add(row)
    oak.faults.answer(*looked_for, 404, code=10007)
    await joins(oak, Occupied(("Ada", "Cy")))
    async with asyncio.timeout(WITHIN):
        while await follows(oak):
            await asyncio.sleep(0.02)
    assert oak.having("joined", channel=DIRECT) == []


async def test_again_ends_it(oak: Town) -> None:
    said = await oak.wire.command(BO, "server follow", server="Pond")
    assert said.text == "You do not follow **Pond** any more."
    await oak.wire.command(ADA, "server follow", server="Pond")
    await joins(oak, Occupied(("Cy",)))
    await oak.message("Cy joined **Pond**.", channel=cast.DIRECT_CHANNELS[ADA])
    assert oak.having("joined", channel=DIRECT) == []
