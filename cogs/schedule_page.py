"""Pure: the page of `/server schedule`, and its forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from discord.ui import Button, Label, LayoutView, Modal, Select, TextInput

from cogs.escape import code, escape, plain
from cogs.marks import MARKDOWN
from cogs.pages import page_of
from core.idle.schedule import Entry
from core.idle.schedule_text import words
from core.idle.typed import LONGEST_TYPED
from core.servers.card_text import scheduled
from core.servers.views import ServerView
from core.text import say
from core.words import Phase, ScheduleKind

DRAFT = "entry"
_TITLE, _BUTTON = 45, 80


def page(view: ServerView, language: str, readers_zone: str | None = None) -> LayoutView:
    """The entries, the time zone, what follows from them, and the buttons that change them. `readers_zone`: in which
    whoever reads it lives, where they said so."""
    schedule = view.schedule
    entries = schedule.entries if schedule else ()
    lines = [f"### {escape(view.name)}", "" if entries else say(language, "schedule.none")]
    lines += [f"- {_kind(entry, language)} {words(entry, language)}" for entry in entries]
    if schedule is not None:
        zone = say(
            language, "schedule.zone_own" if schedule.own_zone else "schedule.zone_guild", zone=code(schedule.zone)
        )
        lines += [zone, _elsewhere(view, schedule.zone, readers_zone, language)]
    if view.phase is Phase.RUNNING:
        lines += [f"-# {line}" for line in scheduled(view, language, MARKDOWN)]
    buttons: list[Button[LayoutView]] = [
        Button(label=say(language, f"button.{verb}"), custom_id=f"dm:{verb}:{view.id}")
        for verb in ("schedule_add", "schedule_zone")
    ]
    for entry in entries:
        label = say(
            language,
            "button.schedule_remove",
            what=f"{plain(_kind(entry, language).strip('*'))} {words(entry, language)}",
        )
        buttons.append(Button(label=label[:_BUTTON], custom_id=f"dm:schedule_remove:{view.id}:{entry.mark}"))
    return page_of("\n".join(filter(None, lines)), buttons)


def _elsewhere(view: ServerView, zone: str, readers_zone: str | None, language: str) -> str:
    """What the reader's clock shows, where it is another one."""
    if readers_zone is None:
        return ""
    there, here = (f"{view.at.astimezone(ZoneInfo(each)):%H:%M}" for each in (zone, readers_zone))
    if there == here:
        return ""
    return say(language, "schedule.zone_reader", zone=code(readers_zone), there=there, here=here)


def entry_form(view: ServerView, language: str, draft: Mapping[str, str] | None = None) -> Modal:
    typed = dict(draft or {})
    modal = Modal(
        title=say(language, "schedule.title", name=view.name)[:_TITLE],
        custom_id=f"dm:entry_form:{view.id}",
        timeout=None,
    )
    kinds = [(str(kind), say(language, f"schedule.kind_{kind}")) for kind in ScheduleKind]
    modal.add_item(_select("kind", say(language, "schedule.kind"), kinds, typed.get("kind", ScheduleKind.AWAKE)))
    when: TextInput[Any] = TextInput(
        custom_id="when",
        default=typed.get("when", "")[:LONGEST_TYPED] or None,
        placeholder=say(language, "schedule.example"),
        max_length=LONGEST_TYPED,
        required=True,
    )
    hint = say(language, "schedule.when_hint")
    modal.add_item(Label(text=say(language, "schedule.when_label"), description=hint, component=when))
    answers = [("no", say(language, "word.no")), ("yes", say(language, "word.yes"))]
    firm = _select("firm", say(language, "schedule.firm"), answers, typed.get("firm", "no"))
    firm.description = say(language, "schedule.firm_hint")
    modal.add_item(firm)
    return modal


def zone_form(view: ServerView, language: str) -> Modal:
    modal = Modal(
        title=say(language, "schedule.title", name=view.name)[:_TITLE],
        custom_id=f"dm:zone_form:{view.id}",
        timeout=None,
    )
    own = view.schedule.zone if view.schedule and view.schedule.own_zone else None
    zone: TextInput[Any] = TextInput(
        custom_id="zone", default=own, placeholder="Europe/Berlin", max_length=LONGEST_TYPED, required=False
    )
    hint = say(language, "schedule.zone_hint")
    modal.add_item(Label(text=say(language, "button.schedule_zone"), description=hint, component=zone))
    return modal


def _kind(entry: Entry, language: str) -> str:
    return f"**{say(language, 'schedule.said_firm' if entry.firm else f'schedule.said_{entry.kind}')}**"


def _select(key: str, label: str, options: list[tuple[str, str]], chosen: str) -> Label[Any]:
    select: Select[Any] = Select(custom_id=key)
    for value, text in options:
        select.add_option(label=text, value=value, default=value == chosen)
    return Label(text=label, component=select)
