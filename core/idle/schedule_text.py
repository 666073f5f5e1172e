"""Pure: an entry of a schedule in words, for every face."""

from __future__ import annotations

from core.idle.schedule import Entry
from core.text import say, weekday


def words(entry: Entry, language: str) -> str:
    """As people type it: what is read again as the same."""
    days, begins = _days(entry.days, language), _clock(entry.at)
    if not entry.lasts:
        return f"{days} {begins}"
    if entry.later == 1 and not entry.until:
        return f"{days} {begins} {say(language, 'schedule.to')} 24:00"
    last = ""
    if entry.later > 1 or (entry.later == 1 and entry.until > entry.at):
        last = f"{weekday(language, (entry.days[0] + entry.later) % 7)} "
    return f"{days} {begins} {say(language, 'schedule.to')} {last}{_clock(entry.until)}"


def _days(days: tuple[int, ...], language: str) -> str:
    if len(days) == 7:
        return say(language, "schedule.daily")
    names = [weekday(language, day) for day in days]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{names[0]}-{names[-1]}"
    return ", ".join(names)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
