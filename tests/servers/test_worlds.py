"""Worlds as the controller and the use-cases see them: receipts, losses, archives, and the way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.cluster.children import ChildFailed
from core.cluster.port import NEWEST, Observed, Saved
from core.data.tables import ServerRow
from core.errors import ClusterError, NotAllowed, NotFound, Refusal, TryAgain
from core.guilds.access import Actor
from core.servers.lifecycle import Wanted
from core.servers.plan import Apply, Archive, Give, Lost, Release, Remove, Seal, plan
from core.servers.worlds import Worlds
from core.words import Because, Desired, Phase, PodPhase, Problem, VolumePhase
from core.worlds.listing import Snapshot

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ADA = Actor(user=1, guild=700, name="Ada")
BO = Actor(user=2, guild=700, name="Bo")
SUM = "0" * 32


def name(seq: int, volume: int = 1) -> str:
    return f"{volume:06}-000001-{seq:06}-{SUM}"


def wanted(desired: Desired = Desired.RUNNING, **more: Any) -> Wanted:
    values: dict[str, Any] = {
        "server": "abcdefghijkl",
        "run": 2,
        "volume": 2,
        "bound": 2,
        "phase": Phase.RUNNING,
        "fingerprint": "f",
    }
    return Wanted(desired=desired, **{**values, "keeps_worlds": True, **more})


def seen(pod: PodPhase = PodPhase.READY, **more: Any) -> Observed:
    values: dict[str, Any] = {
        "uid": "u",
        "run": 2,
        "replicas": 1,
        "fingerprint": "f",
        "volumes": (2,),
        "volume_number": 2,
    }
    return Observed("abcdefghijkl", pod=pod, **{**values, "volume": VolumePhase.BOUND, **more})


REST: dict[str, Any] = {"pod": PodPhase.NONE, "uid": None, "run": 0, "replicas": 0}


@pytest.mark.parametrize(
    ("row", "cluster", "actions"),
    [
        (wanted(), seen(), ()),
        (wanted(), seen(volumes=(1, 2)), (Release(1),)),
        (wanted(bound=1), seen(volumes=(1, 2)), ()),
        (wanted(), seen(volumes=()), (Lost(),)),
        (wanted(), seen(volume=VolumePhase.LOST), (Lost(),)),
        (wanted(bound=1), seen(volumes=(), **REST), (Apply(1),)),
        (wanted(keeps_worlds=False), seen(volumes=()), ()),
        (wanted(start_by=NOW), seen(PodPhase.RESTORING), ()),
        (wanted(start_by=NOW), seen(PodPhase.STARTING), (Give(Because.START_FAILED),)),
        (wanted(Desired.ARCHIVED), seen(), (Apply(0),)),
        (wanted(Desired.ARCHIVED), seen(PodPhase.ENDING, replicas=0), ()),
        (wanted(Desired.ARCHIVED), seen(**REST), (Seal(2),)),
        (wanted(Desired.ARCHIVED, sealed=True), seen(**REST), (Archive(),)),
        (wanted(Desired.ARCHIVED, bound=1), seen(**REST), (Seal(2),)),  # it may have been finished unseen
        (wanted(Desired.ARCHIVED, bound=1, sealed=True), seen(**REST), (Archive(),)),
        (wanted(Desired.ARCHIVED, volume=3), seen(**REST), (Release(2),)),
        (wanted(Desired.ARCHIVED, volume=3), seen(volumes=(), **REST), ()),
        (wanted(Desired.PAUSED), seen(volumes=(1, 2), **REST), ()),
        (wanted(Desired.DELETED), seen(), (Apply(0),)),
        (wanted(Desired.DELETED), seen(**REST), (Seal(2),)),
        (wanted(Desired.DELETED, sealed=True), seen(**REST), (Remove(),)),
        (wanted(Desired.DELETED, keeps_worlds=False), seen(), (Remove(),)),
        (wanted(Desired.DELETED, purge_at=NOW + timedelta(days=1)), seen(**REST), ()),
    ],
)
def test_the_plan(row: Wanted, cluster: Observed, actions: tuple[Any, ...]) -> None:
    assert plan(row, cluster, NOW) == actions


class Shelf:
    """The store, in memory."""

    def __init__(self) -> None:
        self.found: list[Snapshot] = []
        self.away = False

    async def snapshots(self, server: str) -> list[Snapshot]:
        if self.away:
            raise ChildFailed("away", "gone")
        return self.found

    def add(self, seq: int, note: str = "", volume: int = 1) -> str:
        made = Snapshot(name(seq, volume), NOW, 100, 1, 10, note, 0, {}, False)
        self.found.insert(0, made)
        return made.name


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def worlds(house: Any, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Worlds:
    house.desk.host = replace(house.desk.host, keeps_worlds=True)
    taken = iter(range(50, 100))

    async def snapshot(server: str, *, note: str = "", full: bool = False) -> Saved:
        return Saved(shelf.add(next(taken), note), NOW, 100)

    async def seal(server: str, volume: int) -> Saved | None:
        return Saved(shelf.add(next(taken), volume=volume), NOW, 100)

    monkeypatch.setattr(house.cluster, "snapshot", snapshot)
    monkeypatch.setattr(house.cluster, "seal", seal)
    return Worlds(house.desk, house.cluster, shelf)  # type: ignore[arg-type]


async def running(house: Any) -> str:
    server = str(await house.create())
    await house.until(server, lambda row: row.phase == "running" and row.bound == 1)
    return server


async def kinds(house: Any, server: str) -> list[str]:
    return [event.kind for event in await house.events(server)]


async def test_a_receipt_becomes_the_rows_and_an_event_with_what_is_stored(house: Any, worlds: Worlds) -> None:
    server = await running(house)
    house.cluster.saved[server] = Saved(name(1), NOW, 5000, 70, 900, True)
    house.cluster.tell(server)
    row = await house.until(server, lambda row: row.saved_name == name(1))
    assert (row.saved_bytes, row.saved_new, row.stored_bytes, row.good) == (5000, 70, 900, name(1))
    event = (await house.events(server))[-1]
    assert (event.kind, event.stored_bytes) == ("snapshot", 900)


async def test_an_older_receipt_of_a_late_writer_changes_nothing(house: Any, worlds: Worlds) -> None:
    server = await running(house)
    for seq in (2, 1):
        house.cluster.saved[server] = Saved(name(seq), NOW, seq)
        house.cluster.tell(server)
        await house.until(server, lambda row: row.saved_name is not None)
    await house.controller.reconcile(server)
    assert (await house.row(server)).saved_name == name(2)


async def test_a_restore_is_the_next_volume_after_a_snapshot_of_this_one(
    house: Any, worlds: Worlds, shelf: Shelf
) -> None:
    server, chosen = await running(house), shelf.add(1)
    await worlds.restore(ADA, server, chosen)
    row = await house.row(server)
    assert (row.volume, row.source, row.run, row.desired) == (2, chosen, 2, "running")
    assert row.undo_to == shelf.found[0].name
    assert shelf.found[0].note == "~before restore"
    await worlds.undo(ADA, server)
    assert (await house.row(server)).source == row.undo_to


async def test_what_was_played_while_nobody_looked_is_kept_too(house: Any, worlds: Worlds, shelf: Shelf) -> None:
    server, chosen = await running(house), shelf.add(1)
    await house.servers.pause(ADA, server)
    await house.phase(server, "paused")
    async with house.database.begin() as session:
        row = await session.get(ServerRow, server)
        row.bound = 0  # as of a bot that was away from before its first start until after the pause
        session.add(row)
    house.controller.wake = lambda *_: None
    house.desk.live.observed[server] = replace(house.desk.live.of(server), volume=VolumePhase.PENDING)
    await worlds.restore(ADA, server, chosen)
    row = await house.row(server)
    assert (row.volume, row.undo_to) == (2, shelf.found[0].name)
    assert shelf.found[0].note == "~before restore"


async def test_without_a_safety_snapshot_nothing_goes_back(
    house: Any, worlds: Worlds, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, chosen = await running(house), shelf.add(1)

    async def refuse(*_: Any, **__: Any) -> Saved:
        raise ClusterError("gone", problem=Problem.STORE_AWAY)

    monkeypatch.setattr(house.cluster, "snapshot", refuse)
    with pytest.raises(TryAgain) as refused:
        await worlds.restore(ADA, server, chosen)
    assert refused.value.message == "world.cannot.store_away"
    assert (await house.row(server)).volume == 1


async def test_who_may_not_manage_may_not_look_either(house: Any, worlds: Worlds) -> None:
    server = await running(house)
    for asked in (worlds.snapshots(BO, server), worlds.restore(BO, server, "x"), worlds.archive(BO, server)):
        with pytest.raises(NotAllowed):
            await asked


async def test_a_snapshot_that_there_is_not_is_refused(house: Any, worlds: Worlds, shelf: Shelf) -> None:
    server = await running(house)
    shelf.add(1)
    for typed in ("", "x", name(7), "../../etc", name(1).upper() + " x"):
        with pytest.raises(NotFound):
            await worlds.restore(ADA, server, typed)


async def test_a_store_that_is_away_is_said_in_words(house: Any, worlds: Worlds, shelf: Shelf) -> None:
    server = await running(house)
    shelf.away = True
    with pytest.raises(TryAgain):
        await worlds.snapshots(ADA, server)


async def test_after_crashes_the_last_good_one_is_from_before_them(house: Any, worlds: Worlds, shelf: Shelf) -> None:
    server = await running(house)
    house.cluster.saved[server] = Saved(shelf.add(1), NOW, 1)
    house.cluster.tell(server)
    await house.until(server, lambda row: row.saved_name == name(1))
    house.cluster.crash(server)
    await house.until(server, lambda row: row.crash_count == 1)
    house.cluster.saved[server] = Saved(shelf.add(2), NOW, 1)
    house.cluster.tell(server)
    row = await house.until(server, lambda row: row.saved_name == name(2))
    assert row.good == name(1)
    await worlds.restore_good(ADA, server)
    assert (await house.row(server)).source == name(1)


async def test_a_lost_volume_is_the_next_one_from_the_newest_snapshot(house: Any, worlds: Worlds) -> None:
    server = await running(house)
    house.cluster.lost.add((server, 1))
    house.cluster.tell(server)
    row = await house.until(server, lambda row: row.bound == 2)
    assert (row.volume, row.source) == (2, NEWEST)
    assert "volume_lost" in await kinds(house, server)
    assert [notice.kind for notice in await house.notices(server)][-1] == "restored"


async def test_an_archive_is_sealed_committed_and_only_then_released(house: Any, worlds: Worlds, shelf: Shelf) -> None:
    server = await running(house)
    await worlds.archive(ADA, server)
    row = await house.phase(server, "archived")
    assert (row.volume, row.source) == (2, shelf.found[0].name)
    assert ("release_volume", server) in house.cluster.calls
    await house.servers.resume(ADA, server)
    await house.until(server, lambda row: row.phase == "running" and row.bound == 2)


async def test_a_seal_that_fails_releases_nothing(house: Any, worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await running(house)

    async def refuse(*_: Any) -> Saved:
        raise ClusterError("a chunk is wrong", problem=Problem.WORLD_DAMAGED)

    monkeypatch.setattr(house.cluster, "seal", refuse)
    await worlds.archive(ADA, server)
    row = await house.until(server, lambda row: row.problem == Problem.WORLD_DAMAGED)
    assert (row.phase, row.volume) == ("archiving", 1)
    assert ("release_volume", server) not in house.cluster.calls
    await house.servers.resume(ADA, server)
    await house.phase(server, "running")
    assert (await house.row(server)).volume == 1


async def test_a_deleted_servers_world_is_sealed_before_it_goes(house: Any, worlds: Worlds, shelf: Shelf) -> None:
    server = await running(house)
    await house.servers.delete(ADA, server, "Pond")
    house.pass_time(timedelta(days=8))
    house.controller.wake(server)
    await house.phase(server, "deleted")
    assert shelf.found
    assert "snapshot" in await kinds(house, server)


async def test_a_clone_names_the_others_snapshot_and_has_its_settings(house: Any, worlds: Worlds, shelf: Shelf) -> None:
    server, chosen = await running(house), shelf.add(1)
    await house.servers.edit(ADA, server, {"season": "winter"})
    made = await worlds.clone(ADA, server, channel=701, name="Lake", snapshot=chosen)
    row = await house.row(made.id)
    assert (row.source, row.settings["season"], row.volume) == (f"{server}/{chosen}", "winter", 1)


async def test_there_is_nothing_to_undo_where_nothing_went_back(house: Any, worlds: Worlds) -> None:
    server = await running(house)
    with pytest.raises(Refusal) as refused:
        await worlds.undo(ADA, server)
    assert refused.value.message == "world.nothing_to_undo"
