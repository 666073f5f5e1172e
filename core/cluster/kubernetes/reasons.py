"""Why no pod comes, or no volume: some causes are said in Events only, so these are asked, on demand.

StatefulSets say so what refuses their pods (kubernetes/kubernetes#90124), claims why nobody makes their volume:
pkg/controller/volume/persistentvolume of Kubernetes 1.36.3, and what external provisioners write. Pods say why their
volume does not reach their node, for one because another node that does not answer still has it: FailedAttachVolume of
pkg/controller/volume/attachdetach, FailedMount of pkg/kubelet.
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
_UNMOUNTED = ("FailedAttachVolume", "FailedMount")
_REFUSED = ("FailedBinding", "ProvisioningFailed")
_WAITED_FOR = "ExternalProvisioning"


class Reasons:
    """`follow` what changed; `look`, every few seconds, asks about those that waited for too long: `no_pod` seconds for
    a pod or a volume, `no_mount` for a volume to reach its pod's node, of which much that Events say is soon over."""

    def __init__(self, api: Api, held: Callable[[str], Held], *, no_pod: float, no_mount: float) -> None:
        self._api = api
        self._held = held
        self._no_pod = no_pod
        self._no_mount = no_mount
        self._due: dict[str, tuple[bool, float]] = {}
        """Whether it waits for its mount, and when that is asked about next."""

    def follow(self, held: Held) -> None:
        mounts = held.waits_for_mount
        if not (mounts or held.waits_for_pod or held.waits_for_volume):
            self._due.pop(held.server, None)
        elif held.server not in self._due or self._due[held.server][0] != mounts:
            patience = self._no_mount if mounts else self._no_pod
            self._due[held.server] = mounts, asyncio.get_running_loop().time() + patience

    async def look(self) -> list[str]:
        """Servers of which something new is known. Raises as `Api`."""
        now, found = asyncio.get_running_loop().time(), []
        for server, mounts in [(server, mounts) for server, (mounts, at) in self._due.items() if at <= now]:
            self._due[server] = mounts, now + AGAIN
            if await self._of_pod(server) or await self._of_volume(server) or await self._of_mount(server):
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

    async def _of_mount(self, server: str) -> bool:
        pod = self._held(server).pod
        if pod is None or not pod.mounting:
            return False
        why = no_mount(await self._events("Pod", pod.name, f",involvedObject.uid={pod.uid}"))
        held = self._held(server)
        if not held.waits_for_mount or why == held.why_no_volume:
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


def no_mount(events: list[dict[str, Any]]) -> str:
    """Pure: why a pod's volume does not reach its node, as its events tell; empty where they say nothing of it.

    Attaching is tried again silently and mounting aloud, so what says the cause is the last that names it.
    """
    known = [each for each in events if each.get("reason") in _UNMOUNTED]
    attaching = [each for each in known if each["reason"] == "FailedAttachVolume"]
    return str(max(attaching or known, key=_at).get("message", "")) if known else ""


def _lasted(event: dict[str, Any]) -> timedelta:
    first, last = event.get("firstTimestamp") or event.get("eventTime"), _at(event)
    return datetime.fromisoformat(last) - datetime.fromisoformat(first) if first and last else timedelta(0)


def _at(event: dict[str, Any]) -> str:
    series = event.get("series") or {}
    return str(series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or "")
