"""Pure: what may reach a console. What somebody types is one line of plain text, and never a second command.

Whoever takes a line from a person asks this, and the agent asks again before the game hears of it.
"""

from __future__ import annotations

from typing import Literal

LONGEST = 1000
"""Characters of a line."""

_QUOTES = "\"'"


class BadLine(ValueError):
    """Why it is no line: `kind`, and in words for logs. `splits`: the characters that it must not have."""

    def __init__(self, kind: Literal["empty", "long", "characters", "splits"], splits: str = "") -> None:
        why = {
            "empty": "a line has at least one character",
            "long": f"a line has at most {LONGEST:,} characters",
            "characters": "a line has no control characters",
            "splits": f"a line has none of {' '.join(splits)}, which would end the command",
        }
        super().__init__(why[kind])
        self.kind = kind
        self.splits = splits


def one_line(typed: str, splits: str = "") -> str:
    """The line as it is sent, without the spaces around it. `splits`: characters that end a command within a line on
    this game's console. Raises `BadLine`; nothing is mended, so that nobody sends what they did not type."""
    line = typed.strip(" ")
    if not line:
        raise BadLine("empty")
    if len(line) > LONGEST:
        raise BadLine("long")
    if not line.isprintable():  # neither a line's end, of whatever kind, nor what turns the direction of writing
        raise BadLine("characters")
    if splits and any(char in splits for char in line):
        raise BadLine("splits", splits)
    return line


def say_line(template: str, text: str, splits: str = "") -> str:
    """The line that tells all players `text`, by a template with `{text}`. The text is mended where it has to be: what
    it says is Dormouse's, with names in it that people chose. Quotes of the template stay the only ones of their kind,
    and a text that begins the line does not begin with what marks a command."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    for char in splits:
        plain = plain.replace(char, ",")
    before, _, after = template.partition("{text}")
    if before[-1:] and before[-1] in _QUOTES:
        plain = plain.replace(before[-1], "`").replace("\\", "/")
    plain = " ".join(plain.split())
    if not before.strip():
        while plain and not plain[0].isalnum():
            plain = plain[1:]
    room = LONGEST - len(before) - len(after)
    return before + plain[: max(0, room)].rstrip() + after
