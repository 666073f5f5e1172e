"""The page on which a guild's admins choose its channels, roles and language: `/guild setup` and the greeting's button
open it. Each choice is kept at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Self

import discord
from discord.ui import (
    ActionRow,
    ChannelSelect,
    Container,
    DynamicItem,
    Item,
    LayoutView,
    RoleSelect,
    Select,
    TextDisplay,
)

from cogs.places import KINDS, NEEDED, meet, needed_in
from cogs.replies import Answer, How, Interaction, actor_of, language_of
from core.errors import BadInput
from core.guilds.access import Actor
from core.guilds.settings import Guilds, GuildView
from core.text import DEFAULT, languages, name_of, say

TEMPLATE = r"dm-setup:(?P<field>server_channel|notice_channel|admin_role|create_role|language)"
CHANNELS, ROLES = ("server_channel", "notice_channel"), ("admin_role", "create_role")


async def look(guilds: Guilds, actor: Actor) -> GuildView:
    """The rules as they are. NotAllowed for anybody but the guild's admins."""
    return await change(guilds, actor, {})


async def change(guilds: Guilds, actor: Actor, chosen: dict[str, Any]) -> GuildView:
    """Keep what was chosen (None: unset it), leave the rest."""
    return await guilds.setup(actor, chosen)


def shown(interaction: Interaction, view: GuildView) -> LayoutView:
    """The page, with what is in the way of the rules."""
    language, gone = language_of(interaction), deleted(interaction.guild, view)
    remarks = [*(_gone(field, language) for field in gone), *missing(interaction, view, language)]
    return page(replace(view, **dict.fromkeys(gone)), language, remarks)


def deleted(guild: discord.Guild | None, view: GuildView) -> list[str]:
    """The fields whose channel or role does not exist any more, as far as Discord tells."""
    if guild is None or guild.unavailable:
        return []
    known = guild.get_channel_or_thread
    gone = [field for field in CHANNELS if (chosen := getattr(view, field)) and known(chosen) is None]
    return gone + [field for field in ROLES if (chosen := getattr(view, field)) and guild.get_role(chosen) is None]


def page(view: GuildView, language: str, remarks: Iterable[str] = ()) -> LayoutView:
    container: Container[LayoutView] = Container(
        TextDisplay(f"### {say(language, 'setup.title')}\n{say(language, 'setup.intro')}")
    )
    for field in (*CHANNELS, *ROLES):
        set_to: int | None = getattr(view, field)
        mention = (f"<#{set_to}>" if field in CHANNELS else f"<@&{set_to}>") if set_to else None
        container.add_item(_line(field, mention, language))
        container.add_item(ActionRow(Choose(_select(field, set_to, language))))
    container.add_item(_line("language", name_of(view.language or DEFAULT, language), language))
    container.add_item(ActionRow(Choose(_languages(view.language, language))))
    if text := "\n".join(remarks):
        container.add_item(TextDisplay(text))
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout


def missing(interaction: Interaction, view: GuildView, language: str) -> list[str]:
    """A line for each chosen channel where the bot lacks a permission."""
    guild, lines = interaction.guild, []
    for number in dict.fromkeys((view.server_channel, view.notice_channel)):
        channel = guild.get_channel_or_thread(number) if guild and number else None
        if guild is not None and channel is not None:
            lines += lacking(channel.permissions_for(guild.me), channel.id, language, needed_in(channel))
    return lines


def card_obstacles(interaction: Interaction, view: GuildView, language: str) -> list[str]:
    """What keeps the card of a server that is created here from being posted."""
    if view.server_channel is None:
        return lacking(interaction.app_permissions, interaction.channel_id or 0, language)
    if "server_channel" in deleted(interaction.guild, view):
        return [_gone("server_channel", language)]
    return missing(interaction, view, language)


def lacking(may: discord.Permissions, channel: int, language: str, needed: Iterable[str] = NEEDED) -> list[str]:
    """One line that names what the bot may not do in a channel; none where all is well."""
    names = [say(language, f"permission.{each}") for each in needed if not getattr(may, each)]
    return [say(language, "setup.missing", channel=f"<#{channel}>", permissions=", ".join(names))] if names else []


class Choose(DynamicItem[Select[Any] | ChannelSelect[Any] | RoleSelect[Any]], template=TEMPLATE):
    """Any of the page's selects: keeps what was chosen, and shows the page as it is then."""

    @classmethod
    async def from_custom_id(cls, interaction: Interaction, item: Item[Any], match: re.Match[str], /) -> Self:
        assert isinstance(item, Select | ChannelSelect | RoleSelect)
        return cls(item)

    async def callback(self, interaction: Interaction) -> Any:
        guilds: Guilds = interaction.client.faces.guilds
        data: Any = interaction.data
        field, values = self.custom_id.partition(":")[2], data.get("values")
        value = str(values[0]) if values else None
        known = data.get("resolved", {}).get("channels" if field in CHANNELS else "roles", {})

        async def handle() -> Answer:
            if value is not None and field != "language" and value not in known:
                raise BadInput("command.value")
            chosen = {field: value if value is None or field == "language" else int(value)}
            if value is not None and field in CHANNELS:
                await meet(interaction.client, interaction.guild, [int(value)])
            return shown(interaction, await change(guilds, actor_of(interaction), chosen))

        await interaction.client.faces.replies.answer(interaction, handle, how=How.UPDATE)


def _gone(field: str, language: str) -> str:
    return say(language, "setup.gone", what=say(language, f"setup.{field}"))


def _line(field: str, value: str | None, language: str) -> TextDisplay[Any]:
    unset = say(language, f"setup.{field}.unset")
    return TextDisplay(f"**{say(language, f'setup.{field}')}:** {value or unset}")


def _select(field: str, value: int | None, language: str) -> ChannelSelect[Any] | RoleSelect[Any]:
    custom_id, placeholder = f"dm-setup:{field}", say(language, "setup.choose")
    chosen = [discord.Object(value)] if value else []
    if field in ROLES:
        roles = [discord.SelectDefaultValue.from_role(each) for each in chosen]
        return RoleSelect(custom_id=custom_id, placeholder=placeholder, default_values=roles, min_values=0)
    channels = [discord.SelectDefaultValue.from_channel(each) for each in chosen]
    return ChannelSelect(
        custom_id=custom_id, placeholder=placeholder, channel_types=KINDS, default_values=channels, min_values=0
    )


def _languages(value: str | None, language: str) -> Select[Any]:
    select: Select[Any] = Select(custom_id="dm-setup:language", placeholder=say(language, "setup.choose"), min_values=0)
    for each in languages():
        select.add_option(label=name_of(each, language), value=each, default=each == value)
    return select
