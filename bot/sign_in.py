"""Signs in to Discord and stays connected, as often as it takes: Discord being away, or refusing us for a while, is no
reason to stop looking after servers. A process that ended instead would be started again at once, and asked Discord
once more each time: that is what makes a refusal longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import discord
import structlog

from bot.client import Client
from bot.throttle import AddressBlocked
from cogs.refusals import in_short
from core.errors import CannotGoOn, Misconfigured

log = structlog.get_logger()
FIRST, LONGEST, LONGEST_REFUSED = 1.0, 60.0, 3600.0  # seconds: at first, where Discord is away, where it refuses us
NEW_TOKEN = (
    "Make a new one on the page Bot of the application in Discord's developer portal, and start Dormouse with it."
)
UNKNOWN_TOKEN = f"DORMOUSE_DISCORD_TOKEN: Discord does not know this token. {NEW_TOKEN}"
LOST_TOKEN = f"DORMOUSE_DISCORD_TOKEN: Discord no longer takes this token; perhaps somebody had it reset. {NEW_TOKEN}"
INTENT = "Discord refuses an intent that Dormouse asks for."
CLOSED = {
    4011: "The bot is in more guilds than this number of connections may serve. Start it again: it asks for more.",
    4013: INTENT,
    4014: INTENT,
}
"""Gateway close codes that no new connection mends."""
NOT_THIS_TOKEN = 4004


async def stay(client: Client, token: str) -> None:
    """Until the client is closed. Where no trying again helps: Misconfigured, and CannotGoOn once it was signed in."""
    try:
        async with client:
            await _patiently(client, lambda: _log_in(client, token))
            await _patiently(client, client.connect)
    except discord.LoginFailure:
        raise _for_good(client, LOST_TOKEN if client.was_connected else UNKNOWN_TOKEN) from None
    except discord.PrivilegedIntentsRequired:
        raise _for_good(client, INTENT) from None
    except discord.ConnectionClosed as closed:
        if closed.code == NOT_THIS_TOKEN:
            raise _for_good(client, LOST_TOKEN if client.was_connected else UNKNOWN_TOKEN) from None
        why = CLOSED.get(closed.code, f"Discord closed the connection for good (code {closed.code}).")
        raise _for_good(client, why) from None


def _for_good(client: Client, why: str) -> Misconfigured:
    if not client.was_connected:
        return Misconfigured([why])
    log.error("Discord ended it for good", why=why)
    return CannotGoOn([why, "Servers go on running meanwhile, but nobody looks after them."])


async def _log_in(client: Client, token: str) -> None:
    try:
        await client.login(token)
    except BaseException:
        # What is left of a log-in that failed would be in the way of the next one.
        await client.http.close()
        client.http.connector = discord.utils.MISSING
        raise


async def _patiently(client: Client, call: Callable[[], Awaitable[None]]) -> None:
    """Again after growing times, or as long as Discord says, while it cannot be reached or refuses us."""
    wait = FIRST
    while True:
        try:
            await call()
            return
        except (discord.LoginFailure, discord.PrivilegedIntentsRequired, discord.ConnectionClosed):
            raise
        except Exception as wrong:
            if client.is_closed():
                raise
            away = wrong.__cause__ if isinstance(wrong.__cause__, discord.HTTPException) else wrong
            if isinstance(away, discord.HTTPException) and away.status == 401:
                raise discord.LoginFailure from away
            seconds = max(wait, client.throttle.blocked_for, getattr(away, "retry_after", 0.0))
            wait = min(wait * 2, LONGEST_REFUSED if _refused(away) else LONGEST)
            if not isinstance(away, discord.DiscordException | aiohttp.ClientError | OSError):
                log.error("signing in failed", exc_info=away)
            why = "Discord refuses us" if _refused(away) else "Discord is away"
            log.warning(why, why=in_short(away), again_in=round(seconds, 1))
            client.trouble = f"{why[0].lower()}{why[1:]}; next try in {seconds:.0f} s"
        await asyncio.sleep(seconds)


def _refused(away: Exception) -> bool:
    return isinstance(away, AddressBlocked) or (isinstance(away, discord.HTTPException) and away.status < 500)
