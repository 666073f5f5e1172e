"""A core without faces: a real database, the real controller, a cluster in memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import postgres
import pytest
from fakecluster import FakeCluster
from sqlmodel import select

from core.changes import Changes
from core.cluster import local_keeper
from core.data.database import Database
from core.data.tables import EventRow, NoticeRow, ServerRow
from core.games.catalogue import BUILT_IN, Catalogue
from core.guilds.access import Actor
from core.guilds.quotas import Quotas
from core.guilds.settings import Guilds
from core.servers.controller import Controller
from core.servers.desk import Desk, Host, Live
from core.servers.usecases import Servers

GUILD, CHANNEL = 700, 701
ADA = Actor(user=1, guild=GUILD, name="Ada")
BO = Actor(user=2, guild=GUILD, name="Bo")
CY = Actor(user=3, guild=GUILD, name="Cy", manages_guild=True)


@dataclass
class House:
    database: Database
    desk: Desk
    cluster: FakeCluster
    controller: Controller
    servers: Servers
    guilds: Guilds
    quotas: Quotas
    offset: timedelta = field(default_factory=timedelta)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def create(self, name: str = "Pond", actor: Actor = ADA) -> str:
        view = await self.servers.create(actor, channel=CHANNEL, game="meadow", name=name, size=None)
        return view.id

    async def row(self, server: str) -> ServerRow:
        async with self.database.session() as session:
            found = await session.get(ServerRow, server)
            assert found is not None
            return found

    async def until(self, server: str, true: Callable[[ServerRow], bool]) -> ServerRow:
        """Wait for the row to become so; woken by each change."""
        async with asyncio.timeout(10):
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

    async def events(self, server: str) -> list[EventRow]:
        async with self.database.session() as session:
            return list(await session.exec(select(EventRow).where(EventRow.server == server).order_by(EventRow.id)))


@pytest.fixture(scope="session", autouse=True)
def agents_are_measured() -> Iterator[None]:
    """An agent's environment is made anew; under coverage it has to hear of that nevertheless."""
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    made = local_keeper.minimal_env
    with pytest.MonkeyPatch.context() as patch:
        if measured:
            patch.setattr(local_keeper, "minimal_env", lambda *given, **named: made(*given, **named) | measured)
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


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
        return
    server, name = request.getfixturevalue("postgres_server"), postgres.new_name()
    connection = await asyncpg.connect(server.replace("+asyncpg", "") + "/postgres")
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        yield f"{server}/{name}"
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    database = Database(database_url)
    await database.migrate()
    offset = [timedelta(0)]

    def now() -> datetime:
        return datetime.now(UTC) + offset[0]

    changes, cluster = Changes(), FakeCluster(now)
    host = Host(public_host="127.0.0.1", ports=range(25500, 25504), master_key=b"key")
    desk = Desk(database, Catalogue.load(BUILT_IN), changes, Live({}, now()), host, now)
    controller = Controller(desk, cluster)
    guilds, quotas = Guilds(database, changes, now), Quotas(database, changes, now)
    house = House(database, desk, cluster, controller, Servers(desk, cluster), guilds, quotas)
    house.pass_time = lambda by: offset.__setitem__(0, offset[0] + by)  # type: ignore[attr-defined]
    changes.subscribe(controller.wake, owner=controller)
    changes.subscribe(lambda _: house.changed.set())
    task = asyncio.create_task(controller.run())
    yield house
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await database.close()
