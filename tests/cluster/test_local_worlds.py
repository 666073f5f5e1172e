"""Worlds of the local cluster: saved while playing, at the end and at rest; brought back; lost and noticed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ports import ports

from core.cluster.local import LocalCluster
from core.cluster.local_files import ServerFolder, StoreFile
from core.cluster.port import NEWEST, PortSpec, ServerSpec
from core.errors import ClusterError
from core.games.catalogue import Save
from core.words import PodPhase, Problem, VolumePhase, new_server_id
from core.worlds.listing import Snapshot, listing
from core.worlds.store.folder import FolderStore
from tests.cluster.test_local import TINY, _kill, _proc
from tests.contracts.cluster import no_pod, ready, until

pytestmark = pytest.mark.process
QUIET = Save(off="quiet", flush="flush", on="loud", done="heard flush")


class Place:
    """A cluster whose worlds are kept in a folder beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store_folder = folder / "servers", folder / "store"
        self.cluster: LocalCluster | None = None
        self.server = new_server_id()
        self._port = int(ports().split("-")[0])

    async def open(self, *, every: float | None = None, store: str | None = None) -> LocalCluster:
        if self.cluster is not None:
            await self.cluster.close()
        place = StoreFile(store or f"folder:{self.store_folder}", every=every)
        self.cluster = LocalCluster(self.folder, store=place)
        await self.cluster.start()
        return self.cluster

    def spec(self, **more: object) -> ServerSpec:
        game = TINY.model_copy(update={"save": QUIET})
        made = ServerSpec(
            server=self.server,
            guild=1,
            owner=2,
            name="Pond",
            game=game,
            size=game.sizes[0],
            run=1,
            volume=1,
            replicas=1,
            ports=(PortSpec("game", "tcp", 8400, self._port),),
            settings={"mode": ""},
            console_secret="c" * 64,
            agent_secret="a" * 64,
            volume_bytes=1 << 30,
        )
        return replace(made, **more)  # type: ignore[arg-type]

    @property
    def files(self) -> ServerFolder:
        return ServerFolder(self.folder / self.server)

    def data(self, volume: int = 1) -> Path:
        return self.files.data(volume)

    def snapshots(self) -> list[Snapshot]:
        return listing(FolderStore(self.store_folder), self.server)

    def log(self) -> str:
        return self.files.log.read_text()

    async def paused(self, **more: object) -> ServerSpec:
        """A server that ran and is at rest."""
        cluster, wanted = self.cluster, self.spec(**more)
        assert cluster is not None
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        await cluster.ensure(replace(wanted, replicas=0))
        await no_pod(cluster, wanted.server)
        return wanted


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path)
    yield place
    if place.cluster is not None:
        await place.cluster.close()
    _kill(place.files)


async def until_true(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.05)


async def test_while_the_world_changes_it_is_saved_and_quiet_meanwhile(place: Place) -> None:
    cluster = await place.open(every=0.5)
    await cluster.ensure(place.spec())
    await ready(cluster, place.server)
    (place.data() / "castle").write_text("tall")
    seen = await until(cluster, place.server, lambda seen: seen.saved is not None)
    assert seen.saved is not None
    assert seen.saved.checked
    assert seen.saved.name == place.snapshots()[0].name
    await until_true(lambda: place.log().count("heard loud") >= 2)  # once owed since the start, once after the copy
    lines = place.log().splitlines()
    assert lines.index("heard quiet") < lines.index("heard flush")


async def test_a_world_that_does_not_change_is_saved_once(place: Place) -> None:
    cluster = await place.open(every=0.3)
    await cluster.ensure(place.spec())
    await until(cluster, place.server, lambda seen: seen.saved is not None)
    before = len(place.snapshots())
    await asyncio.sleep(3)
    assert len(place.snapshots()) <= before + 1  # what was written in the tick before the first is looked at again


async def test_a_paused_world_has_a_receipt_of_its_very_last_state(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    seen = await no_pod(cluster, place.server)
    assert (place.data() / "saved").exists()
    assert seen.saved is not None
    assert seen.saved.name == place.snapshots()[0].name
    assert seen.saved.name.startswith("000001-000001-000001-")
    assert seen.saved.stored > 0


async def test_a_snapshot_by_hand_has_a_note_and_is_taken_running_and_at_rest(place: Place) -> None:
    cluster = await place.open()
    await cluster.ensure(place.spec())
    await ready(cluster, place.server)
    taken = await cluster.snapshot(place.server, note="before the dragon")
    assert [(each.name, each.note) for each in place.snapshots()] == [(taken.name, "before the dragon")]
    await cluster.ensure(place.spec(replicas=0))
    await no_pod(cluster, place.server)
    again = await cluster.snapshot(place.server, note="at rest")
    assert place.snapshots()[0].name == again.name
    assert place.snapshots()[0].note == "at rest"


async def test_a_volume_is_brought_from_a_snapshot_with_progress(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    (place.data() / "castle").write_text("fallen")
    first = place.snapshots()[0]
    phases: list[PodPhase] = []

    async def follow() -> None:
        await until(cluster, place.server, lambda seen: bool(phases.append(seen.pod)) or seen.pod is PodPhase.READY)

    following = asyncio.create_task(follow())
    await cluster.ensure(place.spec(run=2, volume=2, source=first.name))
    await following
    assert PodPhase.RESTORING in phases
    assert (place.data(2) / "saved").read_text() == "start 1"
    assert not (place.data(2) / "castle").exists()
    seen = await ready(cluster, place.server)
    assert seen.restored is not None
    assert (seen.restored.volume, seen.restored.name, seen.restored.at) == (2, first.name, first.at)
    assert (place.data(1) / "castle").exists()


async def test_a_volume_that_was_brought_and_then_the_power_went_is_taken_as_it_is(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    source = place.snapshots()[0].name
    await place.paused(run=2, volume=2, source=source)
    # As it was between the two last steps.
    marker, files = place.files.marker(2), place.files
    marker.rename(files.restored(2))
    known = json.loads(files.made.read_text())
    files.made.write_text(json.dumps(known | {"made": [1]}))
    await cluster.ensure(place.spec(run=3, volume=2, source=source))
    seen = await ready(cluster, place.server)
    assert seen.restored is not None
    assert seen.restored.name == source
    assert (place.data(2) / "saved").read_text() == "start 2"
    assert not files.restored(2).exists()


async def test_another_servers_snapshot_makes_a_clone(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    original, clone = place.server, new_server_id()
    source = f"{original}/{place.snapshots()[0].name}"
    await cluster.ensure(replace(place.spec(), server=clone, source=source))
    place.server = clone
    await ready(cluster, clone)
    assert (place.data() / "saved").read_text() == "start 1"
    await cluster.remove(clone)
    place.server = original


async def test_what_cannot_be_brought_is_a_problem_and_nothing_starts_empty(place: Place) -> None:
    cluster = await place.open()
    await cluster.ensure(place.spec(source="000001-000001-000001-" + "0" * 32))
    seen = await until(cluster, place.server, lambda seen: seen.problem is not None)
    assert (seen.problem, seen.pod) == (Problem.SNAPSHOT_GONE, PodPhase.NONE)
    assert not place.data().exists()


async def test_a_damaged_snapshot_is_named_and_not_restored(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    for pack in (place.store_folder / "worlds" / place.server / "packs").rglob("*.data"):
        pack.write_bytes(bytes(len(pack.read_bytes())))
    await cluster.ensure(place.spec(run=2, volume=2, source=place.snapshots()[0].name))
    seen = await until(cluster, place.server, lambda seen: seen.problem is not None)
    assert seen.problem == Problem.WORLD_DAMAGED
    assert not place.data(2).exists()


async def test_a_store_that_is_away_is_said_so(place: Place) -> None:
    nowhere = f"b2:bucket/{place.server}"
    cluster = await place.open(store=nowhere)
    await cluster.ensure(place.spec(source=NEWEST))
    seen = await until(cluster, place.server, lambda seen: seen.problem is not None)
    assert seen.problem == Problem.STORE_REFUSED  # no key


async def test_a_pause_ends_a_restore_and_a_resume_begins_it_anew(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    source = place.snapshots()[0].name
    wanted = place.spec(run=2, volume=2, source=source)
    await cluster.ensure(wanted)
    await until(cluster, place.server, lambda seen: seen.pod is not PodPhase.NONE)
    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, place.server)
    await cluster.ensure(wanted)
    await ready(cluster, place.server)
    assert (place.data(2) / "saved").read_text() == "start 1"


async def test_half_of_a_restore_is_thrown_away(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    half = place.files.restoring(2)
    half.mkdir(parents=True)
    (half / "half").write_text("")
    await cluster.ensure(place.spec(run=2, volume=2, source=NEWEST))
    await ready(cluster, place.server)
    assert not (place.data(2) / "half").exists()


async def test_a_volume_that_was_there_and_is_gone_is_lost_and_not_made_anew(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    shutil.rmtree(place.files.volume(1))
    await cluster.ensure(place.spec(run=2))
    seen = await until(cluster, place.server, lambda seen: seen.problem is not None)
    assert (seen.problem, seen.volume) == (Problem.VOLUME_LOST, VolumePhase.LOST)
    assert not place.data().exists()


async def test_a_sealed_volume_was_read_back_to_the_last_chunk(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    sealed = await cluster.seal(place.server, 1)
    assert sealed is not None
    assert sealed.name == place.snapshots()[0].name
    assert await cluster.seal(place.server, 7) is None


async def test_a_seal_that_cannot_be_read_back_says_no(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    packs = place.store_folder / "worlds" / place.server / "packs"
    for pack in packs.rglob("*.data"):
        data = bytearray(pack.read_bytes())
        data[0] ^= 1
        pack.write_bytes(data)
    with pytest.raises(ClusterError) as refused:
        await cluster.seal(place.server, 1)
    assert refused.value.problem == Problem.WORLD_DAMAGED


async def test_a_link_to_the_agents_own_secrets_is_kept_as_a_link(place: Place) -> None:
    cluster = await place.open()
    await cluster.ensure(place.spec())
    await ready(cluster, place.server)
    (place.data() / "loot").symlink_to(place.files.store)
    await cluster.ensure(place.spec(replicas=0))
    await no_pod(cluster, place.server)
    await cluster.ensure(place.spec(run=2, volume=2, source=NEWEST))
    await ready(cluster, place.server)
    assert os.readlink(place.data(2) / "loot") == str(place.files.store)


async def test_the_stores_keys_are_in_a_file_for_the_owner_and_on_no_command_line(place: Place) -> None:
    place.cluster = LocalCluster(
        place.folder, store=StoreFile(f"folder:{place.store_folder}", {"DORMOUSE_B2_KEY": "hush"})
    )
    await place.cluster.start()
    await place.cluster.ensure(place.spec())
    await ready(place.cluster, place.server)
    assert place.files.store.stat().st_mode & 0o777 == 0o600
    assert json.loads(place.files.store.read_text())["secrets"] == {"DORMOUSE_B2_KEY": "hush"}
    state = json.loads(place.files.state_file.read_text())
    assert b"hush" not in _proc(state["pid"], "environ")
    assert "hush" not in repr(StoreFile("", {"DORMOUSE_B2_KEY": "hush"}))
