"""Saving a volume at rest: a job of the cluster, begun once and waited for, whoever began it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from typing import Any

from core.agent.wire import receipt_of
from core.cluster.kubernetes import names
from core.cluster.kubernetes.api import Api, Conflict, Raw
from core.cluster.kubernetes.keys import Keys
from core.cluster.kubernetes.manifests_job import job
from core.cluster.kubernetes.manifests_policy import jobs_policy
from core.cluster.kubernetes.reduced import SetRecord
from core.cluster.kubernetes.reduced_pod import CANNOT_PULL
from core.cluster.kubernetes.scheduling import why_no_node
from core.cluster.kubernetes.site import Site
from core.errors import ClusterError
from core.words import Problem
from core.worlds.receipt import Receipt

LOOK_EVERY = 1.0  # seconds, while a job is there
BEGINS_WITHIN = 600.0  # seconds for a place and the image


class Jobs:
    def __init__(self, api: Api, site: Site, keys: Keys) -> None:
        self._api = api
        self._site = site
        self._keys = keys
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by server: a job has the only key

    async def save(
        self, known: SetRecord, volume: int, *, name: str, note: str = "", verify: bool = False
    ) -> Receipt | None:
        """What the job `name` made; None where the volume holds no world. One that runs under this name is waited for;
        one that ended well is believed, so a name may stand for one state of a volume only. Raises `ClusterError`."""
        async with self._turns[known.server]:
            with self._keys.at_work(known.server):
                said = await self._run(known, volume, name, note, verify)
        if said.get("nothing"):
            return None
        return receipt_of(said)

    async def _run(self, known: SetRecord, volume: int, name: str, note: str, verify: bool) -> dict[str, Any]:
        query = {"labelSelector": f"{names.SERVER}={known.server}", "fieldSelector": f"metadata.name={name}"}
        if not await self._api.everything("jobs", query):
            # A key of its own each time: the Secret may be gone, and nobody here can read it.
            await self._keys.give(known.server, None, alone=True)
            await self._api.apply("networkpolicies", jobs_policy(self._site))
            wanted = job(name, known.server, volume, known.run, known.world, self._site, note=note, verify=verify)
            await self._api.apply("jobs", wanted)
        said = await self._wait(name, query)
        await self._api.delete("jobs", name)
        return said

    async def _wait(self, name: str, query: dict[str, str]) -> dict[str, Any]:
        """The last words of its pod."""
        began = time.monotonic()
        while True:
            pods = await self._api.everything("pods", {"labelSelector": f"{names.JOB}={name}"})
            for pod in pods:
                status = pod.get("status") or {}
                if status.get("phase") in ("Succeeded", "Failed"):
                    return _last_words(status)
            waits = all((pod.get("status") or {}).get("phase") in (None, "Pending") for pod in pods)
            if waits and time.monotonic() - began > BEGINS_WITHIN:
                await self._api.delete("jobs", name)
                raise ClusterError(f"{name} does not begin: {_why(pods)}", problem=_problem(pods))
            if not pods and not await self._api.everything("jobs", query):
                raise Conflict(f"{name} was removed")
            await asyncio.sleep(LOOK_EVERY)


def _last_words(status: Raw) -> dict[str, Any]:
    for each in status.get("containerStatuses") or ():
        ended = (each.get("state") or {}).get("terminated") or {}
        try:
            said = json.loads(ended.get("message") or "")
        except ValueError:
            said = None
        if isinstance(said, dict):
            return said
        return {"error": f"exit code {ended.get('exitCode')}: {ended.get('reason', '')} {ended.get('message', '')}"}
    return {"error": f"{status.get('reason', '')}: {status.get('message', '')}"}


def _problem(pods: list[Raw]) -> Problem:
    """Why its pod waits."""
    waiting = {each.get("reason") for each in _waiting(pods)}
    unplaced = [
        each.get("message", "")
        for pod in pods
        for each in (pod.get("status") or {}).get("conditions") or ()
        if each.get("reason") == "Unschedulable"
    ]
    if unplaced:
        return why_no_node(unplaced[0])[0]
    return Problem.IMAGE if waiting & CANNOT_PULL else Problem.CANNOT_APPLY


def _waiting(pods: list[Raw]) -> list[Raw]:
    containers = [each for pod in pods for each in (pod.get("status") or {}).get("containerStatuses") or ()]
    return [each["state"]["waiting"] for each in containers if (each.get("state") or {}).get("waiting")]


def _why(pods: list[Raw]) -> str:
    said = [each.get("message", "") for pod in pods for each in (pod.get("status") or {}).get("conditions") or ()]
    said += [f"{each.get('reason', '')} {each.get('message', '')}" for each in _waiting(pods)]
    return "; ".join(text for text in said if text) or "no pod was made"
