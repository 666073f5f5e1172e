"""Who is in a guild, asked by a process that has no line to Discord."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from cogs import membership as module
from cogs.membership import RestMembership
from core.data.tables import MemberRow
from core.errors import TryAgain
from core.guilds.known import is_ours
from core.guilds.members import FRESH, Members
from core.guilds.membership import Present
from core.words import Gone, Unknown
from tests.conftest import ADA, GUILD, House


class Discord:
    """Its REST, as discord.py gives it. `rights` are those that a guild's roles give when it is read."""

    user = object()

    def __init__(self) -> None:
        self.manages = True
        self.read: list[int] = []

    async def fetch_guild(self, guild: int, *, with_counts: bool) -> Any:
        self.read.append(guild)
        rights = SimpleNamespace(manage_guild=self.manages, administrator=False)

        async def fetch_member(user: int) -> Any:
            return SimpleNamespace(guild_permissions=rights, roles=[])

        return SimpleNamespace(id=guild, name="A guild", fetch_member=fetch_member)


@pytest.fixture
def discord() -> Discord:
    return Discord()


def asking(discord: Discord, ours: Any) -> RestMembership:
    made = RestMembership("token", ours)
    made._client = discord  # type: ignore[assignment]
    return made


async def everywhere(_: int) -> bool:
    return True


async def test_rights_are_never_older_than_a_minute(discord: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    at = [datetime(2026, 11, 30, tzinfo=UTC)]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: at[0].timestamp()))
    members = Members(asking(discord, everywhere), lambda: at[0])
    await members.actor(GUILD, 1)
    discord.manages = False  # from now on
    at[0] += timedelta(seconds=RestMembership.KEPT)
    assert (await members.actor(GUILD, 2)).manages_guild  # the guild's roles are as they were
    at[0] += FRESH - timedelta(seconds=RestMembership.KEPT)
    assert not (await members.actor(GUILD, 2)).manages_guild


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_discord_is_asked_for_no_guild_of_which_nothing_is_known(discord: Discord, house: House) -> None:
    membership = asking(discord, partial(is_ours, house.database))
    assert await membership.of(GUILD, ADA.user) == Gone()
    assert discord.read == []
    async with house.database.begin() as session:
        session.add(MemberRow(guild=GUILD, user=ADA.user, name="Ada"))
    assert await membership.of(GUILD, ADA.user) == Present(manages_guild=True)


async def test_while_the_database_is_away_nobody_knows(discord: Discord) -> None:
    async def away(_: int) -> bool:
        raise TryAgain("storage.away")

    assert isinstance(await asking(discord, away).of(GUILD, ADA.user), Unknown)
