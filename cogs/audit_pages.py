"""Pure: the pages of `/guild audit`. A line says when, where and who; the one below it what, with before and after."""

from __future__ import annotations

import re

from discord.ui import Button, LayoutView

from cogs.escape import escape, when
from cogs.marks import MARKDOWN
from cogs.pages import page_of
from core.servers.audit import KINDS, Asked, Page
from core.servers.audit_text import what
from core.text import say

MORE = re.compile(r"(?P<before>\d{1,18})_(?P<member>\d{1,19})_(?P<days>\d{1,4})_(?P<kind>[a-z]*)")
"""What a button's custom id says besides the server; 0 and nothing stand for all."""


def page(found: Page, language: str) -> LayoutView:
    lines = [f"### {say(language, 'audit.title')}"]
    for entry in found.entries:
        whose = f"<@{entry.by}>" if entry.by else say(language, "audit.itself")
        name = f"**{escape(entry.name)}** · " if entry.name else ""
        lines += [f"{when(entry.at, 'f')} · {name}{whose}", f"-# {what(entry, language, MARKDOWN)}"]
    if not found.entries:
        lines.append(say(language, "audit.nothing"))
    return page_of("\n".join(lines), _turns(found, language))


def asked_by(server: str, more: str) -> Asked:
    """What a button asks for; where no version of ours made it, the newest page."""
    match = MORE.fullmatch(more)
    if match is None:
        return Asked(server=server or None)
    return Asked(
        member=int(match["member"]) or None,
        server=server or None,
        kind=match["kind"] if match["kind"] in KINDS else None,
        days=int(match["days"]) or None,
        before=int(match["before"]) or None,
    )


def _turns(found: Page, language: str) -> list[Button[LayoutView]]:
    asked = found.asked
    ways = {"newest": 0} if asked.before is not None else {}
    ways |= {"older": found.older} if found.older is not None else {}
    where = f":{asked.server}" if asked.server else ""
    rest = f"{asked.member or 0}_{asked.days or 0}_{asked.kind or ''}"
    return [
        Button(label=say(language, f"button.{way}"), custom_id=f"dm:audit{where}:{before}_{rest}")
        for way, before in ways.items()
    ]
