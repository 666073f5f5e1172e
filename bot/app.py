"""The only place that constructs. `build(settings)` gives an App; `App.run` starts and stops its parts in order."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import aiohttp
import discord
import structlog

from bot.client import Client, point_at
from bot.schedule import Job, make_scheduler
from bot.settings import Settings, master_key
from cogs.announcer import Announcer
from cogs.faces import Faces
from cogs.replies import Replies
from core.changes import Changes
from core.cluster.local import LocalCluster
from core.cluster.port import Cluster
from core.data.database import Database
from core.errors import Misconfigured
from core.games.catalogue import BUILT_IN, Catalogue
from core.games.query import make_queries
from core.guilds.settings import Guilds
from core.idle.sweep import Sweep
from core.notices.outbox import Outbox
from core.servers.cards import Cards
from core.servers.controller import Controller
from core.servers.desk import Desk, Host, Live
from core.servers.usecases import Servers

log = structlog.get_logger()
DRAIN = 10.0  # seconds that handlers have to end after SIGTERM


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class App:
    settings: Settings
    database: Database
    cluster: Cluster
    controller: Controller
    announcer: Announcer
    client: Client
    sweep: Sweep
    sweep_every: timedelta
    session: aiohttp.ClientSession

    async def run(self) -> None:
        """Until SIGTERM or SIGINT, or until a part fails. Servers go on running."""
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        await self.cluster.start()
        scheduler = make_scheduler([Job("sweep", self.sweep_every, self.sweep.run)])
        parts: list[asyncio.Task[Any]] = [
            asyncio.create_task(self.controller.run(), name="controller"),
            asyncio.create_task(self._connect(), name="discord"),
            announcing := asyncio.create_task(self.announcer.run(), name="announcer"),
        ]
        stop = asyncio.create_task(stopping.wait(), name="stop")
        scheduler.start()
        log.info("started", cluster=self.settings.cluster, servers_in=str(self.settings.data_dir))
        try:
            await asyncio.wait([*parts, stop], return_when=asyncio.FIRST_COMPLETED)
            for part in parts:
                if part.done() and not part.cancelled() and (wrong := part.exception()) is not None:
                    raise wrong
        finally:
            scheduler.pause()
            self.announcer.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN):
                    await self.sweep.drain()
                    await self.client.faces.replies.drain(DRAIN)
                    await asyncio.wait([announcing])
            scheduler.shutdown(wait=False)
            for part in (*reversed(parts), stop):
                part.cancel()
            await asyncio.gather(*parts, stop, return_exceptions=True)
            await self.session.close()
            await self.cluster.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN):
                    await self.database.close()
            log.info("stopped")

    async def _connect(self) -> None:
        token = self.settings.discord_token
        assert token is not None
        try:
            async with self.client:
                await self.client.start(token.get_secret_value())
        except discord.LoginFailure:
            raise Misconfigured(["DORMOUSE_DISCORD_TOKEN: Discord does not know this token."]) from None


async def build(settings: Settings, now: Callable[[], datetime] = utc_now) -> App:
    """Everything, wired and migrated, nothing started. Misconfigured says in words what is wrong."""
    if settings.discord_token is None:
        raise Misconfigured(
            ["DORMOUSE_DISCORD_TOKEN is not set: it is the bot's token from Discord's developer portal."]
        )
    folders = [BUILT_IN, *([settings.games_dir] if settings.games_dir else [])]
    catalogue = Catalogue.load(*folders, local_only=settings.cluster == "local")
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        host = Host(
            public_host=settings.public_host,
            ports=settings.port_range,
            master_key=master_key(settings),
            idle_after=timedelta(seconds=settings.idle_after),
            idle_warn=timedelta(seconds=settings.idle_warn),
            idle_grace=timedelta(seconds=settings.idle_grace),
        )
    except OSError as wrong:
        raise Misconfigured([f"DORMOUSE_DATA_DIR: {settings.data_dir} cannot be used: {wrong.strerror}."]) from None
    database = Database(settings.database)
    await database.migrate()
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    changes, live = Changes(), Live({}, now())
    desk = Desk(database, catalogue, changes, live, host, now)
    guilds = Guilds(database, changes, now)
    cluster = LocalCluster(settings.data_dir / "servers", host=settings.public_host)
    controller = Controller(desk, cluster)
    faces = Faces(servers=Servers(desk), guilds=guilds, replies=Replies(), catalogue=catalogue)
    client = Client(faces, database)
    announcer = Announcer(client, Outbox(database), Cards(database, desk), guilds, now)
    changes.subscribe(controller.wake)
    changes.subscribe(announcer.touch)
    session = aiohttp.ClientSession()
    every = sweep_interval(settings)
    return App(
        settings=settings,
        database=database,
        cluster=cluster,
        controller=controller,
        announcer=announcer,
        client=client,
        sweep=Sweep(desk, make_queries(session), every=every, in_voice=client.in_voice),
        sweep_every=every,
        session=session,
    )


def sweep_interval(settings: Settings) -> timedelta:
    """15 s, or shorter where idle times are so short that 15 s would be felt (the demo's)."""
    shortest = min(settings.idle_after or 900, max(settings.idle_warn, 1) * 2)
    return timedelta(seconds=min(15.0, max(1.0, shortest / 12)))


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder's lock; Misconfigured where another copy has it."""
    folder.mkdir(parents=True, exist_ok=True)
    file: IO[str] = open(folder / "lock", "a+")  # noqa: SIM115 - open for as long as the process holds it
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Misconfigured([f"Another Dormouse is running on {folder}: stop that one first."]) from None
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    try:
        yield
    finally:
        file.close()
