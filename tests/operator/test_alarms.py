"""What whoever runs the bot is told at once, and how it shows until it is over; on both databases."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from sqlmodel import select

from bot.telemetry.metrics import Metrics
from cogs.notices import notice
from cogs.operator import operators_of
from core.children import ChildFailed, Program
from core.data.tables import NoticeRow, ServerRow
from core.notices.alarms import Alarms
from core.notices.codec import notice_of
from core.notices.kinds.alarms import BackupAlarm, ForeignAlarm, HeldAlarm
from core.servers.collecting import Collecting
from core.servers.drill import Drills
from core.servers.views import NoticeView
from core.words import NoticeKind
from core.worlds.scratch import SPARE, Scratch
from core.worlds.shelf import Shelf as Real
from core.worlds.store.place import StorePlace
from core.worlds.turns import Turns
from tests.guilds.conftest import GUILD
from tests.guilds.conftest import limit as set_limit

WELL: dict[str, Any] = {"snapshots": [], "packs": 0, "hidden_bytes": 0, "alarms": [], "held": "", "stored": 500}
CAME_BACK = {"name": "n", "size": 5 * 2**20, "found": []}


class Shelf:
    """A store on which everything goes as `said` says, by program; an exception is raised."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.most = 2**30
        self.turns = Turns()
        self.said: dict[Program, Any] = {Program.PRUNE: WELL, Program.RESTORE: CAME_BACK}
        self.asked: list[tuple[Program, list[str]]] = []

    async def run(self, program: Program, arguments: list[str], **_: Any) -> Any:
        self.asked.append((program, arguments))
        said = self.said[program]
        if isinstance(said, Exception):
            raise said
        return said

    async def ask(self, question: Any) -> None:
        """Notes are put nowhere."""

    def scratch(self, size: int) -> Any:
        return Real(StorePlace("folder:x"), self._folder, most=self.most).scratch(size)

    @property
    def room(self) -> Scratch:
        return Scratch(self._folder, self.most)

    def collected(self, server: str) -> list[str]:
        """How this server's snapshots were collected last."""
        return [
            arguments
            for program, arguments in self.asked
            if program == Program.PRUNE and arguments[:2] == ["--server", server]
        ][-1]


@pytest.fixture
def alarms(house: Any) -> Alarms:
    return house.core.alarms


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "work")


@pytest.fixture
def collecting(house: Any) -> Collecting:
    return house.core.upkeep.collecting


@pytest.fixture
def drills(house: Any) -> Drills:
    return house.core.upkeep.drills


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
    layouts = [notice(NoticeView(2, row.guild, "en", None, notice_of(row.kind, row.data))) for row in rows]
    return ["\n".join(str(getattr(part, "content", "")) for part in each.walk_children()) for each in layouts if each]


async def test_a_world_that_there_is_no_room_for_is_not_tried_and_no_alarm(
    house: Any, drills: Drills, shelf: Shelf, pond: str
) -> None:
    shelf.most = SPARE + 99
    await drills.run()
    assert (shelf.asked, await told(house)) == ([], [])
    shelf.most = SPARE + 100
    await drills.run()
    assert [program for program, _ in shelf.asked] == [Program.RESTORE]


async def test_what_somebody_else_hid_is_told_once_and_again_after_it_was_over(
    house: Any, collecting: Collecting, shelf: Shelf, pond: str
) -> None:
    foreign = WELL | {"alarms": [{"key": "k", "what": "hidden, but not by us"}] * 2}
    for said in (foreign, foreign, WELL, foreign):
        shelf.said[Program.PRUNE] = said
        await collecting.run()
    first, second = await told(house)
    assert f"hid or overwrote 2 objects of the world of `{pond}` (guild 700)" in first
    assert f"`dormouse worlds unhide {pond}`" in first
    assert second == first


async def test_what_cannot_be_collected_is_told_with_its_cause(
    house: Any, collecting: Collecting, shelf: Shelf, pond: str
) -> None:
    shelf.said[Program.PRUNE] = WELL | {"held": "a manifest is damaged"}
    await collecting.run()
    await collecting.run()
    (said,) = await told(house)
    assert "> a manifest is damaged" in said


async def test_a_drill_that_succeeds_shows_in_health_with_server_and_size(
    house: Any, drills: Drills, pond: str
) -> None:
    await drills.run()
    drill = (await house.core.operations.health()).drill
    assert drill is not None
    assert (drill.server, drill.size) == (pond, 5 * 2**20)
    assert await told(house) == []


async def test_a_drill_that_fails_is_told_and_tried_again_until_it_succeeds(
    house: Any, drills: Drills, shelf: Shelf, pond: str
) -> None:
    shelf.said[Program.RESTORE] = ChildFailed("damaged", "packs/abc is gone")
    await drills.run()
    await drills.run()
    (said,) = await told(house)
    assert f"The world of `{pond}` (guild 700) did not come back" in said
    assert "> packs/abc is gone" in said
    assert [each.about for each in (await house.core.operations.health()).alarms] == [pond]
    shelf.said[Program.RESTORE] = CAME_BACK
    await drills.run()
    assert (await house.core.operations.health()).alarms == []


async def test_a_backup_is_told_of_when_it_failed_three_times_in_a_row(house: Any, alarms: Alarms) -> None:
    fails = True

    async def backup() -> None:
        if fails:
            raise ChildFailed("away", "the store does not answer")

    keep = alarms.after(BackupAlarm, 3, backup)
    for so_far in (0, 0, 1, 1):
        with pytest.raises(ChildFailed):
            await keep()
        assert len(await told(house)) == so_far
    assert "no new copy of the database: 3 tries failed" in (await told(house))[0]
    fails = False
    await keep()
    assert await alarms.open() == []


async def test_an_alarm_goes_to_every_operator(house: Any, alarms: Alarms) -> None:
    await alarms.begin(HeldAlarm("abc", why="x"))
    outbox = house.core.outbox
    (row,) = await outbox.due(house.parts.now(), "0")
    await outbox.address(row.id or 0, [1, 2])
    await outbox.address(row.id or 0, [1, 2])
    rows = await outbox.due(house.parts.now(), "0")
    assert [notice_of(each.kind, each.data) for each in rows] == [
        HeldAlarm("abc", to=1, why="x"),
        HeldAlarm("abc", to=2, why="x"),
    ]


# what the store holds, and how long


async def test_what_was_collected_is_counted_no_more(house: Any, collecting: Collecting, pond: str) -> None:
    await collecting.run()
    assert (await house.row(pond)).stored_bytes == 500
    event = (await house.events(pond))[-1]
    assert (event.kind, event.stored_bytes) == ("collected", 500)


@pytest.mark.parametrize(
    ("retention", "limit", "policy"), [(None, None, "months"), ("days", None, "days"), ("year", 900, "lean")]
)
async def test_the_guild_says_how_long_snapshots_are_kept_and_a_full_one_keeps_few(
    house: Any, collecting: Collecting, shelf: Shelf, pond: str, retention: str | None, limit: int | None, policy: str
) -> None:
    await set_limit(house, GUILD, retention=retention, storage_bytes=limit)
    await collecting.run()
    assert f"--policy={policy}" in shelf.collected(pond)


# what operators see


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_health_names_the_last_drill_and_what_is_wrong(line: Any, alarms: Alarms, drills: Drills) -> None:
    said = await line.ask("health")
    assert "**Last drill:** none yet" in said
    assert "**Alarms:** none" in said
    house = line.house
    server = str(await house.create())
    async with house.database.begin() as session:
        row = await session.get_one(ServerRow, server)
        row.saved_name = "x"
        session.add(row)
    await drills.run()
    await alarms.begin(ForeignAlarm(server))
    await alarms.begin(BackupAlarm())
    said = await line.ask("health")
    assert f"`{server}` came back: 5.0 MiB in 1 s" in said
    assert f"`{server}` hidden or overwritten by somebody else since <t:" in said
    assert "no copy of the database since <t:" in said


async def test_alarms_and_drills_are_metrics(house: Any, alarms: Alarms, drills: Drills, pond: str) -> None:
    await drills.run()
    await alarms.begin(ForeignAlarm(pond))
    page = Metrics("1.2.3").page(await house.core.operations.health()).decode()
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
