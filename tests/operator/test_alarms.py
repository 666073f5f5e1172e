"""What whoever runs the bot is told at once, and how it shows until it is over; on both databases."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from sqlmodel import select

from bot.metrics import Metrics
from cogs.notices import notice
from cogs.operator import operators_of
from core.cluster.children import ChildFailed
from core.cluster.local_files import StoreFile
from core.data.tables import NoticeRow, ServerRow
from core.host import Operations
from core.notices.alarms import Alarms
from core.notices.outbox import Outbox
from core.servers.tending import Tending
from core.servers.views import NoticeView
from core.words import Alarm, NoticeKind
from core.worlds.shelf import Shelf as Real
from tests.guilds.conftest import GUILD
from tests.guilds.conftest import limit as set_limit

WELL: dict[str, Any] = {"snapshots": [], "packs": 0, "hidden_bytes": 0, "alarms": [], "held": "", "stored": 500}
CAME_BACK = {"name": "n", "size": 5 * 2**20, "found": []}


class Shelf:
    """A store on which everything goes as `said` says, by module; an exception is raised."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.said: dict[str, Any] = {"tend": WELL, "restore": CAME_BACK}
        self.asked: list[tuple[str, list[str]]] = []

    async def run(self, module: str, arguments: list[str], **_: Any) -> Any:
        self.asked.append((module, arguments))
        said = self.said[module]
        if isinstance(said, Exception):
            raise said
        return said

    async def ask(self, question: Any) -> None:
        """Notes are put nowhere."""

    def bench(self) -> Any:
        return Real(StoreFile("folder:x"), self._folder).bench()

    def tended(self, server: str) -> list[str]:
        """How this server was tended last."""
        return [
            arguments for module, arguments in self.asked if module == "tend" and arguments[:2] == ["--server", server]
        ][-1]


@pytest.fixture
def alarms(house: Any) -> Alarms:
    return Alarms(house.database, house.desk.changes, house.desk.now)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "work")


@pytest.fixture
def tending(house: Any, alarms: Alarms, shelf: Shelf, tmp_path: Path) -> Tending:
    return Tending(house.desk, shelf, tmp_path / "ledger", alarms)  # type: ignore[arg-type]


@pytest.fixture
async def pond(house: Any) -> str:
    """A server that was saved."""
    server = str(await house.create())
    async with house.database.begin() as session:
        row = await session.get_one(ServerRow, server)
        row.saved_name, row.saved_bytes, row.stored_bytes = "x", 100, 900
        session.add(row)
    return server


async def told(house: Any) -> list[str]:
    """Every alarm in the outbox, in words."""
    query = select(NoticeRow).where(NoticeRow.kind == NoticeKind.ALARM).order_by(NoticeRow.id)
    async with house.database.session() as session:
        rows = list(await session.exec(query))
    layouts = [notice(NoticeView(2, NoticeKind.ALARM, row.guild, "en", None, row.data)) for row in rows]
    return ["\n".join(str(getattr(part, "content", "")) for part in each.walk_children()) for each in layouts if each]


async def test_what_somebody_else_hid_is_told_once_and_again_after_it_was_over(
    house: Any, tending: Tending, shelf: Shelf, pond: str
) -> None:
    foreign = WELL | {"alarms": [{"key": "k", "what": "hidden, but not by us"}] * 2}
    for said in (foreign, foreign, WELL, foreign):
        shelf.said["tend"] = said
        await tending.run()
    first, second = await told(house)
    assert f"hid or overwrote 2 objects of the world of `{pond}` (guild 700)" in first
    assert f"`dormouse worlds unhide {pond}`" in first
    assert second == first


async def test_what_cannot_be_collected_is_told_with_its_cause(
    house: Any, tending: Tending, shelf: Shelf, pond: str
) -> None:
    shelf.said["tend"] = WELL | {"held": "a manifest is damaged"}
    await tending.run()
    await tending.run()
    (said,) = await told(house)
    assert "> a manifest is damaged" in said


async def test_a_drill_that_succeeds_shows_in_health_with_server_and_size(
    house: Any, tending: Tending, pond: str
) -> None:
    await tending.drill()
    drill = (await Operations(house.desk).health()).drill
    assert drill is not None
    assert (drill.server, drill.size) == (pond, 5 * 2**20)
    assert await told(house) == []


async def test_a_drill_that_fails_is_told_and_tried_again_until_it_succeeds(
    house: Any, tending: Tending, shelf: Shelf, pond: str
) -> None:
    shelf.said["restore"] = ChildFailed("damaged", "packs/abc is gone")
    await tending.drill()
    await tending.drill()
    (said,) = await told(house)
    assert f"The world of `{pond}` (guild 700) did not come back" in said
    assert "> packs/abc is gone" in said
    assert [each.about for each in (await Operations(house.desk).health()).alarms] == [pond]
    shelf.said["restore"] = CAME_BACK
    await tending.drill()
    assert (await Operations(house.desk).health()).alarms == []


async def test_a_backup_is_told_of_when_it_failed_three_times_in_a_row(house: Any, alarms: Alarms) -> None:
    fails = True

    async def backup() -> None:
        if fails:
            raise ChildFailed("away", "the store does not answer")

    keep = alarms.after(Alarm.BACKUP, 3, backup)
    for so_far in (0, 0, 1, 1):
        with pytest.raises(ChildFailed):
            await keep()
        assert len(await told(house)) == so_far
    assert "no new copy of the database: 3 tries failed" in (await told(house))[0]
    fails = False
    await keep()
    assert await alarms.open() == []


async def test_an_alarm_goes_to_every_operator(house: Any, alarms: Alarms) -> None:
    await alarms.begin(Alarm.HELD, "abc", why="x")
    outbox = Outbox(house.database)
    (row,) = await outbox.due(house.desk.now(), "0")
    await outbox.address(row.id or 0, [1, 2])
    await outbox.address(row.id or 0, [1, 2])
    rows = await outbox.due(house.desk.now(), "0")
    assert [each.data["to"] for each in rows] == [1, 2]
    assert {each.data["why"] for each in rows} == {"x"}


# what the store holds, and how long


async def test_what_was_collected_is_counted_no_more(house: Any, tending: Tending, pond: str) -> None:
    await tending.run()
    assert (await house.row(pond)).stored_bytes == 500
    event = (await house.events(pond))[-1]
    assert (event.kind, event.stored_bytes) == ("collected", 500)


@pytest.mark.parametrize(
    ("retention", "limit", "policy"), [(None, None, "months"), ("days", None, "days"), ("year", 900, "lean")]
)
async def test_the_guild_says_how_long_snapshots_are_kept_and_a_full_one_keeps_few(
    house: Any, tending: Tending, shelf: Shelf, pond: str, retention: str | None, limit: int | None, policy: str
) -> None:
    await set_limit(house, GUILD, retention=retention, storage_bytes=limit)
    await tending.run()
    assert f"--policy={policy}" in shelf.tended(pond)


# what operators see


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_health_names_the_last_drill_and_what_is_wrong(line: Any, tmp_path: Path) -> None:
    said = await line.ask("health")
    assert "**Last drill:** none yet" in said
    assert "**Alarms:** none" in said
    house = line.house
    alarms, server = Alarms(house.database, house.desk.changes, house.desk.now), str(await house.create())
    async with house.database.begin() as session:
        row = await session.get_one(ServerRow, server)
        row.saved_name = "x"
        session.add(row)
    await Tending(house.desk, Shelf(tmp_path / "work"), tmp_path / "ledger", alarms).drill()  # type: ignore[arg-type]
    await alarms.begin(Alarm.FOREIGN, server, count=1)
    await alarms.begin(Alarm.BACKUP)
    said = await line.ask("health")
    assert f"`{server}` came back: 5.0 MiB in 1 s" in said
    assert f"`{server}` hidden or overwritten by somebody else since <t:" in said
    assert "no copy of the database since <t:" in said


async def test_alarms_and_drills_are_metrics(house: Any, alarms: Alarms, tending: Tending, pond: str) -> None:
    await tending.drill()
    await alarms.begin(Alarm.FOREIGN, pond)
    page = Metrics("1.2.3").page(await Operations(house.desk).health()).decode()
    assert 'dormouse_alarms{alarm="foreign"} 1.0' in page
    assert 'dormouse_alarms{alarm="held"} 0.0' in page
    assert "dormouse_last_drill_bytes 5.24288e+06" in page
    assert "dormouse_last_drill_seconds " in page


class Client:
    """As far as it knows whose application it is."""

    def __init__(self, team: dict[int, discord.TeamMemberRole] | None = None) -> None:
        members = [SimpleNamespace(id=number, role=role) for number, role in (team or {}).items()]
        self.application = SimpleNamespace(
            owner=SimpleNamespace(id=7), team=SimpleNamespace(members=members) if team else None
        )


async def test_alarms_go_to_the_settings_people_else_the_owner_else_the_team() -> None:
    may, reads = discord.TeamMemberRole.developer, discord.TeamMemberRole.read_only
    team = Client({1: may, 2: reads})
    assert await operators_of(team, frozenset({9, 8})) == [8, 9]  # type: ignore[arg-type]
    assert await operators_of(Client(), frozenset()) == [7]  # type: ignore[arg-type]
    assert await operators_of(team, frozenset()) == [1]  # type: ignore[arg-type]
