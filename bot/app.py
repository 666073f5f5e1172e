"""The running bot: core, its faces, and the order in which they start and stop. `build(settings)` gives an App."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]

from bot import from_settings, sign_in, version
from bot.client import Client, point_at
from bot.database import open_database
from bot.schedule import Job, jobs_of, make_scheduler
from bot.settings import Settings
from bot.telemetry.metrics import Metrics, Parts
from bot.web.health import HealthServer, Probes
from cogs.announcer import Announcer
from cogs.faces import Faces
from cogs.membership import DiscordMembership, RestMembership
from cogs.operator import operators_of
from cogs.replies import Replies
from core.assemble import Core, assemble
from core.cluster.port import Cluster
from core.data.lease import Lease, follow
from core.data.tables import utc_now
from core.errors import Misconfigured, TryAgain
from core.games.query.adapters import make_queries
from core.games.query.port import Query
from core.guilds.known import is_ours
from core.guilds.pace import Pace
from core.idle import voice
from core.servers import left_owners

log = structlog.get_logger()
FOLLOWED = object()  # who tells of other processes' changes
DRAIN = 10.0  # seconds that handlers have to end after SIGTERM
TURNS_WITHIN = 60.0  # seconds; the controller's lane turns far more often (core.lane.TURN_WITHIN)


@dataclass(slots=True)
class App:
    settings: Settings
    core: Core
    client: Client
    announcer: Announcer
    session: aiohttp.ClientSession
    metrics: Metrics
    jobs: list[Job]
    asking: RestMembership | None
    """Who is in a guild, for a process without a line to Discord."""
    web: contextlib.AbstractAsyncContextManager[Any]
    """The HTTP face, where it is on: served from its beginning to its end."""

    async def run(self) -> None:
        """Until SIGTERM or SIGINT, or until a part fails. Servers go on running."""
        probes = Probes(live=self._live, ready=self._ready, metrics=self._page)
        try:
            async with HealthServer(self.settings.health_address, probes) as health, self.web as web:
                if health.url:
                    log.info("health", url=health.url)
                if web is not None:
                    log.info("web", url=web.url, public=self.settings.public_url)
                await self._run()
        finally:
            await self.session.close()
            if self.asking is not None:
                await self.asking.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN):
                    await self.core.database.close()
            log.info("stopped")

    async def _run(self) -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        await self.core.cluster.start()
        scheduler = make_scheduler(self.jobs, self.metrics.ran)
        parts: list[asyncio.Task[Any]] = [
            asyncio.create_task(self.core.controller.watch(), name="watch"),
        ]
        announcer = Lease(self.core.database, "announcer")
        scheduler.start(paused=True)
        if "control" in self.settings.roles:
            control = Lease(self.core.database, "control")
            parts.append(asyncio.create_task(control.hold(lambda: self._control(scheduler)), name="control"))
        if (token := self.settings.discord_token) is not None and "discord" in self.settings.roles:
            parts.append(asyncio.create_task(sign_in.stay(self.client, token.get_secret_value()), name="discord"))
            announcing = asyncio.create_task(announcer.hold(self.announcer.run), name="announcer")
            parts.append(announcing)
        if not self.core.database.is_sqlite:
            tell = partial(self.core.changes.tell, by=FOLLOWED)
            parts.append(asyncio.create_task(follow(self.core.database, utc_now, tell), name="follow"))
            if "discord" in self.settings.roles:
                parts.append(asyncio.create_task(self._report_voice(), name="voice"))
                if "control" not in self.settings.roles:
                    owners = Lease(self.core.database, "owners")
                    parts.append(asyncio.create_task(owners.hold(self._look_for_owners), name="owners"))
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
                    await self.core.sweep.drain()
                    await self.core.files.drain()
                    await self.client.faces.replies.drain(DRAIN)
                    if announcer.held and self.client.is_ready():  # else it has not begun, and waits in vain
                        await asyncio.wait([announcing])
            await scheduler.end(DRAIN)
            left: set[asyncio.Task[Any]] = {*parts, stop}
            while left:
                # Again and again: discord.py swallows a cancellation while a shard signs in anew.
                for part in left:
                    part.cancel()
                _, left = await asyncio.wait(left, timeout=2.0)
            await self.core.logs.close()
            await self.core.cluster.close()

    async def _report_voice(self) -> None:
        """For a process that sweeps and has no line to Discord of its own."""
        while True:
            await asyncio.sleep(voice.REPORT_EVERY)
            with contextlib.suppress(TryAgain):
                await voice.report(self.core.database, self.client.in_voice, self.core.now())

    async def _look_for_owners(self) -> None:
        """Likewise: it cannot ask who is in a guild."""
        while True:
            await asyncio.sleep(left_owners.EVERY.total_seconds())
            try:
                await self.core.servers.left_owners.look()
            except Exception:
                log.exception("job failed", job="owners")

    async def _control(self, scheduler: AsyncIOScheduler) -> None:
        """What one process does at a time: reconcile, the jobs, and what is sent to webhooks."""
        scheduler.resume()
        sending = asyncio.create_task(self.core.sender.run(), name="webhooks")
        try:
            await self.core.controller.act()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            if scheduler.running:
                scheduler.pause()

    def _live(self) -> dict[str, str]:
        turned_at = self.core.controller.work.turned_at
        if turned_at is not None and asyncio.get_running_loop().time() - turned_at > TURNS_WITHIN:
            return {"controller": f"its loop has not turned for more than {TURNS_WITHIN:.0f} seconds"}
        return {}

    async def _ready(self) -> dict[str, str]:
        missing = {}
        if "discord" in self.settings.roles and (lacks := self.client.lacks):
            missing["discord"] = lacks
        if not await self.core.operations.database_answers():
            missing["database"] = "does not answer"
        if not self.core.operations.cluster_fresh:
            missing["cluster"] = "its list of servers is not up to date"
        return missing

    async def _page(self) -> bytes:
        return self.metrics.page(await self.core.operations.health())


async def build(
    settings: Settings, *, cluster: Cluster | None = None, queries: Mapping[str, Query] | None = None
) -> App:
    """Everything, assembled and migrated, nothing started. Misconfigured says in words what is wrong.

    `cluster` and `queries` are what settings and games say, unless a benchmark brings its own.
    """
    if settings.discord_token is None:
        raise Misconfigured(
            ["DORMOUSE_DISCORD_TOKEN is not set: it is the bot's token from Discord's developer portal."]
        )
    catalogue, rules = from_settings.catalogue(settings), from_settings.rules(settings)
    database = await open_database(settings)
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    shelf = from_settings.shelf(settings, rules)
    cluster = cluster or await from_settings.cluster(settings, rules, shelf.turns)
    await asyncio.to_thread(shelf.sweep)
    session = aiohttp.ClientSession()
    asking = None
    if "web" in settings.roles and settings.web_address is not None and "discord" not in settings.roles:
        asking = RestMembership(settings.discord_token.get_secret_value(), partial(is_ours, database))
    membership = asking or DiscordMembership(lambda: client)
    core = assemble(
        database,
        catalogue,
        cluster,
        rules,
        utc_now,
        shelf=shelf,
        ledgers=settings.data_dir / "ledger",
        queries=queries or make_queries(session),
        sweep_every=from_settings.sweep_every(settings),
        in_voice=lambda guild, channel: client.in_voice(guild, channel),
        membership=membership,
        operators=frozenset(settings.operators),
        version=version.own(),
    )
    metrics = Metrics(version.own())
    client = Client(Faces.of(core, Replies(metrics.served, Pace()), link_url=settings.link_url), database)
    announcer = Announcer(
        client,
        core.outbox,
        core.cards,
        core.guilds,
        core.now,
        operators=lambda: operators_of(client, core.operations.operators),
        following=core.servers.following,
        language_of=client.faces.replies.languages.of,
        crowded=lambda: core.controller.busy or client.throttle.crowded,
    )
    core.changes.subscribe(announcer.touch)
    metrics.follow(
        Parts(
            work=core.controller.work,
            queue=lambda: core.controller.waiting,
            done=announcer.done.__getitem__,
            disconnects=lambda: client.disconnects,
            latency=lambda: client.latency,
        )
    )

    def lacks() -> str | None:
        return client.lacks if "discord" in settings.roles else None

    return App(
        settings=settings,
        core=core,
        client=client,
        announcer=announcer,
        session=session,
        metrics=metrics,
        jobs=jobs_of(core, settings),
        asking=asking,
        web=_web(core, settings, metrics.requested, membership.name_of, lacks),
    )


def _web(
    core: Core,
    settings: Settings,
    served: Callable[[str, int, float], None],
    guild_name: Callable[[int], str | None],
    lacks: Callable[[], str | None],
) -> contextlib.AbstractAsyncContextManager[Any]:
    """FastAPI is loaded only where somebody wants it."""
    address = settings.web_address if "web" in settings.roles else None
    if address is None:
        return contextlib.nullcontext()
    from bot.web.app import make_app
    from bot.web.context import Web
    from bot.web.server import WebServer

    links = from_settings.links_store(settings, core.rules)
    web = Web(core, settings, links, served, guild_name=guild_name, lacks=lacks)
    return WebServer(address, make_app(web), web.stop)
