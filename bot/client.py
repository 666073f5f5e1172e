"""The Discord client: slash commands only, no privileged intent, commands synced only when they changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import discord
import structlog
from discord.ext import commands

from bot.throttle import Throttle
from cogs import add_all
from cogs.faces import Faces
from cogs.refusals import in_short
from core.data.database import Database, insert_missing
from core.data.tables import MetaRow
from core.words import Empty, Gone, Occupied, Unknown, VoiceEvidence

log = structlog.get_logger()

INTENTS = discord.Intents(guilds=True, voice_states=True, guild_scheduled_events=True, dm_messages=True)
HASH = "commands"


class Client(commands.AutoShardedBot):
    """`faces` is where persistent buttons find what they need."""

    def __init__(self, faces: Faces, database: Database) -> None:
        self.throttle = Throttle()
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
            http_trace=self.throttle.trace,
            max_ratelimit_timeout=30.0,  # seconds; what would wait longer is tried again by whoever sent it
        )
        self.faces = faces
        self.trouble = ""
        """Why it could not sign in, for whoever watches; stays until it is connected."""
        self.was_connected = False
        """Whether it ever was since the start."""
        self.disconnects = 0
        """How often a shard lost its connection since the start."""
        self._database = database
        self._connected: set[int] = set()  # shards
        self._syncing: asyncio.Task[None] | None = None
        self.listed: dict[int, frozenset[int]] = {}
        """By shard: the guilds that Discord listed when its session began, also those that were unavailable."""
        parsers = self._connection.parsers
        parsers["READY"] = partial(self._session_began, parsers["READY"])

    async def setup_hook(self) -> None:
        if self._syncing is None:  # a log-in that failed half-way is begun again
            await add_all(self, self.faces, lambda: self.sync_if_changed(force=True))
            self._syncing = asyncio.create_task(self._sync(), name="sync")

    def _session_began(self, parse: Callable[[Any], object], data: Any) -> None:
        """discord.py keeps guilds of the session before that are not in this one's list: somebody removed us there."""
        shard, listed = data["shard"][0], frozenset(int(each["id"]) for each in data["guilds"])
        for guild in self.guilds:
            if guild.shard_id == shard and guild.id not in listed:
                self._connection._remove_guild(guild)
        self.listed[shard] = listed
        parse(data)

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
                seconds = max(wait, getattr(wrong, "retry_after", 0.0))
                log.warning("commands not synced", why=in_short(wrong), again_in=seconds)
            await asyncio.sleep(seconds)
            wait = min(wait * 2, 600.0)

    @property
    def connected(self) -> bool:
        """Whether every shard hears from Discord now."""
        return self.is_ready() and len(self._connected) >= max(1, len(self.shards))

    @property
    def lacks(self) -> str:
        """What is between us and Discord, in words; empty where all is well."""
        if seconds := self.throttle.blocked_for:
            return f"Discord refuses this address for {seconds:.0f} s"
        return "" if self.connected else self.trouble or "not connected"

    async def on_shard_connect(self, shard: int) -> None:
        self._connected.add(shard)
        self.was_connected = True
        self.trouble = ""

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

    def in_voice(self, guild: int, channel: int) -> VoiceEvidence:
        """Who is in a voice channel now."""
        home = self.get_guild(guild)
        if not self.connected or (home is not None and home.unavailable):
            return Unknown("Discord does not tell who is in the voice channel")
        if home is None:
            return Empty()  # we were removed there: nobody in it is for us to mind
        found = home.get_channel(channel)
        if not isinstance(found, discord.VoiceChannel | discord.StageChannel):
            return Gone()
        if home.me is not None and not found.permissions_for(home.me).view_channel:
            return Unknown("we may not see the voice channel")
        count = sum(user != self.application_id for user in found.voice_states)
        return Occupied(online=count) if count else Empty()


def point_at(api_url: str | None, gateway_url: str | None) -> None:
    """Send discord.py to another address than Discord's: a proxy, or a Discord on loopback."""
    import yarl
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

    if api_url:
        Route.BASE = api_url.rstrip("/")
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
