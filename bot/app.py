"""The only place that constructs. `build(settings)` gives an App; `App.run` starts and stops its parts in order."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import hmac
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any

import aiohttp
import discord
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]

from bot import backup, version
from bot.client import Client, point_at
from bot.metrics import Metrics, Parts
from bot.schedule import Job, make_scheduler
from bot.settings import Settings, master_key
from bot.web.health import HealthServer, Probes
from bot.web.links import LinkServer
from cogs.announcer import Announcer
from cogs.faces import Faces
from cogs.operator import operators_of
from cogs.replies import Replies
from core.changes import Changes
from core.cluster.children import ChildFailed
from core.cluster.local import LocalCluster
from core.cluster.port import Cluster
from core.data.database import Database, Schema
from core.data.lease import Lease, follow
from core.data.trouble import TROUBLE, reason
from core.errors import Misconfigured
from core.games.catalogue import BUILT_IN, Catalogue
from core.games.query import make_queries
from core.games.query.log import LogQuery
from core.guilds.quotas import WATCH_EVERY, Quotas
from core.guilds.settings import Guilds
from core.host import Operations
from core.idle.sweep import Sweep
from core.notices.alarms import Alarms
from core.notices.outbox import Outbox
from core.servers import late, tending
from core.servers.cards import Cards
from core.servers.controller import Controller
from core.servers.desk import Desk, Host, Live
from core.servers.late import LateSaves
from core.servers.usecases import Servers
from core.servers.worlds import Worlds
from core.words import Alarm
from core.worlds.shelf import Shelf
from core.worlds.store.folder import FolderStore
from core.worlds.store.port import StoreError

log = structlog.get_logger()
CLOSED = {
    4004: "DORMOUSE_DISCORD_TOKEN: Discord does not know this token any more.",
    4011: "The bot is in more guilds than one connection may serve.",
    4013: "Discord refuses an intent that Dormouse asks for.",
    4014: "Discord refuses an intent that Dormouse asks for.",
}
"""Gateway close codes that no new connection mends."""
FOLLOWED = object()  # who tells of other processes' changes
DRAIN = 10.0  # seconds that handlers have to end after SIGTERM
BACKUPS_FAILED = 3  # in a row: then whoever runs the bot is told
TURNS_WITHIN = 60.0  # seconds; the controller's lane turns far more often (core.lane.TURN_WITHIN)


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
    operations: Operations
    metrics: Metrics
    changes: Changes
    jobs: list[Job]
    logs: LogQuery
    links: LinkServer

    async def run(self) -> None:
        """Until SIGTERM or SIGINT, or until a part fails. Servers go on running."""
        probes = Probes(live=self._live, ready=self._ready, metrics=self._page)
        try:
            async with HealthServer(self.settings.health_address, probes) as health, self.links as links:
                if health.url:
                    log.info("health", url=health.url)
                if links.url:
                    log.info("downloads", url=links.url, public=self.settings.public_url)
                await self._run()
        finally:
            await self.session.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN):
                    await self.database.close()
            log.info("stopped")

    async def _run(self) -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        await self.cluster.start()
        scheduler = make_scheduler([Job("sweep", self.sweep_every, self.sweep.run), *self.jobs], self.metrics.ran)
        parts: list[asyncio.Task[Any]] = [
            asyncio.create_task(self.controller.watch(), name="watch"),
        ]
        announcer = Lease(self.database, "announcer")
        scheduler.start(paused=True)
        if "control" in self.settings.roles:
            control = Lease(self.database, "control")
            parts.append(asyncio.create_task(control.hold(lambda: self._control(scheduler)), name="control"))
        if "discord" in self.settings.roles:
            parts.append(asyncio.create_task(self._connect(), name="discord"))
            announcing = asyncio.create_task(announcer.hold(self.announcer.run), name="announcer")
            parts.append(announcing)
        if not self.database.is_sqlite:
            tell = partial(self.changes.tell, by=FOLLOWED)
            parts.append(asyncio.create_task(follow(self.database, utc_now, tell), name="follow"))
        stop = asyncio.create_task(stopping.wait(), name="stop")
        log.info("started", cluster=self.settings.cluster, servers_in=str(self.settings.data_dir))
        gc.collect()
        gc.freeze()  # what was loaded stays: no later collection stops an answer to look through it again
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
                    if announcer.held and self.client.is_ready():  # else it has not begun, and waits in vain
                        await asyncio.wait([announcing])
            scheduler.shutdown(wait=False)
            left: set[asyncio.Task[Any]] = {*parts, stop}
            while left:
                # Again and again: discord.py swallows a cancellation while a shard signs in anew.
                for part in left:
                    part.cancel()
                _, left = await asyncio.wait(left, timeout=2.0)
            await self.logs.close()
            await self.cluster.close()

    async def _control(self, scheduler: AsyncIOScheduler) -> None:
        """What one process does at a time: reconcile, and the jobs."""
        scheduler.resume()
        try:
            await self.controller.act()
        finally:
            if scheduler.running:
                scheduler.pause()

    def _live(self) -> dict[str, str]:
        turned_at = self.controller.work.turned_at
        if turned_at is not None and asyncio.get_running_loop().time() - turned_at > TURNS_WITHIN:
            return {"controller": f"its loop has not turned for more than {TURNS_WITHIN:.0f} seconds"}
        return {}

    async def _ready(self) -> dict[str, str]:
        missing = {}
        if "discord" in self.settings.roles and not self.client.connected:
            missing["discord"] = "not connected"
        if not await self.operations.database_answers():
            missing["database"] = "does not answer"
        if not self.operations.cluster_fresh:
            missing["cluster"] = "its list of servers is not up to date"
        return missing

    async def _page(self) -> bytes:
        return self.metrics.page(await self.operations.health())

    async def _connect(self) -> None:
        """Signs in, as often as it takes: Discord being away is no reason to stop looking after servers."""
        token = self.settings.discord_token
        assert token is not None
        try:
            async with self.client:
                await _patiently(lambda: self._log_in(token.get_secret_value()))
                await _patiently(self.client.connect)
        except discord.LoginFailure:
            raise Misconfigured(["DORMOUSE_DISCORD_TOKEN: Discord does not know this token."]) from None
        except discord.PrivilegedIntentsRequired:
            raise Misconfigured(["Discord refuses an intent that Dormouse asks for."]) from None
        except discord.ConnectionClosed as closed:
            why = CLOSED.get(closed.code, f"Discord closed the connection for good (code {closed.code}).")
            raise Misconfigured([why]) from None

    async def _log_in(self, token: str) -> None:
        try:
            await self.client.login(token)
        except BaseException:
            # What is left of a log-in that failed would be in the way of the next one.
            await self.client.http.close()
            self.client.http.connector = discord.utils.MISSING
            raise


async def _patiently(call: Callable[[], Awaitable[None]]) -> None:
    """Again after growing times while Discord cannot be reached."""
    wait = 1.0
    while True:
        try:
            await call()
            return
        except (
            discord.DiscordServerError,
            discord.GatewayNotFound,
            discord.RateLimited,
            aiohttp.ClientError,
            OSError,
        ) as away:
            log.warning("Discord is away", why=str(away) or type(away).__name__, again_in=wait)
        await asyncio.sleep(wait)
        wait = min(wait * 2, 60.0)


async def build(settings: Settings, now: Callable[[], datetime] = utc_now) -> App:
    """Everything, wired and migrated, nothing started. Misconfigured says in words what is wrong."""
    if settings.discord_token is None:
        raise Misconfigured(
            ["DORMOUSE_DISCORD_TOKEN is not set: it is the bot's token from Discord's developer portal."]
        )
    folders = [BUILT_IN, *([settings.games_dir] if settings.games_dir else [])]
    local = settings.cluster == "local"
    catalogue = Catalogue.load(*folders, local_only=local, image_only=not local)
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        host = Host(
            public_host=settings.name_of_all,
            ports=settings.port_range,
            master_key=master_key(settings),
            idle_after=timedelta(seconds=settings.idle_after),
            idle_warn=timedelta(seconds=settings.idle_warn),
            idle_grace=timedelta(seconds=settings.idle_grace),
            guild_storage=settings.guild_storage * 2**30,
            keeps_worlds=local or settings.store_file.folder is None,
        )
    except OSError as wrong:
        raise Misconfigured([f"DORMOUSE_DATA_DIR: {settings.data_dir} cannot be used: {wrong.strerror}."]) from None
    database = await open_database(settings)
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    changes, live = Changes(), Live({}, now())
    desk = Desk(database, catalogue, changes, live, host, now)
    guilds, limits = Guilds(database, changes, now), Quotas(database, changes, now, host.guild_storage)
    alarms = Alarms(database, changes, now)
    cluster: Cluster
    if local:
        cluster = LocalCluster(settings.data_dir / "servers", host=settings.public_host, store=settings.store_file)
    else:
        from bot import on_kubernetes

        cluster = await on_kubernetes.connect(settings, desk)
    controller = Controller(desk, cluster)
    metrics = Metrics(version.own())
    operations = Operations(
        desk, version=version.own(), operators=frozenset(settings.operators), last_sweep=lambda: sweep.ended_at
    )
    secret = hmac.digest(host.master_key, b"links", "sha256")
    shelf = Shelf(settings.store_file, settings.data_dir / "work", public_url=settings.public_url or "", secret=secret)
    tended = tending.Tending(desk, shelf, settings.data_dir / "ledger", alarms)
    await asyncio.to_thread(shelf.sweep)
    faces = Faces(
        servers=Servers(desk, cluster),
        worlds=Worlds(desk, cluster, shelf) if host.keeps_worlds else None,
        guilds=guilds,
        quotas=limits,
        replies=Replies(metrics.served),
        catalogue=catalogue,
        operations=operations,
    )
    client = Client(faces, database)
    announcer = Announcer(
        client,
        Outbox(database),
        Cards(database, desk),
        guilds,
        now,
        operators=lambda: operators_of(client, operations.operators),
    )
    changes.subscribe(controller.wake, owner=controller)
    changes.subscribe(announcer.touch)
    session = aiohttp.ClientSession()
    every = sweep_interval(settings)
    logs = LogQuery(cluster.follow)
    sweep = Sweep(
        desk, make_queries(session), every=every, in_voice=client.in_voice, logs=logs, protect=cluster.protect
    )
    metrics.follow(
        Parts(
            work=controller.work,
            queue=lambda: controller.waiting,
            done=announcer.done.__getitem__,
            disconnects=lambda: client.disconnects,
            latency=lambda: client.latency,
        )
    )
    return App(
        settings=settings,
        database=database,
        cluster=cluster,
        controller=controller,
        announcer=announcer,
        client=client,
        sweep=sweep,
        sweep_every=every,
        session=session,
        operations=operations,
        metrics=metrics,
        changes=changes,
        jobs=[
            Job("worlds", tending.EVERY, tended.run),
            Job("drill", tending.DRILL_EVERY, tended.drill),
            Job("late saves", late.EVERY, LateSaves(desk, cluster).run),
            Job("backup", backup.EVERY, alarms.after(Alarm.BACKUP, BACKUPS_FAILED, partial(backup.keep, settings))),
            Job("storage", WATCH_EVERY, limits.watch),
        ],
        logs=logs,
        links=LinkServer(settings.web_address if "web" in settings.roles else None, folder_of(settings, secret)),
    )


def folder_of(settings: Settings, secret: bytes) -> FolderStore | None:
    """The store that downloads are served from, where it is a folder. Misconfigured where it cannot be used."""
    folder = settings.store_file.folder
    if folder is None or settings.web_address is None:
        return None
    try:
        return FolderStore(folder, secret=secret)
    except StoreError as wrong:
        raise Misconfigured([f"DORMOUSE_STORE: {wrong.detail}"]) from None


async def open_database(settings: Settings) -> Database:
    """With the schema of this version. An old one is migrated on SQLite, after a copy; on PostgreSQL, where others may
    be using it, that is for `dormouse migrate`: Misconfigured."""
    database = Database(settings.database)
    try:
        found = await database.schema()
        if found is Schema.OLD and not database.is_sqlite:
            raise Misconfigured(
                ["The database's schema is from an older Dormouse: run `dormouse migrate`, then start."]
            )
        if found is Schema.OLD:
            await _keep_before(settings)
        await database.migrate()
    except TROUBLE as wrong:
        await database.close()
        raise Misconfigured([f"The database cannot be used: {reason(wrong)}."]) from wrong
    except Misconfigured:
        await database.close()
        raise
    return database


async def _keep_before(settings: Settings) -> None:
    """A copy on the store besides the one beside the database, if the store takes one now."""
    try:
        await backup.keep(settings)
    except ChildFailed as wrong:
        log.warning("no copy on the store before the upgrade", detail=wrong.detail)


def sweep_interval(settings: Settings) -> timedelta:
    """15 s, or shorter where idle times are so short that 15 s would be felt (the demo's)."""
    shortest = min(settings.idle_after or 900, max(settings.idle_warn, 1) * 2)
    return timedelta(seconds=min(15.0, max(1.0, shortest / 12)))


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder's lock; Misconfigured where another copy has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file: IO[str] = open(folder / "lock", "a+")  # noqa: SIM115 - open for as long as the process holds it
    except OSError as wrong:
        raise Misconfigured([f"DORMOUSE_DATA_DIR: {folder} cannot be used: {wrong.strerror}."]) from None
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
