"""Acknowledge first, answer only the one who asked, and turn every error into words: the one place that says sorry."""

from __future__ import annotations

import asyncio
import io
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

import aiohttp
import discord
import structlog
from discord import InteractionResponseType, app_commands
from discord.app_commands import Choice
from discord.ui import LayoutView, Modal, TextDisplay

from cogs.escape import escape
from core import once, trace
from core.errors import Bytes, NotAllowed, Refusal
from core.guilds.access import NEEDS, Actor, Do, Level
from core.text import choose, say, size

log = structlog.get_logger()

EXPIRED = {10062, 40060, 10015, 50027, 10003, 10008}
"""Unknown or already answered interaction, unknown webhook, expired token, channel or message gone: nobody is left to
answer."""
ANSWERED = 40060
PAUSES = (0.2, 0.6)  # seconds before a first answer whose line broke is sent again; Discord waits for 3 s
EDIT_PAUSES = (0.2, 0.6, 1.5, 4.0, 10.0)  # likewise for what fills it in; Discord takes that for 15 min
DEFERRED = InteractionResponseType.deferred_channel_message
UPDATE_DEFERRED = InteractionResponseType.deferred_message_update
MODAL, MESSAGE = InteractionResponseType.modal, InteractionResponseType.channel_message
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

_OURS = re.compile(r"dm(?:-setup)?:([a-z_]{1,20})(?::|$)")

Interaction = discord.Interaction[Any]


@dataclass(frozen=True, slots=True)
class WithFile:
    """A message that shows a file as `attachment://name`."""

    layout: LayoutView
    name: str
    data: bytes


Answer = str | LayoutView | Modal | WithFile
Handler = Callable[[], Awaitable[Answer]]


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    BUG = "bug"
    LATE = "late"  # nobody was left to answer, or it had been answered
    UNREACHED = "unreached"  # Discord did not take the answer, however often it was sent


class _Unreached(Exception):
    """Discord did not take an answer, however often it was sent."""


@dataclass(frozen=True, slots=True)
class Served:
    """One interaction: `acknowledged` in seconds since Discord made it, by its clock and ours; None: it was not.
    `seconds` is all that we did for it."""

    name: str  # `server create`, `press keep`, `modal change_form`
    outcome: Outcome
    acknowledged: float | None
    seconds: float


class How(Enum):
    """How an interaction is acknowledged before anything is looked up."""

    NEW = "a message of its own, for the member alone"
    UPDATE = "the message that the button stands in changes"
    MODAL = "not at all: a modal cannot follow an acknowledgement, so the handler has to be quick"


def actor_of(interaction: Interaction, *, guild: int = 0) -> Actor:
    """Who asks. `guild` is what a button of ours says where Discord tells none, in the owner's direct messages: there
    it finds the owner's servers only, whatever a custom id says."""
    user = interaction.user
    return Actor(
        user=user.id,
        guild=interaction.guild_id or guild,
        name=user.display_name,
        roles=frozenset(role.id for role in getattr(user, "roles", ())),
        manages_guild=interaction.permissions.manage_guild or interaction.permissions.administrator,
        direct=interaction.guild_id is None,
    )


def language_of(interaction: Interaction) -> str:
    return choose(interaction.locale.value)


class Replies:
    """Runs handlers so that nothing they do leaves a member without an answer."""

    def __init__(self, served: Callable[[Served], None] = lambda _: None) -> None:
        """`served` is told of each interaction when it is over; it must not raise."""
        self._served = served
        self._running: set[asyncio.Task[Any]] = set()

    async def answer(self, interaction: Interaction, handler: Handler, *, how: How = How.NEW) -> None:
        """Acknowledge, run, show the result. Begins the trace that everything done on the way carries. Never raises."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        trace.begin()
        once.begin(interaction.id)
        began, acknowledged, outcome = time.perf_counter(), None, Outcome.DONE
        try:
            if how is How.NEW:
                defer = interaction.response.defer
                await _surely(interaction, lambda: defer(ephemeral=True, thinking=True), DEFERRED)
            elif how is How.UPDATE:
                await _surely(interaction, interaction.response.defer, UPDATE_DEFERRED)
            acknowledged = None if how is How.MODAL else _age(interaction)
            result = await handler()
            try:
                await _show(interaction, result)
            except Exception as wrong:
                outcome = await self.sorry(interaction, wrong, done=True)
            acknowledged = _age(interaction) if acknowledged is None else acknowledged
        except Exception as wrong:
            outcome = await self.sorry(interaction, wrong)
        finally:
            self._running.discard(task)
        served = Served(name_of(interaction), outcome, acknowledged, time.perf_counter() - began)
        log.info("interaction", name=served.name, outcome=outcome, user=interaction.user.id, guild=interaction.guild_id)
        self._served(served)

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

    async def sorry(self, interaction: Interaction, wrong: Exception, *, done: bool = False) -> Outcome:
        """A refusal in words; anything else is our fault, logged with the code that the member sees.

        `done`: what was asked for is done, only its answer could not be shown.
        """
        if isinstance(wrong, app_commands.CommandInvokeError):
            wrong = wrong.original
        if isinstance(wrong, discord.HTTPException) and wrong.code in EXPIRED:
            log.info("interaction expired", code=wrong.code)
            return Outcome.LATE
        if isinstance(wrong, once.Repeated):
            log.info("interaction repeated", id=interaction.id)
            return Outcome.LATE
        if isinstance(wrong, _Unreached):
            log.warning("answer not shown", id=interaction.id, why=str(wrong), done=done)
            return Outcome.UNREACHED
        text = in_words(wrong, language_of(interaction))
        outcome = Outcome.BUG if text is None else Outcome.REFUSED
        if text is None:
            code = note(wrong, user=interaction.user.id, guild=interaction.guild_id)
            text = say(language_of(interaction), "bug.after" if done else "bug", code=code)
        with suppress(discord.HTTPException, aiohttp.ClientError, OSError, _Unreached):
            if interaction.type is discord.InteractionType.autocomplete:
                await interaction.response.autocomplete([])
                return outcome
            await _show(interaction, text, aside=True)
        return outcome

    async def drain(self, seconds: float) -> None:
        """Wait for handlers that run now, at most so long."""
        running = [task for task in self._running if task is not asyncio.current_task()]
        if running:
            await asyncio.wait(running, timeout=seconds)


def note(bug: Exception, **where: object) -> str:
    """Log a bug, and give the code under which the log has it."""
    code = "".join(secrets.choice(_CODE) for _ in range(4))
    log.error("bug", code=code, exc_info=bug, **where)
    return code


def name_of(interaction: Interaction) -> str:
    """What was asked for, from a closed set of names: what Discord is sent in custom ids besides is left out."""
    if interaction.command is not None:
        return interaction.command.qualified_name
    custom_id = _OURS.match(str((getattr(interaction, "data", None) or {}).get("custom_id", "")))
    kind = "modal" if interaction.type is discord.InteractionType.modal_submit else "press"
    return f"{kind} {custom_id[1]}" if custom_id else "unknown"


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
    values = {key: _value(value, language) for key, value in wrong.values.items()}
    if not isinstance(wrong, NotAllowed) or "do" not in wrong.values:
        return say(language, wrong.message, **values)
    do = Do(wrong.values["do"])
    needs = {Level.OWNER: "owner", Level.MANAGER: "manager"}.get(NEEDS[do], "player")
    values |= {"verb": say(language, f"do.{do}"), "owner": values["owner"] or say(language, "owner.unknown")}
    return say(language, f"{wrong.message}.{needs}", **values)


def _value(value: Any, language: str) -> Any:
    if isinstance(value, Bytes):
        return size(language, value)
    return escape(value) if isinstance(value, str) else value


def _age(interaction: Interaction) -> float:
    return max(0.0, (discord.utils.utcnow() - discord.utils.snowflake_time(interaction.id)).total_seconds())


async def _show(interaction: Interaction, result: Answer, *, aside: bool = False) -> None:
    """`aside`: beside the message that was to change, which stays as it is."""
    if isinstance(result, Modal):
        result.stop()  # submitted modals are known by their custom id: discord.py need not remember this one
        await _surely(interaction, lambda: interaction.response.send_modal(result), MODAL)
        return
    if isinstance(result, WithFile):
        result.layout.stop()
        file = discord.File(io.BytesIO(result.data), filename=result.name)
        await interaction.edit_original_response(view=result.layout, attachments=[file])
        return
    layout = result if isinstance(result, LayoutView) else words(result)
    layout.stop()  # likewise: its buttons are DynamicItems
    response = interaction.response
    if not response.is_done():
        await _surely(interaction, lambda: response.send_message(view=layout, ephemeral=True), MESSAGE)
    elif aside and response.type is discord.InteractionResponseType.deferred_message_update:
        await interaction.followup.send(view=layout, ephemeral=True)
    else:
        await _again(lambda: interaction.edit_original_response(view=layout), EDIT_PAUSES)


async def _surely(interaction: Interaction, send: Callable[[], Awaitable[Any]], kind: InteractionResponseType) -> None:
    """The first answer, also if the line breaks.

    One that Discord has already is ours, sent before the line broke, or a second process's, whose effect core.once
    tells from ours: both are to be filled in.
    """
    try:
        await _again(send, PAUSES)
    except discord.HTTPException as wrong:
        if wrong.code != ANSWERED:
            raise
        interaction.response._response_type = kind


async def _again(send: Callable[[], Awaitable[Any]], pauses: Iterable[float]) -> None:
    """discord.py repeats what Discord failed at, but not a request whose line broke."""
    for pause in pauses:
        try:
            await send()
            return
        except (aiohttp.ClientError, OSError):
            await asyncio.sleep(pause)
    try:
        await send()
    except (aiohttp.ClientError, OSError, discord.DiscordServerError) as wrong:
        raise _Unreached(str(wrong) or type(wrong).__name__) from wrong
