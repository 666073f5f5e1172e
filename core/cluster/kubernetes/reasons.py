"""Why no pod comes, or no volume: some causes are said in Events only, so these are asked, on demand.

StatefulSets say so what refuses their pods (kubernetes/kubernetes#90124), claims why nobody makes their volume:
pkg/controller/volume/persistentvolume of Kubernetes 1.36.3, and what external provisioners write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from core.cluster.kubernetes.api import Api
from core.cluster.kubernetes.reduced import Held
from core.words import Problem

AGAIN = 30.0  # seconds between looks at the same server
SLOW = timedelta(seconds=60)
"""A provisioner that says for so long that it is waited for does not come."""
_REFUSED = ("FailedBinding", "ProvisioningFailed")
_WAITED_FOR = "ExternalProvisioning"


class Reasons:
    """`follow` what changed; `look`, every few seconds, asks about those whose `patience` (seconds) is over."""

    def __init__(self, api: Api, held: Callable[[str], Held], *, patience: float) -> None:
        self._api = api
        self._held = held
        self._patience = patience
        self._due: dict[str, float] = {}

    def follow(self, held: Held) -> None:
        if held.waits_for_pod or held.waits_for_volume:
            self._due.setdefault(held.server, asyncio.get_running_loop().time() + self._patience)
        else:
            self._due.pop(held.server, None)

    async def look(self) -> list[str]:
        """Servers of which something new is known. Raises as `Api`."""
        now, found = asyncio.get_running_loop().time(), []
        for server in [server for server, at in self._due.items() if at <= now]:
            self._due[server] = now + AGAIN
            if await self._of_pod(server) or await self._of_volume(server):
                found.append(server)
        return found

    async def _of_pod(self, server: str) -> bool:
        if not self._held(server).waits_for_pod:
            return False
        why = newest(await self._events("StatefulSet", server, ",reason=FailedCreate"))
        held = self._held(server)
        if not held.waits_for_pod or why == held.why_no_pod:
            return False
        held.why_no_pod = why
        return True

    async def _of_volume(self, server: str) -> bool:
        claim = self._held(server).claim
        if claim is None or not self._held(server).waits_for_volume:
            return False
        why = no_volume(await self._events("PersistentVolumeClaim", claim.name))
        held = self._held(server)
        if not held.waits_for_volume or why == held.why_no_volume:
            return False
        held.why_no_volume = why
        return True

    async def _events(self, kind: str, name: str, more: str = "") -> list[dict[str, Any]]:
        fields = f"involvedObject.kind={kind},involvedObject.name={name}{more}"
        return await self._api.everything("events", {"fieldSelector": fields})


def newest(events: list[dict[str, Any]]) -> tuple[Problem, str] | None:
    """Pure: what the latest of them means."""
    if not events:
        return None
    message = str(max(events, key=_at).get("message", ""))
    problem = Problem.QUOTA if "exceeded quota" in message else Problem.REFUSED
    return problem, message


def no_volume(events: list[dict[str, Any]]) -> str:
    """Pure: why a claim gets no volume, as its events tell; empty where they say nothing against it."""
    known = [each for each in events if each.get("reason") in (*_REFUSED, _WAITED_FOR)]
    if not known:
        return ""
    last = max(known, key=_at)
    if last["reason"] == _WAITED_FOR and _lasted(last) < SLOW:
        return ""
    return str(last.get("message", ""))


def _lasted(event: dict[str, Any]) -> timedelta:
    first, last = event.get("firstTimestamp") or event.get("eventTime"), _at(event)
    return datetime.fromisoformat(last) - datetime.fromisoformat(first) if first and last else timedelta(0)


def _at(event: dict[str, Any]) -> str:
    series = event.get("series") or {}
    return str(series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or "")
