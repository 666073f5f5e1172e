"""`/account`: the language that somebody chose goes before Discord's, wherever they are spoken to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from town import Town, town
from wire import ADA, BO, Wire

from bot.demo.guild import cast
from core.accounts.claims import Identity


@pytest.fixture
async def oak(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as made:
        await made.create()
        yield made


async def test_what_is_set_and_kept_is_shown(oak: Town) -> None:
    wire = oak.wire
    said = await wire.command(ADA, "account show")
    assert said.private
    assert "I speak English to you, because of your language in Discord." in said.text
    assert "Your servers here: **Pond**" in said.text
    said = await wire.command(ADA, "account edit", time_zone="Europe/Berlin", language="de")
    assert "Ich spreche Deutsch mit dir" in said.text
    assert "`Europe/Berlin`" in said.text
    assert "Ich kenne keine Zeitzone namens Oak" in (await wire.command(ADA, "account edit", time_zone="Oak")).text
    said = await wire.command(ADA, "account edit", time_zone="discord", language="discord")
    assert "You have set no time zone." in said.text


async def everywhere(wire: Wire, pond: str) -> list[str]:
    """A command, a refusal, a button, a page, a modal and choices."""
    modal = await wire.press(ADA, f"dm:change:{pond}:about")
    choices = await wire.complete(ADA, "server pause", "server", "")
    return [
        (await wire.command(ADA, "server list")).text,
        (await wire.command(ADA, "server pause", server="Nowhere")).text,
        (await wire.press(ADA, f"dm:keep:{pond}")).text,
        (await wire.press(ADA, f"dm:more:{pond}")).text,
        str(modal.modal["title"]),
        str(choices.choices[0]["name"]),
        (await wire.submit(ADA, f"dm:delete_form:{pond}", {"name": "Nowhere"})).text,
        (await wire.press(ADA, "dm:dance")).text,
    ]


async def test_it_is_spoken_in_every_answer_and_to_nobody_else(oak: Town) -> None:
    wire, pond = oak.wire, (await oak.wire.core.servers.lookup.get(oak.wire.actor(), "Pond")).id
    english = await everywhere(wire, pond)
    others = await wire.command(BO, "server list")
    await wire.command(ADA, "account edit", language="de")
    german = await everywhere(wire, pond)
    assert [ours for ours, theirs in zip(german, english, strict=True) if ours == theirs] == []
    assert (await wire.command(BO, "server list")).text == others.text
    await wire.command(ADA, "account edit", language="discord")
    assert (await wire.command(ADA, "server list")).text == english[0]


async def test_a_direct_message_is_in_the_owners_language_and_the_channels_stay(oak: Town) -> None:
    await oak.wire.command(ADA, "account edit", language="de")
    for channel in (cast.CHAT, cast.SERVERS, cast.WELCOME):
        oak.faults.forbid(channel)
    await oak.wire.command(ADA, "server pause", server="Pond")
    message = await oak.message("**Pond**", "pausiert", channel=cast.DIRECT_CHANNELS[ADA])
    assert message is not None


async def test_zones_are_suggested_while_they_are_typed(oak: Town) -> None:
    found = await oak.wire.complete(ADA, "account edit", "time_zone", "berl")
    assert [each["value"] for each in found.choices] == ["Europe/Berlin"]
    assert (await oak.wire.complete(ADA, "account edit", "time_zone", "")).choices[0]["name"].startswith("No time zone")


async def test_who_they_are_elsewhere_is_shown_and_ended(oak: Town) -> None:
    wire = oak.wire
    assert "You are linked to nobody." in (await wire.command(ADA, "account unlink")).text
    assert "There is nothing to link to here" in (await wire.command(ADA, "account link")).text
    identity = Identity("issuer", "ada", "Ada L.", "contoso.example")
    await wire.core.identities.link(int(cast.ADA), "Ada", identity)
    assert "You are linked to **Ada L.** of **contoso.example**." in (await wire.command(ADA, "account show")).text
    assert "no longer linked to **Ada L.**" in (await wire.command(ADA, "account unlink")).text
    assert "linked to" not in (await wire.command(ADA, "account show")).text


async def test_a_token_is_made_shown_once_listed_and_revoked(oak: Town) -> None:
    wire = oak.wire
    assert "You have no tokens." in (await wire.command(ADA, "account token", action="list")).text
    made = await wire.command(ADA, "account token", action="make", name="Backups", scopes="servers:read", days=7)
    assert made.private
    secret = made.text.partition("||`")[2].partition("`||")[0]
    bearer = await wire.core.tokens.read(secret)
    assert bearer is not None
    assert (bearer.user, bearer.scopes) == (int(cast.ADA), {"servers:read"})
    listed = (await wire.command(ADA, "account token", action="list")).text
    assert "Backups" in listed
    assert secret not in listed
    assert (await wire.complete(ADA, "account token", "name", "back")).choices == []
    assert "has a name" in (await wire.command(ADA, "account token", action="make")).text
    assert "no such token" in (await wire.command(BO, "account token", action="revoke", name="Backups")).text
    assert "lets nobody in" in (await wire.command(ADA, "account token", action="revoke", name="backups")).text
    assert await wire.core.tokens.read(secret) is None


async def test_who_wants_to_be_forgotten_is_asked_and_told_what_stays(oak: Town) -> None:
    wire = oak.wire
    await wire.command(ADA, "account edit", language="de")
    asked = await wire.command(ADA, "account forget")
    assert "Dein 1 Server bleibt deiner" in asked.text
    assert int(cast.ADA) in await wire.core.accounts.languages()
    done = await wire.press(ADA, "dm:account_forget")
    assert "Gelöscht." in done.text
    assert await wire.core.accounts.languages() == {}
    assert "Pond" in (await wire.command(ADA, "server list")).text
