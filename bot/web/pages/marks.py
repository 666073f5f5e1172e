"""Pure: sentences of `core.text` as HTML. What people typed is text there, whatever it looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from babel.dates import format_date, format_time, format_timedelta
from markupsafe import Markup, escape

from core.text import choose, say
from core.text.marks import plain

_KEPT = re.compile("\x00(\\d+)\x00")
_MEMBER = re.compile(r"&lt;@(\d+)&gt;")
_PLACE = re.compile(r"&lt;(#|@&amp;)(\d+)&gt;")
_STRONG = re.compile(r"\*\*(.+?)\*\*")
_EMPHASIS = re.compile(r"\*([^*]+)\*")
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^\s()]+)\)")


class HtmlMarks:
    """For one page (core.text.marks): values wait as numbers between NULs until `html` puts them in, so that no mark
    of a sentence is looked for in them. `zone` None: times are UTC, and say so. `names`: of members, by id."""

    def __init__(
        self, language: str, now: datetime, zone: tzinfo | None = None, names: Mapping[int, str] | None = None
    ) -> None:
        self.language = language
        self.names = dict(names or {})
        self._now = now
        self._zone = zone
        self._locale = choose(language)
        self._kept: list[Markup] = []

    # what goes into sentences

    def typed(self, text: str, most: int | None = None, /) -> str:
        return self.keep(bdi(text, most))

    def code(self, text: str, /) -> str:
        return self.keep(Markup("<code>{}</code>").format(plain(text)))

    def block(self, text: str, lines: int, /) -> str:
        rows = [plain(line.expandtabs(4)) for line in text.rstrip().splitlines()[-lines:]]
        return self.keep(log("\n".join(rows))) if any(row.strip() for row in rows) else ""

    def when(self, at: datetime, style: str = "R", /) -> str:
        return self.keep(self.time(at, style))

    def channel(self, channel: int, /) -> str:
        return self.keep(Markup("{}").format(say(self.language, "page.channel")))

    def member(self, user: int, /) -> str:
        return self.keep(self.person(user))

    def role(self, role: int, /) -> str:
        return self.keep(Markup("{}").format(say(self.language, "page.role")))

    def keep(self, markup: Markup) -> str:
        self._kept.append(markup)
        return f"\x00{len(self._kept) - 1}\x00"

    # what stands in templates

    def say(self, message: str, /, **values: Any) -> Markup:
        """A sentence, with values as they are (numbers), marked already, or typed by somebody."""
        return self.html(say(self.language, message, **{key: self._value(value) for key, value in values.items()}))

    def html(self, sentence: str) -> Markup:
        text = str(escape(sentence))
        text = _STRONG.sub(r"<strong>\1</strong>", text)
        text = _EMPHASIS.sub(r"<em>\1</em>", text)
        text = _CODE.sub(r"<code>\1</code>", text)
        text = _LINK.sub(r'<a href="\2" rel="noopener noreferrer">\1</a>', text)
        text = _MEMBER.sub(lambda found: str(self.person(int(found[1]))), text)
        text = _PLACE.sub(lambda found: str(escape(self._place(found[1]))), text)
        return Markup(_KEPT.sub(lambda found: str(self._kept[int(found[1])]), text))

    def person(self, user: int) -> Markup:
        """By the name they were last seen under."""
        name = self.names.get(user)
        return bdi(name) if name else Markup("{}").format(say(self.language, "page.somebody"))

    def time(self, at: datetime, style: str = "f") -> Markup:
        """A moment that a browser may go on counting, where it is told as a span."""
        full, relative = self._full(at), Markup(" data-relative") if style == "R" else ""
        shown = self._relative(at) if style == "R" else self._of_day(at) if style == "t" else full
        return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(
            at.isoformat(timespec="seconds"), full, relative, shown
        )

    def _place(self, kind: str) -> str:
        return say(self.language, "page.channel" if kind == "#" else "page.role")

    def _value(self, value: Any) -> Any:
        match value:
            case Markup():
                return self.keep(value)
            case datetime():
                return self.when(value, "f")
            case str():
                return self.typed(value)
            case _:
                return value

    def _relative(self, at: datetime) -> str:
        away = at - self._now
        if abs(away) < timedelta(seconds=1):
            away = timedelta(seconds=-1)
        return format_timedelta(away, add_direction=True, threshold=1.5, locale=self._locale)

    def _of_day(self, at: datetime) -> str:
        return self._zoned(format_time(self._local(at), "short", locale=self._locale))

    def _full(self, at: datetime) -> str:
        at = self._local(at)
        day, time = format_date(at, "medium", locale=self._locale), format_time(at, "short", locale=self._locale)
        return self._zoned(f"{day}, {time}")

    def _zoned(self, text: str) -> str:
        return text if self._zone else f"{text} UTC"

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone) if self._zone else at


def bdi(text: str, most: int | None = None) -> Markup:
    """What somebody typed, on one line; its direction of writing turns nothing around it."""
    clean = plain(text)
    if most is not None and len(clean) > most:
        clean = clean[: most - 1] + "…"
    return Markup("<bdi>{}</bdi>").format(clean)


def log(text: str) -> Markup:
    """Lines of a program; who has no mouse can scroll in them."""
    return Markup('<pre tabindex="0" dir="ltr">{}</pre>').format(text)
