"""`/server schedule` and the vote, as members use them: page, forms, buttons, card and notices, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from discord.ui import LayoutView
from hypothesis import given
from hypothesis import strategies as st
from reading import buttons, texts
from samples import view

from cogs.cards import card, components
from cogs.notices import notice
from cogs.schedule_page import entry_form, page, zone_form
from core.idle.schedule import Entry, State, timetable
from core.idle.schedule_text import words
from core.idle.typed import parse
from core.notices.kinds.notices import IdleWarned
from core.servers.views import IdleView, NoticeView, ScheduleView
from core.words import Because, Desired, Phase, Reason, ScheduleKind

NIGHT = datetime(2030, 1, 2, 3, tzinfo=UTC)


def shown(result: Any) -> Any:
    return result.followups[-1] if result.followups else result.response


def said(result: Any) -> str:
    message = shown(result)
    return (texts(message.components) + message.content).replace("**", "")


async def press(who: Any, result: Any, label: str) -> Any:
    message = shown(result)
    return await who.click(message.message, custom_id=buttons(message.components)[label])


async def added(guild: Any, who: Any, kind: str, when: str, firm: str = "no") -> Any:
    asked = await who.slash(guild.channel, "server schedule", server="Pond")
    form = await press(who, asked, "Add")
    return await who.submit_modal(form, {"kind": [kind], "when": when, "firm": [firm]})


async def test_an_owner_adds_and_removes_what_the_page_then_shows(guild: Any) -> None:
    server = await guild.create("Pond")
    assert "It has no schedule" in said(await guild.ada.slash(guild.channel, "server schedule", server="Pond"))
    answer = await added(guild, guild.ada, "awake", "fr 18 uhr bis sonntag 23:00")
    assert "Awake Fri 18:00 to Sun 23:00" in said(answer)
    assert "Time zone: `UTC`, as for all servers here" in said(answer)
    assert (await guild.house.row(server)).schedule == "awake 4 18:00 +2 23:00"
    await press(guild.ada, answer, "Remove: Awake Fri 18:00 to Sun 23:00")
    assert (await guild.house.row(server)).schedule == ""


async def test_who_lives_elsewhere_reads_what_their_own_clock_shows(guild: Any) -> None:
    await guild.create("Pond")
    for zone, says in (("UTC", False), ("Asia/Kolkata", True)):
        await guild.ada.slash(guild.channel, "account edit", time_zone=zone)
        page = said(await guild.ada.slash(guild.channel, "server schedule", server="Pond"))
        assert ("By your own clock (`Asia/Kolkata`) it is" in page) is says
    assert "By your own clock" in said(await added(guild, guild.ada, "awake", "always"))


async def test_what_cannot_be_read_is_refused_with_an_example_and_the_form_opens_again(guild: Any) -> None:
    await guild.create("Pond")
    answer = await added(guild, guild.ada, "asleep", "whenever")
    assert "I cannot read whenever as a time" in said(answer)
    assert "Fri 18:00 to Sun 23:00" in said(answer)
    form = await press(guild.ada, answer, "Open again")
    when = form.modal["components"][1]["component"]
    assert when["value"] == "whenever"


async def test_a_time_zone_is_chosen_by_name(guild: Any) -> None:
    await guild.create("Pond")
    asked = await guild.ada.slash(guild.channel, "server schedule", server="Pond")
    form = await press(guild.ada, asked, "Time zone")
    assert "Time zone: `Europe/Berlin`" in said(await guild.ada.submit_modal(form, {"zone": "berlin"}))
    form = await press(guild.ada, asked, "Time zone")
    assert "I know no time zone called Atlantis" in said(await guild.ada.submit_modal(form, {"zone": "Atlantis"}))


async def test_a_player_is_told_who_can(guild: Any) -> None:
    await guild.create("Pond")
    answer = said(await guild.bo.slash(guild.channel, "server schedule", server="Pond"))
    assert answer == "Only ada (owner) or an admin can set the schedule of Pond."


async def test_a_player_who_resumes_a_server_that_sleeps_reads_until_when_and_who_can(guild: Any) -> None:
    server = await guild.create("Pond")
    await guild.ada.slash(guild.channel, "server pause", server="Pond")
    await guild.house.phase(server, "paused")
    await added(guild, guild.ada, "asleep", "always", "yes")
    answer = said(await guild.bo.slash(guild.channel, "server resume", server="Pond"))
    assert answer == (
        "Pond sleeps all the time: its schedule says so. "
        "Only ada (owner) or an admin can wake it, or change `/server schedule`."
    )
    await guild.ada.slash(guild.channel, "server resume", server="Pond")
    await guild.house.phase(server, "running")


async def test_idle_takes_a_vote(guild: Any) -> None:
    server = await guild.create("Pond")
    answer = await guild.ada.slash(guild.channel, "server idle", server="Pond", vote="yes")
    assert "asks whether to keep it open" in said(answer)
    assert (await guild.house.row(server)).idle_vote


# what is shown


def of(now: datetime, *entries: str, **more: Any) -> ScheduleView:
    table = timetable("\n".join(entries), "UTC")
    return ScheduleView(table.entries, table.zone, False, table.at(now), **more)


def read(layout: LayoutView) -> str:
    return texts(components(layout)).replace("**", "")


AWAKE, SLEEP, FIRM = "awake 0123456 02:00 +0 20:00", "asleep 0123456 04:00 +0 08:00", "firm 0123456 04:00 +0 08:00"
MAINTENANCE = "maintenance 0123456 04:00 +0 08:00"


@pytest.mark.parametrize(
    ("entries", "line"),
    [
        ((AWAKE,), "Stays awake until <t:1893614400:f>: its schedule."),
        (("awake 0123456 00:00 +1 00:00",), "Always awake: its schedule."),
        ((SLEEP,), "Sleeps at <t:1893556800:f>: its schedule."),
        ((FIRM,), "Sleeps at <t:1893556800:f>, whoever plays: its schedule."),
        ((MAINTENANCE,), "Maintenance from <t:1893556800:f> to <t:1893571200:f>"),
    ],
)
def test_a_card_says_what_the_schedule_says(entries: tuple[str, ...], line: str) -> None:
    assert line in read(card(view(schedule=of(NIGHT, *entries), at=NIGHT), "en", number=1))


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (SLEEP, "It sleeps until <t:1893571200:f>. Before that its owner or an admin can wake it."),
        (MAINTENANCE, "It is maintained until <t:1893571200:f>. Before that only an admin can wake it."),
        ("awake 0123456 20:00 +0 22:00", "Wakes at <t:1893614400:f>: its schedule."),
    ],
)
def test_a_paused_card_says_until_when(entry: str, line: str) -> None:
    now = NIGHT + timedelta(hours=2)
    paused = view(phase=Phase.PAUSED, desired=Desired.PAUSED, because=Because.SCHEDULE, schedule=of(now, entry), at=now)
    assert line in read(card(paused, "en", number=1))


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("reason", "vote", "offered"),
    [
        (Reason.IDLE, False, "keep"),
        (Reason.IDLE, True, "vote"),
        (Reason.SLEEP, False, "keep"),
        (Reason.FIRM_SLEEP, True, None),
        (Reason.MAINTENANCE, False, None),
    ],
)
def test_a_warning_offers_what_would_help(language: str, reason: Reason, vote: bool, offered: str | None) -> None:
    idle = IdleView(900, 300, empty_since=NIGHT, pause_at=NIGHT, warned=True, reason=reason, vote=vote)
    server = view(idle=idle, schedule=of(NIGHT, MAINTENANCE))
    layout = notice(NoticeView(1, 700, language, server, IdleWarned(("Bo",), NIGHT, NIGHT, reason)))
    assert layout is not None
    verbs = [custom_id.split(":")[1] for custom_id in buttons(components(layout)).values()]
    assert verbs == [*([offered] if offered else []), "pause"]


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    kind = draw(st.sampled_from(list(ScheduleKind)))
    days = tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1))))
    at, until = draw(st.integers(0, 1439)), draw(st.integers(0, 1439))
    if kind is ScheduleKind.RESTART:
        return Entry(kind, days, at)
    later = draw(st.integers(0, 7)) if len(days) == 1 else int(until <= at)
    if (later == 0 and until <= at) or (later == 7 and until > at):
        later = 1
    return Entry(kind, days, at, later, until, kind is ScheduleKind.ASLEEP and draw(st.booleans()))


@given(entries(), st.sampled_from(["en", "de"]))
def test_what_the_page_says_is_read_again_as_the_same(entry: Entry, language: str) -> None:
    assert parse(entry.kind, words(entry, language), firm=entry.firm) == entry


@pytest.mark.parametrize("language", ["en", "de"])
def test_page_and_forms_fit_discord(language: str) -> None:
    many = tuple(f"firm 0246 {hour:02}:00 +0 23:59" for hour in range(10))
    server = view(name="W" * 32, schedule=of(NIGHT, *many))
    assert len(buttons(components(page(server, language)))) == 12
    for modal in (entry_form(server, language), zone_form(server, language)):
        assert len(modal.title) <= 45
        for label in modal.to_components():  # type: ignore[no-untyped-call]
            assert len(label["label"]) <= 45
            assert len(label.get("description") or "") <= 100


def test_a_state_of_no_schedule_says_nothing() -> None:
    empty = ScheduleView((), "UTC", False, State(NIGHT))
    assert read(card(view(schedule=empty), "en", number=1)) == read(card(view(), "en", number=1))
