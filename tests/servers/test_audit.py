"""What was done is written with what it changed, by every use-case; the guild's admins, and no others, can read it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from discord.ui import TextDisplay
from licensed import TEXT, license_meadow
from onesave import AT, SAVED, Shelf
from sqlalchemy import text

from cogs import audit_pages
from core.data.tables import PlaySessionRow
from core.errors import NotAllowed, NotFound
from core.guilds.access import Actor, Do, DoInGuild, Verb
from core.notices import telling
from core.notices.kinds.events import Edited, GuildSet, IdleSet, SnapshotAsked
from core.servers.audit import KINDS, PER_PAGE, TOLD, Asked, Page
from core.servers.host_rules import HostRules
from core.words import EventKind
from core.worlds.receipt import Receipt

GUILD = 700
ADA = Actor(user=1, guild=GUILD, name="Ada")
BO = Actor(user=2, guild=GUILD, name="Bo")
CY = Actor(user=3, guild=GUILD, name="Cy", manages_guild=True)
THEIRS = Actor(user=3, guild=GUILD + 1, name="Cy", manages_guild=True)


@pytest.fixture
def rules(rules: HostRules) -> HostRules:
    return replace(rules, keeps_worlds=True)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def pond(house: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    async def save(*_: Any, **__: Any) -> Receipt:
        return Receipt(SAVED, AT, 100)

    monkeypatch.setattr(house.cluster, "snapshot", save)
    monkeypatch.setattr(house.cluster, "seal", save)
    server = str(await house.create())
    await house.until(server, lambda row: row.phase == "running" and row.bound == 1)
    return server


async def accept(house: Any, pond: str) -> None:
    license_meadow(house.core)
    await house.servers.power.accept(CY, pond, TEXT.mark)


Act = Callable[[Any, str], Awaitable[Any]]
DONE: dict[Verb, Act] = {
    DoInGuild.CREATE: lambda house, pond: house.create("Lake", CY),
    DoInGuild.SETUP: lambda house, pond: house.guilds.setup(CY, {"language": "de"}),
    DoInGuild.QUOTA: lambda house, pond: house.quotas.set(CY, {"servers": 3}),
    DoInGuild.GAMES: lambda house, pond: house.core.games.offer(CY, "valheim", offered=False),
    DoInGuild.WEBHOOKS: lambda house, pond: house.core.webhooks.add(CY, "https://1.1.1.1/"),
    Do.PAUSE: lambda house, pond: house.servers.power.pause(CY, pond),
    Do.RESUME: lambda house, pond: house.servers.power.resume(CY, pond),
    Do.RESTART: lambda house, pond: house.servers.power.restart(CY, pond),
    Do.KEEP: lambda house, pond: house.servers.power.keep(CY, pond),
    Do.EDIT: lambda house, pond: house.servers.editing.edit(CY, pond, {"description": "all year"}),
    Do.CONSOLE: lambda house, pond: house.servers.consoles.send(CY, pond, "list"),
    Do.FILES_WRITE: lambda house, pond: house.core.files.write(CY, pond, "motd.txt", "hello", None),
    Do.IDLE: lambda house, pond: house.servers.editing.set_idle(CY, pond, minutes=30, warn=None, voice=None),
    Do.SNAPSHOT: lambda house, pond: house.core.worlds.snapshot(CY, pond, "castle"),
    Do.RESTORE: lambda house, pond: house.core.worlds.restore(CY, pond, SAVED),
    Do.CLONE: lambda house, pond: house.core.worlds.clone(CY, pond, channel=1, name="Sea", snapshot=SAVED),
    Do.ARCHIVE: lambda house, pond: house.core.worlds.archive(CY, pond),
    Do.SCHEDULE: lambda house, pond: house.servers.scheduling.add(CY, pond, "awake", "Fri 18:00 to 23:00"),
    Do.DELETE: lambda house, pond: house.servers.removal.delete(CY, pond, "Pond"),
    Do.UNDO: lambda house, pond: house.servers.removal.undo(CY, pond),
    Do.PURGE: lambda house, pond: house.servers.removal.purge(CY, pond, "Pond"),
    Do.ACCEPT: accept,
    Do.FORGET: lambda house, pond: house.core.activity.forget(CY, pond, "bo"),
}
READS = {
    *(Do.SEE, Do.JOIN, Do.SNAPSHOTS, Do.LOGS, Do.FILES),
    *(DoInGuild.HELP, DoInGuild.LIST, DoInGuild.LIST_DELETED, DoInGuild.STATUS, DoInGuild.AUDIT),
    DoInGuild.ACTIVITY,
    DoInGuild.ACCOUNT,  # what somebody sets for themselves is no guild's affair
}
COMES = {Do.SHARE, Do.TRANSFER}
"""Nothing does these yet."""
AS_RESUMES = {Do.WAKE, Do.MAINTAIN}
"""Rights to resume against a schedule: written as that."""
BY_CHILDREN = {Do.DOWNLOAD, Do.IMPORT}
"""Told once a child process has done it (tests/servers/test_worlds.py)."""
OWN = {Do.FOLLOW}
"""It concerns nobody but whoever asks."""


def test_every_verb_that_changes_something_is_tried_here() -> None:
    assert {*Do, *DoInGuild} == set(DONE) | READS | COMES | AS_RESUMES | BY_CHILDREN | OWN


async def rows(house: Any) -> list[Any]:
    async with house.database.session() as session:
        servers = text(
            "SELECT id, desired, because, name, description, idle_after, keep_until, purge_at, run, volume FROM servers"
        )
        guilds = text("SELECT id, language, servers_per_guild, games_withheld FROM guilds")
        plays = text("SELECT server, name FROM play_sessions")
        hooks = text("SELECT id, url FROM webhooks")
        return [sorted((await session.exec(query)).all()) for query in (servers, guilds, plays, hooks)]


async def by_cy(house: Any) -> int:
    async with house.database.session() as session:
        return int((await session.exec(text('SELECT count(*) FROM events WHERE "by" = 3'))).scalar_one())


@pytest.mark.parametrize("do", DONE, ids=str)
async def test_what_is_done_is_written_with_it_or_not_done(
    house: Any, pond: str, do: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    if do is Do.RESUME:
        await house.servers.power.pause(ADA, pond)
        await house.phase(pond, "paused")
    if do in (Do.UNDO, Do.PURGE):
        await house.servers.removal.delete(ADA, pond, "Pond")
    if do is Do.FORGET:
        async with house.database.begin() as session:
            session.add(PlaySessionRow(server=pond, name="Bo", began=AT, ended=AT))
    before = await rows(house)

    def fails(*_: Any, **__: Any) -> None:
        raise LookupError("this event is not written")

    with monkeypatch.context() as patch:
        for where in (
            "notices.telling",
            "guilds.settings",
            "guilds.quotas",
            "guilds.games",
            "servers.licences",
            "webhooks.registry",
        ):
            patch.setattr(f"core.{where}.record", fails)
        with pytest.raises(LookupError, match="not written"):
            await DONE[do](house, pond)
    assert await rows(house) == before
    assert not await by_cy(house)
    await DONE[do](house, pond)
    assert await by_cy(house)
    assert telling.record is not fails


async def read(house: Any, actor: Actor = CY, **asked: Any) -> Page:
    found: Page = await house.core.audit.read(actor, Asked(**asked))
    return found


async def test_before_and_after_are_told_and_no_secret(house: Any, pond: str) -> None:
    await house.servers.editing.edit(CY, pond, {"name": "Lake", "greeting": "Hello", "password": "open sesame"})
    await house.servers.editing.set_idle(CY, pond, minutes=30, warn=None, voice=None)
    await house.servers.editing.set_idle(CY, pond, minutes=0, warn=None, voice=5)
    await house.guilds.setup(CY, {"language": "de"})
    await house.quotas.set(CY, {"servers": 3})
    await house.core.worlds.snapshot(ADA, pond, "castle")
    events = [entry.event for entry in (await read(house)).entries]
    assert events[0] == SnapshotAsked(SAVED, "castle", ADA.user)
    quota, language, never, idle, edited = events[1:6]
    assert isinstance(edited, Edited)
    assert "password" in edited.changed
    assert (edited.before or {})["name"] == "Pond"
    assert edited.after == {"name": "Lake", "greeting": "Hello"}
    assert isinstance(idle, IdleSet)
    assert (idle.after, idle.before) == (1800, {"after": None, "warn": None, "voice": None, "vote": 0})
    assert isinstance(never, IdleSet)
    assert (never.voice, (never.before or {})["after"]) == (5, 1800)
    assert isinstance(language, GuildSet)
    assert (language.changed, language.before) == ({"language": "de"}, {"language": None})
    assert isinstance(quota, GuildSet)
    assert (quota.changed, quota.before) == ({"servers": 3}, {"servers": None})
    english = shown(await read(house), "en")
    assert "password" in english
    async with house.database.session() as session:
        told = (await session.exec(text("SELECT data FROM events"))).all()
    assert "sesame" not in english + str(told)
    assert "name: Pond → Lake" in english
    assert "After: 30 min → never" in english
    assert "Voice channel: default → <#5>" in english
    assert "Language in the channels: default → de" in english
    german = shown(await read(house), "de")
    assert "Sprache in den Kanälen: Standard → de" in german
    assert "<@3>" in german


def shown(page: Page, language: str) -> str:
    layout = audit_pages.page(page, language)
    return "\n".join(each.content for each in layout.walk_children() if isinstance(each, TextDisplay))


async def test_it_is_asked_by_member_server_kind_and_days(house: Any, pond: str) -> None:
    lake = await house.create("Lake", BO)
    await house.servers.power.keep(ADA, pond)
    await house.guilds.setup(CY, {"language": "de"})
    assert {entry.by for entry in (await read(house, member=2)).entries} == {2}
    assert {entry.name for entry in (await read(house, server="lake")).entries} == {"Lake"}
    assert {entry.name for entry in (await read(house, server=lake)).entries} == {"Lake"}
    assert {entry.kind for entry in (await read(house, kind="guild")).entries} == {"guild_set"}
    assert {entry.kind for entry in (await read(house, kind="starts", server="Pond")).entries} == {"kept"}
    house.pass_time(timedelta(days=3))
    await house.guilds.setup(CY, {"language": None})
    assert len((await read(house, days=2)).entries) == 1
    assert len((await read(house, days=4)).entries) == 5


async def test_a_deleted_server_is_found_by_its_name(house: Any, pond: str) -> None:
    await house.servers.removal.delete(ADA, pond, "Pond")
    house.pass_time(timedelta(days=8))
    house.controller.wake(pond)
    await house.phase(pond, "deleted")
    found = await read(house, server="pond")
    assert {"created", "deleted", "purged"} <= {entry.kind for entry in found.entries}
    assert {entry.name for entry in found.entries} == {"Pond"}
    assert await house.core.audit.suggest(CY, "po") == [(pond, "Pond", True)]
    again = await house.create("Pond")
    assert (await read(house, server="Pond")).asked.server == again, "who has the name now goes first"
    assert {entry.kind for entry in (await read(house, server=pond)).entries} >= {"purged"}


async def test_pages_go_on_where_the_last_one_ended(house: Any, pond: str) -> None:
    for hours in range(1, 3 * PER_PAGE):
        await house.servers.power.keep(ADA, pond, hours % 24 + 1)
    seen: list[int] = []
    page = await read(house, server="Pond", member=1)
    while True:
        seen += [entry.number for entry in page.entries]
        buttons = [
            each.custom_id for each in audit_pages.page(page, "en").walk_children() if hasattr(each, "custom_id")
        ]
        assert all(len(each) <= 100 for each in buttons)
        if page.older is None:
            break
        _, _, server, more = buttons[-1].split(":")
        asked = audit_pages.asked_by(server, more)
        assert (asked.server, asked.member, asked.before) == (pond, 1, page.older)
        page = await house.core.audit.read(CY, asked)
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 3 * PER_PAGE  # and that it was created


async def test_it_is_for_admins_of_this_guild_alone(house: Any, pond: str) -> None:
    for actor in (ADA, BO, replace(ADA, direct=True)):
        with pytest.raises(NotAllowed, match=r"guild\.admin_only"):
            await read(house, actor, server="Pond")
        assert await house.core.audit.suggest(actor, "") == []
    assert (await read(house, THEIRS)).entries == ()
    assert await house.core.audit.suggest(THEIRS, "") == []
    refusals = set()
    for server in (pond, "Pond", "abcdefghijkl", "Nope"):
        with pytest.raises(NotFound) as refused:
            await read(house, THEIRS, server=server)
        refusals.add(str(refused.value))
    assert len(refusals) == 1


def test_every_kind_that_is_told_has_a_sentence_and_a_group() -> None:
    alone = {EventKind.PHASE, EventKind.WARNED, EventKind.RECALLED, EventKind.SNAPSHOT}
    assert set(EventKind) == TOLD | alone | {EventKind.PROBLEM, EventKind.VOLUME_MADE, EventKind.COLLECTED}
    assert all(kinds <= set(EventKind) for kinds in KINDS.values())


@pytest.mark.parametrize("more", ["", "x", "1_2_3", "0_0_0_nothing", "9" * 90, "1_2_3_starts_", "-1_0_0_"])
def test_a_button_that_nobody_made_shows_the_newest(more: str) -> None:
    asked = audit_pages.asked_by("", more)
    assert (asked.before, asked.kind) == (None, None)
