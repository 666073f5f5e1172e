"""`/account`: what somebody set for themselves, and what is kept of them."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Choice, Group, Range
from discord.ext import commands
from discord.ui import LayoutView

from cogs.choices import MOST_CHOICES
from cogs.escape import code, escape
from cogs.pages import page_of
from cogs.replies import LANGUAGE, Answer, Interaction, Replies, actor_of, language_of
from cogs.speech import text
from core.accounts.profiles import Accounts, Profile
from core.text import choose, count, languages, name_of, say
from core.zones import suggest_zones

UNSET = "discord"
"""Chosen in place of a language or time zone: none of one's own."""


class AccountCog(commands.Cog):
    account = Group(name="account", description=text("command.account"), guild_only=True)

    def __init__(self, accounts: Accounts, replies: Replies) -> None:
        self._accounts = accounts
        self._replies = replies

    @account.command(description=text("command.account.show"))
    async def show(self, interaction: Interaction) -> None:
        async def handle() -> Answer:
            return _page(await self._accounts.show(actor_of(interaction)), interaction)

        await self._replies.answer(interaction, handle)

    @account.command(description=text("command.account.edit"))
    @app_commands.describe(time_zone=text("option.own_time_zone"), language=text("option.own_language"))
    @app_commands.choices(
        language=[
            *(Choice(name=text(f"language.{each}"), value=each) for each in languages()),
            Choice(name=text("language.discord"), value=UNSET),
        ]
    )
    async def edit(
        self, interaction: Interaction, time_zone: Range[str, 1, 60] | None = None, language: str | None = None
    ) -> None:
        given = {"time_zone": time_zone, "language": language}

        async def handle() -> Answer:
            changes = {key: _value(value) for key, value in given.items() if value is not None}
            if not changes:
                return _page(await self._accounts.show(actor_of(interaction)), interaction)
            profile = await self._accounts.edit(actor_of(interaction), changes)
            self._replies.languages.forget()
            interaction.extras[LANGUAGE] = profile.language
            return _page(profile, interaction, edited=True)

        await self._replies.answer(interaction, handle)

    @edit.autocomplete("time_zone")
    async def _zones(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        async def find() -> list[Choice[str]]:
            none = [] if typed.strip() else [Choice(name=say(language_of(interaction), "account.no_zone"), value=UNSET)]
            zones = suggest_zones(typed, most=MOST_CHOICES - len(none))
            return [*none, *(Choice(name=zone.replace("_", " "), value=zone) for zone in zones)]

        return await self._replies.suggest(interaction, find)


def shown(profile: Profile, language: str, discords: str, *, edited: bool = False) -> LayoutView:
    """`discords`: the language that holds where they chose none."""
    spoken = "account.language_own" if profile.language else "account.language_discord"
    lines = [
        say(language, "account.edited") if edited else "",
        f"### {say(language, 'account.title')}",
        say(language, spoken, language=name_of(profile.language or discords, language)),
        say(language, "account.zone", zone=code(profile.time_zone))
        if profile.time_zone
        else say(language, "account.zone_unset"),
        _servers(profile, language),
        count(language, "account.elsewhere", profile.elsewhere) if profile.elsewhere else "",
        f"\n**{say(language, 'account.kept_title')}**",
        say(language, "account.kept", name=escape(profile.name) if profile.name else "–"),
    ]
    return page_of("\n".join(filter(None, lines)), [])


def _page(profile: Profile, interaction: Interaction, *, edited: bool = False) -> LayoutView:
    return shown(profile, language_of(interaction), choose(interaction.locale.value), edited=edited)


def _servers(profile: Profile, language: str) -> str:
    if not profile.servers:
        return say(language, "account.no_servers")
    names = ", ".join(f"**{escape(name)}**" for name in profile.here)
    return say(language, "account.servers", names=names + ", …" * (profile.servers > len(profile.here)))


def _value(typed: str) -> str | None:
    return None if typed.strip().casefold() == UNSET else typed
