"""A core without faces: a real database, the real controller, a cluster in memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import hypothesis
import migrated
import postgres
import pytest
import structlog
import warm
from fakecluster import FakeCluster
from members import Members
from sqlmodel import select

from core.assemble import Core, assemble
from core.cluster.local import keeper
from core.data.database import Database
from core.data.tables import EventRow, NoticeRow, ServerRow
from core.games.catalogue import BUILT_IN, Catalogue
from core.games.query.port import Query
from core.guilds.access import Actor
from core.guilds.quotas import Quotas
from core.guilds.settings import Guilds
from core.notices.codec import notice_of
from core.notices.kinds.notices import Notice
from core.servers.controller import Controller
from core.servers.host_rules import HostRules
from core.servers.parts import ServerParts
from core.servers.usecases import Servers

pytest_plugins = ["took"]
# How long an example takes says nothing on a machine that does other things too.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

# Not drawn with each variable of each frame, as structlog does by itself: that takes seconds on a busy machine.
plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])

GUILD, CHANNEL = 700, 701
Told = TypeVar("Told", bound=Notice)
ADA = Actor(user=1, guild=GUILD, name="Ada")
BO = Actor(user=2, guild=GUILD, name="Bo")
CY = Actor(user=3, guild=GUILD, name="Cy", manages_guild=True)


def pytest_unconfigure() -> None:
    warm.stop()


@dataclass
class House:
    """`queries`: what games say when the sweep asks them, by kind; `membership`: who is in the guild. A test fills them
    in."""

    core: Core
    cluster: FakeCluster
    queries: dict[str, Query]
    membership: Members = field(default_factory=Members)
    offset: timedelta = field(default_factory=timedelta)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def database(self) -> Database:
        return self.core.database

    @property
    def parts(self) -> ServerParts:
        return self.core.parts

    @property
    def servers(self) -> Servers:
        return self.core.servers

    @property
    def guilds(self) -> Guilds:
        return self.core.guilds

    @property
    def quotas(self) -> Quotas:
        return self.core.quotas

    @property
    def controller(self) -> Controller:
        return self.core.controller

    def another(self, rules: HostRules | None = None) -> Core:
        """Of another process on the same database."""
        core = self.core
        return assemble(
            core.database,
            core.catalogue,
            self.cluster,
            rules or core.rules,
            core.now,
            queries=self.queries,
            membership=self.membership,
        )

    async def create(self, name: str = "Pond", actor: Actor = ADA) -> str:
        view = await self.servers.creation.create(actor, channel=CHANNEL, game="meadow", name=name, size=None)
        return view.id

    async def row(self, server: str) -> ServerRow:
        async with self.database.session() as session:
            found = await session.get(ServerRow, server)
            assert found is not None
            return found

    async def until(self, server: str, true: Callable[[ServerRow], bool]) -> ServerRow:
        """Wait for the row to become so; woken by each change."""
        async with asyncio.timeout(60):
            while not true(row := await self.row(server)):
                self.changed.clear()
                try:
                    async with asyncio.timeout(0.2):
                        await self.changed.wait()
                except TimeoutError:
                    pass
            return row

    async def phase(self, server: str, phase: str) -> ServerRow:
        return await self.until(server, lambda row: row.phase == phase)

    async def notices(self, server: str) -> list[NoticeRow]:
        async with self.database.session() as session:
            return list(await session.exec(select(NoticeRow).where(NoticeRow.server == server).order_by(NoticeRow.id)))

    async def told(self, server: str, kind: type[Told]) -> list[Told]:
        """What this server's messages of one kind say now, oldest first."""
        found = [notice_of(row.kind, row.data) for row in await self.notices(server)]
        return [each for each in found if isinstance(each, kind)]

    async def events(self, server: str) -> list[EventRow]:
        async with self.database.session() as session:
            return list(await session.exec(select(EventRow).where(EventRow.server == server).order_by(EventRow.id)))


@pytest.fixture(scope="session", autouse=True)
def agents_are_measured() -> Iterator[None]:
    """An agent's environment is made anew; under coverage it has to hear of that nevertheless."""
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    made = keeper.minimal_env
    with pytest.MonkeyPatch.context() as patch:
        if measured:
            patch.setattr(keeper, "minimal_env", lambda *given, **named: made(*given, **named) | measured)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server for the whole session; skipped, with the reason, where PostgreSQL is not installed."""
    if postgres.binaries() is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs PostgreSQL", pytrace=False)
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    with postgres.server() as address:
        yield address


@pytest.fixture
def empty() -> bool:
    """Whether `database_url` has no schema yet; a module that needs that overrides it."""
    return False


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, empty: bool, tmp_path: Path) -> AsyncIterator[str]:
    """A new database of each kind, with this version's schema."""
    if request.param == "sqlite":
        if not empty:
            await migrated.file(tmp_path / "test.db")
        yield f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
        return
    server, name = request.getfixturevalue("postgres_server"), postgres.new_name()
    if not empty:
        await migrated.on_server(server, name)
    connection = await asyncpg.connect(server.replace("+asyncpg", "") + "/postgres")
    try:
        if empty:
            await connection.execute(f"CREATE DATABASE {name}")
        yield f"{server}/{name}"
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@pytest.fixture
def rules() -> HostRules:
    """What the operator's settings say; a test that needs others has a fixture of its own."""
    return HostRules(public_host="127.0.0.1", ports=range(25500, 25504), master_key=b"key")


@pytest.fixture
def shelf() -> Any:
    """No store; a test that needs one has a fixture of its own."""
    return None


@pytest.fixture
async def house(database_url: str, rules: HostRules, shelf: Any, tmp_path: Path) -> AsyncIterator[House]:
    database = Database(database_url)
    offset = [timedelta(0)]

    def now() -> datetime:
        return datetime.now(UTC) + offset[0]

    cluster, queries = FakeCluster(now), dict[str, Query]()
    core = assemble(
        database,
        Catalogue.load(BUILT_IN),
        cluster,
        rules,
        now,
        shelf=shelf,
        ledgers=tmp_path / "ledger",
        queries=queries,
        membership=(membership := Members()),
        version="1.2.3",
    )
    house = House(core, cluster, queries, membership)
    house.pass_time = lambda by: offset.__setitem__(0, offset[0] + by)  # type: ignore[attr-defined]
    core.changes.subscribe(lambda _: house.changed.set())
    task = asyncio.create_task(core.controller.run())
    yield house
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await database.close()
