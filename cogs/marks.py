"""Pure: how Discord shows what is put into sentences (core.text.marks)."""

from __future__ import annotations

from datetime import datetime

from cogs import escape
from cogs.people import mention
from core.text.marks import Marks
from core.words import Sharer


class _Markdown:
    def typed(self, text: str, most: int | None = None, /) -> str:
        return escape.escape(text, most)

    def code(self, text: str, /) -> str:
        return escape.code(text)

    def block(self, text: str, lines: int, /) -> str:
        return escape.block(text, lines)

    def when(self, at: datetime, style: str = "R", /) -> str:
        return escape.when(at, style)

    def channel(self, channel: int, /) -> str:
        return f"<#{channel}>"

    def member(self, user: int, /) -> str:
        return mention(Sharer.MEMBER, user)

    def role(self, role: int, /) -> str:
        return mention(Sharer.ROLE, role)


MARKDOWN: Marks = _Markdown()
