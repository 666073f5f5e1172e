"""`/account`: what somebody set for themselves, and what is kept of them."""

from __future__ import annotations

from collections.abc import Sequence

from discord import app_commands
from discord.app_commands import Choice, Group, Range
from discord.ext import commands
from discord.ui import LayoutView

from cogs import account_pages
from cogs.choices import MOST_CHOICES
from cogs.escape import code, escape
from cogs.faces import Faces
from cogs.pages import page_of
from cogs.replies import LANGUAGE, Answer, Interaction, Replies, actor_of, language_of
from cogs.speech import text
from core.accounts.profiles import Profile
from core.accounts.scopes import scopes_of
from core.accounts.tokens import DAYS, DEFAULT_DAYS, LONGEST_NAME
from core.errors import BadInput
from core.text import choose, count, languages, name_of, say
from core.zones import suggest_zones

UNSET = "discord"
"""Chosen in place of a language or time zone: none of one's own."""


class AccountCog(commands.Cog):
    account = Group(name="account", description=text("command.account"), guild_only=True)

    def __init__(self, faces: Faces) -> None:
        assert faces.accounts is not None
        assert faces.own is not None
        self._accounts = faces.accounts
        self._own = faces.own
        self._replies: Replies = faces.replies

    @account.command(description=text("command.account.show"))
    async def show(self, interaction: Interaction) -> None:
        async def handle() -> Answer:
            actor, language = actor_of(interaction), language_of(interaction)
            profile = await self._accounts.show(actor)
            return shown(
                profile, language, choose(interaction.locale.value), more=await self._more(actor.user, language)
            )

        await self._replies.answer(interaction, handle)

    async def _more(self, user: int, language: str) -> list[str]:
        """The link, and through what they are signed in."""
        linked = await self._own.identities.of(user)
        tokens, sessions = await self._own.tokens.list(user), await self._own.sessions.list(user)
        return [
            account_pages.is_linked(linked, language) if linked else "",
            count(language, "account.has_tokens", len(tokens)) if tokens else "",
            count(language, "account.has_sessions", len(sessions)) if sessions else "",
        ]

    @account.command(description=text("command.account.link"))
    async def link(self, interaction: Interaction) -> None:
        async def handle() -> Answer:
            linked = await self._own.identities.of(interaction.user.id)
            return account_pages.link(self._own.link_url, linked, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @account.command(description=text("command.account.unlink"))
    async def unlink(self, interaction: Interaction) -> None:
        async def handle() -> Answer:
            return account_pages.unlinked(
                await self._own.identities.unlink(interaction.user.id), language_of(interaction)
            )

        await self._replies.answer(interaction, handle)

    @account.command(description=text("command.account.token"))
    @app_commands.describe(
        action=text("option.token_action"),
        name=text("option.token_name"),
        scopes=text("option.token_scopes"),
        days=text("option.token_days"),
    )
    @app_commands.choices(
        action=[Choice(name=text(f"word.token_{each}"), value=each) for each in ("make", "list", "revoke")]
    )
    async def token(
        self,
        interaction: Interaction,
        action: str,
        name: Range[str, 1, LONGEST_NAME] | None = None,
        scopes: Range[str, 1, 300] | None = None,
        days: Range[int, DAYS[0], DAYS[-1]] | None = None,
    ) -> None:
        async def handle() -> Answer:
            actor, language, tokens = actor_of(interaction), language_of(interaction), self._own.tokens
            match action:
                case "make":
                    made = await tokens.make(actor, name or "", scopes_of(scopes or ""), days or DEFAULT_DAYS)
                    return account_pages.made(*made, language)
                case "revoke":
                    return account_pages.revoked(await tokens.revoke(actor.user, name or ""), language)
                case "list":
                    return account_pages.tokens(await tokens.list(actor.user), language)
                case _:
                    raise BadInput("command.value")

        await self._replies.answer(interaction, handle)

    @token.autocomplete("name")
    async def _names(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        async def find() -> list[Choice[str]]:
            if getattr(interaction.namespace, "action", None) != "revoke":
                return []
            found = await self._own.tokens.list(interaction.user.id)
            fitting = [each for each in found if typed.strip().casefold() in each.name.casefold()]
            return [Choice(name=each.name, value=each.id) for each in fitting[:MOST_CHOICES]]

        return await self._replies.suggest(interaction, find)

    @account.command(description=text("command.account.forget"))
    async def forget(self, interaction: Interaction) -> None:
        async def handle() -> Answer:
            stays = await self._own.forgetting.stays(actor_of(interaction))
            return account_pages.ask_to_forget(stays, language_of(interaction))

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


def shown(
    profile: Profile, language: str, discords: str, *, edited: bool = False, more: Sequence[str] = ()
) -> LayoutView:
    """`discords`: the language that holds where they chose none. `more`: lines about the link and tokens."""
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
        *more,
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
