"""The part of `dormouse check` that asks Discord: the token, the application's settings, the guilds, the gateway.

Four requests and one connection that signs in nobody: a bot that runs meanwhile does not notice.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import aiohttp
import discord

from bot.check.report import Report
from bot.settings import Settings
from cogs.places import NEEDED
from core.text import DEFAULT, say

API = "https://discord.com/api/v10"
PATIENCE = aiohttp.ClientTimeout(total=15)
PERMISSIONS = discord.Permissions(**dict.fromkeys(NEEDED, True), send_messages_in_threads=True)
"""What the invite asks for: what every channel needs, and threads, where a card may be too."""
_PRIVILEGED = {
    "Presence": (1 << 12) | (1 << 13),
    "Server Members": (1 << 14) | (1 << 15),
    "Message Content": (1 << 18) | (1 << 19),
}
"""https://discord.com/developers/docs/resources/application#application-object-application-flags"""
_GUILD_INSTALL = "0"
_HELLO = 10


async def check(settings: Settings, report: Report) -> None:
    """Never raises for what Discord or the network does."""
    if settings.discord_token is None:
        report.mistakes.append(
            "DORMOUSE_DISCORD_TOKEN is not set: it is the bot's token from Discord's developer portal."
        )
        return
    headers = {
        "Authorization": f"Bot {settings.discord_token.get_secret_value().strip()}",
        "User-Agent": "DiscordBot (https://discord.com, 1) Dormouse check",
    }
    api = (settings.discord_api_url or API).rstrip("/")
    async with aiohttp.ClientSession(headers=headers, timeout=PATIENCE) as session:
        try:
            application = await _get(session, api, "/applications/@me")
            _application(application, report)
            _guilds(await _get(session, api, "/users/@me/guilds"), application, report)
            gateway = await _get(session, api, "/gateway/bot")
        except _Refused as refused:
            report.mistakes.append(str(refused))
            return
        _sessions(gateway, report)
        await _gateway(session, settings.discord_gateway_url or str(gateway["url"]), report)


class _Refused(Exception):
    """A sentence."""


async def _get(session: aiohttp.ClientSession, api: str, path: str) -> Any:
    try:
        async with session.get(api + path) as response:
            if response.status == 200:
                return await response.json()
            status = response.status
    except (aiohttp.ClientError, TimeoutError, ValueError) as wrong:
        raise _Refused(f"Discord cannot be reached at {api}: {_why(wrong)}.") from None
    match status:
        case 401:
            raise _Refused(
                "DORMOUSE_DISCORD_TOKEN: Discord does not know this token. Make a new one on the page Bot of the "
                "developer portal."
            )
        case 429:
            raise _Refused("Discord asks us to wait (429): this bot or this address asks too much. Try again later.")
        case _:
            raise _Refused(f"Discord answers {status} to {path}: try again later.")


def _application(application: dict[str, Any], report: Report) -> None:
    installs = application.get("integration_types_config")
    if installs is not None and _GUILD_INSTALL not in installs:
        report.mistakes.append(
            "Guild Install is off for this application, so no guild can have it: switch it on, on the page "
            "Installation of the developer portal."
        )
    if application.get("bot_require_code_grant"):
        report.mistakes.append(
            "“Requires OAuth2 Code Grant” is on, so the invite link does not work: switch it off, on the page Bot."
        )
    flags = int(application.get("flags") or 0)
    if needless := [name for name, bits in _PRIVILEGED.items() if flags & bits]:
        report.remarks.append(f"Privileged intents that are on and not needed: {', '.join(needless)}.")
    report.remarks.append(f"Discord knows this bot as {application.get('name')}.")
    if application.get("bot_public") is False:
        report.remarks.append("Only you can invite this bot (Public Bot is off).")
    report.remarks.append(f"Invite it with: {invite(str(application['id']))}")


def invite(application: str) -> str:
    """The link with which somebody who manages a guild adds the bot, with the permissions it needs and no others."""
    return discord.utils.oauth_url(
        application, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
    ) + "&integration_type=" + _GUILD_INSTALL  # fmt: skip


def _guilds(guilds: list[dict[str, Any]], application: dict[str, Any], report: Report) -> None:
    """What Discord tells of at most 200 guilds: its permissions there, channels apart."""
    if not guilds:
        report.remarks.append("It is in no guild yet.")
    lacking = {}
    for guild in guilds:
        has = discord.Permissions(int(guild.get("permissions") or 0))
        missing = [say(DEFAULT, f"permission.{each}") for each in NEEDED if not getattr(has, each)]
        if missing and not has.administrator:
            lacking[str(guild["name"])] = missing
    for name, missing in list(lacking.items())[:10]:
        report.remarks.append(f"In the guild {name} it lacks {', '.join(missing)}: a role or channel has to give that.")
    if len(lacking) > 10:
        report.remarks.append(f"So do {len(lacking) - 10} more guilds.")
    if guilds and not lacking:
        report.remarks.append(f"It has the permissions it needs in {'all of ' if len(guilds) > 1 else ''}its guilds.")


def _sessions(gateway: dict[str, Any], report: Report) -> None:
    limit = gateway.get("session_start_limit") or {}
    if limit.get("remaining", 1) < int(gateway.get("shards") or 1):
        hours = int(limit.get("reset_after") or 0) / 3_600_000
        report.mistakes.append(f"Discord lets this bot sign in no more times today: wait {hours:.0f} h.")


async def _gateway(session: aiohttp.ClientSession, url: str, report: Report) -> None:
    """Connect and hear its greeting, as far as one gets without signing in."""
    shown = url.partition("?")[0]
    try:
        async with asyncio.timeout(PATIENCE.total), session.ws_connect(f"{shown}?v=10&encoding=json") as socket:
            if (await socket.receive_json()).get("op") != _HELLO:
                raise ValueError
    except (aiohttp.ClientError, TimeoutError, TypeError, ValueError) as wrong:
        report.mistakes.append(f"Discord's gateway cannot be reached at {shown}: {_why(wrong)}.")


def _why(wrong: BaseException) -> str:
    """In our words: a library's can hold addresses and what stands in them."""
    match wrong:
        case aiohttp.ClientConnectorDNSError():
            return "the name of its host is not known here"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "its certificate is not trusted (does a proxy stand between?)"
        case aiohttp.ClientConnectorError(os_error=OSError(errno=int(number))):
            return os.strerror(number).lower()
        case TimeoutError():
            return "no answer in time"
        case _:
            return "what answers there is not Discord"
