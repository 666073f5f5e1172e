"""A whole world for one bot: clock, cluster, games, channel; and the bot's core, which can die at any await.

Nothing here is random: what happens, and when, is said by whoever plays with it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fakecluster import FakeCluster
from virtual import VirtualLoop, cut_off, plug_in

from cogs.notices import notice
from core.assemble import assemble
from core.cluster.port import News, ServerSpec
from core.data.database import Database
from core.data.tables import NoticeRow
from core.errors import ClusterAway, Refusal
from core.games.catalogue import BUILT_IN, Catalogue
from core.games.form.reached import Query as Rule
from core.games.query.port import Endpoint, Players, Query
from core.guilds.access import Actor
from core.notices.codec import notice_of
from core.servers.host_rules import HostRules
from core.servers.views import NoticeView
from core.words import Empty, Evidence, PodPhase

GUILD, CHANNEL = 700, 701
ADA = Actor(user=1, guild=GUILD, name="Ada", manages_guild=True)
AFTER, WARN, GRACE = timedelta(seconds=60), timedelta(seconds=30), timedelta(seconds=10)
EVERY = timedelta(seconds=15)
UNDO = timedelta(days=7)
CATALOGUE = Catalogue.load(BUILT_IN)
PLACES = (CHANNEL, 702)
"""Where a notice may go, in order."""


class Clock:
    """`wall` may be set back; `true` is the time that has really passed, in seconds."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.wall = datetime(2026, 1, 1, 12, tzinfo=UTC)

    @property
    def true(self) -> float:
        return self._loop.passed

    def now(self) -> datetime:
        return self.wall

    def advance(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self._loop.passed += seconds


class SlowCluster(FakeCluster):
    """Pods start, become ready and end when the test says so, and a call takes its time before and after its effect."""

    def __init__(self, hollow: Hollow) -> None:
        super().__init__(hollow.clock.now)
        self.ready_at_once = False
        self.hiccups = 0
        """So many calls go unanswered, although the watch stands."""
        self._hollow = hollow

    async def watch(self) -> AsyncIterator[News]:
        if self.away:
            raise ClusterAway("gone")
        self._watchers.clear()
        async for news in super().watch():
            yield news

    async def ensure(self, spec: ServerSpec) -> None:
        await asyncio.sleep(0)
        await super().ensure(spec)
        await asyncio.sleep(0)

    async def delete_pod(self, server: str, uid: str) -> None:
        await asyncio.sleep(0)
        await super().delete_pod(server, uid)
        await asyncio.sleep(0)

    async def remove(self, server: str) -> None:
        await asyncio.sleep(0)
        row = self._hollow.servers()[server]
        assert row["desired"] == "deleted", "a volume goes only with a deleted server"
        assert row["purge_at"] is None, "what can be brought back keeps its volume"
        await super().remove(server)
        await asyncio.sleep(0)

    async def logs(self, server: str, *, lines: int = 100, previous: bool = False) -> str:
        await asyncio.sleep(0)
        return await super().logs(server, lines=lines, previous=previous)

    def end(self, server: str) -> None:
        """The stop signal: the pod ends, and is gone when `ended` says so."""
        if (pod := self.pods.get(server)) is not None:
            self.pods[server] = replace(pod, pod=PodPhase.ENDING)
        self._tell(server)

    def ended(self, server: str) -> None:
        super().end(server)

    def lose(self, server: str) -> None:
        """Its node does not answer."""
        self.pods[server] = replace(self.pods[server], pod=PodPhase.LOST, ready_since=None)
        self._tell(server)

    def in_phase(self, *phases: PodPhase) -> list[str]:
        return [server for server, pod in self.pods.items() if pod.pod in phases]

    def _enter(self, call: str, server: str) -> None:
        super()._enter(call, server)
        if self.hiccups:
            self.hiccups -= 1
            raise ClusterAway("no answer")

    def _start_probe(self, server: str) -> None:
        """A start takes as long as it takes."""

    def _begin(self, server: str) -> None:
        assert server not in self.pods, "two pods on one volume"
        super()._begin(server)


class Games(Query):
    """What each game says of its players, and what it was asked last, and when."""

    def __init__(self, hollow: Hollow) -> None:
        self._hollow = hollow
        self.says: dict[int, list[Evidence]] = {}
        self.said: dict[int, tuple[float, Evidence]] = {}

    async def players(self, endpoint: Endpoint, rule: Rule, *, token: str = "") -> Players:
        await asyncio.sleep(0)
        answers = self.says.get(endpoint.port, [Empty()])
        evidence = answers.pop(0) if len(answers) > 1 else answers[0]
        self.said[endpoint.port] = (self._hollow.clock.true, evidence)
        await asyncio.sleep(0)
        return Players(evidence, 16)


@dataclass(slots=True)
class Posted:
    """One message in a channel."""

    notice: int
    channel: int
    shows: str
    at: float
    """True time."""


class Bot:
    """One life of the bot's core, from its start to its death."""

    def __init__(self, hollow: Hollow) -> None:
        self.hollow = hollow
        now = hollow.clock.now
        self.database = Database(f"sqlite+aiosqlite:///{hollow.file}")
        rules = HostRules("127.0.0.1", range(25500, 25503), b"key", AFTER, WARN, GRACE, UNDO)
        core = assemble(
            self.database,
            CATALOGUE,
            hollow.cluster,
            rules,
            now,
            queries={"http": hollow.games},
            sweep_every=EVERY,
        )
        self.servers, self.sweep = core.servers, core.sweep
        self.outbox, self.cards = core.outbox, core.cards
        self.running = hollow.loop.create_task(core.controller.run())

    async def deliver(self, fate: str) -> None:
        """Everything that is due, as cogs.announcer does it. `fate`: delivered; lost (no word whether it arrived, and
        it did not); unheard (it did); refused; dead (this place can never take it)."""
        for key in await self.outbox.due_keys(self.hollow.clock.now()):
            for row in await self.outbox.due(self.hollow.clock.now(), key):
                await self._send(row, fate)

    async def render(self, row: Mapping[str, Any]) -> str | None:
        told = notice_of(row["kind"], row["data"])
        shown = notice(NoticeView(row["id"], GUILD, "en", await self.cards.view(row["server"]), told))
        return None if shown is None else json.dumps(shown.to_components())  # type: ignore[no-untyped-call]

    async def _send(self, row: NoticeRow, fate: str) -> None:
        now, number = self.hollow.clock.now, row.id or 0
        shows = await self.render(row.model_dump())
        if shows is None:
            await self.outbox.drop(number, row.revision)
            return
        if row.destination >= len(PLACES):
            await self.outbox.dead(number, now(), last=True)
            return
        channel = PLACES[row.destination]
        if fate == "dead":
            await self.outbox.dead(number, now(), last=row.destination + 1 >= len(PLACES))
            return
        message = row.message if row.message is not None and row.channel == channel else None
        if message is None:
            earlier = await self.outbox.trying(number, channel, now())
            message = self.hollow.look_back(number, channel) if earlier is not None else None
        if fate in ("refused", "lost"):
            if fate == "refused":
                await self.outbox.retry(number, now())
            return
        message = self.hollow.post(message, number, channel, shows)
        if fate == "delivered":
            await self.outbox.sent(number, message, row.revision, now())


class Hollow:
    """The world. `do` lets the bot begin something; `settle` lets it come to rest."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.file = folder / "hollow.db"
        shutil.copyfile(template, self.file)
        self.loop = VirtualLoop()
        asyncio.set_event_loop(self.loop)
        self.clock = Clock(self.loop)
        self.cluster, self.games = SlowCluster(self), Games(self)
        self.channel: dict[int, Posted] = {}
        self.tasks: list[asyncio.Task[Any]] = []
        self._reader = sqlite3.connect(self.file, isolation_level=None)
        self._reader.row_factory = sqlite3.Row
        self.bot = self._boot()

    def _boot(self) -> Bot:
        async def boot() -> Bot:
            return Bot(self)

        plug_in()
        return self.loop.run_until_complete(boot())

    # what can happen

    def do(self, doing: Coroutine[Any, Any, Any], turns: int | None = None) -> None:
        """The bot begins this, and gets so many turns for it, or as many as it needs."""

        async def begun() -> None:
            with suppress(Refusal):
                await doing

        self.tasks.append(self.loop.create_task(begun()))
        self.loop.turns(turns)

    def settle(self) -> None:
        """All that can be done now is done; nothing went wrong on the way."""
        self.loop.turns()
        for task in self.tasks:
            if task.done() and not task.cancelled():
                task.result()
        self.tasks = [task for task in self.tasks if not task.done()]
        assert not self.bot.running.done()

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.settle()

    def move_pods(self) -> None:
        """As they should: those that end are gone, those that start are ready."""
        for server in self.cluster.in_phase(PodPhase.ENDING):
            self.cluster.ended(server)
        self.settle()
        for server in self.cluster.in_phase(PodPhase.STARTING):
            self.cluster.become_ready(server)
        self.settle()

    def turn_back(self, seconds: float) -> None:
        """The machine's clock is set back, while time goes on."""
        self.clock.wall -= timedelta(seconds=seconds)

    def kill(self) -> None:
        """The bot dies where it stands, and starts again on what it had committed."""
        cut_off()
        self.loop.end()
        self.tasks.clear()
        self.bot = self._boot()

    def close(self) -> None:
        cut_off()
        self.loop.end()
        self._reader.close()
        self.loop.close()

    # the channel

    def look_back(self, number: int, channel: int) -> int | None:
        wanted = (number, channel)
        return next((key for key, each in self.channel.items() if (each.notice, each.channel) == wanted), None)

    def post(self, message: int | None, number: int, channel: int, shows: str) -> int:
        """Edit `message`, or send a new one."""
        if message is None:
            message = 1000 + len(self.channel)
            self.channel[message] = Posted(number, channel, shows, self.clock.true)
        self.channel[message].shows = shows
        return message

    def show(self, notice: Mapping[str, Any]) -> str | None:
        """What this notice would say now."""
        return self.loop.run_until_complete(self.bot.render(notice))

    # what is committed

    def servers(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self._all("SELECT * FROM servers ORDER BY created_at, id")}

    def events(self, after: int) -> list[dict[str, Any]]:
        return self._all(f"SELECT * FROM events WHERE id > {after} ORDER BY id")

    def notices(self) -> list[dict[str, Any]]:
        return self._all("SELECT * FROM notices ORDER BY id")

    def ports(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row in self._all("SELECT server, port FROM ports"):
            found.setdefault(row["server"], []).append(row["port"])
        return found

    def _all(self, query: str) -> list[dict[str, Any]]:
        rows = [dict(row) for row in self._reader.execute(query)]
        for row in rows:
            if "data" in row:
                row["data"] = json.loads(row["data"])
        return rows


def moment(stored: str | None) -> datetime:
    """A time as SQLite keeps it; the beginning of all times for none."""
    return datetime.fromisoformat(stored or "0001-01-01").replace(tzinfo=UTC)
