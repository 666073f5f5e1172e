"""Who is in a guild, asked of Discord: the bot has no privileged intent, so it is told of nobody's leaving. And which
roles are there, which it is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import aiohttp
import discord
import structlog

from cogs.refusals import NOT_THERE, in_short
from core.errors import Refusal
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

    def name_of(self, guild: int) -> str | None:
        """None: Discord does not show this guild now."""
        client = self._client()
        home = None if client is None else client.get_guild(guild)
        return home.name if home else None

    async def of(self, guild: int, user: int) -> Present | Gone | Unknown:
        client = self._client()
        home = None if client is None else client.get_guild(guild)
        if home is None or home.unavailable:
            return Unknown("Discord does not show this guild now")
        return await _member(home, user)


class RestMembership(Membership):
    """For a process that has no line to Discord: by REST alone. A guild's roles are read anew after `KEPT`. `ours` says
    of which guilds anything is known here: anybody may name any, and Discord is asked for no others."""

    KEPT = 30.0  # seconds; what rests on them is told to be as old

    def __init__(self, token: str, ours: Callable[[int], Awaitable[bool]]) -> None:
        self._token = token
        self._ours = ours
        self._client = discord.Client(intents=discord.Intents.none())
        self._signing_in = asyncio.Lock()
        self._homes: dict[int, tuple[float, discord.Guild]] = {}

    def answers(self) -> bool:
        return True

    async def of(self, guild: int, user: int) -> Present | Gone | Unknown:
        try:
            if not await self._ours(guild):
                return Gone()
            await self._sign_in()
            read_at, home = await self._home(guild)
        except Refusal as wrong:
            return Unknown(wrong.message)
        except discord.HTTPException as refused:
            return Gone() if refused.code in NOT_THERE else _unknown(guild, refused)
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as wrong:
            return _unknown(guild, wrong)
        age = time.monotonic() - read_at
        found = await _member(home, user)
        return replace(found, age=age) if isinstance(found, Present) else found

    def name_of(self, guild: int) -> str | None:
        """As Discord told; None: nobody asked yet."""
        _, home = self._homes.get(guild, (0.0, None))
        return home.name if home else None

    async def close(self) -> None:
        await self._client.close()

    async def _sign_in(self) -> None:
        async with self._signing_in:
            if self._client.user is None:
                await self._client.login(self._token)

    async def _home(self, guild: int) -> tuple[float, discord.Guild]:
        """And when it was asked for."""
        now = time.monotonic()
        read_at, home = self._homes.get(guild, (0.0, None))
        if home is None or now - read_at > self.KEPT:
            read_at, home = now, await self._client.fetch_guild(guild, with_counts=False)
            self._homes = {each: kept for each, kept in self._homes.items() if now - kept[0] <= self.KEPT}
            self._homes[guild] = (read_at, home)
        return read_at, home


async def _member(home: discord.Guild, user: int) -> Present | Gone | Unknown:
    try:
        member = await home.fetch_member(user)
    except discord.HTTPException as refused:
        return Gone() if refused.code in NOT_THERE else _unknown(home.id, refused)
    except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as wrong:
        return _unknown(home.id, wrong)
    may = member.guild_permissions
    return Present(frozenset(role.id for role in member.roles), may.manage_guild or may.administrator)


def _unknown(guild: int, wrong: Exception) -> Unknown:
    log.info("member not looked up", guild=guild, why=in_short(wrong))
    return Unknown(in_short(wrong))


def role_is_there(guild: discord.Guild | None, role: int) -> bool:
    """True also where Discord does not tell."""
    return guild is None or guild.unavailable or guild.get_role(role) is not None


def deleted_roles(guild: discord.Guild | None, shares: Shares) -> frozenset[int]:
    """Roles with which a server is shared, and which were deleted."""
    roles = (share.target for share in shares.all if share.kind == Sharer.ROLE)
    return frozenset(role for role in roles if not role_is_there(guild, role))
