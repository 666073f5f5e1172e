"""Pure: the question whether a game's licence is accepted. Its button says how one gets on with what one asked for."""

from __future__ import annotations

from discord import ButtonStyle
from discord.ui import Button, LayoutView

from cogs.escape import escape
from cogs.pages import page_of
from core.errors import LicenceNeeded
from core.text import say

VERBS = {"resume": "accept_resume", "restart": "accept_restart", "": "accept"}
"""The button's verb, by `LicenceNeeded.then`."""


def question(needed: LicenceNeeded, language: str) -> LayoutView:
    values = {key: escape(str(value)) for key, value in needed.values.items()}
    lines = [say(language, needed.message, **values), needed.url, f"-# {say(language, 'licence.once')}"]
    if needed.question and needed.server:
        custom_id = f"dm:accept_go_on:{needed.server}:{needed.guild}_{needed.question}"
    elif needed.question:
        custom_id = f"dm:accept_create:{needed.question}"
    else:
        custom_id = f"dm:{VERBS[needed.then]}:{needed.server}:{needed.guild}_{needed.mark}"
    label = say(language, "button.accept")
    return page_of("\n".join(lines), [Button(label=label, custom_id=custom_id, style=ButtonStyle.success)])


def accepted(language: str, why: str = "") -> str:
    """It is kept; what was asked for has to be asked for again, because of `why`."""
    return "\n".join(filter(None, [why, say(language, "licence.accepted")]))


def went_on(language: str, name: str) -> str:
    """It was pressed before, and nobody knows here what became of it."""
    return say(language, "licence.went_on", name=f"**{escape(name)}**")


def accepted_without_file(language: str) -> str:
    """A file that somebody sent is not kept here."""
    return say(language, "licence.accepted_file")
