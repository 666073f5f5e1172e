"""The Discord client: slash commands only, no privileged intent, commands synced only when they changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable

import discord
import structlog
from discord.ext import commands

from cogs import add_all
from cogs.faces import Faces
from core.data.database import Database
from core.data.tables import MetaRow

log = structlog.get_logger()

INTENTS = discord.Intents(guilds=True, voice_states=True, guild_scheduled_events=True, dm_messages=True)
HASH = "commands"


class Client(commands.AutoShardedBot):
    """`faces` is where persistent buttons find what they need."""

    def __init__(
        self, faces: Faces, database: Database, on_synced: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=INTENTS,
            help_command=None,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=discord.app_commands.AppCommandContext(
                guild=True, dm_channel=False, private_channel=False
            ),
            allowed_installs=discord.app_commands.AppInstallationType(guild=True, user=False),
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
        )
        self.faces = faces
        self._database = database

    async def setup_hook(self) -> None:
        await add_all(self, self.faces)
        await self.sync_if_changed()

    async def sync_if_changed(self) -> bool:
        """Tell Discord the commands if they differ from the last time (it allows 200 creations a day)."""
        translator = self.tree.translator
        payload = [
            await command.get_translated_payload(self.tree, translator) if translator else command.to_dict(self.tree)
            for command in self.tree.get_commands()
        ]
        told = json.dumps([self.application_id, payload], sort_keys=True, default=str)
        digest = hashlib.sha256(told.encode()).hexdigest()
        async with self._database.begin() as session:
            known = await session.get(MetaRow, HASH)
            if known is not None and known.value == digest:
                return False
            await self.tree.sync()
            row = known or MetaRow(key=HASH, value="")
            row.value = digest
            session.add(row)
        log.info("commands synced", commands=len(payload))
        return True

    def in_voice(self, channel: int) -> int:
        """How many are in a voice channel now, bots among them left out where they are known."""
        found = self.get_channel(channel)
        if not isinstance(found, discord.VoiceChannel | discord.StageChannel):
            return 0
        return sum(user != self.application_id for user in found.voice_states)


def point_at(api_url: str | None, gateway_url: str | None) -> None:
    """Send discord.py to another address than Discord's: a proxy, or a Discord on loopback."""
    import yarl
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

    if api_url:
        Route.BASE = api_url.rstrip("/")
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
