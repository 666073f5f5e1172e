"""Acknowledge first, answer only the one who asked, and turn every error into words: the one place that says sorry."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.app_commands import Choice
from discord.ui import LayoutView, Modal, TextDisplay

from cogs.escape import escape
from core import trace
from core.errors import NotAllowed, Refusal
from core.guilds.access import NEEDS, Actor, Do, Level
from core.text import choose, say

log = structlog.get_logger()

EXPIRED = {10062, 40060, 10015, 50027}
"""Unknown or already answered interaction, unknown webhook, expired token: nobody is left to answer."""
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

Interaction = discord.Interaction[Any]
Answer = str | LayoutView | Modal
Handler = Callable[[], Awaitable[Answer]]


class How(Enum):
    """How an interaction is acknowledged before anything is looked up."""

    NEW = "a message of its own, for the member alone"
    UPDATE = "the message that the button stands in changes"
    MODAL = "not at all: a modal cannot follow an acknowledgement, so the handler has to be quick"


def actor_of(interaction: Interaction, *, guild: int = 0) -> Actor:
    """Who asks. `guild` is what a button of ours says where Discord tells none, in the owner's direct messages."""
    user = interaction.user
    return Actor(
        user=user.id,
        guild=interaction.guild_id or guild,
        name=user.display_name,
        roles=frozenset(role.id for role in getattr(user, "roles", ())),
        manages_guild=interaction.permissions.manage_guild or interaction.permissions.administrator,
    )


def language_of(interaction: Interaction) -> str:
    return choose(interaction.locale.value)


class Replies:
    """Runs handlers so that nothing they do leaves a member without an answer."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def answer(self, interaction: Interaction, handler: Handler, *, how: How = How.NEW) -> None:
        """Acknowledge, run, show the result. Begins the trace that everything done on the way carries. Never raises."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        trace.begin()
        try:
            if how is How.NEW:
                await interaction.response.defer(ephemeral=True, thinking=True)
            elif how is How.UPDATE:
                await interaction.response.defer()
            await _show(interaction, await handler())
        except Exception as wrong:
            await self.sorry(interaction, wrong)
        finally:
            self._running.discard(task)

    async def suggest(
        self, interaction: Interaction, handler: Callable[[], Awaitable[list[Choice[str]]]]
    ) -> list[Choice[str]]:
        """The choices, or none where finding them failed: an autocomplete has no words for it."""
        try:
            return await handler()
        except Refusal:
            return []
        except Exception:
            log.exception("autocomplete failed", command=getattr(interaction.command, "qualified_name", ""))
            return []

    async def sorry(self, interaction: Interaction, wrong: Exception) -> None:
        """A refusal in words; anything else is our fault, logged with the code that the member sees."""
        if isinstance(wrong, app_commands.CommandInvokeError):
            wrong = wrong.original
        if isinstance(wrong, discord.HTTPException) and wrong.code in EXPIRED:
            log.info("interaction expired", code=wrong.code)
            return
        text = in_words(wrong, language_of(interaction))
        if text is None:
            code = "".join(secrets.choice(_CODE) for _ in range(4))
            log.error("bug", code=code, user=interaction.user.id, guild=interaction.guild_id, exc_info=wrong)
            text = say(language_of(interaction), "bug", code=code)
        with suppress(discord.HTTPException):
            if interaction.type is discord.InteractionType.autocomplete:
                await interaction.response.autocomplete([])
                return
            await _show(interaction, text, aside=True)

    async def drain(self, seconds: float) -> None:
        """Wait for handlers that run now, at most so long."""
        running = [task for task in self._running if task is not asyncio.current_task()]
        if running:
            await asyncio.wait(running, timeout=seconds)


def in_words(wrong: Exception, language: str) -> str | None:
    """The sentence for what a member can cause; None for a bug."""
    match wrong:
        case Refusal():
            return _refusal(wrong, language)
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return say(language, "command.changed")
        case app_commands.TransformerError():
            return say(language, "command.value")
        case app_commands.CheckFailure():
            return say(language, "command.not_here")
        case _:
            return None


def words(text: str) -> LayoutView:
    """A message of text alone."""
    layout = LayoutView(timeout=None)
    layout.add_item(TextDisplay(text[:4000]))
    return layout


def _refusal(wrong: Refusal, language: str) -> str:
    values = {key: escape(value) if isinstance(value, str) else value for key, value in wrong.values.items()}
    if not isinstance(wrong, NotAllowed) or "do" not in wrong.values:
        return say(language, wrong.message, **values)
    do = Do(wrong.values["do"])
    needs = {Level.OWNER: "owner", Level.MANAGER: "manager"}.get(NEEDS[do], "player")
    values |= {"verb": say(language, f"do.{do}"), "owner": values["owner"] or say(language, "owner.unknown")}
    return say(language, f"{wrong.message}.{needs}", **values)


async def _show(interaction: Interaction, result: Answer, *, aside: bool = False) -> None:
    """`aside`: beside the message that was to change, which stays as it is."""
    if isinstance(result, Modal):
        result.stop()  # submitted modals are known by their custom id: discord.py need not remember this one
        await interaction.response.send_modal(result)
        return
    layout = result if isinstance(result, LayoutView) else words(result)
    layout.stop()  # likewise: its buttons are DynamicItems
    response = interaction.response
    if not response.is_done():
        await response.send_message(view=layout, ephemeral=True)
    elif aside and response.type is discord.InteractionResponseType.deferred_message_update:
        await interaction.followup.send(view=layout, ephemeral=True)
    else:
        await interaction.edit_original_response(view=layout)
