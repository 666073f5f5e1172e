"""The page of `/guild setup`: each rule by option and by select, and what keeps the bot from working."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import discord
import pytest
from reading import buttons, texts

import cogs
from bot.demo.guild import validation
from cogs import doctor
from cogs.cards import components
from cogs.doctor import Guild, Place
from cogs.setup import page
from core.errors import BadInput, NotAllowed
from core.guilds.access import Actor
from core.guilds.settings import GuildView
from core.servers.audit import Asked
from core.text import languages
from tests.conftest import ADA, CY
from tests.guilds.conftest import Oak

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WELL = "All is well: I may do everything here that I need."


class Page:
    """The page as Cy sees it."""

    def __init__(self, oak: Oak, result: Any) -> None:
        self.oak = oak
        self.message = (result.followups[-1] if result.followups else result.response).message
        self.parts = (result.followups[-1] if result.followups else result.response).components

    @property
    def words(self) -> str:
        return texts(self.parts).replace("**", "")

    async def select(self, field: str, *values: Any) -> Page:
        return Page(self.oak, await self.oak.cy.select(self.message, values, custom_id=f"dm-setup:{field}"))

    async def click(self, label: str) -> Any:
        return await self.oak.cy.click(self.message, custom_id=buttons(self.parts)[label])


async def opened(oak: Oak, **options: Any) -> Page:
    return Page(oak, await oak.cy.slash(oak.channel, "guild setup", **options))


# the rules


@on_sqlite
async def test_the_page_says_what_holds_and_whose_rule_it_is(oak: Oak) -> None:
    said = (await opened(oak)).words
    assert "Pause a server that is empty after: 15 min (whoever runs this bot set that)" in said
    assert "Warn before that: 5 min before (whoever runs this bot set that)" in said
    assert "Time zone: UTC" in said
    assert "Names of players on cards and in notices: shown" in said


@on_sqlite
@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("idle_after", "0", "empty after: never"),
        ("idle_after", "30", "empty after: 30 min\n"),
        ("idle_warn", "10", "Warn before that: 10 min before"),
        ("idle_warn", "0", "Warn before that: without a warning"),
        ("time_zone", "Europe/Berlin", "Time zone: `Europe/Berlin`"),
        ("names", "no", "not shown, only how many play"),
        ("language", "de", "Language in the channels: German"),
    ],
)
async def test_a_choice_is_kept_at_once_and_can_be_taken_back(oak: Oak, field: str, value: str, sentence: str) -> None:
    before = await opened(oak)
    after = await before.select(field, value)
    assert sentence in after.words
    assert (await after.select(field)).words == before.words


@on_sqlite
async def test_options_set_what_they_name_and_leave_the_rest(oak: Oak) -> None:
    said = (await opened(oak, time_zone="berlin", names="no", language="de", server_channel=oak.channel)).words
    assert "`Europe/Berlin`" in said
    assert "not shown" in said
    assert f"Channel for cards: <#{oak.channel.id}>" in said
    assert "not shown" in (await opened(oak, language="en")).words
    assert "shown" in (await opened(oak, names="yes")).words
    assert "no time zone" in await oak.ask(oak.cy, "guild setup", time_zone="Atlantis")


@on_sqlite
async def test_any_time_zone_can_be_typed_into_a_form(oak: Oak) -> None:
    form = await (await opened(oak)).click("Another time zone")
    said = await oak.cy.submit_modal(form, {"zone": "kathmandu"})
    assert "`Asia/Kathmandu`" in Page(oak, said).words
    form = await Page(oak, said).click("Another time zone")
    refused = await oak.cy.submit_modal(form, {"zone": "Atlantis"})
    assert "Atlantis" in Page(oak, refused).words
    form = await Page(oak, refused).click("Open again")
    assert "Time zone: UTC" in Page(oak, await oak.cy.submit_modal(form, {"zone": ""})).words


@on_sqlite
async def test_zones_are_completed_by_any_part_of_their_name(oak: Oak) -> None:
    found = await oak.cy.autocomplete(oak.channel, "guild setup", "time_zone", "kath")
    assert [each["value"] for each in found] == ["Asia/Kathmandu"]
    assert len(await oak.cy.autocomplete(oak.channel, "guild setup", "time_zone", "")) == 25


async def test_idle_defaults_hold_for_servers_that_say_nothing_themselves(house: Any) -> None:
    pond, lake = await house.create(), await house.create("Lake")
    await house.servers.editing.set_idle(ADA, lake, minutes=60, warn=10, voice=None)
    await house.guilds.setup(CY, {"idle_after": 1800, "idle_warn": 600})

    async def rules(server: str) -> tuple[int, int, bool]:
        idle = (await house.servers.lookup.get(ADA, server)).idle
        return idle.after, idle.warn, idle.own

    assert await rules(pond) == (1800, 600, False)
    assert await rules(lake) == (3600, 600, True)
    await house.guilds.setup(CY, {"idle_after": 0})
    assert (await rules(pond))[0] == 0
    await house.guilds.setup(CY, {"idle_after": None, "idle_warn": None})
    assert await rules(pond) == (900, 300, False)
    [event] = [e for e in (await told(house)) if e.changed == {"idle_after": 0}]
    assert event.before == {"idle_after": 1800}


@pytest.mark.parametrize(
    "forged", [{"idle_after": -60}, {"idle_after": 1441 * 60}, {"idle_warn": 61 * 60}, {"time_zone": "Atlantis"}]
)
async def test_what_no_choice_offers_is_refused(house: Any, forged: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        await house.guilds.setup(CY, forged)
    assert await house.guilds.look(CY) == GuildView()


async def test_only_admins_look_and_each_change_is_told_once_with_what_was_before(house: Any) -> None:
    with pytest.raises(NotAllowed):
        await house.guilds.look(ADA)
    for _ in range(2):
        await house.guilds.setup(CY, {"names": False, "time_zone": "Berlin"})
    [event] = await told(house)
    assert event.changed == {"names": False, "time_zone": "Europe/Berlin"}
    assert event.before == {"names": True, "time_zone": None}


async def test_another_zone_is_no_beginning_that_was_missed(house: Any) -> None:
    pond, lake = await house.create(), await house.create("Lake")
    for server in (pond, lake):
        await house.servers.scheduling.add(ADA, server, "restart", "daily 5:00")
    await house.servers.scheduling.set_zone(ADA, lake, "Tokyo")
    before = [(await house.row(server)).schedule_at for server in (pond, lake)]
    await house.guilds.setup(CY, {"time_zone": "Europe/Berlin"})
    after = [(await house.row(server)).schedule_at for server in (pond, lake)]
    assert (after[0] > before[0], after[1] == before[1]) == (True, True)
    view = await house.servers.lookup.get(ADA, pond)
    assert view.schedule.zone == "Europe/Berlin"


async def told(house: Any) -> list[Any]:
    return [entry.event for entry in (await house.core.audit.read(CY, Asked(kind="guild"))).entries]


# the doctor


def may(*lacks: str) -> discord.Permissions:
    return discord.Permissions(**{name: name not in lacks for name in doctor.NEEDS})


def remarks(guild: Guild, language: str = "en", gone: tuple[str, ...] = ()) -> str:
    return "\n".join(doctor.look(guild, language, gone))


def test_a_guild_with_all_well_says_so_in_one_line() -> None:
    assert remarks(Guild(may(), [Place(5, may())], has_server_channel=True)) == WELL
    assert remarks(Guild(may(), cards=[Place(5, may())])).startswith("All is well. No channel for cards is chosen")


@pytest.mark.parametrize("permission", doctor.NEEDED)
def test_each_permission_is_named_with_its_channel_and_what_stops_without_it(permission: str) -> None:
    said = remarks(Guild(may(), [Place(5, may()), Place(6, may(permission))], has_server_channel=True))
    assert said.startswith("In <#6> I lack: ")
    assert len(said.splitlines()) == 2
    assert "<#5>" not in said


def test_a_thread_needs_other_permissions_than_a_channel() -> None:
    lacks = may("send_messages_in_threads", "manage_threads")
    assert remarks(Guild(may(), [Place(5, lacks)], has_server_channel=True)) == WELL
    thread = Guild(may(), cards=[Place(5, may("send_messages", "manage_threads"), is_thread=True)])
    assert remarks(thread).startswith("All is well.")
    in_thread = remarks(Guild(may(), cards=[Place(5, lacks, is_thread=True)]))
    assert "Send Messages in Threads" in in_thread
    assert "Manage Threads" not in in_thread
    assert "Manage Threads" in remarks(Guild(may(), cards=[Place(5, lacks, is_thread=True, is_locked=True)]))


def test_where_cards_stand_matters_only_without_a_channel_for_them() -> None:
    cards = [Place(5, may("send_messages"))]
    assert "<#5>" in remarks(Guild(may(), cards=cards))
    assert remarks(Guild(may(), cards=cards, has_server_channel=True)) == WELL


def test_what_the_role_lacks_a_timeout_and_what_was_deleted_are_said() -> None:
    until = discord.utils.utcnow()
    guild = Guild(may("view_channel"), cards=[Place(5, None)], timed_out_until=until)
    said = remarks(guild, gone=("**Channel for cards:** what was chosen was deleted.",))
    for part in ("was deleted", "timed out until <t:", "My role lacks: View Channel", "I do not find a channel"):
        assert part in said


def test_the_doctor_knows_every_permission_that_posting_looks_at() -> None:
    """And no other: nobody is asked for what nothing uses."""
    sources = [Path(cogs.__file__).with_name(name).read_text() for name in ("posting.py", "life.py")]
    assert set(re.findall(r"\bmay\)?\.([a-z_]+)", "\n".join(sources))) == set(doctor.NEEDS)


@pytest.mark.parametrize("language", languages())
async def test_the_page_is_one_that_discord_takes_also_where_all_is_wrong(language: str) -> None:
    wrong = [Place(2**62 + number, may(*doctor.NEEDS), is_thread=True, is_locked=True) for number in range(9)]
    lines = doctor.look(Guild(may(*doctor.NEEDS), wrong, wrong), language, ["gone " * 20] * 4)
    view = GuildView(1, 2, 3, 4, "de", "America/Argentina/ComodRivadavia", False, 3660, 240)
    shown = components(page(view, language, lines))
    assert list(validation.check_message({"flags": validation.V2, "components": shown})) == []
    assert len(texts(shown)) <= 4000


@on_sqlite
async def test_the_page_names_what_a_channel_lacks_and_checks_again(oak: Oak) -> None:
    me = oak.env.bot.user
    quiet = oak.channel.guild.create_text_channel(
        "quiet", overwrites={me: discord.PermissionOverwrite(send_messages=False)}
    )
    before = await opened(oak, server_channel=oak.channel, notice_channel=quiet)
    assert f"In <#{quiet.id}> I lack: Send Messages." in before.words
    assert "Cards and notices are not posted there" in before.words
    await oak.house.guilds.setup(
        Actor(user=oak.cy.id, guild=oak.id, manages_guild=True), {"notice_channel": oak.channel.id}
    )
    after = Page(oak, await before.click("Check again"))
    assert after.words.endswith(WELL)
