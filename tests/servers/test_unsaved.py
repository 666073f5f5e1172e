"""What could not be saved: noted, told, tried again one server at a time, and ended where the whole store is out."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterator
from contextvars import Context
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from core.children import ChildFailed
from core.cluster.port import LastSave
from core.data.tables import ServerRow
from core.errors import ClusterError
from core.guilds.access import Actor
from core.notices.kinds.notices import PausedNotice
from core.servers.host_rules import HostRules
from core.words import Alarm, Problem
from core.worlds.failures import Failure
from core.worlds.gaps import Gap, Gaps
from core.worlds.receipt import Receipt
from core.worlds.turns import Turns

ADA = Actor(user=1, guild=700, name="Ada")
REFUSED = ClusterError("no such key", problem=Problem.STORE_REFUSED, failure=Failure.KEY)


def receipt(seq: int, at: datetime | None = None, **more: Any) -> Receipt:
    return Receipt(f"000001-000001-{seq:06}-{'0' * 32}", at or datetime.now(UTC), 100, checked=True, **more)


class Shelf:
    """A store that the bot itself reaches, or not."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.wrong: ChildFailed | None = None

    async def ask(self, question: Any) -> None:
        if self.wrong:
            raise self.wrong


@pytest.fixture
def rules(rules: HostRules) -> HostRules:
    return replace(rules, keeps_worlds=True, ports=range(25500, 25520))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


class Saves:
    """What the cluster says when a snapshot is asked for: by server; the others are saved."""

    def __init__(self, house: Any) -> None:
        self._house = house
        self.says: dict[str, ClusterError] = {}
        self.asked: list[str] = []
        self._numbers: Iterator[int] = iter(range(50, 500))

    async def snapshot(self, server: str, *, note: str = "", full: bool = False) -> Receipt:
        self.asked.append(server)
        if server in self.says:
            raise self.says[server]
        saved = self._house.cluster.saved[server] = receipt(next(self._numbers))
        self._house.cluster.tell(server)
        return saved


@pytest.fixture
def saves(house: Any, monkeypatch: pytest.MonkeyPatch) -> Saves:
    saves = Saves(house)
    monkeypatch.setattr(house.cluster, "snapshot", saves.snapshot)
    return saves


async def running(house: Any, name: str = "Pond", guild: int = 700) -> str:
    actor = replace(ADA, guild=guild, manages_guild=True)
    server = str(await house.create(name, actor))
    await house.until(server, lambda row: row.phase == "running" and row.bound == 1)
    return server


async def paused(house: Any, name: str = "Pond", guild: int = 700) -> str:
    """Whose last snapshot failed."""
    server = await running(house, name, guild)
    await house.servers.power.pause(replace(ADA, guild=guild, manages_guild=True), server)
    await house.phase(server, "paused")
    return server


async def open_alarms(house: Any) -> list[str]:
    return [each.about for each in await house.core.alarms.open(Alarm.UNSAVED)]


async def test_a_pause_is_not_saved_until_the_snapshot_that_follows_it(house: Any) -> None:
    server = await running(house)
    house.cluster.saved[server] = receipt(1)
    house.cluster.tell(server)
    await house.until(server, lambda row: row.saved_name is not None)
    await house.servers.power.pause(ADA, server)
    row = await house.phase(server, "paused")
    assert row.unsaved_since is not None
    assert (row.unsaved_since, row.unsaved_why) > (row.saved_at, "")
    house.cluster.saved[server] = receipt(2)
    house.cluster.tell(server)
    row = await house.until(server, lambda row: row.saved_name == receipt(2).name)
    assert (row.unsaved_since, row.unsaved_why) == (None, "")


async def test_a_try_that_failed_while_the_game_runs_is_noted_until_one_succeeds(house: Any) -> None:
    server = await running(house)
    house.cluster.last_save[server] = LastSave(Failure.KEY, "no such key")
    house.cluster.tell(server)
    row = await house.until(server, lambda row: row.unsaved_why == Problem.STORE_REFUSED)
    assert row.unsaved_since is not None
    assert (await house.events(server))[-1].kind == "not_saved"
    house.cluster.last_save[server] = LastSave()
    house.cluster.tell(server)
    row = await house.until(server, lambda row: row.unsaved_why == "")
    assert row.unsaved_since is None


async def test_a_snapshot_that_was_cut_off_by_the_games_end_is_no_failure(house: Any) -> None:
    server = await running(house)
    house.cluster.last_save[server] = LastSave(Failure.KILLED, "told to stop")
    house.cluster.tell(server)
    await house.controller.reconcile(server)
    assert (await house.row(server)).unsaved_why == ""


async def test_what_a_snapshot_lacks_is_known_with_its_receipt_and_gone_with_the_next(house: Any) -> None:
    server = await running(house)
    gaps = Gaps({"unreadable": 1}, (Gap("castle", "unreadable"),))
    house.cluster.saved[server] = receipt(1, gaps=gaps)
    house.cluster.tell(server)
    row = await house.until(server, lambda row: row.saved_name is not None)
    assert Gaps.of(row.saved_gaps) == gaps
    house.cluster.saved[server] = receipt(2)
    house.cluster.tell(server)
    row = await house.until(server, lambda row: row.saved_name == receipt(2).name)
    assert row.saved_gaps == {}


async def test_one_refusal_keeps_nobody_else_from_being_saved(house: Any, saves: Saves) -> None:
    servers = [await paused(house, name) for name in ("Pond", "Lake", "Moor")]
    saves.says[min(servers)] = REFUSED
    await house.core.late_snapshots.run()
    assert sorted(saves.asked) == sorted(servers)
    row = await house.row(min(servers))
    assert (row.unsaved_why, await open_alarms(house)) == (Problem.STORE_REFUSED, [min(servers)])
    for each in servers:
        if each != min(servers):
            assert (await house.until(each, lambda row: row.unsaved_since is None)).unsaved_why == ""
    saves.says.clear()
    await house.core.late_snapshots.run()
    await house.until(min(servers), lambda row: row.unsaved_why == "")
    assert await open_alarms(house) == []


async def test_the_message_of_a_pause_is_written_again_when_its_save_fails(house: Any, saves: Saves) -> None:
    server = await paused(house)
    saves.says[server] = REFUSED
    (before,) = [row for row in await house.notices(server) if row.kind == "paused"]
    await house.core.late_snapshots.run()
    (after,) = [row for row in await house.notices(server) if row.kind == "paused"]
    assert await house.told(server, PausedNotice)
    assert after.revision > before.revision


async def test_a_store_that_serves_nobody_ends_the_round(house: Any, shelf: Shelf, saves: Saves) -> None:
    servers = [await paused(house, name) for name in ("Pond", "Lake", "Moor")]
    saves.says = dict.fromkeys(servers, REFUSED)
    shelf.wrong = ChildFailed("key", "B2 does not accept B2_KEY_ID and B2_KEY")
    await house.core.late_snapshots.run()
    assert len(saves.asked) == 1
    assert await open_alarms(house) == [""]
    shelf.wrong = None
    saves.says.clear()
    await house.core.late_snapshots.run()
    assert await open_alarms(house) == []


async def test_a_store_that_refuses_all_saves_ends_the_round_although_it_can_be_read(house: Any, saves: Saves) -> None:
    """A cap on storage, say."""
    servers = [await paused(house, f"Pond {number}") for number in range(5)]
    saves.says = dict.fromkeys(servers, ClusterError("the cap", problem=Problem.STORE_REFUSED))
    await house.core.late_snapshots.run()
    assert len(saves.asked) == 3
    assert "" in await open_alarms(house)


async def test_a_store_that_is_away_is_an_alarm_only_if_it_stays_away(house: Any, shelf: Shelf, saves: Saves) -> None:
    server = await paused(house)
    saves.says[server] = ClusterError("gone", problem=Problem.STORE_AWAY)
    shelf.wrong = ChildFailed("away", "gone")
    told = []
    for _ in range(3):
        await house.core.late_snapshots.run()
        told.append(await open_alarms(house))
    assert told == [[], [], [""]]


async def test_a_running_server_whose_key_is_refused_is_saved_too(house: Any, saves: Saves) -> None:
    """That gives it a new key where it has one of its own."""
    refused, well = await running(house), await running(house, "Lake")
    house.cluster.last_save[refused] = LastSave(Failure.KEY, "no such key")
    house.cluster.tell(refused)
    await house.until(refused, lambda row: row.unsaved_why == Problem.STORE_REFUSED)
    await house.core.late_snapshots.run()
    assert saves.asked == [refused]
    assert well not in saves.asked


async def test_the_alarm_of_a_server_that_was_saved_by_other_means_is_over(house: Any, saves: Saves) -> None:
    server = await paused(house)
    saves.says[server] = REFUSED
    await house.core.late_snapshots.run()
    assert await open_alarms(house) == [server]
    house.cluster.saved[server] = receipt(9)
    house.cluster.tell(server)
    await house.until(server, lambda row: row.unsaved_since is None)
    await house.core.late_snapshots.run()
    assert await open_alarms(house) == []


async def test_late_snapshots_and_seals_take_turns_with_what_members_ask_for(
    house: Any, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work, most, go_on = 0, 0, asyncio.Event()

    async def work(server: str, *_: Any, **__: Any) -> Receipt:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await go_on.wait()
        at_work -= 1
        return receipt(60)

    monkeypatch.setattr(house.cluster, "snapshot", work)
    monkeypatch.setattr(house.cluster, "seal", work)
    sealed = [await paused(house, f"Pond {number}") for number in range(4)]
    late = [await paused(house, f"Lake {number}", guild=710) for number in range(2)]
    for each in sealed:
        async with house.database.begin() as session:
            row = await session.get_one(ServerRow, each)
            row.desired = "archived"
            session.add(row)
        house.controller.wake(each)
    async with shelf.turns.of(720):
        # What a turn's holder starts would do its work within it.
        round_ = asyncio.create_task(house.core.late_snapshots.run(), context=Context())
        async with asyncio.timeout(30):
            while at_work < 2:
                await asyncio.sleep(0.01)
        for _ in range(20):
            await asyncio.sleep(0)
        assert most == 2  # of three places one is a member's
    go_on.set()
    async with asyncio.timeout(30):
        await round_
    assert most <= 3
    for each in sealed:
        await house.until(each, lambda row: row.sealed is not None or row.phase in ("archiving", "archived"))
    assert len(late) == 2


async def test_whoever_is_resumed_while_its_seal_waits_is_not_sealed(
    house: Any, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed: list[str] = []

    async def seal(server: str, volume: int) -> Receipt:
        sealed.append(server)
        return receipt(60)

    monkeypatch.setattr(house.cluster, "seal", seal)
    server = await paused(house)
    async with shelf.turns.of(700), _another(shelf, 700):
        async with house.database.begin() as session:
            row = await session.get_one(ServerRow, server)
            row.desired = "archived"
            session.add(row)
        house.controller.wake(server)
        async with asyncio.timeout(30):
            while shelf.turns.is_free(700) or not shelf.turns._waiting:
                await asyncio.sleep(0.01)
        await house.servers.power.resume(ADA, server)
        await house.phase(server, "running")
    row = await house.until(server, lambda row: row.phase == "running")
    await house.controller.reconcile(server)
    assert (sealed, row.sealed) == ([], None)


def _another(shelf: Shelf, guild: int) -> Any:
    """A second turn, of another task's making."""

    class Turn:
        async def __aenter__(self) -> None:
            self._done, taken = asyncio.Event(), asyncio.Event()

            async def hold() -> None:
                async with shelf.turns.of(guild):
                    taken.set()
                    await self._done.wait()

            self._task = asyncio.create_task(hold(), context=contextvars.Context())
            await taken.wait()

        async def __aexit__(self, *_: object) -> None:
            self._done.set()
            await self._task

    return Turn()
