"""A cluster in memory for unit tests of core: pods become ready when the test says so, or at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from core.cluster.port import (
    Changed,
    Cluster,
    Endpoint,
    Listed,
    LogPart,
    News,
    Observed,
    Saved,
    ServerSpec,
    Stale,
    fingerprint,
)
from core.errors import ClusterAway, ClusterError
from core.words import Exit, PodPhase, VolumePhase


class FakeCluster(Cluster):
    def __init__(self, now=lambda: datetime.now(UTC)) -> None:  # type: ignore[no-untyped-def]
        self.now = now
        self.specs: dict[str, ServerSpec] = {}
        self.pods: dict[str, Observed] = {}
        self.calls: list[tuple[str, str]] = []
        self.ready_at_once = True
        self.away = False
        self.refuse: set[str] = set()
        self.saved: dict[str, Saved] = {}
        self.lost: set[tuple[str, int]] = set()  # volumes that somebody deleted by hand
        self._volumes: dict[str, set[int]] = {}
        self._uids = 0
        self._watchers: list[asyncio.Queue[News]] = []

    async def watch(self) -> AsyncIterator[News]:
        queue: asyncio.Queue[News] = asyncio.Queue()
        self._watchers.append(queue)
        yield Listed(tuple(self._observed(server) for server in self.specs))
        while True:
            yield await queue.get()

    async def ensure(self, spec: ServerSpec) -> None:
        self._enter("ensure", spec.server)
        self.specs[spec.server] = spec
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
        self.pods.pop(server, None)
        self._send(Changed(Observed(server)))

    async def logs(self, server: str, *, lines: int = 100, previous: bool = False) -> str:
        return "the last words\n"

    async def follow(self, server: str) -> AsyncIterator[LogPart]:
        yield LogPart(("the last words",), True)

    async def console(self, server: str, line: str) -> str:
        return ""

    # what a test does to it

    def tell(self, server: str) -> None:
        """Something was set by hand."""
        self._tell(server)

    def become_ready(self, server: str) -> None:
        self.pods[server] = replace(self.pods[server], pod=PodPhase.READY, ready_since=self.now())
        self._tell(server)

    def hang(self, server: str) -> None:
        self.pods[server] = replace(self.pods[server], pod=PodPhase.STARTING, ready_since=None)
        self._tell(server)

    def crash(self, server: str, code: int = 1, reason: str = "Error") -> None:
        pod = self.pods[server]
        self.pods[server] = replace(
            pod,
            pod=PodPhase.STARTING,
            ready_since=None,
            restarts=pod.restarts + 1,
            last_exit=Exit(code, reason, self.now()),
        )
        self._tell(server)

    def end(self, server: str) -> None:
        self.pods.pop(server, None)
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
            endpoints={port.name: Endpoint("127.0.0.1", port.host or 1) for port in spec.ports},
        )
        if self.ready_at_once:
            self.become_ready(server)
        else:
            self._tell(server)

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
            saved=self.saved.get(server),
        )

    def _tell(self, server: str) -> None:
        self._send(Changed(self._observed(server)))

    def _send(self, news: News) -> None:
        for watcher in self._watchers:
            watcher.put_nowait(news)
