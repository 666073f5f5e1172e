"""Pure: the answers about activity as text, and what stands beside the picture. Both show the same figures."""

from __future__ import annotations

from datetime import timedelta

from discord.ui import Button, Container, LayoutView, MediaGallery, TextDisplay

from cogs.cards import button, rows
from cogs.escape import escape, plain, when
from cogs.replies import Answer, WithFile
from core.activity.report import MOST_NOT_SEEN, Report
from core.servers.trouble_text import memory
from core.text import count, duration, number, say

PICTURE = "picture.png"
LONGEST_ALT = 1024


def page(found: Report, language: str, picture: bytes | None = None) -> Answer:
    """`picture` None: there is none, and the text says it all."""
    title = f"### {_title(found, language, escape(found.name))}"
    buttons: list[Button[LayoutView]] = []
    if found.may_forget and found.named and found.server:
        buttons = [button("forget", found.server, language)]
    container: Container[LayoutView] = Container(TextDisplay(title))
    if picture is not None:
        gallery: MediaGallery[LayoutView] = MediaGallery()
        gallery.add_item(media=f"attachment://{PICTURE}", description=alt(found, language))
        container.add_item(gallery)
    container.add_item(TextDisplay("\n".join(_lines(found, language))))
    for row in rows(buttons):
        container.add_item(row)
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout if picture is None else WithFile(layout, PICTURE, picture)


def alt(found: Report, language: str) -> str:
    """The picture in words, for whoever does not see it."""
    said = [_title(found, language, plain(found.name)), say(language, "activity.alt"), *_figures(found, language)]
    return " ".join(said).replace("**", "")[:LONGEST_ALT]


def forgotten(name: str, language: str) -> str:
    return say(language, "forget.done", name=f"**{escape(name)}**")


def _title(found: Report, language: str, name: str) -> str:
    days = count(language, "activity.days", found.days)
    if found.server:
        return say(language, "activity.of_server", name=name, days=days)
    return say(language, "activity.of_guild", days=days)


def _lines(found: Report, language: str) -> list[str]:
    if found.is_empty:
        return [say(language, "activity.nothing")]
    lines = _figures(found, language)
    if found.servers:
        most = ", ".join(f"{escape(each.name)} ({hours(each.played, language)})" for each in found.servers)
        lines.append(say(language, "activity.servers", servers=most))
    if found.longest is not None:
        lasted = duration(language, found.longest.lasted.total_seconds())
        said = "activity.longest_by" if found.longest.name else "activity.longest"
        least = "" if found.longest.exact else f" {say(language, 'activity.at_least')}"
        lines.append(say(language, said, lasted=lasted, player=escape(found.longest.name)) + least)
    if found.not_seen:
        shown = [f"{escape(each.name)} ({when(each.last)})" for each in found.not_seen[:MOST_NOT_SEEN]]
        more = ["…"] if len(found.not_seen) > MOST_NOT_SEEN else []
        lines.append(say(language, "activity.not_seen", players=", ".join(shown + more)))
    notes = [say(language, "activity.zone", zone=escape(str(found.zone)))]
    notes += [] if found.named else [say(language, "activity.unnamed")]
    return [*lines, f"-# {' '.join(notes)}"]


def _figures(found: Report, language: str) -> list[str]:
    """What the picture shows."""
    saved, played = found.saved, "activity.played" if found.server else "activity.played_guild"
    lines = [
        say(language, played, hours=hours(found.played, language), n=found.high),
        say(language, "activity.ran", ran=hours(saved.ran, language)),
        say(language, "activity.pauses", n=saved.pauses, idle=saved.pauses_by_itself),
        say(
            language,
            "activity.not_used",
            hours=hours(saved.slept, language),
            gib=number(language, saved.gib_hours),
        ),
    ]
    if found.busiest:
        busiest = ", ".join(hour_span(hour, language) for hour in sorted(found.busiest))
        lines.append(say(language, "activity.busiest", hours=busiest))
    if found.memory:
        used = memory(found.memory, language)
        lines.append(say(language, "activity.peaks", cpu=round(found.cpu / 10), memory=used))
    return lines


def hours(time: timedelta, language: str) -> str:
    return say(language, "activity.hours", n=number(language, time.total_seconds() / 3600))


def hour_span(hour: int, language: str) -> str:
    return say(language, "activity.hour", begin=hour, end=hour + 1)
