"""Pure: a server as its card, the one message that shows it. Readable on a phone of 360 pixels.

Everything relative is a Discord timestamp, which counts by itself: what a card says depends on the view but not on
`view.at`, so that an unchanged server needs no edit (`digest`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import discord
from discord import ButtonStyle
from discord.ui import ActionRow, Button, Container, LayoutView, Separator, TextDisplay

from cogs.escape import escape
from cogs.marks import MARKDOWN
from core.guilds.access import EVERYTHING, Rights
from core.servers.card_text import body, first_line, footer, is_bad, needs, verbs
from core.servers.views import ServerView
from core.text import say
from core.words import Phase

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
    "vote": ButtonStyle.success,
    "undo": ButtonStyle.success,
    "world_undo": ButtonStyle.success,
    "world_good": ButtonStyle.secondary,
    "delete": ButtonStyle.danger,
    "purge": ButtonStyle.danger,
}
PER_ROW = 3


def card(view: ServerView, language: str, *, number: int, rights: Rights = EVERYTHING) -> LayoutView:
    """`number` becomes the container's component id, by which a message is known again. `rights`: of the one member who
    sees it; everybody sees the card in the channel."""
    container: Container[LayoutView] = Container(accent_colour=discord.Colour(_colour(view)), id=number)
    container.add_item(TextDisplay(f"### {escape(view.name)}\n{first_line(view, language, MARKDOWN)}"))
    if text := "\n".join(filter(None, body(view, language, MARKDOWN))):
        container.add_item(TextDisplay(text))
    container.add_item(Separator())
    container.add_item(TextDisplay(f"-# {footer(view, language, MARKDOWN)}"))
    for row in rows([button(verb, view.id, language) for verb in verbs(view) if rights.may(needs(verb))]):
        container.add_item(row)
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout


def digest(layout: LayoutView) -> str:
    """Equal for cards that show the same."""
    return hashlib.sha256(json.dumps(components(layout), sort_keys=True).encode()).hexdigest()[:32]


def face(parts: Iterable[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    """What people see of a message's components, whether they are ours or as Discord gives them back."""
    seen: list[tuple[object, ...]] = []
    for part in parts:
        seen.append((part.get("accent_color"), str(part.get("content") or "").strip(), part.get("custom_id")))
        seen += face(part.get("components") or ())
    return seen


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


def voice(channel: int) -> str:
    """A channel as Discord shows it, by its name."""
    return f"<#{channel}>"


def _colour(view: ServerView) -> int:
    return RED if is_bad(view) else COLOURS[view.phase]
