"""Submitted modals, answered by their custom id alone, so that one opened before a restart works as any other; and a
kind word for components that nothing answers to any more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import discord
from discord.ext import commands

from cogs import (
    activity_pages,
    buttons,
    console_page,
    forms,
    games,
    pages,
    schedule_page,
    setup,
    share_page,
    size_select,
)
from cogs.faces import Faces, zone_of
from cogs.replies import Answer, Interaction, actor_of, in_words, language_of
from core.errors import BadInput, ChangedMeanwhile
from core.guilds.access import Do
from core.servers.edit import Shown
from core.text import say

_OURS = [re.compile(each.TEMPLATE) for each in (buttons, setup, games, share_page, size_select)]


class ModalCog(commands.Cog):
    def __init__(self, faces: Faces) -> None:
        self._faces = faces

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        data: Mapping[str, Any] = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        if interaction.type is discord.InteractionType.modal_submit:
            typed = fields(data.get("components", []))
            await self._faces.replies.answer(interaction, lambda: self._submitted(interaction, custom_id, typed))
        elif interaction.type is discord.InteractionType.component and not _is_ours(custom_id):
            await self._faces.replies.answer(interaction, lambda: self._old(interaction))

    async def _old(self, interaction: Interaction) -> Answer:
        return say(language_of(interaction), "old")

    async def _submitted(self, interaction: Interaction, custom_id: str, typed: dict[str, str]) -> Answer:
        form = forms.MODAL.fullmatch(custom_id)
        if form is None or (form["server"] is None and form["verb"] != "guild_zone"):
            return await self._old(interaction)
        server, group, language = form["server"] or "", form["group"] or forms.ABOUT, language_of(interaction)
        try:
            if form["verb"] == "console":
                return await self._console(interaction, server, typed)
            if form["verb"] == "delete":
                return await self._delete(interaction, server, typed)
            if form["verb"] == "purge":
                return await self._purge(interaction, server, typed)
            if form["verb"] == "entry":
                return await self._entry(interaction, server, typed)
            if form["verb"] == "guild_zone":
                return await self._guild_zone(interaction, typed)
            if form["verb"] == "zone":
                return await self._zone(interaction, server, typed)
            if form["verb"] == "forget":
                return await self._forget(interaction, server, typed)
            return await self._change(interaction, server, group, typed, form["mark"])
        except (BadInput, ChangedMeanwhile) as wrong:
            refusal = in_words(wrong, language) or ""
            if form["verb"] in ("delete", "purge", "forget"):
                return forms.again(refusal, form["verb"], server, language)
            if form["verb"] == "console":
                self._faces.drafts.keep(interaction.user.id, server, console_page.DRAFT, typed)
                return forms.again(refusal, "console", server, language)
            if form["verb"] == "zone":
                return forms.again(refusal, "schedule_zone", server, language)
            if form["verb"] == "guild_zone":
                return forms.again(refusal, "setup_zone", "", language)
            if form["verb"] == "entry":
                self._faces.drafts.keep(interaction.user.id, server, schedule_page.DRAFT, typed)
                return forms.again(refusal, "schedule_add", server, language)
            self._faces.drafts.keep(interaction.user.id, server, group, typed)
            if isinstance(wrong, ChangedMeanwhile):
                view = await self._faces.servers.lookup.get(actor_of(interaction), server, Do.EDIT)
                return forms.meanwhile(refusal, view, group, language)
            return forms.again(refusal, f"change:{group}", server, language)

    async def _console(self, interaction: Interaction, server: str, typed: dict[str, str]) -> Answer:
        sent = await self._faces.servers.consoles.send(actor_of(interaction), server, typed.get(console_page.LINE, ""))
        return console_page.answer(sent, language_of(interaction))

    async def _delete(self, interaction: Interaction, server: str, typed: dict[str, str]) -> Answer:
        view = await self._faces.servers.removal.delete(actor_of(interaction), server, typed.get("name", ""))
        return pages.deleted(view, language_of(interaction))

    async def _purge(self, interaction: Interaction, server: str, typed: dict[str, str]) -> Answer:
        view = await self._faces.servers.removal.purge(actor_of(interaction), server, typed.get("name", ""))
        return pages.purging(view, language_of(interaction))

    async def _entry(self, interaction: Interaction, server: str, typed: dict[str, str]) -> Answer:
        view = await self._faces.servers.scheduling.add(
            actor_of(interaction),
            server,
            typed.get("kind", ""),
            typed.get("when", ""),
            firm=typed.get("firm") == "yes",
        )
        zone = await zone_of(self._faces, actor_of(interaction))
        return schedule_page.page(view, language_of(interaction), zone)

    async def _zone(self, interaction: Interaction, server: str, typed: dict[str, str]) -> Answer:
        view = await self._faces.servers.scheduling.set_zone(actor_of(interaction), server, typed.get("zone", ""))
        zone = await zone_of(self._faces, actor_of(interaction))
        return schedule_page.page(view, language_of(interaction), zone)

    async def _forget(self, interaction: Interaction, server: str, typed: dict[str, str]) -> Answer:
        if self._faces.activity is None:
            return await self._old(interaction)
        actor, player = actor_of(interaction), typed.get("player", "")
        return activity_pages.forgotten(
            await self._faces.activity.forget(actor, server, player), language_of(interaction)
        )

    async def _guild_zone(self, interaction: Interaction, typed: dict[str, str]) -> Answer:
        chosen = {"time_zone": typed.get("zone", "").strip() or None}
        view = await setup.change(self._faces.guilds, actor_of(interaction), chosen)
        return setup.shown(interaction, view)

    async def _change(
        self, interaction: Interaction, server: str, group: str, typed: dict[str, str], mark: str | None
    ) -> Answer:
        actor, language = actor_of(interaction), language_of(interaction)
        before = await self._faces.servers.lookup.get(actor, server)
        shown = Shown(forms.fields(before, group, language), mark) if mark else None  # an older version's form has none
        after = await self._faces.servers.editing.edit(actor, server, typed, shown=shown)
        return forms.changed(before, after, language)


def _is_ours(custom_id: str) -> bool:
    return any(template.fullmatch(custom_id) for template in _OURS)


def fields(components: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What was typed or chosen, by custom id, out of labels (or the older action rows)."""
    typed: dict[str, str] = {}
    for outer in components:
        for field in [outer["component"]] if "component" in outer else outer.get("components", []):
            if field.get("values"):
                typed[field["custom_id"]] = str(field["values"][0])
            elif "value" in field:
                typed[field["custom_id"]] = str(field["value"] or "")
    return typed
