"""Pure: a server as its card, the one message that shows it. Readable on a phone of 360 pixels."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import discord
from discord import ButtonStyle
from discord.ui import ActionRow, Button, Container, LayoutView, Separator, TextDisplay

from cogs.escape import block, escape, when
from core.servers.views import ServerView
from core.text import duration, say, size
from core.words import Because, Desired, Phase

COLOURS = {
    Phase.STARTING: 0xE8A33D,
    Phase.RUNNING: 0x4FA36B,
    Phase.STOPPING: 0xE8A33D,
    Phase.PAUSED: 0x6F7BB5,
    Phase.ARCHIVING: 0x6F7BB5,
    Phase.ARCHIVED: 0x6F7BB5,
    Phase.DELETING: 0x7A7F87,
    Phase.DELETED: 0x7A7F87,
}
RED = 0xC9504B
MOST_NAMES = 12
STYLES = {"resume": ButtonStyle.success, "keep": ButtonStyle.primary, "join": ButtonStyle.primary}


def card(view: ServerView, language: str, *, number: int) -> LayoutView:
    """`number` becomes the container's component id, by which a message is known again."""
    container: Container[LayoutView] = Container(accent_colour=_colour(view), id=number)
    container.add_item(TextDisplay(f"### {escape(view.name)}\n{_first_line(view, language)}"))
    if body := "\n".join(_body(view, language)):
        container.add_item(TextDisplay(body))
    container.add_item(Separator())
    container.add_item(TextDisplay("-# " + _footer(view, language)))
    buttons = [button(verb, view.id, language) for verb in verbs(view)]
    for start in range(0, len(buttons), 3):
        container.add_item(ActionRow(*buttons[start : start + 3]))
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout


def button(verb: str, server: str, language: str, *, label: str | None = None) -> Button[LayoutView]:
    style = STYLES.get(verb, ButtonStyle.danger if verb == "delete" else ButtonStyle.secondary)
    return Button(style=style, label=say(language, f"button.{label or verb}"), custom_id=f"dm:{verb}:{server}")


def verbs(view: ServerView) -> list[str]:
    """The buttons that make sense now, in order."""
    match view.phase:
        case Phase.RUNNING:
            keep = ["keep"] if view.idle.after else []
            return ["join", *keep, "pause", "restart", "more"]
        case Phase.STARTING:
            return ["join", "pause", "more"]
        case Phase.STOPPING if view.desired is Desired.RUNNING:
            return ["join", "pause", "more"]
        case Phase.STOPPING | Phase.PAUSED | Phase.ARCHIVING | Phase.ARCHIVED:
            return ["resume", "more"]
        case _:
            return ["undo"] if view.purge_at else []


def digest(layout: LayoutView) -> str:
    """Equal for cards that show the same."""
    return hashlib.sha256(json.dumps(components(layout), sort_keys=True).encode()).hexdigest()[:32]


def components(layout: LayoutView) -> list[dict[str, Any]]:
    """What Discord gets."""
    return layout.to_components()  # type: ignore[no-untyped-call, no-any-return]


def _colour(view: ServerView) -> discord.Colour:
    bad = view.problem is not None or (
        view.phase is Phase.PAUSED and view.because in (Because.CRASHES, Because.START_FAILED)
    )
    return discord.Colour(RED if bad else COLOURS[view.phase])


def _first_line(view: ServerView, language: str) -> str:
    phase = say(language, f"phase.{view.phase}")
    if view.phase is Phase.STARTING:
        step = say(language, f"step.{view.step or 'queued'}")
        return say(language, "card.starting", phase=phase, step=step, since=when(view.started_at or view.phase_since))
    return say(language, "card.since", phase=phase, since=when(view.phase_since))


def _body(view: ServerView, language: str) -> list[str]:
    lines: list[str] = []
    if view.description:
        lines.append(escape(view.description))
    if view.problem is not None:
        lines.append(say(language, f"problem.{view.problem}"))
    if view.phase in (Phase.RUNNING, Phase.STARTING) and view.address:
        lines.append(say(language, "card.address", address=view.address))
        if view.url and view.phase is Phase.RUNNING:
            lines.append(say(language, "card.open", url=view.url))
    if view.phase is Phase.RUNNING:
        lines += [*_players(view, language), *_idle(view, language)]
    if view.phase in (Phase.PAUSED, Phase.STOPPING) and view.desired is Desired.PAUSED:
        lines.append(_why_paused(view, language))
        if view.because is Because.CRASHES and view.crash_log:
            lines.append(block(view.crash_log[-600:]))
    if view.phase is Phase.DELETING and view.purge_at:
        lines.append(say(language, "card.deleted", until=when(view.purge_at, "f")))
    if view.saved_at and view.saved_bytes is not None:
        lines.append(say(language, "card.saved", when=when(view.saved_at), size=size(view.saved_bytes)))
    return lines


def _players(view: ServerView, language: str) -> list[str]:
    if not view.players_known:
        return [say(language, "card.players_unknown")] if view.idle.unknown_since else []
    if not view.players_max:
        return [say(language, "card.players_nomax", online=view.players_online)]
    names = ", ".join(map(escape, view.players[:MOST_NAMES]))
    message = "card.players_names" if names else "card.players"
    return [say(language, message, online=view.players_online, max=view.players_max, names=names)]


def _idle(view: ServerView, language: str) -> list[str]:
    idle = view.idle
    if not idle.after:
        return [say(language, "card.never")]
    lines = []
    if idle.keep_until is not None and idle.keep_until > view.at:
        lines.append(say(language, "card.kept", until=when(idle.keep_until, "t")))
    if idle.empty_since is not None and idle.pause_at is not None:
        lines.append(say(language, "card.pauses", since=when(idle.empty_since), when=when(idle.pause_at)))
    elif view.players_online:
        lines.append(say(language, "card.playing", after=duration(language, idle.after)))
    if idle.warning_dead:
        lines.append(say(language, "card.warning_dead"))
    return lines


def _why_paused(view: ServerView, language: str) -> str:
    match view.because:
        case Because.IDLE | Because.CRASHES | Because.START_FAILED:
            return say(language, f"card.paused.{view.because}")
        case Because.OWNER if view.by:
            return say(language, "card.paused.owner", by=view.by)
        case _:
            return say(language, "card.paused.other")


def _footer(view: ServerView, language: str) -> str:
    return say(language, "card.footer", game=view.game_name, size=view.size, owner=view.owner)
