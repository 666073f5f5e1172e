"""The page on which a guild's admins choose its rules: `/guild setup` and the greeting's button open it. Each choice is
kept at once. Below the choices stands what keeps the bot from working here (cogs.doctor)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Self

import discord
from discord.ui import (
    ActionRow,
    Button,
    ChannelSelect,
    Container,
    DynamicItem,
    Item,
    Label,
    LayoutView,
    Modal,
    RoleSelect,
    Select,
    TextDisplay,
    TextInput,
)

from cogs import doctor
from cogs.doctor import Place, lacking
from cogs.escape import code
from cogs.places import KINDS, meet
from cogs.replies import Answer, How, Interaction, actor_of, language_of
from core.errors import BadInput
from core.guilds.access import Actor
from core.guilds.settings import Guilds, GuildView
from core.text import DEFAULT, duration, languages, name_of, say
from core.zones import COMMON_ZONES, LONGEST_ZONE

CHANNELS, ROLES = ("server_channel", "notice_channel"), ("admin_role", "create_role")
FIELDS = (*CHANNELS, *ROLES, "language", "time_zone", "idle_after", "idle_warn", "names", "link_to_create")
"""In the order of the page."""
TEMPLATE = rf"dm-setup:(?P<field>{'|'.join(FIELDS)})"
MINUTES = {
    "idle_after": (0, 5, 10, 15, 30, 60, 120, 240, 480, 1440),
    "idle_warn": (0, 1, 2, 5, 10, 15, 30, 60),
}
"""What the selects offer; `/server idle` takes any number of them."""
MOST_OPTIONS = 25


async def look(guilds: Guilds, actor: Actor) -> GuildView:
    """The rules as they are. NotAllowed for anybody but the guild's admins."""
    return await guilds.look(actor)


async def change(guilds: Guilds, actor: Actor, chosen: dict[str, Any]) -> GuildView:
    """Keep what was chosen (None: unset it), leave the rest."""
    return await guilds.setup(actor, chosen)


def shown(interaction: Interaction, view: GuildView) -> LayoutView:
    """The page, with what is in the way of the rules."""
    language, gone = language_of(interaction), deleted(interaction.guild, view)
    lines = [_gone(field, language) for field in gone]
    guild = interaction.guild
    remarks = lines if guild is None or guild.unavailable else doctor.look(seen(guild, view), language, lines)
    unset: dict[str, Any] = dict.fromkeys(gone)
    return page(replace(view, **unset), language, remarks)


def seen(guild: discord.Guild, view: GuildView) -> doctor.Guild:
    """What Discord tells that the doctor needs to know."""
    me = guild.me
    return doctor.Guild(
        may=me.guild_permissions,
        chosen=[place for place in _places(guild, view) if place.may is not None],
        cards=[_place(guild, each) for each in view.cards],
        has_server_channel=view.server_channel is not None
        and guild.get_channel_or_thread(view.server_channel) is not None,
        timed_out_until=me.timed_out_until if me.is_timed_out() else None,
    )


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
    for field in FIELDS:
        container.add_item(TextDisplay(f"**{say(language, f'setup.{field}')}:** {_value(field, view, language)}"))
        container.add_item(ActionRow(Choose(_select(field, view, language))))
    if text := "\n".join(remarks):
        container.add_item(TextDisplay(text))
    buttons: list[Button[LayoutView]] = [
        Button(label=say(language, f"button.{verb}"), custom_id=f"dm:{verb}") for verb in ("setup_zone", "setup_check")
    ]
    container.add_item(ActionRow(*buttons))
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout


def zone_form(view: GuildView, language: str) -> Modal:
    modal = Modal(title=say(language, "setup.zone_title"), custom_id="dm:guild_zone_form", timeout=None)
    zone: TextInput[Any] = TextInput(
        custom_id="zone", default=view.time_zone, placeholder="Europe/Berlin", max_length=LONGEST_ZONE, required=False
    )
    hint = say(language, "setup.zone_hint")
    modal.add_item(Label(text=say(language, "setup.time_zone"), description=hint, component=zone))
    return modal


def missing(interaction: Interaction, view: GuildView, language: str) -> list[str]:
    """A line for each chosen channel where the bot lacks a permission."""
    guild = interaction.guild
    return [line for place in _places(guild, view) for line in doctor.missing(place, language)] if guild else []


def card_obstacles(interaction: Interaction, view: GuildView, language: str) -> list[str]:
    """What keeps the card of a server that is created here from being posted."""
    if view.server_channel is None:
        here = interaction.channel
        if isinstance(here, discord.Thread):
            place = Place(here.id, interaction.app_permissions, is_thread=True, is_locked=here.locked)
            return doctor.missing(place, language)
        return lacking(interaction.app_permissions, interaction.channel_id or 0, language)
    if "server_channel" in deleted(interaction.guild, view):
        return [_gone("server_channel", language)]
    return missing(interaction, view, language)


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
            if value is not None and field in (*CHANNELS, *ROLES) and value not in known:
                raise BadInput("command.value")
            chosen = {field: None if value is None else _chosen(field, value)}
            if value is not None and field in CHANNELS:
                await meet(interaction.client, interaction.guild, [int(value)])
            return shown(interaction, await change(guilds, actor_of(interaction), chosen))

        await interaction.client.faces.replies.answer(interaction, handle, how=How.UPDATE)


def _chosen(field: str, value: str) -> int | str | bool:
    """As core takes it. BadInput for what no select of ours offers."""
    match field:
        case "language" | "time_zone":
            return value
        case "names" | "link_to_create":
            return value != "no"
        case "idle_after" | "idle_warn":
            if not (value.isascii() and value.isdecimal() and len(value) <= len("1440")):
                raise BadInput("command.value")
            return int(value) * 60
        case _:
            return int(value)


def _places(guild: discord.Guild, view: GuildView) -> list[Place]:
    chosen = dict.fromkeys(each for each in (view.server_channel, view.notice_channel) if each)
    return [_place(guild, each) for each in chosen]


def _place(guild: discord.Guild, number: int) -> Place:
    channel = guild.get_channel_or_thread(number)
    if channel is None:
        return Place(number, None)
    if isinstance(channel, discord.Thread):
        may = channel.permissions_for(guild.me) if channel.parent is not None else None
        return Place(number, may, is_thread=True, is_locked=channel.locked)
    is_forum = isinstance(channel, discord.ForumChannel)
    return Place(number, channel.permissions_for(guild.me), is_forum=is_forum)


def _gone(field: str, language: str) -> str:
    return say(language, "setup.gone", what=say(language, f"setup.{field}"))


def _value(field: str, view: GuildView, language: str) -> str:
    """What holds now, in words."""
    value = getattr(view, field)
    match field:
        case "server_channel" | "notice_channel" if value:
            return f"<#{value}>"
        case "admin_role" | "create_role" if value:
            return f"<@&{value}>"
        case "language":
            return name_of(value or DEFAULT, language)
        case "time_zone" if value:
            return code(value)
        case "names":
            return say(language, "setup.names.shown" if value else "setup.names.hidden")
        case "link_to_create":
            return say(language, "setup.link_to_create.yes" if value else "setup.link_to_create.no")
        case "idle_after" | "idle_warn":
            host = view.host_after if field == "idle_after" else view.host_warn
            if value is None:
                return say(language, "setup.host", value=_time(field, host, language))
            return _time(field, value, language)
        case _:
            return say(language, f"setup.{field}.unset")


def _time(field: str, seconds: int, language: str) -> str:
    if not seconds:
        return say(language, "setup.never" if field == "idle_after" else "setup.unwarned")
    said = duration(language, seconds)
    return said if field == "idle_after" else say(language, "setup.before", value=said)


def _select(field: str, view: GuildView, language: str) -> ChannelSelect[Any] | RoleSelect[Any] | Select[Any]:
    value = getattr(view, field)
    named: dict[str, Any] = {"custom_id": f"dm-setup:{field}", "placeholder": say(language, "setup.choose")}
    if field in ROLES:
        roles = [discord.SelectDefaultValue.from_role(discord.Object(value))] if value else []
        return RoleSelect(**named, default_values=roles, min_values=0)
    if field in CHANNELS:
        channels = [discord.SelectDefaultValue.from_channel(discord.Object(value))] if value else []
        return ChannelSelect(**named, channel_types=KINDS, default_values=channels, min_values=0)
    select: Select[Any] = Select(**named, min_values=0)
    for each, label, chosen in _options(field, view, language):
        select.add_option(label=label, value=each, default=chosen)
    return select


def _options(field: str, view: GuildView, language: str) -> list[tuple[str, str, bool]]:
    """Value, label, and whether it is chosen. What is chosen is always among them."""
    value: Any = getattr(view, field)
    match field:
        case "language":
            return [(each, name_of(each, language), each == value) for each in languages()]
        case "time_zone":
            zones = [*COMMON_ZONES, *([value] if value and value not in COMMON_ZONES else [])]
            return [(each, each, each == value) for each in zones]
        case "names" | "link_to_create":
            return [(each, say(language, f"word.{each}"), (each == "yes") == value) for each in ("yes", "no")]
        case _:
            known = {60 * each for each in MINUTES[field]} | ({value} if value is not None else set())
            return [(str(each // 60), _time(field, each, language), each == value) for each in sorted(known)]
