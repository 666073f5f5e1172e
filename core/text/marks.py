"""How a face shows what is put into sentences, so that a rule for what is said stands once for all faces."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Protocol


def plain(text: str) -> str:
    """One line without control, format and direction characters."""
    kept = (" " if unicodedata.category(char)[0] == "Z" else char for char in text.replace("\n", " "))
    return "".join(char for char in kept if unicodedata.category(char)[0] != "C")


class Marks(Protocol):
    """Each gives what goes into a sentence as a value."""

    def typed(self, text: str, most: int | None = None, /) -> str:
        """What people typed, so that it cannot be taken for anything else; cut to `most` characters."""

    def code(self, text: str, /) -> str:
        """To be copied as it is."""

    def block(self, text: str, lines: int, /) -> str:
        """The last lines of a log. Empty for none."""

    def when(self, at: datetime, style: str = "R", /) -> str:
        """A moment: how long it is until then or ago ("R"), the time of day ("t"), or the day as well ("f")."""

    def channel(self, channel: int, /) -> str: ...

    def member(self, user: int, /) -> str: ...

    def role(self, role: int, /) -> str: ...
