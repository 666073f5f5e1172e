"""Images as the catalogue has them, on a real node: other users, root, files, more folders, a stop by the console."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import kube
import pytest

from core.cluster.kubernetes.cluster import KubernetesCluster
from core.games.form.game import Game
from core.games.form.image import File, Mount
from core.games.form.saving import Stop
from core.words import PodPhase, new_server_id
from tests.contracts.cluster import no_pod, ready, until

kube.needs_cluster()
pytestmark = kube.pytestmark
INSTALLATION = new_server_id()
FILES = (File(path="config/settings.json", content='{"name": "{name}", "password": "{secret.console}"}'),)
MOUNTS = (Mount(path="/cache", name="cache"), Mount(path="/scratch", name="scratch", keep=False))


@pytest.fixture
async def cluster(namespace: kube.Namespace) -> AsyncIterator[KubernetesCluster]:
    made = await namespace.cluster(INSTALLATION)
    await made.start()
    yield made
    await made.close()


def shaped(**image: object) -> Game:
    assert kube.TINY.image is not None
    return kube.TINY.model_copy(update={"image": kube.TINY.image.model_copy(update=image)})


@pytest.mark.parametrize(
    ("uid", "capabilities"),
    [(845, ()), (0, ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"))],
    ids=["another user", "root"],
)
async def test_its_user_has_the_data_the_files_and_the_folders(
    cluster: KubernetesCluster, namespace: kube.Namespace, uid: int, capabilities: tuple[str, ...]
) -> None:
    game = shaped(uid=uid, capabilities=capabilities, data="/elsewhere", files=FILES, mounts=MOUNTS)
    wanted = kube.make_spec(game=game, name='Po"nd')
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)

    def inside(*command: str) -> str:
        return namespace.kubectl("exec", f"{wanted.server}-0", "-c", "game", "--", *command)

    assert inside("id", "-u").strip() == str(uid)
    assert json.loads(inside("cat", "/elsewhere/config/settings.json")) == {"name": 'Po"nd', "password": "c" * 64}
    inside("sh", "-c", "echo x >>/elsewhere/config/settings.json && echo x >/cache/kept && echo x >/scratch/gone")
    assert await cluster.console(wanted.server, "hello") == "heard hello"
    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, wanted.server)
    await cluster.ensure(replace(wanted, run=2))
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.run == 2)
    assert inside("sh", "-c", "ls /cache /scratch").split() == ["/cache:", "kept", "/scratch:"]
    assert inside("cat", "/elsewhere/saved") == "start 1"
    assert "x" not in inside("cat", "/elsewhere/config/settings.json")
    await cluster.remove(wanted.server)


async def test_a_stop_by_the_console_comes_before_the_signal(
    cluster: KubernetesCluster, namespace: kube.Namespace
) -> None:
    """The game writes down what it heard, and is deaf to the signal."""
    source = (
        "import http.server, os, signal, sys, threading\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "class Status(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        '        self.send_response(200); self.end_headers(); self.wfile.write(b\'{"online": 0, "max": 4}\')\n'
        "server = http.server.HTTPServer(('', 8400), Status)\n"
        "threading.Thread(target=server.serve_forever, daemon=True).start()\n"
        "for line in sys.stdin:\n"
        "    if line == 'save and quit\\n':\n"
        "        open('/data/heard', 'w').write(line); os._exit(0)\n"
    )
    game = shaped(command=("python", "-c", source)).model_copy(
        update={"stop": kube.TINY.stop.model_copy(update={"console": "save and quit", "grace": 60})}
    )
    wanted = kube.make_spec(game=game)
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)
    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, wanted.server)  # within 20 s: the grace of 60 was not needed
    await cluster.ensure(replace(wanted, run=2))
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.run == 2)
    heard = namespace.kubectl("exec", f"{wanted.server}-0", "-c", "game", "--", "cat", "/data/heard")
    assert heard == "save and quit\n"
    await cluster.remove(wanted.server)


async def test_a_command_is_run_to_its_end_before_the_signal(
    cluster: KubernetesCluster, namespace: kube.Namespace
) -> None:
    """It writes down that it was there while the game had not yet saved, which it does on the signal."""
    look = "import os, pathlib; p = pathlib.Path('/data'); (p / 'seen').write_text(str((p / 'saved').exists()))"
    stop = Stop(command=("python", "-c", look), grace=5)
    wanted = kube.make_spec(game=kube.TINY.model_copy(update={"stop": stop}))
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)
    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, wanted.server)
    await cluster.ensure(replace(wanted, run=2))
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.run == 2)
    told = namespace.kubectl("exec", f"{wanted.server}-0", "-c", "game", "--", "cat", "/data/seen", "/data/saved")
    assert told == "Falsestart 1"
    await cluster.remove(wanted.server)
