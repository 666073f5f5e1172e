"""Pure: the picture of an answer about activity, as SVG for Discord's dark theme on a phone.

It is as wide as a phone of 360 shows a picture in a message, so that a size in it is what one sees: no text is below
9. Nothing that people typed is in it, and whatever is said goes through `escape`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

from core.activity.report import Report
from core.text import count, day, number, say, weekday

WIDTH, HEIGHT = 270, 350
_MARGIN = 8
_BACK, _PANEL, _LINE = "#1a1b1e", "#232428", "#3a3c43"
_TEXT, _QUIET = "#f2f3f5", "#b5bac1"
_AVERAGE, _HIGH, _ASLEEP = "#3fc380", "#2c5c46", "#5a63a8"
_HEAT = ("#2b2d31", "#24463a", "#2b6a4f", "#349a6a", "#3fc380", "#8ff0bd")
_LEFT, _RIGHT, _TOP, _BOTTOM = 30, 262, 170, 260
_TICKS = 4


def svg(found: Report, language: str) -> str:
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="DejaVu Sans">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{_BACK}"/>',
        *_tiles(found, language),
        *_players(found, language),
        *_day(found, language),
        "</svg>",
    ]
    return "".join(parts)


def _tiles(found: Report, language: str) -> Iterator[str]:
    saved = found.saved

    def time(lasted: timedelta) -> str:
        return say(language, "chart.hours", n=number(language, lasted.total_seconds() / 3600))

    automatic = say(language, "chart.by_itself", idle=number(language, saved.pauses_by_itself))
    gib = say(language, "chart.gib_hours", n=number(language, saved.gib_hours))
    tiles = (
        ("chart.played", time(found.played), say(language, "chart.high", n=found.high)),
        ("chart.ran", time(saved.ran), count(language, "activity.days", found.days)),
        ("chart.paused", number(language, saved.pauses), automatic),
        ("chart.not_used", time(saved.slept), gib),
    )
    gap, height = 6, 54
    width = (WIDTH - 2 * _MARGIN - gap) / 2
    for place, (label, value, below) in enumerate(tiles):
        x, y = _MARGIN + place % 2 * (width + gap), _MARGIN + place // 2 * (height + gap)
        yield f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{_PANEL}"/>'
        yield _text(x + 8, y + 14, say(language, label), 10, _QUIET, room=width - 14)
        yield _text(x + 8, y + 33, value, 17, _TEXT, bold=True, room=width - 14)
        yield _text(x + 8, y + 47, below, 10, _QUIET, room=width - 14)


def _players(found: Report, language: str) -> Iterator[str]:
    of_one = bool(found.server)
    most = max(
        (max(point.average or 0.0, point.high if of_one else 0) for point in found.points),
        default=0.0,
    )
    top, step = _scale(most)
    legend = [(_AVERAGE, "chart.average")]
    legend += [(_HIGH, "chart.most")] if of_one else []
    legend += [(_ASLEEP, "chart.asleep")] if of_one and found.saved.sleeps else []
    yield _text(_MARGIN, 142, say(language, "chart.players"), 12, _TEXT, bold=True)
    x = float(_MARGIN)
    for colour, label in legend:
        words = say(language, label)
        yield f'<rect x="{x:.1f}" y="150" width="9" height="9" rx="2" fill="{colour}"/>'
        yield _text(x + 13, 158, words, 10, _QUIET)
        x += 13 + _length(words, 10) + 12
    span = (found.until - found.since).total_seconds()

    def across(at: datetime) -> float:
        return _LEFT + (_RIGHT - _LEFT) * min(1.0, max(0.0, (at - found.since).total_seconds() / span))

    def up(players: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * players / top

    for begin, end in found.saved.sleeps if of_one else ():
        x, width = across(begin), max(0.5, across(end) - across(begin))
        yield f'<rect x="{x:.1f}" y="{_BOTTOM + 2}" width="{width:.1f}" height="5" fill="{_ASLEEP}"/>'
    for tick in range(0, top + 1, step):
        yield f'<path d="M{_LEFT} {up(tick):.1f}H{_RIGHT}" stroke="{_LINE}" stroke-width="{1.2 if not tick else 0.6}"/>'
        yield _text(_LEFT - 6, up(tick) + 3.5, _tick(tick, top, language), 10, _QUIET, anchor="end")
    for point in found.points:
        left, right = across(point.at), across(point.at + found.step)
        width = max(0.8, right - left - (0.6 if right - left > 2 else 0))
        for value, colour in ((point.high if of_one else 0, _HIGH), (point.average or 0.0, _AVERAGE)):
            if value:
                height = max(1.0, _BOTTOM - up(value))
                yield (
                    f'<rect x="{left:.1f}" y="{_BOTTOM - height:.1f}" width="{width:.1f}" height="{height:.1f}"'
                    f' fill="{colour}"/>'
                )
    for at, label in _dates(found, language):
        yield f'<path d="M{across(at):.1f} {_BOTTOM}v9" stroke="{_QUIET}" stroke-width="0.8"/>'
        at = min(found.until, at + timedelta(hours=12)) if _by_weekday(found) else at
        middle, half = across(at), _length(label, 10) / 2
        middle = min(max(middle, _LEFT - 10 + half), WIDTH - 6 - half)
        yield _text(middle, _BOTTOM + 20, label, 10, _QUIET, anchor="middle")


def _day(found: Report, language: str) -> Iterator[str]:
    most, cell, y = max(found.hours), (WIDTH - 2 * _MARGIN) / 24, 307
    yield _text(_MARGIN, 300, say(language, "chart.day"), 12, _TEXT, bold=True)
    for hour, players in enumerate(found.hours):
        shade = 0 if players <= 0 else 1 + min(len(_HEAT) - 2, int((len(_HEAT) - 1) * players / most - 1e-9))
        x = _MARGIN + hour * cell
        yield f'<rect x="{x:.1f}" y="{y}" width="{cell - 1.2:.1f}" height="20" rx="2" fill="{_HEAT[shade]}"/>'
    for hour in (0, 6, 12, 18, 24):
        anchor = "start" if hour == 0 else "end" if hour == 24 else "middle"
        x = _MARGIN + hour * cell - (1.2 if hour == 24 else 0)
        yield _text(x, y + 34, say(language, "chart.clock", hour=hour), 10, _QUIET, anchor=anchor)


def _dates(found: Report, language: str) -> list[tuple[datetime, str]]:
    """Where a label stands: at hours of the day for up to two days, then where days begin."""
    since = found.since.astimezone(found.zone)
    if found.days <= 2:
        every = 6 * found.days
        at = since.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        at += timedelta(hours=-at.hour % every)
        times = [at + timedelta(hours=every * number) for number in range(6)]
        marks = [(each, say(language, "chart.clock", hour=each.hour)) for each in times]
    else:
        every = 1 if _by_weekday(found) else -(-found.days // _TICKS)
        midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
        dates = [midnight + timedelta(days=1 + every * number) for number in range(8)]
        marks = [(each, _name(found, each, language)) for each in dates]
    return [(at, label) for at, label in marks if found.since <= at <= found.until]


def _tick(players: int, top: int, language: str) -> str:
    return number(language, players) if top < 1000 else f"{number(language, players / 1000)}k"


def _by_weekday(found: Report) -> bool:
    """Each day has a label, in its middle."""
    return 2 < found.days <= 7


def _name(found: Report, at: datetime, language: str) -> str:
    return weekday(language, at.weekday()) if _by_weekday(found) else day(language, at)


def _scale(most: float) -> tuple[int, int]:
    """How far the axis goes, and its steps: whole players, at most five lines."""
    step, sizes = 1, (2, 2.5, 2)
    turn = 0
    while step * 4 < most:
        step = int(step * sizes[turn % 3])
        turn += 1
    return max(step * -(-int(most + 0.999) // step), step), step


def _text(
    x: float,
    y: float,
    words: str,
    size: float,
    colour: str,
    *,
    bold: bool = False,
    anchor: str = "start",
    room: float | None = None,
) -> str:
    """`room`: so wide at most; longer words get smaller."""
    if room is not None:
        size = min(size, size * room / max(1.0, _length(words, size, bold=bold)))
    weight = ' font-weight="bold"' if bold else ""
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}" fill="{colour}"{weight}{place}>{escape(words)}</text>'


def _length(words: str, size: float, *, bold: bool = False) -> float:
    """About how wide DejaVu Sans is."""
    return size * (0.66 if bold else 0.57) * len(words)
