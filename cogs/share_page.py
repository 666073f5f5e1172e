"""The page behind **Share**: who manages a server and who plays on it, each a select. A choice is kept at once."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Self

import discord
from discord.ui import ActionRow, Container, DynamicItem, Item, LayoutView, MentionableSelect, TextDisplay

from cogs.cards import button
from cogs.escape import escape
from cogs.membership import deleted_roles
from cogs.pages import who_shares
from cogs.replies import Answer, How, Interaction, actor_of, language_of
from core.errors import BadInput
from core.guilds.access import Share
from core.servers.sharing import MOST_SHARES, Shares, Sharing, Target
from core.text import say
from core.words import Sharer, ShareRole

TEMPLATE = r"dm-share:(?P<role>player|manager):(?P<server>[a-z][a-z2-7]{11})"


def page(shares: Shares, language: str, deleted: Collection[int] = ()) -> LayoutView:
    """`deleted`: roles that are there no more; nobody can choose them, so they are named with a button."""
    server = shares.server
    container: Container[LayoutView] = Container(TextDisplay(f"### {escape(server.name)}"))
    for role in (ShareRole.MANAGER, ShareRole.PLAYER):
        container.add_item(TextDisplay(say(language, f"share.{role}s")))
        container.add_item(ActionRow(ShareWith(_select(shares, role, language, deleted))))
    container.add_item(TextDisplay("\n".join(who_shares(shares, language, deleted))))
    if deleted:
        container.add_item(ActionRow(button("share_clean", server.id, language)))
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout


class ShareWith(DynamicItem[MentionableSelect[Any]], template=TEMPLATE):
    """Either select: those that are chosen have the role, and nobody else."""

    def __init__(self, item: MentionableSelect[Any], role: str = "", server: str = "") -> None:
        super().__init__(item)
        self.role, self.server = role, server

    @classmethod
    async def from_custom_id(cls, interaction: Interaction, item: Item[Any], match: re.Match[str], /) -> Self:
        assert isinstance(item, MentionableSelect)
        return cls(item, match["role"], match["server"])

    async def callback(self, interaction: Interaction) -> Any:
        sharing: Sharing = interaction.client.faces.servers.sharing
        targets = _targets(interaction.data)

        async def handle() -> Answer:
            actor, guild = actor_of(interaction), interaction.guild
            if targets is None:
                raise BadInput("command.value")
            before = await sharing.with_whom(actor, self.server)
            gone = deleted_roles(guild, before)
            shares = await sharing.put(actor, self.server, ShareRole(self.role), targets, keep=gone)
            return page(shares, language_of(interaction), deleted_roles(guild, shares))

        await interaction.client.faces.replies.answer(interaction, handle, how=How.UPDATE)


def _targets(data: Any) -> list[Target] | None:
    """Whom somebody chose; None where Discord did not say who that is."""
    resolved = data.get("resolved") or {}
    users, roles = resolved.get("users") or {}, resolved.get("roles") or {}
    found = []
    for value in map(str, data.get("values") or ()):
        if value in users:
            found.append(Target(int(value), Sharer.MEMBER, is_bot=bool(users[value].get("bot"))))
        elif value in roles:
            found.append(Target(int(value), Sharer.ROLE))
        else:
            return None
    return found


def _select(shares: Shares, role: ShareRole, language: str, deleted: Collection[int]) -> MentionableSelect[LayoutView]:
    chosen = [_chosen(each) for each in shares.all if each.role == role and each.target not in deleted]
    return MentionableSelect(
        custom_id=f"dm-share:{role}:{shares.server.id}",
        placeholder=say(language, f"share.choose_{role}s"),
        min_values=0,
        max_values=MOST_SHARES,
        default_values=chosen,
    )


def _chosen(share: Share) -> discord.SelectDefaultValue:
    kind = discord.SelectDefaultValueType.role if share.kind == Sharer.ROLE else discord.SelectDefaultValueType.user
    return discord.SelectDefaultValue(id=share.target, type=kind)
