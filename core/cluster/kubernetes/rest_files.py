"""The files of a volume at rest: a job whose pod answers for it as an agent does, begun when somebody asks and ended by
itself once nobody does any more (core/agent/pod/files.py), or when its server is to start."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.agent.file_wire import FileAnswer, FileOrder, answer_of
from core.cluster.kubernetes import names
from core.cluster.kubernetes.api import Api, Raw
from core.cluster.kubernetes.manifests_job import files_job
from core.cluster.kubernetes.manifests_policy import files_policy, jobs_policy
from core.cluster.kubernetes.reduced import SetRecord
from core.cluster.kubernetes.site import Site
from core.errors import ClusterError
from core.words import Problem

LOOK_EVERY = 0.5  # seconds, while the pod comes up
UP_WITHIN = 90.0  # seconds for a place, the image and the agent; whoever asked waits
KNOWN_FOR = 5.0  # seconds; then its pod is looked for again: an address may be another pod's by then
_TRIES = 2  # one that is known may have ended just now

Ask = Callable[[str, str, FileOrder], Awaitable[dict[str, object]]]
"""Ask the agent of a server, at an address. Raises `NobodyThere`, `ClusterError`."""

AtRest = Callable[[], SetRecord]
"""The server as it is now. Raises `ClusterError` where it is not at rest, or is to start: that does not wait for a pod
that comes up for its files."""


class NobodyThere(ClusterError):
    """Nothing listens there, or it is not who was meant, so nothing was done."""


@dataclass(frozen=True, slots=True)
class _Seen:
    volume: int
    address: str
    at: float  # by time.monotonic


class RestFiles:
    def __init__(self, api: Api, site: Site, ask: Ask) -> None:
        self._api = api
        self._site = site
        self._ask = ask
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._known: dict[str, _Seen] = {}  # by server: where its pod answers

    async def files(self, server: str, at_rest: AtRest, order: FileOrder) -> FileAnswer:
        """Raises `ClusterError`, `FileRefused`."""
        async with self._turns[server]:
            for _ in range(_TRIES):
                volume, seen = at_rest().volume, self._known.pop(server, None)
                if seen is None or seen.volume != volume or time.monotonic() - seen.at > KNOWN_FOR:
                    seen = _Seen(volume, await self._begin(at_rest), time.monotonic())
                try:
                    said = await self._ask(server, seen.address, order)
                except NobodyThere:
                    continue
                self._known[server] = seen
                return answer_of(said)
            raise ClusterError("nobody answers for the files", problem=Problem.CANNOT_APPLY)

    async def end(self, server: str) -> None:
        """Before its volume is used otherwise. What was begun is finished first."""
        async with self._turns[server]:
            self._known.pop(server, None)
            for volume in await self._volumes(server):
                await self._api.delete("jobs", _name(server, volume))

    async def _volumes(self, server: str) -> list[int]:
        """Of which there is such a job."""
        query = {"labelSelector": f"{names.INSTALLATION}={self._site.installation},{names.SERVER}={server}"}
        found = [str(raw["metadata"]["name"]) for raw in await self._api.everything("jobs", query)]
        prefix = _name(server, "")
        return [int(name.removeprefix(prefix)) for name in found if name.startswith(prefix)]

    async def _is_started(self, server: str) -> bool:
        """As the API has it now, which what was watched may not."""
        query = {"labelSelector": f"{names.INSTALLATION}={self._site.installation},{names.SERVER}={server}"}
        sets = await self._api.everything("statefulsets", query)
        return any((raw.get("spec") or {}).get("replicas") for raw in sets)

    async def _begin(self, at_rest: AtRest) -> str:
        """Where it answers. One that is there already, by whomever, will do."""
        known, began, asked = at_rest(), time.monotonic(), False
        name = _name(known.server, known.volume)
        while time.monotonic() - began < UP_WITHIN:
            pods = await self._api.everything("pods", {"labelSelector": f"{names.JOB}={name}"})
            states = [(pod.get("metadata") or {}, pod.get("status") or {}) for pod in pods]
            for metadata, status in states:
                if _is_up(status) and not metadata.get("deletionTimestamp"):
                    return str(status["podIP"])
            if any(status.get("phase") in ("Succeeded", "Failed") for _, status in states):
                await self._api.delete("jobs", name)  # it went by itself some time ago
                asked = False
            elif not asked:
                asked = True
                for policy in (jobs_policy(self._site), files_policy(self._site)):
                    await self._api.apply("networkpolicies", policy)
                at_rest()
                await self._api.apply("jobs", files_job(name, known.server, known.volume, known.world, self._site))
                if await self._is_started(known.server):  # by another process, which ends what was there before
                    break
            await asyncio.sleep(LOOK_EVERY)
            at_rest()
        await self._api.delete("jobs", name)
        raise ClusterError(f"{name} does not come up", problem=Problem.CANNOT_APPLY)


def _is_up(status: Raw) -> bool:
    return bool(status.get("podIP")) and any(each.get("ready") for each in status.get("containerStatuses") or ())


def _name(server: str, volume: int | str) -> str:
    return f"{server}-files-{volume}"
