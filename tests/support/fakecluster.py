"""A cluster in memory for unit tests of core: pods become ready when the test says so, or at once.

It passes the port's contract as every adapter does (tests/cluster/test_fake.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from core.agent.file_wire import FileAnswer, FileOrder, FileRefused, FileTrouble, answer_of
from core.agent.volume import Volume
from core.agent.world_files import WorldFiles
from core.cluster.port import (
    Changed,
    Cluster,
    LastSave,
    Listed,
    News,
    NodeAway,
    Observed,
    ServerSpec,
    Stale,
    fingerprint,
)
from core.errors import ClusterAway, ClusterError
from core.games.query.port import Endpoint, LogPart
from core.words import Exit, PodPhase, Problem, VolumePhase
from core.worlds.receipt import Receipt


@dataclass
class Run:
    """What a game printed from one start until its exit, for everybody who listens."""

    lines: list[str] = field(default_factory=list)
    ended: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, *lines: str, ended: bool = False) -> None:
        self.lines += lines
        self.ended |= ended
        self._news.set()
        self._news = asyncio.Event()

    async def more(self) -> None:
        await self._news.wait()


class FakeCluster(Cluster):
    """`second` is how long a second of the game's time limits takes here."""

    second = 1.0

    def __init__(self, now=lambda: datetime.now(UTC)) -> None:  # type: ignore[no-untyped-def]
        self.now = now
        self.specs: dict[str, ServerSpec] = {}
        self.pods: dict[str, Observed] = {}
        self.calls: list[tuple[str, str]] = []
        self.ready_at_once = True
        self.away = False
        self.refuse: set[str] = set()
        self.saved: dict[str, Receipt] = {}
        self.taken: set[int] = set()  # ports that something else uses
        self.claims: dict[str, int] = {}  # bytes of a volume that somebody made larger by hand
        self.holds_address: set[str] = set()  # paused by an older version, which gave no address back
        self.last_save: dict[str, LastSave] = {}  # of the pod that runs
        self.lost: set[tuple[str, int]] = set()  # volumes that somebody deleted by hand
        self._volumes: dict[str, set[int]] = {}
        self._disk = TemporaryDirectory(prefix="dormouse-fake-")
        self._files: dict[tuple[str, int], WorldFiles] = {}
        self._uids = 0
        self._runs: dict[str, list[Run]] = {}  # of each pod, one for each start of its game
        self._probes: dict[str, asyncio.TimerHandle] = {}
        self._watchers: list[asyncio.Queue[News]] = []

    async def close(self) -> None:
        for probe in self._probes.values():
            probe.cancel()

    async def watch(self) -> AsyncIterator[News]:
        queue: asyncio.Queue[News] = asyncio.Queue()
        self._watchers.append(queue)
        yield Listed(tuple(self._observed(server) for server in self.specs))
        while True:
            yield await queue.get()

    async def ensure(self, spec: ServerSpec) -> None:
        self._enter("ensure", spec.server)
        self.specs[spec.server] = spec
        self.holds_address.discard(spec.server)
        if spec.replicas:
            self._volumes.setdefault(spec.server, set()).add(spec.volume)
        pod = self.pods.get(spec.server)
        if spec.replicas == 0 and pod:
            self.end(spec.server)
        elif spec.replicas == 1 and not pod:
            self._begin(spec.server)
        else:
            self._tell(spec.server)

    async def delete_pod(self, server: str, uid: str) -> None:
        self._enter("delete_pod", server)
        pod = self.pods.get(server)
        if pod and pod.uid == uid:
            self.end(server)

    async def release_volume(self, server: str, volume: int) -> None:
        self._enter("release_volume", server)
        self._volumes.get(server, set()).discard(volume)
        self._tell(server)

    async def remove(self, server: str) -> None:
        self._enter("remove", server)
        self.specs.pop(server, None)
        self._gone(server)
        self._volumes.pop(server, None)
        self._send(Changed(Observed(server)))

    async def logs(self, server: str, *, lines: int = 100, previous: bool = False) -> str:
        runs = self._runs.get(server, [])[: -1 if previous else None]
        return "".join(f"{line}\n" for line in runs[-1].lines[-lines:]) if runs else ""

    async def follow(self, server: str) -> AsyncIterator[LogPart]:
        if server not in self._runs:
            raise ClusterError("no pod")
        run, told = self._runs[server][-1], 0
        while True:
            if new := run.lines[told:]:
                told += len(new)
                yield LogPart(tuple(new), True)
            elif run.ended:
                return
            else:
                await run.more()

    async def console(self, server: str, line: str) -> str:
        if server not in self.pods or self.pods[server].pod is not PodPhase.READY:
            raise ClusterError("the game is not up")
        return self.heard(server, line)

    async def files(self, server: str, order: FileOrder) -> FileAnswer:
        self._enter("files", server)
        spec = self.specs.get(server)
        if spec is None or spec.volume not in self._volumes.get(server, set()):
            raise FileRefused(FileTrouble.NO_WORLD)
        self.world(server)
        return answer_of(await self._files[server, spec.volume].answer(order.to_json()))

    def world(self, server: str) -> Path:
        """The folder of its world, which is made once somebody looks."""
        number = self.specs[server].volume
        if (server, number) not in self._files:
            volume = Volume(Path(self._disk.name) / server / str(number), number)
            volume.make_empty()
            self._files[server, number] = WorldFiles(volume)
        return Path(self._disk.name) / server / str(number) / "data"

    async def listenable(self, ports: Sequence[int], most: int) -> list[int]:
        return [port for port in ports if port not in self.taken][:most]

    # how its games behave

    def begun(self, server: str) -> None:
        """A pod's game was started: it says something, and gets ready when it should."""
        self.say(server, "the last words")
        if self.ready_at_once:
            self.become_ready(server)
        else:
            self._tell(server)

    def heard(self, server: str, line: str) -> str:
        """What a game prints when it reads this line."""
        return ""

    def say(self, server: str, line: str) -> None:
        """A game prints something."""
        self._runs[server][-1].say(line)

    # what a test does to it

    def tell(self, server: str) -> None:
        """Something was set by hand."""
        self._tell(server)

    def become_ready(self, server: str) -> None:
        self._stop_probe(server)
        self.pods[server] = replace(self.pods[server], pod=PodPhase.READY, ready_since=self.now())
        self._tell(server)

    def hang(self, server: str) -> None:
        self.pods[server] = replace(self.pods[server], pod=PodPhase.STARTING, ready_since=None)
        self._tell(server)

    def lose_node(self, server: str, node: str = "node1") -> None:
        """The machine of a pod does not answer any more."""
        self.pods[server] = replace(self.pods[server], away=NodeAway(node, self.now()))
        self._tell(server)

    def find_node(self, server: str) -> None:
        """It answers again."""
        self.pods[server] = replace(self.pods[server], away=None)
        self._tell(server)

    def interrupt(self, server: str, why: Problem) -> None:
        """The cluster ends a pod for reasons of its own; `end` says that it has gone."""
        self.pods[server] = replace(self.pods[server], pod=PodPhase.ENDING, ready_since=None, problem=why)
        self._tell(server)

    def crash(self, server: str, code: int = 1, reason: str = "Error") -> None:
        """The game exits, and is started again."""
        pod = self.pods[server]
        self.pods[server] = replace(
            pod,
            pod=PodPhase.STARTING,
            ready_since=None,
            restarts=pod.restarts + 1,
            last_exit=Exit(code, reason, self.now()),
        )
        self._runs[server][-1].say(ended=True)
        self._runs[server].append(Run())
        self._start_probe(server)
        self._tell(server)
        self.begun(server)

    def end(self, server: str) -> None:
        self._gone(server)
        spec = self.specs.get(server)
        if spec and spec.replicas:
            self._begin(server)
        else:
            self._tell(server)

    def go_away(self) -> None:
        self.away = True
        self._send(Stale("gone"))

    def come_back(self) -> None:
        self.away = False
        self._send(Listed(tuple(self._observed(server) for server in self.specs)))

    # helpers

    def _enter(self, call: str, server: str) -> None:
        self.calls.append((call, server))
        if self.away:
            raise ClusterAway("gone")
        if server in self.refuse:
            raise ClusterError("refused")

    def _begin(self, server: str) -> None:
        self._uids += 1
        spec = self.specs[server]
        self.pods[server] = Observed(
            server,
            pod=PodPhase.STARTING,
            uid=f"uid-{self._uids}",
            run=spec.run,
            endpoints={port.name: Endpoint("127.0.0.1", port.host or 1) for port in spec.ports}
            | {"agent": Endpoint("127.0.0.1", 1)},
        )
        self._runs[server] = [Run()]
        if taken := tuple(port.name for port in spec.ports if port.host in self.taken):
            self.pods[server] = replace(self.pods[server], problem=Problem.PORT_TAKEN, taken=taken)
            self._tell(server)
            return
        self._start_probe(server)
        self.begun(server)

    def _start_probe(self, server: str) -> None:
        """Whoever is not ready in time is started again."""
        within = self.specs[server].game.ready.within * self.second
        self._stop_probe(server)
        self._probes[server] = asyncio.get_running_loop().call_later(within, self.crash, server, 137, "NotReady")

    def _stop_probe(self, server: str) -> None:
        if probe := self._probes.pop(server, None):
            probe.cancel()

    def _gone(self, server: str) -> None:
        self._stop_probe(server)
        self.pods.pop(server, None)
        for run in self._runs.pop(server, ()):
            run.say(ended=True)

    def _observed(self, server: str) -> Observed:
        spec = self.specs.get(server)
        if spec is None:
            return Observed(server)
        volumes = sorted(each for each in self._volumes.get(server, ()) if (server, each) not in self.lost)
        return replace(
            self.pods.get(server, Observed(server)),
            template_run=spec.run,
            replicas=spec.replicas,
            fingerprint=fingerprint(spec),
            volume=VolumePhase.BOUND if spec.volume in volumes else VolumePhase.NONE,
            volume_number=spec.volume,
            volumes=tuple(volumes),
            claim=self.claims.get(server, spec.volume_bytes) if volumes else 0,
            holds_address=spec.replicas == 0 and server in self.holds_address,
            saved=self.saved.get(server),
            last_save=self.last_save.get(server),
        )

    def _tell(self, server: str) -> None:
        self._send(Changed(self._observed(server)))

    def _send(self, news: News) -> None:
        for watcher in self._watchers:
            watcher.put_nowait(news)
