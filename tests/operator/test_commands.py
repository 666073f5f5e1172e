"""What operators may say to the bot by direct message, and what it answers."""

from __future__ import annotations

from typing import Any

import pytest
from discord.ext import test as dpytest

from core.errors import TryAgain

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
COMMANDS = ["health", "sync", "maintenance on", "maintenance off", "pause all", "help"]
COMMANDS += ["guilds", "block 700", "unblock 700", "broadcast We move"]


async def test_help_names_every_command(line: Any) -> None:
    said = await line.ask("help")
    assert all(
        f"`{command}" in said
        for command in ("health", "sync", "maintenance on", "pause all", "guilds", "block", "unblock", "broadcast")
    )


@pytest.mark.parametrize(
    "mistyped", ["helth", "maintenance", "maintenance maybe", "pause", "block pond", "unblock", "broadcast"]
)
async def test_who_mistypes_is_told_what_there_is(line: Any, mistyped: str) -> None:
    assert await line.ask(mistyped) == await line.ask("help")


@pytest.mark.parametrize("command", COMMANDS)
async def test_anybody_else_is_refused_kindly_and_nothing_happens(line: Any, command: str) -> None:
    await line.house.phase(await line.house.create(), "running")
    assert "I listen only to whoever runs me" in await line.ask(command, line.stranger)
    assert (line.synced, (await line.operations.health()).maintenance) == ([], None)
    assert (await line.operations.health()).phases == {"running": 1}


async def test_a_stranger_who_mistypes_is_not_told_what_there_would_be(line: Any) -> None:
    assert await line.ask("helth", line.stranger) == ""


@pytest.mark.parametrize("command", [*COMMANDS, "helth"])
async def test_in_a_guild_there_are_no_such_commands(line: Any, command: str) -> None:
    await line.ask_in_guild(command)
    assert dpytest.verify().message().nothing()
    assert line.synced == []


async def test_the_settings_ids_are_operators_too(line: Any) -> None:
    line.operations.operators = frozenset({line.stranger.id})
    assert "Version" in await line.ask("health", line.stranger)


async def test_health_says_how_each_part_is(line: Any) -> None:
    await line.house.phase(await line.house.create(), "running")
    said = await line.ask("health")
    assert "**Version:** 1.2.3, up since <t:" in said
    assert "**Database:** answers in" in said
    assert "**Cluster:** seen" in said
    assert "**Servers:** 1 running" in said
    assert "**Problems:** none" in said
    assert "**Messages waiting:** 1" in said  # nobody delivers the ready notice here
    assert "**Last sweep:** none yet" in said
    assert "**Maintenance:** off" in said


async def test_health_says_since_when_the_cluster_is_away(line: Any) -> None:
    line.house.parts.observed.stale_since = line.house.parts.now()
    assert "**Cluster:** not seen since <t:" in await line.ask("health")


async def test_health_answers_without_a_database(line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def session() -> None:
        raise OSError

    monkeypatch.setattr(line.house.database, "session", session)
    said = await line.ask("health")
    assert "**Database:** does not answer" in said
    assert "Servers" not in said


async def test_sync_tells_discord_the_commands(line: Any) -> None:
    assert "Discord knows my commands" in await line.ask("sync")
    assert len(line.synced) == 1


async def test_maintenance_is_turned_on_with_words_and_off(line: Any) -> None:
    assert "Maintenance is on" in await line.ask("maintenance on New disks, back at nine")
    assert "**Maintenance:** **on** New disks, back at nine" in await line.ask("health")
    with pytest.raises(TryAgain):
        await line.house.create()
    assert "Maintenance is off" in await line.ask("maintenance off")
    await line.house.create()


async def test_pause_all_pauses_and_says_how_many(line: Any) -> None:
    for name in ("Pond", "Brook"):
        await line.house.phase(await line.house.create(name), "running")
    assert "Pausing 2 servers" in await line.ask("pause all New disks")
    assert "nothing to pause" in await line.ask("pause all")


async def test_words_that_are_too_long_are_refused_in_words(line: Any) -> None:
    assert "at most 500 characters" in await line.ask(f"maintenance on {'x' * 501}")
    assert (await line.operations.health()).maintenance is None


async def test_a_bug_is_noted_under_a_code_and_tells_nothing_else(line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def pause_all(*_: object, **__: object) -> int:
        raise KeyError("secret detail")

    monkeypatch.setattr(line.operations, "pause_all", pause_all)
    said = await line.ask("pause all")
    assert "That was our fault" in said
    assert "secret" not in said


async def test_guilds_are_listed_with_what_they_have(line: Any) -> None:
    assert "no guild yet" in await line.ask("guilds")
    await line.house.phase(await line.house.create(), "running")
    assert await line.ask("guilds") == "`700` **(its name is not known)** · 1 server, 1 to run · 0 B\n"
    await line.ask("block 700 Mining *coins*")
    assert "**blocked** <t:" in (said := await line.ask("guilds"))
    assert said.endswith("Mining \\*coins\\*\n")


async def test_a_guild_is_blocked_once_and_let_go_on(line: Any) -> None:
    pond = await line.house.create()
    await line.house.phase(pond, "running")
    assert "Pausing 1 server." in await line.ask("block 700 Mining")
    assert (await line.house.row(pond)).because == "operator"
    assert "with these words already" in await line.ask("block 700 Mining")
    assert "not blocked any more" in await line.ask("unblock 700")
    assert await line.ask("unblock 700") == "It is not blocked."
    assert await line.ask("block 999") == "Nobody ever invited me to 999."


async def test_a_broadcast_says_to_how_many_and_not_twice(line: Any) -> None:
    await line.house.create()
    assert await line.ask("broadcast We move on Friday") == "It goes to 1 guild."
    assert "less than 10 minutes ago" in await line.ask("broadcast We move on  Friday")
    assert "at most 1500 characters" in await line.ask(f"broadcast {'x' * 1501}")
