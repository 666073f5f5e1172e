"""What people typed is shown as typed: never as markdown, a mention, a link or a trick of invisible characters.

Every name, description, player's name and log line goes through one of these on its way into a message. Mentions are
switched off for all messages besides (`allowed_mentions`); here they lose their looks too.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from core.text.marks import plain as plain

PHONE = 35
"""Columns that a code block may have on a phone of 360 pixels."""

_MARKUP = re.compile(r"([\\*_~`|\[\]<@])")
_LINE_START = re.compile(r"^(#|>|-|\+)|^(\d+)(\.)")
_PING = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_ISOLATE, _POP = "\u2068", "\u2069"


def escape(text: str, most: int | None = None) -> str:
    """Safe anywhere in a line of markdown; cut to `most` characters as typed. Right-to-left text is isolated, so that
    it cannot turn the words around it."""
    clean = plain(text)
    if most is not None and len(clean) > most:
        clean = clean[: most - 1] + "…"
    escaped = _MARKUP.sub(r"\\\1", clean)
    escaped = _LINE_START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\.", escaped)
    escaped = _PING.sub("@\u200b", escaped).replace("://", ":\\/\\/")
    turns = any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in clean)
    return f"{_ISOLATE}{escaped}{_POP}" if turns else escaped


def code(text: str) -> str:
    """Inline code, to be copied as it is. What has two backticks in a row is escaped instead: Discord takes a fence
    that is longer than theirs for a block."""
    clean = plain(text)
    if "``" in clean:
        return escape(clean)
    return f"`` {clean} ``" if "`" in clean else f"`{clean}`"


def block(text: str, lines: int = 8) -> str:
    """The last `lines` of a log as a code block that its content cannot leave, folded for a phone. Empty for none."""
    return _fenced(_folded(text)[-lines:])


def block_of(text: str, most: int, *, newest: bool = False) -> tuple[str, bool]:
    """As many of the first lines, or of the `newest`, as `most` characters take; and whether that is all."""
    rows = _folded(text)
    kept: list[str] = []
    for row in reversed(rows) if newest else rows:
        most -= len(row) + 1
        if most < 0:
            break
        kept.append(row)
    return _fenced(kept[::-1] if newest else kept), len(kept) == len(rows)


def _folded(text: str) -> list[str]:
    return [row for line in text.rstrip().splitlines() for row in _fold(plain(line.expandtabs(4)).replace("`", "'"))]


def _fenced(rows: list[str]) -> str:
    kept = "\n".join(rows).rstrip()
    return f"```\n{kept}\n```" if kept.strip() else ""


def columns(text: str) -> int:
    """How wide text is in a fixed-width font: wide characters of East Asia take two columns, combining ones none."""
    return sum(_width(char) for char in text)


def when(moment: datetime | int | float, style: str = "R") -> str:
    """A timestamp that counts by itself ("R") or tells the time ("t", "f"), in the reader's own time zone."""
    seconds = moment.timestamp() if isinstance(moment, datetime) else moment
    return f"<t:{int(seconds)}:{style}>"


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _fold(line: str) -> list[str]:
    pieces, piece, used = [], "", 0
    for char in line:
        if used + _width(char) > PHONE:
            pieces.append(piece)
            piece, used = "", 0
        piece, used = piece + char, used + _width(char)
    return [*pieces, piece]
