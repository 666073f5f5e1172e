"""Pure: sentences of `core.text` as plain text, for answers that are not Discord's; a caller's language."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from babel.dates import format_datetime

from core.errors import Refusal
from core.guilds.refused import sentence
from core.text import choose, languages

_MARKS = re.compile(r"\*\*|`")


def said(wrong: Refusal, language: str) -> str:
    """A refusal as plain text: what people typed stays as it is, the marks around it go."""
    kept: list[str] = []

    def typed(text: str) -> str:
        kept.append(shown(text))
        return f"\x00{len(kept) - 1}\x00"

    text = _MARKS.sub("", sentence(wrong, language, typed, lambda at: moment(at, language)))
    return re.sub("\x00(\\d+)\x00", lambda found: kept[int(found[1])], text)


def plain(text: str) -> str:
    """Without the marks of markdown that `core.text` has around names; not for what people typed."""
    return _MARKS.sub("", text)


def shown(text: str) -> str:
    """One line without control characters."""
    return "".join(char for char in text.replace("\n", " ") if unicodedata.category(char) != "Cc")


def moment(at: datetime, language: str) -> str:
    """`Nov 30, 2026, 9:40 PM UTC`."""
    return f"{format_datetime(at.astimezone(UTC), 'medium', locale=choose(language))} UTC"


def accepted(header: str) -> str:
    """The language that an Accept-Language header likes best among those we speak (RFC 9110, 12.5.4)."""
    wanted: list[tuple[float, str]] = []
    for part in header[:200].split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), name))
        except ValueError:
            continue
    for _, name in sorted(wanted, key=lambda each: each[0]):
        if name.split("-")[0].lower() in languages():
            return choose(name)
    return choose(None)
