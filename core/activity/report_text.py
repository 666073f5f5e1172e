"""Pure: the answers about activity in words, for every face. Their picture shows the same figures."""

from __future__ import annotations

from datetime import timedelta

from core.activity.report import MOST_NOT_SEEN, Report
from core.servers.trouble_text import memory
from core.text import count, duration, number, say
from core.text.marks import Marks


def title(found: Report, language: str, name: str) -> str:
    days = count(language, "activity.days", found.days)
    if found.server:
        return say(language, "activity.of_server", name=name, days=days)
    return say(language, "activity.of_guild", days=days)


def lines(found: Report, language: str, marks: Marks) -> list[str]:
    """With what nobody can draw; the last line is small print."""
    if found.is_empty:
        return [say(language, "activity.nothing")]
    said = figures(found, language)
    if found.servers:
        most = ", ".join(f"{marks.typed(each.name)} ({hours(each.played, language)})" for each in found.servers)
        said.append(say(language, "activity.servers", servers=most))
    if found.longest is not None:
        lasted = duration(language, found.longest.lasted.total_seconds())
        who = "activity.longest_by" if found.longest.name else "activity.longest"
        least = "" if found.longest.exact else f" {say(language, 'activity.at_least')}"
        said.append(say(language, who, lasted=lasted, player=marks.typed(found.longest.name)) + least)
    if found.not_seen:
        shown = [f"{marks.typed(each.name)} ({marks.when(each.last)})" for each in found.not_seen[:MOST_NOT_SEEN]]
        more = ["…"] if len(found.not_seen) > MOST_NOT_SEEN else []
        said.append(say(language, "activity.not_seen", players=", ".join(shown + more)))
    notes = [say(language, "activity.zone", zone=marks.typed(str(found.zone)))]
    notes += [] if found.named else [say(language, "activity.unnamed")]
    return [*said, " ".join(notes)]


def figures(found: Report, language: str) -> list[str]:
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
