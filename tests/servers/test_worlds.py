"""Worlds as the controller and the use-cases see them: receipts, losses, archives, and the way back."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from worldgen import picture

from cogs.replies import in_words
from core.children import ChildFailed
from core.cluster.port import Observed
from core.data.tables import ServerRow
from core.errors import BadInput, ClusterError, NotAllowed, NotFound, Refusal, TryAgain
from core.guilds.access import Actor
from core.servers import worlds as worlds_module
from core.servers.host_rules import HostRules
from core.servers.lifecycle import Wanted
from core.servers.plan import Apply, Archive, GiveUp, Release, Remove, ReplaceLostVolume, Seal, plan
from core.servers.worlds import Worlds
from core.words import Because, Desired, Phase, PodPhase, Problem, VolumePhase
from core.worlds import shelf as shelf_module
from core.worlds import turns
from core.worlds.gaps import Gaps
from core.worlds.listing import Snapshot
from core.worlds.receipt import Receipt
from core.worlds.restore import restore
from core.worlds.shelf import Shelf as RealShelf
from core.worlds.snapshot import snapshot as take
from core.worlds.source import NEWEST
from core.worlds.store.folder import FolderStore
from core.worlds.store.place import StorePlace
from core.worlds.turns import Turns

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
        (wanted(), seen(volumes=()), (ReplaceLostVolume(),)),
        (wanted(), seen(volume=VolumePhase.LOST), (ReplaceLostVolume(),)),
        (wanted(bound=1), seen(volumes=(), **REST), (Apply(1),)),
        (wanted(keeps_worlds=False), seen(volumes=()), ()),
        (wanted(start_by=NOW), seen(PodPhase.RESTORING), ()),
        (wanted(start_by=NOW), seen(PodPhase.STARTING), (GiveUp(Because.START_FAILED),)),
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
        self.turns = Turns()
        self.away = False

    async def snapshots(self, server: str) -> list[Snapshot]:
        if self.away:
            raise ChildFailed("away", "gone")
        return self.found

    def add(self, seq: int, note: str = "", volume: int = 1) -> str:
        made = Snapshot(name(seq, volume), NOW, 100, 1, 10, note, Gaps(), False)
        self.found.insert(0, made)
        return made.name


@pytest.fixture
def rules(rules: HostRules) -> HostRules:
    return replace(rules, keeps_worlds=True)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def worlds(house: Any, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Worlds:
    taken = iter(range(50, 100))

    async def snapshot(server: str, *, note: str = "", full: bool = False) -> Receipt:
        return Receipt(shelf.add(next(taken), note), NOW, 100)

    async def seal(server: str, volume: int) -> Receipt | None:
        return Receipt(shelf.add(next(taken), volume=volume), NOW, 100)

    monkeypatch.setattr(house.cluster, "snapshot", snapshot)
    monkeypatch.setattr(house.cluster, "seal", seal)
    return house.core.worlds


async def running(house: Any) -> str:
    server = str(await house.create())
    await house.until(server, lambda row: row.phase == "running" and row.bound == 1)
    return server


async def kinds(house: Any, server: str) -> list[str]:
    return [event.kind for event in await house.events(server)]


async def test_a_receipt_becomes_the_rows_and_an_event_with_what_is_stored(house: Any, worlds: Worlds) -> None:
    server = await running(house)
    house.cluster.saved[server] = Receipt(name(1), NOW, 5000, 70, 900, True)
    house.cluster.tell(server)
    row = await house.until(server, lambda row: row.saved_name == name(1))
    assert (row.saved_bytes, row.saved_new, row.stored_bytes, row.good) == (5000, 70, 900, name(1))
    event = (await house.events(server))[-1]
    assert (event.kind, event.stored_bytes) == ("snapshot", 900)


async def test_an_older_receipt_of_a_late_writer_changes_nothing(house: Any, worlds: Worlds) -> None:
    server = await running(house)
    for seq in (2, 1):
        house.cluster.saved[server] = Receipt(name(seq), NOW, seq)
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
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    async with house.database.begin() as session:
        row = await session.get(ServerRow, server)
        row.bound = 0  # as of a bot that was away from before its first start until after the pause
        session.add(row)
    house.controller.wake = lambda *_: None
    house.parts.observed.by_server[server] = replace(house.parts.observed.of(server), volume=VolumePhase.PENDING)
    await worlds.restore(ADA, server, chosen)
    row = await house.row(server)
    assert (row.volume, row.undo_to) == (2, shelf.found[0].name)
    assert shelf.found[0].note == "~before restore"


async def test_without_a_safety_snapshot_nothing_goes_back(
    house: Any, worlds: Worlds, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, chosen = await running(house), shelf.add(1)

    async def refuse(*_: Any, **__: Any) -> Receipt:
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
    house.cluster.saved[server] = Receipt(shelf.add(1), NOW, 1)
    house.cluster.tell(server)
    await house.until(server, lambda row: row.saved_name == name(1))
    house.cluster.crash(server)
    await house.until(server, lambda row: row.crash_count == 1)
    house.cluster.saved[server] = Receipt(shelf.add(2), NOW, 1)
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
    await house.servers.power.resume(ADA, server)
    await house.until(server, lambda row: row.phase == "running" and row.bound == 2)


async def test_a_seal_that_fails_releases_nothing(house: Any, worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await running(house)

    async def refuse(*_: Any) -> Receipt:
        raise ClusterError("a chunk is wrong", problem=Problem.WORLD_DAMAGED)

    monkeypatch.setattr(house.cluster, "seal", refuse)
    await worlds.archive(ADA, server)
    row = await house.until(server, lambda row: row.problem == Problem.WORLD_DAMAGED)
    assert (row.phase, row.volume) == ("archiving", 1)
    assert ("release_volume", server) not in house.cluster.calls
    await house.servers.power.resume(ADA, server)
    await house.phase(server, "running")
    assert (await house.row(server)).volume == 1


async def test_a_deleted_servers_world_is_sealed_before_it_goes(house: Any, worlds: Worlds, shelf: Shelf) -> None:
    server = await running(house)
    await house.servers.removal.delete(ADA, server, "Pond")
    house.pass_time(timedelta(days=8))
    house.controller.wake(server)
    await house.phase(server, "deleted")
    assert shelf.found
    assert "snapshot" in await kinds(house, server)


async def test_a_clone_names_the_others_snapshot_and_has_its_settings(house: Any, worlds: Worlds, shelf: Shelf) -> None:
    server, chosen = await running(house), shelf.add(1)
    await house.servers.editing.edit(ADA, server, {"season": "winter"})
    made = await worlds.clone(ADA, server, channel=701, name="Lake", snapshot=chosen)
    row = await house.row(made.id)
    assert (row.source, row.settings["season"], row.volume) == (f"{server}/{chosen}", "winter", 1)


async def test_there_is_nothing_to_undo_where_nothing_went_back(house: Any, worlds: Worlds) -> None:
    server = await running(house)
    with pytest.raises(Refusal) as refused:
        await worlds.undo(ADA, server)
    assert refused.value.message == "world.nothing_to_undo"


class Children:
    """The real store in a folder, its real child processes, and how many of them there were at once."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shelf = RealShelf(StorePlace(f"folder:{folder / 'store'}"), folder / "work", secret=b"the host's")
        self.store = FolderStore(folder / "store")
        self.work = folder / "work"
        self._world = folder / "world"
        self._world.mkdir()
        (self._world / "castle").write_text("tall")
        self.running = self.most = 0

        async def run_child(*given: Any, **named: Any) -> Any:
            self.running += 1
            self.most = max(self.most, self.running)
            try:
                return await real(*given, **named)
            finally:
                self.running -= 1

        real = shelf_module.run_child
        monkeypatch.setattr(shelf_module, "run_child", run_child)

    def save(self, server: str) -> None:
        take(self.store, server, self._world, volume=1, run=1)


@pytest.fixture
def children(tmp_path: Path, worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> Children:
    made = Children(tmp_path, monkeypatch)
    worlds._shelf = made.shelf
    return made


only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What a test says of child processes does not depend on the database."""

BO_ELSEWHERE = Actor(user=2, guild=800, name="Bo")


@only_sqlite
@pytest.mark.process
@pytest.mark.timeout(600)
async def test_forty_downloads_at_once_are_a_few_at_a_time_and_no_guild_waits_for_another(
    house: Any, worlds: Worlds, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_FIRST_WORD", 0.0)
    servers = {actor: str(await house.create(actor=actor)) for actor in (ADA, BO_ELSEWHERE)}
    for server in servers.values():
        await house.until(server, lambda row: row.phase == "running" and row.bound == 1)
        children.save(server)
    done: list[Actor] = []
    heard: Counter[Actor] = Counter()

    async def ask(actor: Actor) -> bytes:
        async def told(ahead: int) -> None:
            assert ahead >= 1
            heard[actor] += 1

        turns.tell(told)
        made = await worlds.download(actor, servers[actor], None)
        done.append(actor)
        return made.data

    asked = [asyncio.create_task(ask(actor)) for actor in [ADA] * 34 + [BO_ELSEWHERE] * 6]
    gives_up = asked.pop(10)
    gives_up.cancel()
    answers = await asyncio.gather(*asked)
    for answer in answers:
        assert zipfile.ZipFile(io.BytesIO(answer)).read("castle") == b"tall"
    assert children.most == turns.AT_ONCE
    assert heard[ADA] >= 30
    last_of_the_few = max(at for at, actor in enumerate(done) if actor == BO_ELSEWHERE)
    assert last_of_the_few < 24  # one of three places, or more, was theirs from the beginning
    assert gives_up.cancelled()
    assert list(children.work.iterdir()) == []


@only_sqlite
@pytest.mark.process
async def test_who_gives_up_a_download_frees_its_place_and_leaves_nothing(
    house: Any, worlds: Worlds, children: Children
) -> None:
    server = await running(house)
    children.save(server)
    tasks = [asyncio.create_task(worlds.download(ADA, server, None)) for _ in range(turns.EACH + 1)]
    while children.running < turns.EACH:
        await asyncio.sleep(0.01)
    for task in tasks[: turns.EACH]:
        task.cancel()
    assert (await tasks[-1]).data
    assert children.running == 0
    assert list(children.work.iterdir()) == []


@only_sqlite
async def test_who_may_not_is_told_so_without_waiting(house: Any, worlds: Worlds, children: Children) -> None:
    server = await running(house)
    async with AsyncExitStack() as busy:
        for _ in range(turns.EACH):
            await busy.enter_async_context(fresh(children.shelf.turns.of(ADA.guild)))
        with pytest.raises(NotAllowed):
            await worlds.download(BO, server, None)
        with pytest.raises(NotAllowed):
            await worlds.restore(BO, server, "x")


@only_sqlite
async def test_a_snapshot_by_hand_has_its_turn_too(house: Any, worlds: Worlds, children: Children) -> None:
    server = await running(house)
    async with AsyncExitStack() as busy:
        for _ in range(turns.EACH):
            await busy.enter_async_context(fresh(children.shelf.turns.of(ADA.guild)))
        asked = asyncio.create_task(worlds.snapshot(ADA, server))
        while not children.shelf.turns._waiting:
            await asyncio.sleep(0)
        assert not asked.done()
    await asked


@only_sqlite
@pytest.mark.process
async def test_a_download_is_imported_again_over_child_processes(
    house: Any, worlds: Worlds, children: Children, tmp_path: Path
) -> None:
    """Also a link that leads out: the bot's own key says that it was there."""
    server = await running(house)
    (tmp_path / "world" / "out").symlink_to("/proc/self/environ")
    children.save(server)
    made = await worlds.download(ADA, server, None)
    await worlds.bring_in(ADA, server, file=Sent(made.data), url=None)
    (tmp_path / "back").mkdir()
    restore(children.store, server, str((await house.row(server)).source), tmp_path / "back")
    assert picture(tmp_path / "back") == picture(tmp_path / "world")


@only_sqlite
@pytest.mark.process
async def test_a_refusal_names_what_in_the_archive_is_wrong(house: Any, worlds: Worlds, children: Children) -> None:
    server = await running(house)
    children.save(server)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("good", "1")
        archive.writestr("../*evil*\n", "2")
    with pytest.raises(BadInput) as refused:
        await worlds.bring_in(ADA, server, file=Sent(data.getvalue()), url=None)
    assert (refused.value.message, refused.value.values) == (
        "import.path",
        {"member": "../*evil*\N{REPLACEMENT CHARACTER}"},
    )
    said = in_words(refused.value, "de")
    assert said is not None
    assert said.startswith("„../\\*evil\\*\N{REPLACEMENT CHARACTER}“ in diesem Archiv will außerhalb")
    assert list(children.work.iterdir()) == []


@only_sqlite
async def test_a_child_that_takes_too_long_is_given_up_in_words(
    house: Any, worlds: Worlds, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await running(house)
    children.save(server)
    monkeypatch.setattr(worlds_module, "WITHIN", 0.01)
    with pytest.raises(TryAgain, match="given_up"):
        await worlds.download(ADA, server, None)


class Sent:
    def __init__(self, data: bytes, name: str = "world.zip") -> None:
        self._data = data
        self.name = name
        self.size = len(data)

    async def save(self, path: Path, /) -> None:
        await asyncio.to_thread(path.write_bytes, self._data)


@asynccontextmanager
async def fresh(turn: Any) -> AsyncIterator[None]:
    """A turn that somebody else has: taken in a task of its own."""
    taken, over = asyncio.Event(), asyncio.Event()

    async def keep() -> None:
        async with turn:
            taken.set()
            await over.wait()

    task = asyncio.create_task(keep())
    await taken.wait()
    try:
        yield
    finally:
        over.set()
        await task
