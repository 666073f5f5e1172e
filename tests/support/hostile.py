"""What people might type to do harm, and every place that takes what people type."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import discord
import pytest
from discord import AppCommandOptionType, app_commands
from samples import CATALOGUE, view
from sampling import sample

from bot.client import Client
from bot.demo.guild import cast as cast_of
from cogs import add_all, console_page, forms
from cogs.faces import Faces
from cogs.replies import Replies

TAKEN = "Pond"
"""A server of this name is there."""

LOOK_ALIKES = {
    "another case": "pOND",
    "cyrillic": "P\u043end",
    "greek": "\u03a1ond",
    "fullwidth": "\uff30\uff4f\uff4e\uff44",
    "mathematical": "\U0001d40f\U0001d428\U0001d427\U0001d41d",
    "wide spaces": "\u2003Pond\u3000",
}
"""Other ways to write the name that is taken."""

INPUTS = {
    "empty": "",
    "blank": " \u3000\t ",
    "hangul fillers": "\u3164\u3164\u3164",
    "one letter": "x",
    "longest name": "n" * 32,
    "longer than a name": "n" * 33,
    "longest that discord takes": "y" * 100,
    "longest of any option": "z" * 6000,
    "longest of any field": "z " * 2000,
    "bold": "**Pond** *it* ***both***",
    "underlined": "__Pond__ _it_",
    "struck and hidden": "~~gone~~ ||secret||",
    "code": "`rm` ``two`` ```py\nblock```",
    "lone fence": "```",
    "heading": "# Pond",
    "small print": "-# Pond",
    "quote": "> Pond\n>>> all of it",
    "list": "- one\n- two\n1. three\n* four",
    "link": "[Pond](https://evil.example/x)",
    "bare link": "https://evil.example/x?y=1#z http://evil.example",
    "other schemes": "discord://-/x steam://run/1 <https://evil.example>",
    "backslashes": "\\*x\\* \\\\ \\",
    "member": "<@1455000000000000012> <@!1455000000000000012>",
    "role": "<@&1455000000000000020>",
    "channel": "<#1455000000000000031> <id:home>",
    "slash": "</server delete:1455000000000000099>",
    "everyone": "@everyone @here",
    "everyone in fullwidth": "\uff20everyone",
    "emoji of a guild": "<:pond:1455000000000000050> <a:pond:1455000000000000050>",
    "time": "<t:0:R>",
    "right to left marks": "\u200fPond\u200e \u061cx",
    "right to left override": "Pond\u202egpj.exe\u202d\u2066\u2069\u2069",
    "right to left letters": "\u05d1\u05e8\u05d9\u05db\u05d4 \u0628\u0631\u0643\u0629",
    "zero width": "Po\u200bn\u200c\u200d\u2060\ufeffd\u00ad",
    "variation selectors": "Po\ufe0fnd\U000e0101",
    "tags": "Pond\U000e0050\U000e006f\U000e007f",
    "100 emoji": "\U0001f42d" * 100,
    "families": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f4\U000e0067\U000e0062\U000e007f",
    "tower of marks": "Z" + "\u0351\u0300\u0489\u0334" * 7,
    "mark on nothing": "\u0300\u0301Pond",
    "decomposed": "Cafe\u0301 du lac",
    "newlines": "Pond\nand\r\nmore\u2028lines\u2029\x85\x0b\x0c",
    "nul": "Po\x00nd",
    "controls": "Po\x01\x07\x1b[31mnd\x7f\x9b",
    "half a character": "Po\ud83dnd",
    "not a character": "Po\uffff\ufffend\ue000",
    "sql": "'; DROP TABLE servers; --",
    "sql wildcards": "%_%",
    "path": "../../etc/passwd",
    "windows path": "..\\..\\CON",
    "braces": "{0.__class__.__init__.__globals__} {name} {}",
    "percent": "%s%n%(name)s",
    "shell": "$(reboot) `reboot` & ; | $HOME",
    "placeholder": "{secret.console} {setting.password}",
    "number": "99999999999999999999999999",
    "arabic digits": "\u0661\u0662",
    "negative": "-1",
    "not a number": "1e9",
    "server id of nobody": "abcdefghijkl",
    "german": "Stra\u00dfe",
    **LOOK_ALIKES,
}


@dataclass(frozen=True, slots=True)
class Place:
    """An option of a command, or a field of a form."""

    command: str
    """The full name of the command; for a field, what its form's custom id says: `change_form:about`."""
    field: str
    completes: bool = False

    @property
    def is_form(self) -> bool:
        return "_form" in self.command

    @property
    def kind(self) -> str:
        """What such text is: a name, a server's name, a number, ..."""
        if not self.is_form:
            return self.field
        game = view().game
        setting = game and game.setting(self.field)
        return setting.type if setting else str(self)

    def __str__(self) -> str:
        return f"{self.command} {self.field}"


def _places() -> Iterator[Place]:
    for command in _tree().walk_commands():
        if isinstance(command, app_commands.Command):
            for option in command.parameters:
                if option.type is AppCommandOptionType.string and not option.choices:
                    yield Place(command.qualified_name, option.name, completes=option.autocomplete)
    pond = view()
    for group, _, _ in forms.groups(pond, "en"):
        for field in _fields(forms.change(pond, group, "en")):
            yield Place(f"change_form:{group}", field)
    for field in _fields(console_page.form(pond, "en")):
        yield Place("console_form", field)
    for field in _fields(forms.delete(pond, "en")):
        yield Place("delete_form", field)


def _tree() -> app_commands.CommandTree[Any]:
    nothing = cast(Any, object())
    rest = dict.fromkeys(("worlds", "accounts", "own", "activity"), nothing)
    faces = Faces(*[nothing] * 3, Replies(), CATALOGUE, *[nothing] * 2, **rest)

    async def made() -> Client:
        client = Client(faces, cast(Any, None))
        await add_all(client, faces)
        return client

    return asyncio.run(made()).tree


def _fields(modal: discord.ui.Modal) -> list[str]:
    data = modal.to_dict()
    return [each["component"]["custom_id"] for each in data["components"]]


OTHERS: dict[str, dict[str, str]] = {
    "server create": {"game": "meadow", "name": "Fresh"},
    "server clone": {"server": TAKEN, "name": "Fresh"},
    "server console": {"server": TAKEN, "command": "help"},
    "account token": {"action": "make", "name": "Fresh"},
    "server transfer": {"to": cast_of.BOT},
    "server share": {"with": cast_of.BO, "as": "player"},
    "world snapshot": {"server": TAKEN},
    "world restore": {"server": TAKEN, "snapshot": "newest"},
    "world download": {"server": TAKEN},
    "world import": {"server": TAKEN, "url": "https://127.0.0.1/world.zip"},
}
"""What a command needs besides, so that what is typed into one of its options is looked at."""

PLACES = list(_places())
"""Every option in which text is typed and every field of every form: asked of the commands and forms themselves."""
FEW = 6


def cases() -> Iterator[Any]:
    """Places, and names of inputs for them: one in every place, and what is deep: all in one place of each kind, a few
    in every other."""
    kinds: defaultdict[str, list[Place]] = defaultdict(list)
    for place in PLACES:
        kinds[place.kind].append(place)
    whole = [place for kind, places in kinds.items() for place in sample(places, 1, kind)]
    for place in PLACES:
        names = sample(list(INPUTS), len(INPUTS) if place in whole else FEW, str(place))
        first = sample(names, 1, f"{place} first")[0]
        for name in names:
            yield pytest.param(place, name, id=f"{place}-{name}", marks=() if name == first else pytest.mark.deep)
