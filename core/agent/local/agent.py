"""The agent of the local cluster: the game's parent, in a session of its own, so that the bot may come and go.

Everything it has to know stands in the folder's `pod/pod.json`, the token included (0600; nothing secret is on its
command line). It prints its port once it can be asked, and ends when the game has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from core.agent.files import read_record, take_lock, write_json
from core.agent.http_server import HttpServer
from core.agent.local.folder import LAST_SNAPSHOT_WITHIN, LOG_CAP, ServerFolder
from core.agent.local.log import Log
from core.agent.local.process import identity
from core.agent.local.requests import LocalRequests
from core.agent.local.supervisor import Supervisor
from core.agent.local.surroundings import LocalSurroundings
from core.agent.saver import Saver
from core.agent.wire import PodSpec, RunningAgent
from core.nofollow import Spot

_LOOK_EVERY = 0.2  # seconds between tries for a volume that is still in use
_FORGOTTEN_EVERY = 1.0  # seconds between looks at the pod's file
_MISSES = 2  # looks in a row that did not find it


async def run(folder: ServerFolder, pod: PodSpec) -> None:
    """One pod, from start to end."""
    supervisor = Supervisor(pod, folder, Log(folder.log, folder.previous_log, LOG_CAP))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    around = LocalSurroundings(pod, folder, supervisor)
    saver = Saver(pod, around)
    requests = LocalRequests(pod, supervisor, saver)
    async with HttpServer(requests.answer, "127.0.0.1", 0, requests.room) as server:
        agent = RunningAgent(uid=pod.uid, pid=os.getpid(), identity=identity(os.getpid()) or "", port=server.port)
        write_json(folder.agent_file, agent.to_json(), durable=False)
        _announce(server.port)
        await _accompany(folder, pod, agent, supervisor, saver, around)


async def _accompany(
    folder: ServerFolder,
    pod: PodSpec,
    agent: RunningAgent,
    supervisor: Supervisor,
    saver: Saver,
    around: LocalSurroundings,
) -> None:
    """The game, from its start to its last snapshot."""
    watching = asyncio.create_task(_end_when_forgotten(folder, pod, agent, supervisor), name="forgotten")
    lock = await _lock_volume(folder.volume_lock(pod.volume), supervisor)
    if lock is not None:
        saving = asyncio.create_task(saver.run(), name="snapshots")
        await supervisor.run(lock)
        saving.cancel()
        await asyncio.wait([saving])
        if around.store() is not None and not around.volume.why_not_ours():
            supervisor.tell(phase="saving")
            await saver.last(LAST_SNAPSHOT_WITHIN)
            supervisor.tell(phase="ended")
    watching.cancel()


async def _end_when_forgotten(folder: ServerFolder, pod: PodSpec, agent: RunningAgent, supervisor: Supervisor) -> None:
    """Whoever deletes a server's folder takes this pod from everybody's sight: it makes room for the next one. Where
    only the way to this agent was taken away it is shown again."""
    misses = 0
    while misses < _MISSES:
        await asyncio.sleep(_FORGOTTEN_EVERY)
        held = await asyncio.to_thread(read_record, PodSpec, folder.pod_file)
        misses = 0 if held is not None and held.uid == pod.uid else misses + 1
        if not misses and await asyncio.to_thread(read_record, RunningAgent, folder.agent_file) != agent:
            with contextlib.suppress(OSError):
                write_json(folder.agent_file, agent.to_json(), durable=False)
    supervisor.stop()


async def _lock_volume(lock_file: Spot, supervisor: Supervisor) -> int | None:
    """Waits for as long as another game holds it; None if told to stop meanwhile."""
    while (lock := take_lock(lock_file)) is None:
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
