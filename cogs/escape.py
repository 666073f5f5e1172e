"""What people typed is shown as typed: never as markdown, a mention or a trick of invisible characters."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

_ALWAYS = set(r"\*_~`|[]<@")


def escape(text: str) -> str:
    """Safe inside a line of text. Control, format and direction characters are dropped."""
    plain = "".join(char for char in text if char == " " or unicodedata.category(char)[0] not in "CZ")
    escaped = "".join(f"\\{char}" if char in _ALWAYS else char for char in plain)
    escaped = re.sub(r"^(#|>|-|\d+\.)", r"\\\1", escaped)
    return escaped.replace("://", ":\\//")


def block(text: str, most: int = 900) -> str:
    """The end of a log as a code block that its content cannot leave, lines cut for a phone."""
    lines = [
        "".join(char for char in line if unicodedata.category(char)[0] != "C").replace("`", "'")[:200]
        for line in text.rstrip().splitlines()
    ]
    kept = "\n".join(lines)[-most:]
    return f"```\n{kept}\n```" if kept else ""


def when(moment: datetime | int | float, style: str = "R") -> str:
    """A timestamp that counts by itself, in the reader's own time zone."""
    seconds = moment.timestamp() if isinstance(moment, datetime) else moment
    return f"<t:{int(seconds)}:{style}>"
