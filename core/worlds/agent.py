"""The agent that stands beside every game: `python -m core.worlds.agent local <server folder>`, or in a pod `volume`
(first, then it ends) and `pod` (as long as the game runs), in a job `seal`; agentlib/pod*.py say what those do.

On the local cluster it is the game's parent, in a session of its own, so that the bot may come and go. Everything it
has to know stands in the folder's `pod/pod.json`, the token included (0600; nothing secret is on its command line). It
prints its port once it can be asked, and ends when the game has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from core.cluster.local_files import LAST_WITHIN, LOG_CAP, AgentFile, PodFile, ServerFolder, take_lock, write_json
from core.cluster.local_process import identity

from .agentlib import pod as beside
from .agentlib import pod_seal, pod_volume
from .agentlib.http import Api
from .agentlib.local_scene import LocalScene
from .agentlib.log import Log
from .agentlib.server import Server
from .agentlib.snapshots import Saver
from .agentlib.supervisor import Supervisor

_LOOK_EVERY = 0.2  # seconds between tries for a volume that is still in use
_FORGOTTEN_EVERY = 1.0  # seconds between looks at the pod's file
_MISSES = 2  # looks in a row that did not find it


async def run(folder: ServerFolder, pod: PodFile) -> None:
    """One pod, from start to end."""
    supervisor = Supervisor(pod, folder, Log(folder.log, folder.previous_log, LOG_CAP))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    scene = LocalScene(pod, folder, supervisor)
    saver = Saver(pod, scene)
    async with Server(Api(pod, supervisor, saver).answer, "127.0.0.1", 0) as server:
        agent = AgentFile(uid=pod.uid, pid=os.getpid(), identity=identity(os.getpid()) or "", port=server.port)
        write_json(folder.agent_file, agent.to_json(), durable=False)
        _announce(server.port)
        await _accompany(folder, pod, supervisor, saver, scene)


async def _accompany(
    folder: ServerFolder, pod: PodFile, supervisor: Supervisor, saver: Saver, scene: LocalScene
) -> None:
    """The game, from its start to its last snapshot."""
    watching = asyncio.create_task(_end_when_forgotten(folder, pod, supervisor), name="forgotten")
    lock = await _lock_volume(folder.volume_lock(pod.volume), supervisor)
    if lock is not None:
        saving = asyncio.create_task(saver.run(), name="snapshots")
        await supervisor.run(lock)
        saving.cancel()
        await asyncio.wait([saving])
        if scene.store() is not None and not scene.foreign():
            supervisor.tell(phase="saving")
            await saver.last(LAST_WITHIN)
            supervisor.tell(phase="ended")
    watching.cancel()


async def _end_when_forgotten(folder: ServerFolder, pod: PodFile, supervisor: Supervisor) -> None:
    """Whoever deletes a server's folder takes this pod from everybody's sight: it makes room for the next one."""
    misses = 0
    while misses < _MISSES:
        await asyncio.sleep(_FORGOTTEN_EVERY)
        held = await asyncio.to_thread(PodFile.read, folder.pod_file)
        misses = 0 if held is not None and held.uid == pod.uid else misses + 1
    supervisor.stop()


async def _lock_volume(path: Path, supervisor: Supervisor) -> int | None:
    """Waits for as long as another game holds it; None if told to stop meanwhile."""
    while (lock := take_lock(path)) is None:
        supervisor.say("another game still holds the volume")
        if (await supervisor.changed(supervisor.state.revision, _LOOK_EVERY)).phase == "ending":
            return None
    supervisor.say("")
    return lock


def _announce(port: int) -> None:
    """Tell whoever waits on stdout, then let go of it."""
    with contextlib.suppress(OSError):
        os.write(1, b"%d\n" % port)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def main(arguments: list[str]) -> int:
    """Exit codes: 0 the game has ended, 2 wrong use."""
    match arguments:
        case ["local", root]:
            folder = ServerFolder(Path(root))
            pod = PodFile.read(folder.pod_file)
            if pod is None:
                print(f"There is no pod to run in {root}.", file=sys.stderr)
                return 2
            asyncio.run(run(folder, pod))
            return 0
        case ["volume"]:
            return pod_volume.prepare(os.environ)
        case ["seal"]:
            return pod_seal.seal(os.environ)
        case ["pod"]:
            asyncio.run(beside.run(os.environ))
            return 0
    print("Usage: python -m core.worlds.agent local FOLDER | volume | pod | seal", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
