"""Acknowledge first, answer only the one who asked, and turn every error into words: the one place that says sorry."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
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

from cogs import licence_page
from cogs.escape import escape, when
from cogs.languages import Languages
from cogs.refusals import Then, ends_answer, in_short, then
from core import once, trace
from core.bugs import note
from core.errors import LicenceNeeded, NotAllowed, Refusal
from core.guilds.access import Actor, Standing
from core.guilds.members import StandingOf
from core.guilds.pace import Pace
from core.guilds.refused import sentence
from core.text import choose, count, say
from core.worlds import turns

log = structlog.get_logger()

ANSWERED = 40060
FIRST_WITHIN, LATER_WITHIN = 2.8, 14.5 * 60  # seconds; Discord waits 3 s for the first answer, 15 min for what follows
PAUSE, GROWTH, LONGEST_PAUSE = 0.2, 1.7, 60.0  # seconds before an answer that did not get there is sent again
DEFERRED = InteractionResponseType.deferred_channel_message
UPDATE_DEFERRED = InteractionResponseType.deferred_message_update
MODAL, MESSAGE = InteractionResponseType.modal, InteractionResponseType.channel_message
CHOICES = InteractionResponseType.autocomplete_result
LANGUAGE = "language"
"""Among an interaction's extras: what the person chose, None where they chose none."""
STANDING = "standing"
"""Likewise: what their identity elsewhere is worth in this guild."""

_OURS = re.compile(r"dm(?:-setup|-games|-share|-size)?:([a-z_]{1,20})(?::|$)")

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


class _Over(Exception):
    """Nobody waits for this answer any more: it came too late, or we lost the guild, channel or message meanwhile."""


class _Unreached(Exception):
    """Discord did not take an answer, however often it was sent."""


class _Patience:
    """How long there is still to answer an interaction, from when we heard of it."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def first(self) -> Iterator[float]:
        """Pauses between tries of the first answer, spread over the time that Discord waits for it."""
        return self._pauses(FIRST_WITHIN)

    def later(self) -> Iterator[float]:
        """Likewise for what fills it in and what follows it."""
        return self._pauses(LATER_WITHIN)

    def _pauses(self, within: float) -> Iterator[float]:
        pause = PAUSE
        while time.monotonic() + pause - self._began < within:
            yield pause
            pause = min(pause * GROWTH, LONGEST_PAUSE)


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
        standing=interaction.extras.get(STANDING) or Standing(),
    )


def language_of(interaction: Interaction) -> str:
    """What the person chose for themselves, else Discord's. The first is known once a handler runs (`Replies`)."""
    return choose(interaction.extras.get(LANGUAGE) or interaction.locale.value)


async def _nobody_chose() -> Mapping[int, str]:
    return {}


class Replies:
    """Runs handlers so that nothing they do leaves a member without an answer."""

    def __init__(self, served: Callable[[Served], None] = lambda _: None, pace: Pace | None = None) -> None:
        """`served` is told of each interaction when it is over; it must not raise. `pace` None: nobody is too fast."""
        self._served = served
        self.languages = Languages(_nobody_chose)
        """What people chose over Discord's language; `Faces.of` knows whom to ask."""
        self.standing: StandingOf | None = None
        """Likewise for what identities elsewhere are worth; None: nothing."""
        self.pace = pace
        self._running: set[asyncio.Task[Any]] = set()

    async def answer(self, interaction: Interaction, handler: Handler, *, how: How = How.NEW) -> None:
        """Acknowledge, run, show the result. Begins the trace that everything done on the way carries. Never raises."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        trace.begin()
        once.begin(interaction.id)
        began, acknowledged, outcome = time.perf_counter(), None, Outcome.DONE
        patience = _Patience()
        try:
            if how is How.NEW:
                defer = interaction.response.defer
                await _surely(interaction, lambda: defer(ephemeral=True, thinking=True), DEFERRED, patience)
            elif how is How.UPDATE:
                await _surely(interaction, interaction.response.defer, UPDATE_DEFERRED, patience)
            acknowledged = None if how is How.MODAL else _age(interaction)
            await self._learn_language(interaction)
            await self._learn_standing(interaction)
            if self.pace is not None:
                self.pace.take(interaction.user.id, time.monotonic())
            turns.tell((lambda ahead: _wait(interaction, ahead)) if how is How.NEW else None)
            result = await handler()
            try:
                await _show(interaction, result, patience)
            except Exception as wrong:
                outcome = await self.sorry(interaction, wrong, done=True, patience=patience)
            acknowledged = _age(interaction) if acknowledged is None else acknowledged
        except Exception as wrong:
            outcome = await self.sorry(interaction, wrong, patience=patience)
        finally:
            self._running.discard(task)
        served = Served(name_of(interaction), outcome, acknowledged, time.perf_counter() - began)
        log.info("interaction", name=served.name, outcome=outcome, user=interaction.user.id, guild=interaction.guild_id)
        self._served(served)

    async def suggest(
        self, interaction: Interaction, handler: Callable[[], Awaitable[list[Choice[str]]]]
    ) -> list[Choice[str]]:
        """Shows the choices, or none where finding them failed: an autocomplete has no words for it."""
        patience, choices = _Patience(), list[Choice[str]]()
        try:
            await self._learn_language(interaction)
            await self._learn_standing(interaction)
            choices = await handler()
        except Refusal:
            pass
        except Exception:
            log.exception("autocomplete failed", command=getattr(interaction.command, "qualified_name", ""))
        try:
            await _surely(interaction, lambda: interaction.response.autocomplete(choices), CHOICES, patience)
        except (_Over, _Unreached) as wrong:
            log.info("choices not shown", why=str(wrong))
            interaction.response._response_type = CHOICES  # or discord.py sends them once more
        return choices

    async def sorry(
        self, interaction: Interaction, wrong: Exception, *, done: bool = False, patience: _Patience | None = None
    ) -> Outcome:
        """A refusal in words; anything else is our fault, logged with the code that the member sees.

        `done`: what was asked for is done, only its answer could not be shown.
        """
        if isinstance(wrong, app_commands.CommandInvokeError):
            wrong = wrong.original
        if isinstance(wrong, _Over):
            log.info("nobody waits for the answer", why=str(wrong))
            return Outcome.LATE
        if isinstance(wrong, once.Repeated):
            log.info("interaction repeated", id=interaction.id)
            return Outcome.LATE
        if isinstance(wrong, _Unreached):
            log.warning("answer not shown", id=interaction.id, why=str(wrong), done=done)
            return Outcome.UNREACHED
        await self._learn_language(interaction)
        text: Answer | None = in_words(_of_today(wrong, interaction.guild), language_of(interaction))
        outcome = Outcome.BUG if text is None else Outcome.REFUSED
        if isinstance(wrong, LicenceNeeded):
            text = licence_page.question(wrong, language_of(interaction))
        if text is None:
            code = note(wrong, user=interaction.user.id, guild=interaction.guild_id)
            text = say(language_of(interaction), "bug.after" if done else "bug", code=code)
        with suppress(discord.HTTPException, _Over, _Unreached):
            patience = patience or _Patience()
            if interaction.type is discord.InteractionType.autocomplete:
                await _surely(interaction, lambda: interaction.response.autocomplete([]), CHOICES, patience)
                return outcome
            await _show(interaction, text, patience, aside=True)
        return outcome

    async def _learn_language(self, interaction: Interaction) -> None:
        if LANGUAGE not in interaction.extras:
            interaction.extras[LANGUAGE] = await self.languages.of(interaction.user.id)

    async def _learn_standing(self, interaction: Interaction) -> None:
        if self.standing is not None and interaction.guild_id is not None:
            interaction.extras[STANDING] = await self.standing(interaction.guild_id, interaction.user.id)

    async def drain(self, seconds: float) -> None:
        """Wait for handlers that run now, at most so long."""
        running = [task for task in self._running if task is not asyncio.current_task()]
        if running:
            await asyncio.wait(running, timeout=seconds)


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
            return sentence(wrong, language, escape, lambda moment: when(moment, "f"))
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return say(language, "command.changed")
        case app_commands.TransformerError():
            return say(language, "command.value")
        case app_commands.CheckFailure():
            return say(language, "command.not_here")
        case _:
            return None


def _of_today(wrong: Exception, guild: discord.Guild | None) -> Exception:
    """A refusal for want of a role says so where that role does not exist any more."""
    if not isinstance(wrong, NotAllowed) or wrong.message != "create.role" or guild is None or guild.unavailable:
        return wrong
    return wrong if guild.get_role(wrong.values["role"]) else NotAllowed("create.role_gone")


def words(text: str) -> LayoutView:
    """A message of text alone."""
    layout = LayoutView(timeout=None)
    layout.add_item(TextDisplay(text[:4000]))
    return layout


def _age(interaction: Interaction) -> float:
    return max(0.0, (discord.utils.utcnow() - discord.utils.snowflake_time(interaction.id)).total_seconds())


async def _wait(interaction: Interaction, ahead: int) -> None:
    """Where the answer will stand, say that others go first. Whether that is shown does not matter."""
    layout = words(count(language_of(interaction), "world.waits", ahead))
    layout.stop()
    with suppress(discord.HTTPException, aiohttp.ClientError, OSError):
        await interaction.edit_original_response(view=layout)


async def _show(interaction: Interaction, result: Answer, patience: _Patience, *, aside: bool = False) -> None:
    """`aside`: beside the message that was to change, which stays as it is."""
    if isinstance(result, Modal):
        result.stop()  # submitted modals are known by their custom id: discord.py need not remember this one
        await _surely(interaction, lambda: interaction.response.send_modal(result), MODAL, patience)
        return
    if isinstance(result, WithFile):
        result.layout.stop()
        await _again(lambda: _with_file(interaction, result), patience.later())
        return
    layout = result if isinstance(result, LayoutView) else words(result)
    layout.stop()  # likewise: its buttons are DynamicItems
    response = interaction.response
    if not response.is_done():
        await _surely(interaction, lambda: response.send_message(view=layout, ephemeral=True), MESSAGE, patience)
    elif aside and response.type is UPDATE_DEFERRED:
        # Discord knows no nonce here: where nobody can tell whether it got there, it is better said twice than never.
        await _again(lambda: interaction.followup.send(view=layout, ephemeral=True), patience.later())
    else:
        await _again(lambda: interaction.edit_original_response(view=layout), patience.later())


def _with_file(interaction: Interaction, shown: WithFile) -> Awaitable[Any]:
    file = discord.File(io.BytesIO(shown.data), filename=shown.name)  # a new one each time: sending reads it to its end
    return interaction.edit_original_response(view=shown.layout, attachments=[file])


async def _surely(
    interaction: Interaction, send: Callable[[], Awaitable[Any]], kind: InteractionResponseType, patience: _Patience
) -> None:
    """The first answer, also if the line breaks.

    One that Discord has already is ours, sent before the line broke, or a second process's, whose effect core.once
    tells from ours: both are to be filled in.
    """
    try:
        await _again(send, patience.first())
    except _Over as over:
        if getattr(over.__cause__, "code", None) != ANSWERED:
            raise
        interaction.response._response_type = kind


async def _again(send: Callable[[], Awaitable[Any]], pauses: Iterator[float]) -> None:
    """Send it until Discord has it, or the time for it is over. discord.py repeats what Discord failed at, five times
    in half a minute, but not a request whose line broke."""
    while True:
        try:
            await send()
            return
        except (aiohttp.ClientError, OSError) as broken:
            wrong: Exception = broken
        except discord.HTTPException as refused:
            if ends_answer(refused):
                raise _Over(in_short(refused)) from refused
            if then(refused) is not Then.AGAIN:
                raise
            wrong = refused
        pause = next(pauses, None)
        if pause is None:
            raise _Unreached(in_short(wrong)) from wrong
        await asyncio.sleep(pause)
