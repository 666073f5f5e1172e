"""Saving a volume at rest: a job of the cluster, begun once and waited for, whoever began it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from typing import Any

from core.cluster import names
from core.cluster.api import Api, Conflict, Raw
from core.cluster.local_files import SavedFile
from core.cluster.local_volumes import refusal_of, saved_of
from core.cluster.manifests import store_secret
from core.cluster.manifests_job import job
from core.cluster.port import Saved
from core.cluster.reduced import SetRecord
from core.cluster.site import Site
from core.cluster.store_access import StoreAccess
from core.errors import ClusterError
from core.words import Problem

LOOK_EVERY = 1.0  # seconds, while a job is there
BEGINS_WITHIN = 600.0  # seconds for a place and the image


class Jobs:
    def __init__(self, api: Api, site: Site, access: StoreAccess) -> None:
        self._api = api
        self._site = site
        self._access = access
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by server: a job has the only key

    async def save(
        self, known: SetRecord, volume: int, *, name: str, note: str = "", verify: bool = False
    ) -> Saved | None:
        """What the job `name` made; None where the volume holds no world. One that runs under this name is waited for;
        one that ended well is believed, so a name may stand for one state of a volume only. Raises `ClusterError`."""
        async with self._turns[known.server]:
            said = await self._run(known, volume, name, note, verify)
        if said.get("nothing"):
            return None
        if (file := said.get("saved")) and (saved := saved_of(SavedFile.of(file))) is not None:
            return saved
        raise refusal_of(str(said.get("kind", "failed")), str(said.get("error") or "the job said nothing"))

    async def _run(self, known: SetRecord, volume: int, name: str, note: str, verify: bool) -> dict[str, Any]:
        query = {"labelSelector": f"{names.SERVER}={known.server}", "fieldSelector": f"metadata.name={name}"}
        if not await self._api.everything("jobs", query):
            # A key of its own each time: the Secret may be gone, and nobody here can read it.
            env = await self._access.give(known.server, None)
            await self._api.apply("secrets", store_secret(known.server, self._site, env))
            await self._access.trim(known.server, env)
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
                raise ClusterError(f"{name} does not begin: {_why(pods)}", problem=Problem.NO_PLACE)
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


def _why(pods: list[Raw]) -> str:
    said = [each.get("message", "") for pod in pods for each in (pod.get("status") or {}).get("conditions") or ()]
    said += [
        f"{waiting.get('reason', '')} {waiting.get('message', '')}"
        for pod in pods
        for each in (pod.get("status") or {}).get("containerStatuses") or ()
        if (waiting := (each.get("state") or {}).get("waiting"))
    ]
    return "; ".join(text for text in said if text) or "no pod was made"
