"""Worlds on a real node: saved by the agent in the pod, brought back, lost and found, sealed by a job; B2 over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

import kube
import pytest
from b2server import B2Server, Fault, Key

from core.agent.file_wire import FileDo, FileOrder
from core.cluster.kubernetes import names
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.port import Observed, ServerSpec, fingerprint
from core.errors import ClusterError
from core.games.form.saving import Save
from core.words import PodPhase, Problem, VolumePhase, new_server_id
from core.worlds.receipt import Receipt
from core.worlds.source import NEWEST
from core.worlds.store.b2_words import USES
from core.worlds.store.place import StorePlace
from tests.contracts.cluster import no_pod, ready, until

kube.needs_cluster("CLUSTER_HOST_IP")
pytestmark = kube.pytestmark
BUCKET = "dormouse-worlds"
GAME = kube.TINY.model_copy(update={"save": Save(off="quiet", flush="flush", on="loud")})


@pytest.fixture
def b2() -> Iterator[B2Server]:
    with B2Server(os.environ["CLUSTER_HOST_IP"]) as server:
        server.account.add_bucket(BUCKET)
        yield server


def store_of(b2: B2Server, key: Key, *, every: float | None = None) -> StorePlace:
    secrets = {"DORMOUSE_B2_KEY_ID": key.id, "DORMOUSE_B2_KEY": key.secret, "DORMOUSE_B2_REALM": b2.url}
    return StorePlace(f"b2:{BUCKET}/guild", secrets, every=every)


@dataclass
class Place:
    namespace: kube.Namespace
    cluster: KubernetesCluster
    b2: B2Server
    spec: ServerSpec

    def inside(self, code: str, server: str = "") -> str:
        """Python in the game's container, in its data folder."""
        pod = names.pod(server or self.spec.server)
        return self.namespace.kubectl("exec", pod, "-c", "game", "--", "python", "-c", f"import os\n{code}").strip()

    async def build(self, text: str) -> None:
        code = f"open(os.environ['TINY_DATA'] + '/castle', 'w').write({text!r})"
        await asyncio.to_thread(self.inside, code)

    async def castle(self, server: str = "") -> str:
        code = "print(open(os.environ['TINY_DATA'] + '/castle').read())"
        return await asyncio.to_thread(self.inside, code, server)

    async def pause(self, wanted: ServerSpec) -> Observed:
        await self.cluster.ensure(replace(wanted, replicas=0))
        return await no_pod(self.cluster, wanted.server)

    def lose_keys(self) -> None:
        """Somebody deletes the server's own keys at B2."""
        with self.b2.lock:
            for key in [key for key in self.b2.account.keys.values() if key.name == f"dormouse-{self.spec.server}"]:
                del self.b2.account.keys[key.id]

    def keys(self) -> set[str]:
        """Names of the keys that servers have."""
        return {key.name for key in self.b2.account.keys.values() if key.name.startswith("dormouse-")}


@pytest.fixture
async def place(namespace: kube.Namespace, b2: B2Server) -> AsyncIterator[Place]:
    """Every server has a key of its own; nothing is saved by the clock."""
    key = b2.account.add_key(tuple(USES))
    cluster = await namespace.cluster(new_server_id(), store=store_of(b2, key, every=3600))
    await cluster.start()
    yield Place(namespace, cluster, b2, kube.make_spec(game=GAME))
    await cluster.close()


async def lost(cluster: KubernetesCluster, server: str) -> Observed:
    return await until(cluster, server, lambda seen: seen.volume is VolumePhase.LOST)


async def test_a_pause_leaves_a_receipt_and_a_lost_claim_comes_back_from_it(place: Place) -> None:
    wanted = place.spec
    await place.cluster.ensure(wanted)
    await ready(place.cluster, wanted.server)
    await place.build("tall")
    made = replace(wanted, made=True)
    await place.cluster.ensure(made)
    await place.pause(made)
    seen = await until(place.cluster, wanted.server, lambda seen: seen.saved is not None)
    assert seen.saved is not None
    assert seen.saved.name.startswith("000001-000001-")
    place.namespace.kubectl("delete", "pvc", names.claim(wanted.server, 1))
    await lost(place.cluster, wanted.server)
    with pytest.raises(ClusterError) as refused:
        await place.cluster.ensure(replace(made, run=2))
    assert refused.value.problem == Problem.VOLUME_LOST
    await place.cluster.ensure(replace(wanted, volume=2, run=2, source=NEWEST))
    seen = await ready(place.cluster, wanted.server)
    assert seen.restored is not None
    assert (seen.volume, seen.restored.volume, seen.restored.name) == (VolumePhase.BOUND, 2, place_name(seen.saved))
    assert await place.castle() == "tall"


def place_name(saved: Receipt | None) -> str:
    assert saved is not None
    return saved.name


async def test_a_volume_whose_data_is_gone_is_not_passed_off_as_new(place: Place) -> None:
    wanted = place.spec
    await place.cluster.ensure(wanted)
    await ready(place.cluster, wanted.server)
    made = replace(wanted, made=True)
    await place.pause(made)
    await asyncio.to_thread(place.namespace.erase, names.claim(wanted.server, 1))
    await place.cluster.ensure(replace(made, run=2))
    seen = await lost(place.cluster, wanted.server)
    assert (seen.pod, seen.problem) == (PodPhase.PENDING, Problem.VOLUME_LOST)


async def test_a_snapshot_on_request_while_the_game_runs_and_at_rest(place: Place) -> None:
    wanted = place.spec
    await place.cluster.ensure(wanted)
    await ready(place.cluster, wanted.server)
    await place.build("tall")
    playing = await place.cluster.snapshot(wanted.server, note="before the dragon")
    log = await place.cluster.logs(wanted.server)
    assert log.index("heard quiet") < log.index("heard flush") < log.rindex("heard loud")
    await place.pause(wanted)
    await until(place.cluster, wanted.server, lambda seen: seen.saved is not None and seen.saved.name > playing.name)
    listed = await place.cluster.files(wanted.server, FileOrder(FileDo.LIST))
    assert listed.entries  # and the job that answered is gone before the next one has the volume
    resting = await place.cluster.snapshot(wanted.server, note="at rest")
    assert resting.name > playing.name
    assert not json.loads(place.namespace.kubectl("get", "jobs", "-o", "json"))["items"]


async def test_a_sealed_volume_is_given_back_and_comes_again(place: Place) -> None:
    wanted = place.spec
    await place.cluster.ensure(wanted)
    await ready(place.cluster, wanted.server)
    await place.build("tall")
    await place.pause(wanted)
    sealed = await place.cluster.seal(wanted.server, 1)
    assert sealed is not None
    assert sealed.checked
    await place.cluster.release_volume(wanted.server, 1)
    await until(place.cluster, wanted.server, lambda seen: not seen.volumes)
    assert await place.cluster.seal(wanted.server, 1) is None
    await place.cluster.ensure(replace(wanted, volume=2, run=2, source=sealed.name))
    await ready(place.cluster, wanted.server)
    assert await place.castle() == "tall"


async def test_a_key_that_died_is_made_anew_while_the_game_runs_and_where_a_world_comes_back(place: Place) -> None:
    wanted = place.spec
    await place.cluster.ensure(wanted)
    await ready(place.cluster, wanted.server)
    await place.build("tall")
    place.lose_keys()
    saved = await place.cluster.snapshot(wanted.server)
    assert [key.name for key in place.b2.account.keys.values()].count(f"dormouse-{wanted.server}") == 1
    await place.pause(replace(wanted, made=True))
    seen = await until(place.cluster, wanted.server, lambda seen: seen.saved is not None and seen.saved != saved)
    assert seen.saved is not None
    again = replace(wanted, volume=2, run=2, source=seen.saved.name)
    place.lose_keys()
    await place.cluster.ensure(again)
    seen = await until(place.cluster, wanted.server, lambda seen: seen.problem == Problem.STORE_REFUSED)
    assert seen.fingerprint != fingerprint(again)  # so that whoever compares applies again
    await place.cluster.ensure(again)
    await ready(place.cluster, wanted.server)
    assert await place.castle() == "tall"


async def test_a_job_that_a_killed_bot_began_is_waited_for_and_not_doubled(place: Place) -> None:
    wanted = place.spec
    await place.cluster.ensure(wanted)
    await ready(place.cluster, wanted.server)
    await place.pause(wanted)
    seen = await until(place.cluster, wanted.server, lambda seen: seen.saved is not None)
    first = asyncio.create_task(place.cluster.seal(wanted.server, 1))
    async with asyncio.timeout(30):
        while not json.loads(await asyncio.to_thread(place.namespace.kubectl, "get", "jobs", "-o", "json"))["items"]:
            assert not first.done()
    first.cancel()
    sealed = await place.cluster.seal(wanted.server, 1)
    assert sealed is not None
    assert seen.saved is not None
    assert sealed.order[2] == seen.saved.order[2] + 1


async def test_a_clone_reads_its_origin_and_nobody_else(place: Place) -> None:
    wanted = place.spec
    await place.cluster.ensure(wanted)
    await ready(place.cluster, wanted.server)
    await place.build("tall")
    taken = await place.cluster.snapshot(wanted.server)
    clone = kube.make_spec(game=GAME, source=f"{wanted.server}/{taken.name}")
    await place.cluster.ensure(clone)
    await ready(place.cluster, clone.server)
    assert await place.castle(clone.server) == "tall"
    assert place.keys() == {f"dormouse-{wanted.server}", f"dormouse-{clone.server}"}
    own = [key for key in place.b2.account.keys.values() if key.name == f"dormouse-{clone.server}"]
    prefixes = {f"guild/worlds/{each}/" for each in (wanted.server, clone.server)}
    assert {key.prefix for key in own} == prefixes
    await place.cluster.remove(clone.server)
    assert place.keys() == {f"dormouse-{wanted.server}"}


async def test_the_game_sees_neither_the_store_nor_its_key(place: Place) -> None:
    wanted = place.spec
    await place.cluster.ensure(wanted)
    await ready(place.cluster, wanted.server)
    assert "B2_" not in await asyncio.to_thread(place.inside, "print(os.environ)")
    assert await asyncio.to_thread(place.inside, "print(os.path.exists('/work'))") == "False"


async def test_delete_leaves_nothing(place: Place) -> None:
    wanted = place.spec
    await place.cluster.ensure(wanted)
    await ready(place.cluster, wanted.server)
    await place.cluster.remove(wanted.server)
    await until(place.cluster, wanted.server, lambda seen: not seen.exists)
    kinds = "statefulsets,pods,services,networkpolicies,persistentvolumeclaims,secrets,jobs"
    left = json.loads(place.namespace.kubectl("get", kinds, "-l", f"{names.SERVER}={wanted.server}", "-o", "json"))
    assert [each["metadata"]["name"] for each in left["items"]] == []
    assert place.keys() == set()


async def test_a_restore_tells_how_far_it_is(place: Place) -> None:
    wanted = place.spec
    await place.cluster.ensure(wanted)
    await ready(place.cluster, wanted.server)
    code = "open(os.environ['TINY_DATA'] + '/map', 'wb').write(os.urandom(20 << 20))"
    await asyncio.to_thread(place.inside, code)
    taken = await place.cluster.snapshot(wanted.server)
    place.b2.faults.add(Fault("b2_download_file_by_*", rate=4 << 20, times=1000))
    clone = kube.make_spec(game=GAME, source=f"{wanted.server}/{taken.name}")
    await place.cluster.ensure(clone)
    seen = await until(place.cluster, clone.server, lambda seen: seen.progress is not None and seen.progress.total > 0)
    assert (seen.pod, seen.volume) == (PodPhase.RESTORING, VolumePhase.PENDING)
    assert seen.progress is not None
    assert seen.progress.total >= 20 << 20
    place.b2.faults.clear()
    assert (await ready(place.cluster, clone.server)).progress is None
