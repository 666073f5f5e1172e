"""Submitted modals, answered by their custom id alone: one that was opened before a restart works as any other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import discord
from discord.ext import commands

from cogs import pages
from cogs.buttons import TEMPLATE
from cogs.escape import escape
from cogs.faces import Faces
from cogs.replies import Answer, actor_of, language_of
from core.text import say
from core.words import Desired

_MODAL = re.compile(r"dm:modal_(?P<verb>edit|delete):(?P<server>[a-z][a-z2-7]{11})(?::(?P<group>[a-z0-9_]+))?")


class ModalCog(commands.Cog):
    def __init__(self, faces: Faces) -> None:
        self._faces = faces

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        data: Mapping[str, Any] = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        if interaction.type is discord.InteractionType.modal_submit:
            await self._submitted(interaction, custom_id, _fields(data.get("components", [])))
        elif interaction.type is discord.InteractionType.component and not re.fullmatch(TEMPLATE, custom_id):
            await self._old(interaction)

    async def _old(self, interaction: discord.Interaction[Any]) -> None:
        async def handle() -> Answer:
            return say(language_of(interaction), "old")

        await self._faces.replies.answer(interaction, handle)

    async def _submitted(self, interaction: discord.Interaction[Any], custom_id: str, typed: dict[str, str]) -> None:
        found = _MODAL.fullmatch(custom_id)
        if found is None:
            await self._old(interaction)
            return

        async def handle() -> Answer:
            actor, language = actor_of(interaction), language_of(interaction)
            if found["verb"] == "delete":
                view = await self._faces.servers.delete(actor, found["server"], typed.get("name", ""))
                return pages.deleted(view, language)
            before = await self._faces.servers.get(actor, found["server"])
            view = await self._faces.servers.edit(actor, found["server"], typed)
            restarts = view.desired is Desired.RUNNING and view.version != before.version
            return say(language, "answer.edited_restart" if restarts else "answer.edited", name=escape(view.name))

        await self._faces.replies.answer(interaction, handle)


def _fields(components: list[dict[str, Any]]) -> dict[str, str]:
    """What was typed or chosen, by custom id, out of labels (or the older action rows)."""
    typed: dict[str, str] = {}
    for outer in components:
        for field in [outer["component"]] if "component" in outer else outer.get("components", []):
            if "value" in field:
                typed[field["custom_id"]] = str(field["value"] or "")
            elif field.get("values"):
                typed[field["custom_id"]] = str(field["values"][0])
    return typed
