"""Every button, on one class that acknowledges and catches. A custom id is `dm:<verb>:<server id>[:<more>]`, so that
buttons work after a restart: nothing about them is remembered but what stands in the message."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord

from cogs import pages
from cogs.faces import Faces
from cogs.replies import Answer, Replies, actor_of, language_of
from core.guilds.access import Actor, Do
from core.text import say
from core.words import Phase

TEMPLATE = r"dm:(?P<verb>[a-z_]+):(?P<server>[a-z][a-z2-7]{11}|guild)(?::(?P<more>[a-z0-9_]+))?"


class Press(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """A pressed button: looked up in VERBS."""

    def __init__(self, verb: str, server: str, more: str, item: discord.ui.Button[Any]) -> None:
        super().__init__(item)
        self.verb, self.server, self.more = verb, server, more

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        assert isinstance(item, discord.ui.Button)
        return cls(match["verb"], match["server"], match["more"] or "", item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        faces: Faces = interaction.client.faces
        replies: Replies = faces.replies
        if (opens := MODALS.get(self.verb)) is not None:

            async def open_modal() -> None:
                modal = await opens(faces, actor_of(interaction), self.server, self.more, language_of(interaction))
                await interaction.response.send_modal(modal)

            await replies.answer(interaction, open_modal, defer=False)
            return

        async def handle() -> Answer | None:
            does = VERBS.get(self.verb)
            if does is None:
                return say(language_of(interaction), "old")
            return await does(faces, actor_of(interaction), self.server, language_of(interaction))

        await replies.answer(interaction, handle)


async def _resume(faces: Faces, actor: Actor, server: str, language: str) -> Answer:
    return pages.done("resume", await faces.servers.resume(actor, server), language)


async def _pause(faces: Faces, actor: Actor, server: str, language: str) -> Answer:
    return pages.done("pause", await faces.servers.pause(actor, server), language)


async def _restart(faces: Faces, actor: Actor, server: str, language: str) -> Answer:
    return pages.done("restart", await faces.servers.restart(actor, server), language)


async def _keep(faces: Faces, actor: Actor, server: str, language: str) -> Answer:
    return pages.kept(await faces.servers.keep(actor, server), language)


async def _join(faces: Faces, actor: Actor, server: str, language: str) -> Answer:
    view = await faces.servers.get(actor, server, Do.JOIN)
    return pages.join(view, language) if view.phase is Phase.RUNNING else pages.not_up(view, language)


async def _more(faces: Faces, actor: Actor, server: str, language: str) -> Answer:
    return pages.more(await faces.servers.get(actor, server), language)


async def _undo(faces: Faces, actor: Actor, server: str, language: str) -> Answer:
    return pages.undone(await faces.servers.undo(actor, server), language)


async def _edit(faces: Faces, actor: Actor, server: str, language: str) -> Answer:
    return pages.edit(await faces.servers.get(actor, server, Do.EDIT), language)


async def _setup(faces: Faces, actor: Actor, server: str, language: str) -> Answer:
    return say(language, "setup.how")


async def _open_delete(faces: Faces, actor: Actor, server: str, more: str, language: str) -> discord.ui.Modal:
    return pages.delete_modal(await faces.servers.get(actor, server, Do.DELETE), language)


async def _open_edit(faces: Faces, actor: Actor, server: str, more: str, language: str) -> discord.ui.Modal:
    return pages.edit_modal(await faces.servers.get(actor, server, Do.EDIT), more, language)


VERBS: dict[str, Callable[[Faces, Actor, str, str], Awaitable[Answer]]] = {
    "resume": _resume,
    "pause": _pause,
    "restart": _restart,
    "keep": _keep,
    "join": _join,
    "more": _more,
    "undo": _undo,
    "edit": _edit,
    "setup": _setup,
}
MODALS: dict[str, Callable[[Faces, Actor, str, str, str], Awaitable[discord.ui.Modal]]] = {
    "delete": _open_delete,
    "change": _open_edit,
}
