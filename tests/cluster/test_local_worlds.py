"""Worlds of the local cluster: saved while playing, at the end and at rest; brought back; lost and noticed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import unprivileged

from core.cluster.local.cluster import LocalCluster
from core.cluster.port import ServerSpec
from core.errors import ClusterError
from core.words import PodPhase, Problem, Step, VolumePhase, new_server_id
from core.worlds.source import NEWEST
from core.worlds.store.place import StorePlace
from core.worlds.turns import Turns
from tests.cluster.place import Place, until_true
from tests.cluster.test_local import _proc
from tests.contracts.cluster import no_pod, ready, until

pytestmark = pytest.mark.process


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


@asynccontextmanager
async def waiting_for_a_turn(place: Place) -> AsyncIterator[tuple[LocalCluster, ServerSpec, Turns]]:
    """Its world is to come back, and within somebody else has the only turn."""
    await place.open()
    await place.paused()
    turns = Turns(at_once=1)
    cluster = await place.open(turns=turns)
    wanted = place.spec(run=2, volume=2, source=place.snapshots()[0].name)
    async with turns.of(7):
        await cluster.ensure(wanted)
        yield cluster, wanted, turns


async def test_worlds_come_back_in_turn_and_whoever_waits_says_so(place: Place) -> None:
    async with waiting_for_a_turn(place) as (cluster, _, _):
        seen = await until(cluster, place.server, lambda seen: seen.step is Step.TURN)
        assert (seen.pod, place.root(2).exists()) == (PodPhase.RESTORING, False)
    await ready(cluster, place.server)
    assert (place.data(2) / "saved").read_text() == "start 1"


async def test_a_pause_ends_the_wait_for_a_turn(place: Place) -> None:
    async with waiting_for_a_turn(place) as (cluster, wanted, turns):
        await until(cluster, place.server, lambda seen: seen.step is Step.TURN)
        await cluster.ensure(replace(wanted, replicas=0))
        await no_pod(cluster, place.server)
    assert turns.is_free(place.spec().guild)


async def test_a_volume_that_was_brought_and_then_the_power_went_is_taken_as_it_is(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    source = place.snapshots()[0].name
    await place.paused(run=2, volume=2, source=source)
    # As it was between the two last steps.
    files, marker, to_be = place.files, place.root(2) / "volume.json", place.root(2) / "restored.json"
    marker.rename(to_be)
    known = json.loads(files.made.path.read_text())
    files.made.path.write_text(json.dumps(known | {"made": [1]}))
    await cluster.ensure(place.spec(run=3, volume=2, source=source))
    seen = await ready(cluster, place.server)
    assert seen.restored is not None
    assert seen.restored.name == source
    assert (place.data(2) / "saved").read_text() == "start 2"
    assert not to_be.exists()


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
    half = place.root(2) / "restoring"
    half.mkdir(parents=True)
    (half / "half").write_text("")
    await cluster.ensure(place.spec(run=2, volume=2, source=NEWEST))
    await ready(cluster, place.server)
    assert not (place.data(2) / "half").exists()


async def test_a_volume_that_was_there_and_is_gone_is_lost_and_not_made_anew(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    shutil.rmtree(place.root(1))
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


async def test_a_seal_has_all_of_the_world_or_names_what_cannot_be_read(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await place.open()
    await place.paused()
    monkeypatch.setattr(sys, "executable", unprivileged.python(tmp_path))
    closed = place.data() / "treasure"
    closed.write_text("gold")
    closed.chmod(0o000)
    with pytest.raises(ClusterError, match="treasure") as refused:
        await cluster.seal(place.server, 1)
    assert refused.value.problem == Problem.WORLD_INCOMPLETE
    closed.chmod(0o600)
    assert await cluster.seal(place.server, 1) is not None


async def test_what_is_no_volume_of_ours_is_not_passed_off_as_nothing(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    (place.root(2) / "data").mkdir(parents=True)
    (place.data(2) / "castle").write_text("somebody's")
    with pytest.raises(ClusterError) as refused:
        await cluster.seal(place.server, 2)
    assert refused.value.problem == Problem.VOLUME_FOREIGN


async def test_a_marker_without_its_world_is_a_loss(place: Place) -> None:
    cluster = await place.open()
    await place.paused()
    shutil.rmtree(place.data())
    for wish in (cluster.seal(place.server, 1), cluster.snapshot(place.server)):
        with pytest.raises(ClusterError) as refused:
            await wish
        assert refused.value.problem == Problem.VOLUME_LOST
    await cluster.ensure(place.spec(run=2))
    seen = await until(cluster, place.server, lambda seen: seen.problem is not None)
    assert (seen.problem, seen.volume) == (Problem.VOLUME_LOST, VolumePhase.LOST)


@pytest.mark.parametrize("said", ["?", '{"volume": 7}'])
async def test_a_marker_of_another_volume_or_of_nobody_is_foreign(place: Place, said: str) -> None:
    cluster = await place.open()
    await place.paused()
    (place.root(1) / "volume.json").write_text(said)
    await cluster.ensure(place.spec(run=2))
    seen = await until(cluster, place.server, lambda seen: seen.problem is not None)
    assert (seen.problem, seen.pod) == (Problem.VOLUME_FOREIGN, PodPhase.NONE)


async def test_a_volume_that_the_row_knows_is_lost_where_nothing_remembers_it(place: Place) -> None:
    cluster = await place.open()
    await cluster.ensure(place.spec(made=True))
    seen = await until(cluster, place.server, lambda seen: seen.problem is not None)
    assert seen.problem == Problem.VOLUME_LOST
    assert not place.data().exists()


async def test_a_link_to_the_agents_own_secrets_is_kept_as_a_link(place: Place) -> None:
    cluster = await place.open()
    await cluster.ensure(place.spec())
    await ready(cluster, place.server)
    (place.data() / "loot").symlink_to(place.files.store.path)
    await cluster.ensure(place.spec(replicas=0))
    await no_pod(cluster, place.server)
    await cluster.ensure(place.spec(run=2, volume=2, source=NEWEST))
    await ready(cluster, place.server)
    assert os.readlink(place.data(2) / "loot") == str(place.files.store.path)


async def test_the_stores_keys_are_in_a_file_for_the_owner_and_on_no_command_line(place: Place) -> None:
    place.cluster = LocalCluster(
        place.folder, store=StorePlace(f"folder:{place.store_folder}", {"DORMOUSE_B2_KEY": "hush"})
    )
    await place.cluster.start()
    await place.cluster.ensure(place.spec())
    await ready(place.cluster, place.server)
    assert place.files.store.path.stat().st_mode & 0o777 == 0o600
    assert json.loads(place.files.store.path.read_text())["secrets"] == {"DORMOUSE_B2_KEY": "hush"}
    state = json.loads(place.files.state_file.path.read_text())
    assert b"hush" not in _proc(state["pid"], "environ")
    assert "hush" not in repr(StorePlace("", {"DORMOUSE_B2_KEY": "hush"}))
