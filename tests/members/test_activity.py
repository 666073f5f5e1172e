"""`/activity`: members see a picture and its figures as text, in their language; owners have a name forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from town import Town, town
from wire import ADA, BO, CY

from bot.demo.guild import components
from core.activity.recorder import Told
from core.activity.sessions import Look
from core.data.tables import PlaySessionRow


@pytest.fixture
async def oak(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as made:
        await made.create()
        yield made


async def played(oak: Town, name: str = "Hazel_*_99", minutes: int = 60) -> str:
    """Somebody played on Pond for so long, until an hour ago."""
    server = (await oak.wire.core.servers.lookup.get(oak.wire.actor(), "Pond")).id
    recorder, row = oak.wire.core.recorder, await oak.wire.row(server)
    at = oak.wire.now() - timedelta(minutes=minutes + 60)
    row.ready_at = None
    async with oak.wire.database.begin() as session:
        for minute in range(minutes + 2):
            here = [name] if 0 < minute <= minutes else []
            look = Look(at + timedelta(minutes=minute), len(here), frozenset(here))
            await recorder.look(session, [Told(row, None, look)], timedelta(minutes=3))
            row.known_at, row.players, row.players_online = look.at, here, len(here)
            await session.flush()
    await recorder.flush()
    return server


async def test_a_member_sees_a_picture_and_the_same_as_text(oak: Town) -> None:
    await played(oak)
    said = await oak.wire.command(BO, "activity server", server="Pond")
    assert said.private
    [message] = said.shown
    [gallery] = [
        each for each, _ in components.walk(message.data["components"]) if each["type"] == components.MEDIA_GALLERY
    ]
    [item] = gallery["items"]
    assert item["media"]["url"].endswith(".png")
    assert "1 h by all players together" in item["description"]
    for figure in (
        "**Pond** · the last 7 days",
        "**Played:** 1 h by all players together, at most 1 at once.",
        "**Pauses:** 0",
        "**Not used** while it slept: 0 h of a server, 0 GiB-hours of memory.",
        "**Longest session:** 1 h, Hazel\\_\\*\\_99.",
        "Hours are in UTC",
    ):
        assert figure in said.text
    [attachment] = message.data["attachments"]
    assert attachment["width"] == 1080
    everything = await oak.wire.command(CY, "activity guild", days=30)
    assert "All servers here · the last 30 days" in everything.text
    assert "**Most on:** Pond (1 h)" in everything.text


async def test_in_german_and_in_ones_own_time_zone(oak: Town) -> None:
    await played(oak)
    await oak.wire.command(BO, "account edit", language="de", time_zone="Europe/Berlin")
    said = await oak.wire.command(BO, "activity server", server="Pond", days=1)
    assert "**Pond** · der letzte Tag" in said.text
    assert "**Gespielt:** 1 h von allen zusammen" in said.text
    assert "Die Uhrzeiten gelten für Europe/Berlin" in said.text


async def test_before_anybody_played_there_is_no_picture(oak: Town) -> None:
    said = await oak.wire.command(BO, "activity server", server="Pond")
    assert said.shown
    assert said.kind == "message"


async def test_an_owner_has_a_name_forgotten_and_nobody_reads_which(oak: Town) -> None:
    server = await played(oak)
    said = await oak.wire.command(BO, "activity server", server="Pond")
    with pytest.raises(AssertionError):
        said.custom_id("Forget a name")
    said = await oak.wire.command(ADA, "activity server", server="Pond")
    form = await oak.wire.press(ADA, said.custom_id("Forget a name"))
    assert form.modal["title"] == "Forget a player's name"
    wrong = await oak.wire.submit(ADA, form.modal["custom_id"], {"player": "Nobody"})
    assert "No player of that name is known on **Pond**" in wrong.text
    done = await oak.wire.submit(ADA, form.modal["custom_id"], {"player": "hazel_*_99"})
    assert "who played on **Pond** does not name that player any more" in done.text
    said = await oak.wire.command(ADA, "activity server", server="Pond")
    assert "Hazel" not in said.text
    assert "**Played:** 1 h" in said.text
    async with oak.wire.database.session() as session:
        names = list(await session.exec(select(PlaySessionRow.name).where(PlaySessionRow.server == server)))
    assert names == [""]
    audit = await oak.wire.command(CY, "guild audit")
    assert "Had the name of a player forgotten" in audit.text
    assert "azel" not in audit.text
