"""What is known of each server's world beside the cluster's own objects: the newest snapshot, and how far a restore is.

Agents are asked by long-poll while their pod is there, the store once when a pod has gone; the cluster itself is never
asked more than the log of a container that restores.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import structlog

from core.cluster.kubernetes import names
from core.cluster.kubernetes.api import Api, Expired
from core.cluster.kubernetes.reduced import Held
from core.cluster.kubernetes.reduced_pod import PodRecord
from core.cluster.port import LastSave, RestoreProgress
from core.errors import ClusterError
from core.words import PodPhase
from core.worlds.failures import Failure
from core.worlds.receipt import Receipt
from core.worlds.store.access import StoreAccess

log = structlog.get_logger()
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between tries of an agent or a store that does not answer."""
TRIES = 6  # of the store after a pod's end; the next snapshot tells it anyway
_POLL = aiohttp.ClientTimeout(total=60, sock_connect=5)
_LOG = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=None)

AskAgent = Callable[[str, PodRecord, str, aiohttp.ClientTimeout], Awaitable[dict[str, Any]]]
"""GET of a path of the server's agent. Raises `ClusterError`."""


@dataclass(slots=True)
class _Followed:
    uid: str
    task: asyncio.Task[None]


class Receipts:
    """`changed(server)` after each change of what `saved` and `progress` say."""

    def __init__(
        self, api: Api, access: StoreAccess, ask: AskAgent, changed: Callable[[str], None], now: Callable[[], datetime]
    ) -> None:
        self._api = api
        self._access = access
        self._ask = ask
        self._changed = changed
        self._now = now
        self._saved: dict[str, Receipt] = {}
        self._last: dict[str, LastSave] = {}  # of the pod that is followed
        self._progress: dict[str, RestoreProgress] = {}
        self._agents: dict[str, _Followed] = {}
        self._restores: dict[str, _Followed] = {}
        self._looks: dict[str, asyncio.Task[None]] = {}

    def saved(self, server: str) -> Receipt | None:
        return self._saved.get(server)

    def last_save(self, server: str) -> LastSave | None:
        return self._last.get(server)

    def progress(self, server: str) -> RestoreProgress | None:
        return self._progress.get(server)

    def learn(self, server: str, saved: Receipt) -> None:
        """A snapshot that exists; an older one than is known changes nothing."""
        known = self._saved.get(server)
        if known is None or saved.order > known.order:
            self._saved[server] = saved
            self._changed(server)

    def follow(self, held: Held) -> None:
        """Called at each change of a server's objects."""
        server, pod = held.server, held.pod
        has_agent = pod is not None and bool(pod.ip) and pod.volume_done and pod.phase is not PodPhase.LOST
        had = server in self._agents
        self._keep(self._agents, server, pod if has_agent else None, self._poll)
        restores = pod is not None and pod.phase is PodPhase.RESTORING
        self._keep(self._restores, server, pod if restores else None, self._read)
        if not restores:
            self._progress.pop(server, None)
        if not has_agent:
            self._last.pop(server, None)
        if pod is not None and server in self._looks:
            self._looks.pop(server).cancel()
        elif pod is None and had and held.set is not None and server not in self._looks:
            self._looks[server] = asyncio.create_task(self._look(server), name=f"newest snapshot of {server}")
        if held.empty:
            self._saved.pop(server, None)

    async def close(self) -> None:
        tasks = [each.task for kept in (self._agents, self._restores) for each in kept.values()]
        tasks += self._looks.values()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _keep(
        self,
        kept: dict[str, _Followed],
        server: str,
        pod: PodRecord | None,
        work: Callable[[str, PodRecord], Awaitable[None]],
    ) -> None:
        """One task for this very pod, and none for another."""
        known = kept.get(server)
        if known is not None and (pod is None or known.uid != pod.uid):
            known.task.cancel()
            del kept[server]
            known = None
        if pod is not None and known is None:

            async def run() -> None:
                await work(server, pod)

            kept[server] = _Followed(pod.uid, asyncio.create_task(run(), name=f"{work.__name__} {server}"))

    async def _poll(self, server: str, pod: PodRecord) -> None:
        """Until cancelled."""
        path, pause = "/v1/saved", FIRST_PAUSE
        while True:
            try:
                said = await self._ask(server, pod, path, _POLL)
                path, pause = f"/v1/saved?after={int(said['revision'])}", FIRST_PAUSE
                if said.get("saved"):
                    self.learn(server, Receipt.of(said["saved"]))
                if (last := _last_save(said)) is not None and last != self._last.get(server):
                    self._last[server] = last
                    if last.failure:
                        log.warning("world not saved", server=server, why=last.why)
                    self._changed(server)
            except (ClusterError, ValueError, KeyError, TypeError, AttributeError):
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                path, pause = "/v1/saved", min(pause * 2, LONGEST_PAUSE)

    async def _read(self, server: str, pod: PodRecord) -> None:
        """What the container that restores says of how far it is. What cannot be read is not shown."""
        self._progress[server] = RestoreProgress(0, 0, self._now())
        query = {"container": names.VOLUME_CONTAINER}
        with contextlib.suppress(ClusterError, Expired, aiohttp.ClientError, OSError):
            async with self._api.log_stream(pod.name, query, within=_LOG) as content:
                async for line in content:
                    self._show(server, line)

    def _show(self, server: str, line: bytes) -> None:
        try:
            said = json.loads(line)
            done, total = int(said["done"]), int(said["total"])
        except (ValueError, KeyError, TypeError):
            return
        since = self._progress[server].since if server in self._progress else datetime.now(UTC)
        self._progress[server] = RestoreProgress(done, total, since)
        self._changed(server)

    async def _look(self, server: str) -> None:
        """The last snapshot of a pod may have been made after its agent could be asked."""
        pause = FIRST_PAUSE
        for _ in range(TRIES):
            try:
                if (saved := await self._access.newest(server)) is not None:
                    self.learn(server, saved)
                break
            except ClusterError as wrong:
                log.info("newest snapshot not known", server=server, detail=wrong.detail)
                await asyncio.sleep(pause)
                pause *= 2
        self._looks.pop(server, None)


def _last_save(said: Mapping[str, Any]) -> LastSave | None:
    """None: it has not tried. Agents of older versions name no kind."""
    if why := str(said.get("not_saved") or ""):
        return LastSave(str(said.get("not_saved_kind") or Failure.FAILED), why)
    return LastSave() if said.get("saved") else None
