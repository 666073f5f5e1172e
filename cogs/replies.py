"""Acknowledge first, answer only the one who asked, and turn every error into words: the one place that says sorry."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import discord
import structlog

from cogs.escape import escape
from core import trace
from core.errors import NotAllowed, Refusal
from core.guilds.access import NEEDS, Actor, Do, Level
from core.text import choose, say

log = structlog.get_logger()
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
EXPIRED = {10062, 40060, 10015, 50027}  # unknown or already answered interaction, unknown or expired webhook token

Handler = Callable[[], Coroutine[Any, Any, "Answer | None"]]
Answer = str | discord.ui.LayoutView


def actor_of(interaction: discord.Interaction[Any]) -> Actor:
    user = interaction.user
    return Actor(
        user=user.id,
        guild=interaction.guild_id or 0,
        name=user.display_name,
        roles=frozenset(role.id for role in getattr(user, "roles", ())),
        manages_guild=interaction.permissions.manage_guild or interaction.permissions.administrator,
    )


def language_of(interaction: discord.Interaction[Any]) -> str:
    return choose(str(interaction.locale))


class Replies:
    """Runs handlers so that nothing they do leaves a member without an answer."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def answer(self, interaction: discord.Interaction[Any], handler: Handler, *, defer: bool = True) -> None:
        """Acknowledge, run, show the result ephemerally. `defer=False` where the answer itself may be a modal."""
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
        trace.begin()
        try:
            if defer:
                await interaction.response.defer(ephemeral=True, thinking=True)
            result = await handler()
            if result is not None:
                await self.show(interaction, result)
        except discord.HTTPException as wrong:
            if wrong.code in EXPIRED:
                log.info("interaction expired", code=wrong.code)
            else:
                await self.sorry(interaction, wrong)
        except Exception as wrong:
            await self.sorry(interaction, wrong)
        finally:
            if task is not None:
                self._running.discard(task)

    async def show(self, interaction: discord.Interaction[Any], result: Answer) -> None:
        layout = result if isinstance(result, discord.ui.LayoutView) else words(result)
        layout.stop()  # its buttons are DynamicItems: discord.py need not remember the view
        if interaction.response.is_done():
            await interaction.edit_original_response(view=layout)
        else:
            await interaction.response.send_message(view=layout, ephemeral=True)

    async def sorry(self, interaction: discord.Interaction[Any], wrong: BaseException) -> None:
        """A refusal in words; anything else is our fault, logged with the code that the member sees."""
        if isinstance(wrong, discord.app_commands.CommandInvokeError):
            wrong = wrong.original
        text = refusal(wrong, language_of(interaction)) if isinstance(wrong, Refusal) else None
        if text is None:
            code = "".join(secrets.choice(_CODE) for _ in range(4))
            log.error("bug", code=code, exc_info=wrong)
            text = say(language_of(interaction), "bug", code=code)
        with suppress(discord.HTTPException):
            await self.show(interaction, text)

    async def drain(self, seconds: float) -> None:
        """Wait for handlers that run now, at most so long."""
        running = [task for task in self._running if task is not asyncio.current_task()]
        if running:
            await asyncio.wait(running, timeout=seconds)


def refusal(wrong: Refusal, language: str) -> str:
    """The sentence for a refusal; what people typed in it is escaped."""
    values = {key: escape(value) if isinstance(value, str) else value for key, value in wrong.values.items()}
    if isinstance(wrong, NotAllowed) and wrong.message == "server.not_allowed":
        do = Do(wrong.values["do"])
        needs = NEEDS[do]
        who = {Level.OWNER: "owner", Level.MANAGER: "manager"}.get(needs, "player")
        values["verb"] = say(language, f"do.{do}")
        values["owner"] = values["owner"] or say(language, "owner.unknown")
        return say(language, f"server.not_allowed.{who}", **values)
    return say(language, wrong.message, **values)


def words(text: str) -> discord.ui.LayoutView:
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(discord.ui.TextDisplay(text[:4000]))
    return layout
