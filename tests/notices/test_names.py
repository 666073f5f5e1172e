"""A guild that wants no player named: no face names one, all say how many play."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from reading import texts
from rendered import STATES, messages
from samples import view
from town import Town, town
from wire import ADA

from cogs.cards import components
from cogs.notices import notice
from core.notices.codec import NOTICES
from core.notices.kinds.events import Warned
from core.notices.kinds.notices import CrashedNotice, Notice
from core.notices.names import last_lines, named
from core.servers.views import NoticeView
from core.words import Reason

NOBODY = "Zoe"
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
MOMENTS = {"pause_at": AT, "empty_since": AT, "keep_until": AT}


def notices() -> list[Notice]:
    """Every state of every kind, with a player's name wherever there is room for one."""
    made = [CrashedNotice(log=f"{NOBODY} joined", gave_up=True)]
    for state in (state for states in NOTICES.values() for state in states):
        given: dict[str, Any] = {}
        for each in fields(state):
            if each.name in MOMENTS:
                given[each.name] = MOMENTS[each.name]
            elif each.name in ("last_players", "names"):
                given[each.name] = (NOBODY,)
            elif each.name == "log":
                given[each.name] = f"{NOBODY} joined the game"
        made.append(state(**given))
    return made


@pytest.mark.parametrize("shown", [True, False])
async def test_no_notice_names_a_player_where_the_guild_wants_none_named(shown: bool) -> None:
    naming = set()
    for state in STATES.values():
        server = view(**state, names_shown=shown)
        for told in notices():
            layout = notice(NoticeView(2, server.guild, "en", server, told))
            if layout is not None and NOBODY in texts(components(layout)):
                naming.add(type(told).__name__)
    named_in = {"IdleJoined", "CrashedNotice", "StartFailedNotice", "FollowNotice"}
    assert naming == (named_in if shown else set())


@pytest.mark.parametrize("shown", [True, False])
async def test_a_warning_says_who_played_last_only_where_players_are_named(shown: bool) -> None:
    server = view(names_shown=shown)
    server = replace(server, idle=replace(server.idle, warned=True, pause_at=AT))
    told = next(each for each in notices() if type(each).__name__ == "IdleWarned")
    layout = notice(NoticeView(2, server.guild, "en", server, told))
    assert layout is not None
    assert (NOBODY in texts(components(layout))) is shown


def test_who_is_named_and_whose_lines_are_shown_is_decided_in_one_place() -> None:
    assert (named([NOBODY], shown=True), named([NOBODY], shown=False)) == ((NOBODY,), ())
    assert (last_lines("x", shown=True), last_lines("x", shown=False)) == ("x", "")


async def test_no_page_shows_a_name_that_its_view_does_not_have() -> None:
    """What a face shows of players, it has from the view."""
    nameless = view(players=(), crash_log="", names_shown=False)
    shown = [texts(parts) for name, parts in messages(nameless, "en") if "CrashedNotice" not in name]
    assert len(shown) > 50
    assert any("Players: 1 of 16" in each for each in shown)
    assert not any(NOBODY in each for each in shown)


# the bot as it runs


@pytest.fixture
async def oak(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as made:
        yield made


async def play(oak: Town, server: str) -> None:
    """Zoe plays, crashes it a little, and was warned of before: as the sweep and the controller write it."""
    core, now = oak.wire.core, oak.wire.now()
    async with core.database.begin() as session:
        row = await core.parts.rows.load(session, server)
        assert row is not None
        row.players, row.last_players = [NOBODY], [NOBODY]
        row.players_online, row.players_max, row.known_at = 1, 16, now
        row.crash_log = f"{NOBODY} joined the game"
        row.warned_at = row.empty_since = now
        await core.parts.events.tell(session, row, Warned((NOBODY,), now, now, Reason.IDLE))
        session.add(row)
    core.changes.tell(server)


async def test_what_is_posted_already_names_nobody_any_more_and_new_messages_do_not(oak: Town) -> None:
    server = await oak.create()
    await play(oak, server)
    await oak.until(lambda: len(oak.having(NOBODY)) == 2)  # the card and the warning
    await oak.set_up(names=False)
    await oak.until(lambda: not oak.having(NOBODY))
    await oak.message("Players: 1 of 16")
    assert NOBODY not in (await oak.wire.command(ADA, "server show", server="Pond")).text
    assert NOBODY not in (await oak.wire.command(ADA, "server list")).text
    await oak.set_up(names=True)
    await oak.message(f"1 of 16 · {NOBODY}")
