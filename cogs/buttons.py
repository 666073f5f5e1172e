"""Every button, on one class that acknowledges and catches.

A custom id is `dm:<verb>[:<server id>][:<more>]` and all there is to know about a button: nothing else is remembered,
so those posted before a restart work as any other.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

from discord.ui import Button, DynamicItem, Item

from cogs import forms, pages, setup, world_pages
from cogs.faces import Faces
from cogs.replies import Answer, How, Interaction, actor_of, language_of
from core.errors import Refusal
from core.guilds.access import Actor, Do
from core.servers.worlds import Worlds
from core.text import say

SNOWFLAKE = re.compile("[0-9]{1,18}|[1-8][0-9]{18}")
"""An id of Discord's, small enough for every database."""
TEMPLATE = r"dm:(?P<verb>[a-z_]+)(?::(?P<server>[a-z][a-z2-7]{11}))?(?::(?P<more>[a-z0-9_]+))?"


@dataclass(frozen=True, slots=True)
class Pressed:
    """One press: what a verb needs to act on it."""

    faces: Faces
    actor: Actor
    server: str
    more: str
    language: str
    interaction: Interaction


class Press(DynamicItem[Button[Any]], template=TEMPLATE):
    """Any of our buttons; VERBS says what it does."""

    def __init__(self, item: Button[Any], verb: str, server: str, more: str) -> None:
        super().__init__(item)
        self.verb, self.server, self.more = verb, server, more

    @classmethod
    async def from_custom_id(cls, interaction: Interaction, item: Item[Any], match: re.Match[str], /) -> Self:
        assert isinstance(item, Button)
        return cls(item, match["verb"], match["server"] or "", match["more"] or "")

    async def callback(self, interaction: Interaction) -> Any:
        faces: Faces = interaction.client.faces
        how, do = VERBS.get(self.verb, (How.NEW, _old))
        # Only the notice's own buttons carry a guild, and only the owner's direct messages make use of it.
        guild = int(self.more) if SNOWFLAKE.fullmatch(self.more) else 0
        actor, language = actor_of(interaction, guild=guild), language_of(interaction)
        pressed = Pressed(faces, actor, self.server, self.more, language, interaction)
        await faces.replies.answer(interaction, lambda: do(pressed), how=how)


async def _old(pressed: Pressed) -> Answer:
    return say(pressed.language, "old")


async def _resume(pressed: Pressed) -> Answer:
    return pages.resumed(await pressed.faces.servers.resume(pressed.actor, pressed.server), pressed.language)


async def _pause(pressed: Pressed) -> Answer:
    return pages.pausing(await pressed.faces.servers.pause(pressed.actor, pressed.server), pressed.language)


async def _restart(pressed: Pressed) -> Answer:
    return pages.restarted(await pressed.faces.servers.restart(pressed.actor, pressed.server), pressed.language)


async def _keep(pressed: Pressed) -> Answer:
    return pages.kept(await pressed.faces.servers.keep(pressed.actor, pressed.server), pressed.language)


async def _join(pressed: Pressed) -> Answer:
    return pages.join(await pressed.faces.servers.get(pressed.actor, pressed.server, Do.JOIN), pressed.language)


async def _more(pressed: Pressed) -> Answer:
    return pages.more(await pressed.faces.servers.get(pressed.actor, pressed.server), pressed.language)


async def _undo(pressed: Pressed) -> Answer:
    return pages.undone(await pressed.faces.servers.undo(pressed.actor, pressed.server), pressed.language)


async def _edit(pressed: Pressed) -> Answer:
    return forms.page(await pressed.faces.servers.get(pressed.actor, pressed.server, Do.EDIT), pressed.language)


async def _list(pressed: Pressed) -> Answer:
    asked, _, number = pressed.more.partition("_")
    whose = "mine" if asked == "mine" else "guild"
    views = await pressed.faces.servers.list(pressed.actor, mine=whose == "mine")
    return pages.listing(views, pressed.language, whose=whose, page=int(number[:9]) if number.isdecimal() else 0)


async def _setup(pressed: Pressed) -> Answer:
    view = await setup.look(pressed.faces.guilds, pressed.actor)
    return setup.page(view, pressed.language, setup.missing(pressed.interaction, view, pressed.language))


async def _open_change(pressed: Pressed) -> Answer:
    view = await pressed.faces.servers.get(pressed.actor, pressed.server, Do.EDIT)
    draft = pressed.faces.drafts.take(pressed.actor.user, view.id, pressed.more)
    return forms.change(view, pressed.more, pressed.language, draft)


async def _open_delete(pressed: Pressed) -> Answer:
    return forms.delete(await pressed.faces.servers.get(pressed.actor, pressed.server, Do.DELETE), pressed.language)


async def _snapshots(pressed: Pressed) -> Answer:
    view, found = await _worlds(pressed).snapshots(pressed.actor, pressed.server)
    return world_pages.snapshots(view, found, pressed.language)


async def _world_undo(pressed: Pressed) -> Answer:
    view = await _worlds(pressed).undo(pressed.actor, pressed.server)
    return world_pages.restoring(view, pressed.language)


async def _world_good(pressed: Pressed) -> Answer:
    view = await _worlds(pressed).restore_good(pressed.actor, pressed.server)
    return world_pages.restoring(view, pressed.language)


def _worlds(pressed: Pressed) -> Worlds:
    if pressed.faces.worlds is None:
        raise Refusal("world.nowhere")
    return pressed.faces.worlds


VERBS: dict[str, tuple[How, Callable[[Pressed], Awaitable[Answer]]]] = {
    "resume": (How.NEW, _resume),
    "pause": (How.NEW, _pause),
    "restart": (How.NEW, _restart),
    "keep": (How.NEW, _keep),
    "join": (How.NEW, _join),
    "more": (How.NEW, _more),
    "undo": (How.NEW, _undo),
    "edit": (How.NEW, _edit),
    "snapshots": (How.NEW, _snapshots),
    "world_undo": (How.NEW, _world_undo),
    "world_good": (How.NEW, _world_good),
    "list": (How.UPDATE, _list),
    "setup": (How.NEW, _setup),
    "change": (How.MODAL, _open_change),
    "delete": (How.MODAL, _open_delete),
}
