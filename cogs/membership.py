"""Who is in a guild, asked of Discord: the bot has no privileged intent, so it is told of nobody's leaving. And which
roles are there, which it is told."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp
import discord
import structlog

from cogs.refusals import NOT_THERE, in_short
from core.guilds.membership import Membership, Present
from core.servers.sharing import Shares
from core.words import Gone, Sharer, Unknown

log = structlog.get_logger()


class DiscordMembership(Membership):
    """`client`: the one that is connected; None: there is none yet."""

    def __init__(self, client: Callable[[], discord.Client | None]) -> None:
        self._client = client

    def answers(self) -> bool:
        client = self._client()
        return client is not None and client.is_ready()

    async def of(self, guild: int, user: int) -> Present | Gone | Unknown:
        client = self._client()
        home = None if client is None else client.get_guild(guild)
        if home is None or home.unavailable:
            return Unknown("Discord does not show this guild now")
        try:
            member = await home.fetch_member(user)
        except discord.HTTPException as refused:
            if refused.code in NOT_THERE:
                return Gone()
            return self._unknown(guild, refused)
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as wrong:
            return self._unknown(guild, wrong)
        roles = frozenset(role.id for role in member.roles)
        may = member.guild_permissions
        return Present(roles, may.manage_guild or may.administrator)

    def _unknown(self, guild: int, wrong: Exception) -> Unknown:
        log.info("member not looked up", guild=guild, why=in_short(wrong))
        return Unknown(in_short(wrong))


def role_is_there(guild: discord.Guild | None, role: int) -> bool:
    """True also where Discord does not tell."""
    return guild is None or guild.unavailable or guild.get_role(role) is not None


def deleted_roles(guild: discord.Guild | None, shares: Shares) -> frozenset[int]:
    """Roles with which a server is shared, and which were deleted."""
    roles = (share.target for share in shares.all if share.kind == Sharer.ROLE)
    return frozenset(role for role in roles if not role_is_there(guild, role))
