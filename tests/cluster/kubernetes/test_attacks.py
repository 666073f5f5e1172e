"""From inside a real game's container: whatever it does with links, pipes and folders, its agent writes nothing outside
of what is the game's, and the world comes back."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import kube
import pytest
from b2server import B2Server

from core.cluster.kubernetes import names
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.port import ServerSpec
from core.errors import ClusterError
from core.games.form.game import Game
from core.games.form.saving import Save
from core.words import PodPhase, new_server_id
from core.worlds.source import NEWEST
from core.worlds.store.b2_words import USES
from core.worlds.store.place import StorePlace
from tests.contracts import cluster as contract
from tests.contracts.cluster import no_pod, ready, until

kube.needs_cluster("CLUSTER_HOST_IP")
pytestmark = kube.pytestmark
BUCKET = "dormouse-worlds"
GAME: Game = kube.TINY.model_copy(update={"save": Save(off="quiet", flush="flush", on="loud")})

AT_THE_PIPES = """
import json, os
shared, refused = "/run/dormouse", {}
attacks = {
    "unlink": lambda: os.unlink(f"{shared}/console"),
    "rename": lambda: os.rename(f"{shared}/console", f"{shared}/away"),
    "link": lambda: os.symlink("/volume/volume.json", f"{shared}/link"),
    "pipe": lambda: os.mkfifo(f"{shared}/pipe"),
    "file": lambda: open(f"{shared}/file", "w"),
    "mode": lambda: os.chmod(f"{shared}/console", 0o777),
    "moved in": lambda: (os.mkfifo("/tmp/pipe"), os.rename("/tmp/pipe", f"{shared}/console")),
}
for name, attack in attacks.items():
    try:
        attack()
    except OSError as wrong:
        refused[name] = wrong.strerror
print(json.dumps({"tried": sorted(attacks), "refused": sorted(refused), "there": sorted(os.listdir(shared))}))
"""

IN_THE_WORLD = """
import os, subprocess, sys
os.chdir(os.environ["TINY_DATA"])
os.mkfifo("pipe")
os.mkdir("region")
open("region/r.0.0", "w").write("a region")
open("castle", "w").write("tall")
os.link("castle", "twin")
for name, target in {"passwd": "/etc/passwd", "environ": "/proc/self/environ", "marker": "../volume.json"}.items():
    os.symlink(target, name)
at = os.getcwd()
for _ in range(200):
    os.mkdir("deep")
    os.chdir("deep")
os.chdir(at)
exchanging = '''
import os, time
os.symlink("/etc", "swapped")
os.mkdir("real")
while True:
    os.rename("swapped", "kept")
    os.rename("real", "swapped")
    os.rename("swapped", "real")
    os.rename("kept", "swapped")
    time.sleep(0.001)
'''
none = subprocess.DEVNULL
subprocess.Popen([sys.executable, "-c", exchanging], stdin=none, stdout=none, stderr=none, start_new_session=True)
"""

IN_PLACE_OF_THE_CONSOLE = """
import os
os.unlink("/run/dormouse/console")
os.symlink("TARGET", "/run/dormouse/console")
"""


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "PATIENCE", 90.0)


@pytest.fixture
def store() -> Iterator[StorePlace]:
    with B2Server(os.environ["CLUSTER_HOST_IP"]) as b2:
        b2.account.add_bucket(BUCKET)
        key = b2.account.add_key(tuple(USES))
        secrets = {"DORMOUSE_B2_KEY_ID": key.id, "DORMOUSE_B2_KEY": key.secret, "DORMOUSE_B2_REALM": b2.url}
        yield StorePlace(f"b2:{BUCKET}/guild", secrets, every=3600)


@pytest.fixture
async def cluster(namespace: kube.Namespace, store: StorePlace) -> AsyncIterator[KubernetesCluster]:
    made = await namespace.cluster(new_server_id(), store=store)
    await made.start()
    yield made
    await made.close()


class Attacked:
    def __init__(self, namespace: kube.Namespace, spec: ServerSpec) -> None:
        self._namespace = namespace
        self._pod = names.pod(spec.server)

    async def inside(self, container: str, code: str) -> str:
        command = ("exec", self._pod, "-c", container, "--", "python", "-c", code)
        return (await asyncio.to_thread(self._namespace.kubectl, *command)).strip()

    async def agents_own(self) -> list[str]:
        """What the agent has that no game may change."""
        code = "print(*(open(each).read() for each in ('/volume/volume.json', '/etc/passwd')), sep='\\0')"
        return (await self.inside("agent", code)).split("\0")


async def test_whatever_a_game_does_its_agent_writes_nothing_outside_and_the_world_comes_back(
    cluster: KubernetesCluster, namespace: kube.Namespace
) -> None:
    wanted = kube.make_spec(game=GAME)
    game = Attacked(namespace, wanted)
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)
    before = await game.agents_own()

    said = json.loads(await game.inside("game", AT_THE_PIPES))
    assert said["refused"] == said["tried"], "a game sees the pipes, and cannot put anything in their place"
    assert said["there"] == ["console"]
    await cluster.console(wanted.server, "hello")

    await game.inside("game", IN_THE_WORLD)
    assert (await cluster.snapshot(wanted.server, note="under attack", full=True)).checked
    assert await game.agents_own() == before

    # In pods of an older version a game could write there. Their user is the agent's, who still can.
    for target in ("/volume/volume.json", "/etc/passwd"):
        await game.inside("agent", IN_PLACE_OF_THE_CONSOLE.replace("TARGET", target))
        assert (await cluster.snapshot(wanted.server)).checked
        assert await game.agents_own() == before
        with pytest.raises(ClusterError, match="hears its console again after its next start"):
            await cluster.console(wanted.server, "hello")

    await cluster.ensure(replace(wanted, made=True, replicas=0))
    await no_pod(cluster, wanted.server)
    await cluster.ensure(replace(wanted, made=True, run=2))
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.run == 2)
    assert await game.agents_own() == before
    await cluster.console(wanted.server, "hello")

    await cluster.ensure(replace(wanted, volume=2, run=3, source=NEWEST))
    await cluster.delete_pod(wanted.server, (await ready(cluster, wanted.server)).uid or "")
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.run == 3)
    code = (
        "import os; os.chdir(os.environ['TINY_DATA'])\n"
        "print(open('castle').read(), open('twin').read(), open('region/r.0.0').read(), os.readlink('passwd'),"
        " os.readlink('environ'), os.readlink('marker'), os.path.lexists('pipe'), sep='|')"
    )
    back = "tall|tall|a region|/etc/passwd|/proc/self/environ|../volume.json|False"
    assert await game.inside("game", code) == back
    await cluster.remove(wanted.server)
