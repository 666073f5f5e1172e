"""Pure: a server as its card, the one message that shows it. Readable on a phone of 360 pixels.

Everything relative is a Discord timestamp, which counts by itself: what a card says depends on the view but not on
`view.at`, so that an unchanged server needs no edit (`digest`).
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import discord
from discord import ButtonStyle
from discord.ui import ActionRow, Button, Container, LayoutView, Separator, TextDisplay

from cogs.escape import block, code, escape, when
from cogs.trouble import how_far, last_exit, what_to_do, why
from core.servers.views import ServerView, Trouble
from core.text import duration, say, size
from core.words import Because, Desired, Phase, Problem

AMBER, GREEN, BLUE, GREY, RED = 0xE8A33D, 0x4FA36B, 0x6F7BB5, 0x7A7F87, 0xC9504B
COLOURS = {
    Phase.STARTING: AMBER,
    Phase.RUNNING: GREEN,
    Phase.STOPPING: AMBER,
    Phase.PAUSED: BLUE,
    Phase.ARCHIVING: BLUE,
    Phase.ARCHIVED: BLUE,
    Phase.DELETING: GREY,
    Phase.DELETED: GREY,
}
STYLES = {
    "join": ButtonStyle.primary,
    "resume": ButtonStyle.success,
    "keep": ButtonStyle.success,
    "undo": ButtonStyle.success,
    "world_undo": ButtonStyle.success,
    "world_good": ButtonStyle.secondary,
    "delete": ButtonStyle.danger,
}
PER_ROW = 3
LOG_LINES = 8
OF_THE_GAME = (Problem.CRASHING, Problem.OUT_OF_MEMORY)
MOST_NAMES, LONGEST_NAME = 12, 32


def card(view: ServerView, language: str, *, number: int) -> LayoutView:
    """`number` becomes the container's component id, by which a message is known again."""
    container: Container[LayoutView] = Container(accent_colour=discord.Colour(_colour(view)), id=number)
    container.add_item(TextDisplay(f"### {escape(view.name)}\n{_first_line(view, language)}"))
    if body := "\n".join(filter(None, _body(view, language))):
        container.add_item(TextDisplay(body))
    container.add_item(Separator())
    container.add_item(TextDisplay(f"-# {_footer(view, language)}"))
    for row in rows([button(verb, view.id, language) for verb in verbs(view)]):
        container.add_item(row)
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout


def verbs(view: ServerView) -> list[str]:
    """The buttons that make sense now, in order."""
    match view.phase:
        case Phase.RUNNING:
            return ["join", *(["keep"] if view.idle.after else []), "pause", "restart", "more"]
        case Phase.STARTING:
            return ["join", "pause", "more"]
        case Phase.STOPPING if view.desired is Desired.RUNNING:
            return ["join", "pause", "more"]
        case Phase.STOPPING | Phase.PAUSED | Phase.ARCHIVING | Phase.ARCHIVED:
            return ["resume", "more"]
        case Phase.DELETING if view.purge_at is not None:
            return ["undo"]
        case _:
            return []


def digest(layout: LayoutView) -> str:
    """Equal for cards that show the same."""
    return hashlib.sha256(json.dumps(components(layout), sort_keys=True).encode()).hexdigest()[:32]


def components(layout: LayoutView) -> list[dict[str, Any]]:
    """What Discord gets."""
    return layout.to_components()  # type: ignore[no-untyped-call, no-any-return]


# shared with notices and pages


def button(
    verb: str, server: str, language: str, *, label: str | None = None, more: int | None = None
) -> Button[LayoutView]:
    """`label` where the words differ from the verb's; `more` is the third part of the custom id."""
    return Button(
        style=STYLES.get(verb, ButtonStyle.secondary),
        label=say(language, f"button.{label or verb}"),
        custom_id=f"dm:{verb}:{server}" + (f":{more}" if more is not None else ""),
    )


def rows(buttons: list[Button[LayoutView]]) -> list[ActionRow[LayoutView]]:
    return [ActionRow(*buttons[start : start + PER_ROW]) for start in range(0, len(buttons), PER_ROW)]


def names(players: tuple[str, ...] | list[str], most: int = MOST_NAMES) -> str:
    """Players by name, escaped; those beyond `most` are an ellipsis."""
    known = [name for name in (escape(each, LONGEST_NAME) for each in players[:most]) if name]
    return ", ".join([*known, "…"] if len(players) > most else known)


def story(trouble: Trouble, language: str) -> list[str]:
    """Why a server was given up: the problem, else how far it got and how it ended."""
    known = [] if trouble.problem in (None, Problem.CRASHING) else [why(trouble, language)]
    return known or [last_exit(trouble, language) or how_far(trouble, language)]


def saved(view: ServerView, language: str) -> str:
    """When the world was saved last; empty where that is not known."""
    if view.saved_at is None:
        return ""
    if view.saved_bytes is None:
        return say(language, "card.saved_unsized", when=when(view.saved_at))
    return say(language, "card.saved", when=when(view.saved_at), size=size(language, view.saved_bytes))


def receipt(view: ServerView, language: str) -> str:
    """`saved`, with what the last snapshot added; only what a manifest that exists says."""
    if view.saved_at is None or view.saved_bytes is None or view.saved_new is None:
        return saved(view, language)
    values = {"size": size(language, view.saved_bytes), "new": size(language, view.saved_new)}
    return say(language, "notice.receipt", when=when(view.saved_at), **values)


# lines


def _colour(view: ServerView) -> int:
    gave_up = view.phase is Phase.PAUSED and view.because in (Because.CRASHES, Because.START_FAILED)
    return RED if view.problem is not None or gave_up else COLOURS[view.phase]


def _first_line(view: ServerView, language: str) -> str:
    if view.phase is Phase.STARTING:
        step = say(language, f"step.{view.step or 'queued'}")
        if view.step_since is not None:
            return say(language, "card.starting", step=step, since=when(view.step_since))
        return say(language, "card.starting_asked", step=step, since=when(view.started_at or view.phase_since))
    return say(language, f"card.{view.phase}", since=when(view.phase_since))


def _body(view: ServerView, language: str) -> list[str]:
    return [
        escape(view.description),
        *_problem(view, language),
        _progress(view, language),
        *_address(view, language),
        *_next(view, language),
        saved(view, language),
    ]


def _problem(view: ServerView, language: str) -> list[str]:
    """What is wrong, what to do, and the last lines where a game says why itself."""
    if view.problem is None:
        return [] if view.fresh else [say(language, "problem.cluster_away")]
    said = f"{why(view.trouble, language)} {what_to_do(view.trouble, language)}".strip()
    return [said, block(view.crash_log, LOG_LINES) if view.problem in OF_THE_GAME else ""]


def _progress(view: ServerView, language: str) -> str:
    """How far long work is, in steps of five percent, and when it will be done."""
    progress = view.progress
    if progress is None or not progress.total or progress.done < progress.total // 20:
        return ""
    share = progress.done * 20 // progress.total * 5
    took = (view.at - progress.since).total_seconds()
    end = progress.since + timedelta(seconds=took * progress.total / progress.done)
    end = end.replace(microsecond=0, second=end.second // 10 * 10)
    return say(language, "card.progress", share=share, total=size(language, progress.total), when=when(end))


def _address(view: ServerView, language: str) -> list[str]:
    if view.address is None or view.desired is not Desired.RUNNING:
        return []
    lines = [say(language, "card.address", address=code(view.address))]
    if view.url and view.phase is Phase.RUNNING:
        lines.append(say(language, "card.open", url=view.url))
    return lines


def _next(view: ServerView, language: str) -> list[str]:
    """Who plays, and what happens next, and when."""
    match view.phase:
        case Phase.RUNNING:
            return [_players(view, language), *_idle(view, language)]
        case Phase.STARTING if view.start_by is not None:
            return [say(language, "card.starting.next", until=when(view.start_by, "t"))]
        case Phase.STOPPING:
            return [say(language, f"card.stopping.{'again' if view.desired is Desired.RUNNING else 'pause'}")]
        case Phase.PAUSED:
            return _paused(view, language)
        case Phase.ARCHIVED:
            return [say(language, "card.archived.next")]
        case Phase.DELETING if view.purge_at is not None:
            return [say(language, "card.deleting.next", until=when(view.purge_at, "f"))]
        case _:
            return []


def _players(view: ServerView, language: str) -> str:
    if not view.players_known:
        return say(language, "card.players_unknown") if view.idle.unknown_since else ""
    line = say(
        language,
        "card.players" if view.players_max else "card.players_unlimited",
        online=view.players_online,
        max=view.players_max,
    )
    return f"{line} · {known}" if (known := names(view.players)) else line


def _idle(view: ServerView, language: str) -> list[str]:
    idle = view.idle
    lines = []
    if not idle.after:
        lines.append(say(language, "card.never"))
    elif idle.empty_since is not None and idle.pause_at is not None:
        lines.append(say(language, "card.empty", since=when(idle.empty_since, "t"), when=when(idle.pause_at)))
    elif view.players_online:
        lines.append(say(language, "card.playing", after=duration(language, idle.after)))
    if idle.after and idle.keep_until is not None and idle.pause_at in (None, idle.keep_until):
        lines.append(say(language, "card.kept", until=when(idle.keep_until, "t")))
    if idle.warning_dead:
        lines.append(say(language, "card.warning_dead"))
    return lines


def _paused(view: ServerView, language: str) -> list[str]:
    match view.because:
        case Because.CRASHES:
            message = "card.paused.crashes" if view.trouble.ever_ready is False else "card.paused.crashes_again"
            return _gave_up(view, language, say(language, message, count=view.trouble.count))
        case Because.START_FAILED:
            return _gave_up(view, language, say(language, "card.paused.start_failed"))
        case Because.IDLE:
            return [say(language, "card.paused.idle")]
        case Because.OWNER if view.by is not None:
            return [say(language, "card.paused.owner", by=view.by)]
        case _:
            return [say(language, "card.paused.other")]


def _gave_up(view: ServerView, language: str, first: str) -> list[str]:
    todo = f"{what_to_do(view.trouble, language)} {say(language, 'card.paused.again')}".strip()
    return [first, *story(view.trouble, language), block(view.crash_log, LOG_LINES), todo]


def _footer(view: ServerView, language: str) -> str:
    known = say(language, f"size.{view.size}")
    return say(language, "card.footer", game=escape(view.game_name), size=known, owner=view.owner)
