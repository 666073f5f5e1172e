"""The Discord client: slash commands only, no privileged intent, commands synced only when they changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable

import discord
import structlog
from discord.ext import commands

from cogs import add_all
from cogs.faces import Faces
from core.data.database import Database, insert_missing
from core.data.tables import MetaRow

log = structlog.get_logger()

INTENTS = discord.Intents(guilds=True, voice_states=True, guild_scheduled_events=True, dm_messages=True)
HASH = "commands"


class Client(commands.AutoShardedBot):
    """`faces` is where persistent buttons find what they need."""

    def __init__(
        self, faces: Faces, database: Database, on_synced: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # it joins no voice channel
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
            max_ratelimit_timeout=30.0,  # seconds; what would wait longer is tried again by whoever sent it
        )
        self.faces = faces
        self.disconnects = 0
        """How often a shard lost its connection since the start."""
        self._database = database
        self._connected: set[int] = set()  # shards
        self._syncing: asyncio.Task[None] | None = None

    async def setup_hook(self) -> None:
        if self._syncing is None:  # a log-in that failed half-way is begun again
            await add_all(self, self.faces, lambda: self.sync_if_changed(force=True))
            self._syncing = asyncio.create_task(self._sync(), name="sync")

    async def close(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()
        await super().close()

    async def _sync(self) -> None:
        """Until Discord has taken the commands: the old ones work meanwhile."""
        wait = 1.0
        while True:
            try:
                await self.sync_if_changed()
                return
            except Exception as wrong:
                log.warning("commands not synced", why=str(wrong), again_in=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 600.0)

    @property
    def connected(self) -> bool:
        """Whether every shard hears from Discord now."""
        return self.is_ready() and len(self._connected) >= max(1, len(self.shards))

    async def on_shard_connect(self, shard: int) -> None:
        self._connected.add(shard)

    async def on_shard_resumed(self, shard: int) -> None:
        self._connected.add(shard)

    async def on_shard_disconnect(self, shard: int) -> None:
        self._connected.discard(shard)
        self.disconnects += 1
        log.info("disconnected", shard=shard)

    async def sync_if_changed(self, *, force: bool = False) -> bool:
        """Tell Discord the commands if they differ from the last time (it allows 200 creations a day)."""
        translator = self.tree.translator
        payload = [
            await command.get_translated_payload(self.tree, translator) if translator else command.to_dict(self.tree)
            for command in self.tree.get_commands()
        ]
        told = json.dumps([self.application_id, payload], sort_keys=True, default=str)
        digest = hashlib.sha256(told.encode()).hexdigest()
        async with self._database.session() as session:
            known = await session.get(MetaRow, HASH)
        if known is not None and known.value == digest and not force:
            return False
        await self.tree.sync()
        async with self._database.begin() as session:
            await insert_missing(session, MetaRow(key=HASH, value=digest), update=("value",))
        log.info("commands synced", commands=len(payload))
        return True

    def in_voice(self, channel: int) -> int | None:
        """How many are in a voice channel now; None while Discord does not show it to us."""
        found = self.get_channel(channel)
        if not isinstance(found, discord.VoiceChannel | discord.StageChannel) or not self.connected:
            return None
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
