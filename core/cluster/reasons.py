"""Why no pod comes: StatefulSets say it only in Events (kubernetes/kubernetes#90124), so these are asked, on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from core.cluster.api import Api
from core.cluster.reduced import Held
from core.words import Problem

AGAIN = 30.0  # seconds between looks at the same server


class Reasons:
    """`follow` what changed; `look`, every few seconds, asks about those whose `patience` (seconds) is over."""

    def __init__(self, api: Api, held: Callable[[str], Held], *, patience: float) -> None:
        self._api = api
        self._held = held
        self._patience = patience
        self._due: dict[str, float] = {}

    def follow(self, held: Held) -> None:
        if held.waits_for_pod:
            self._due.setdefault(held.server, asyncio.get_running_loop().time() + self._patience)
        else:
            self._due.pop(held.server, None)

    async def look(self) -> list[str]:
        """Servers of which something new is known. Raises as `Api`."""
        now, found = asyncio.get_running_loop().time(), []
        for server in [server for server, at in self._due.items() if at <= now]:
            self._due[server] = now + AGAIN
            fields = f"involvedObject.kind=StatefulSet,involvedObject.name={server},reason=FailedCreate"
            why = newest(await self._api.everything("events", {"fieldSelector": fields}))
            held = self._held(server)
            if held.waits_for_pod and why != held.why_no_pod:
                held.why_no_pod = why
                found.append(server)
        return found


def newest(events: list[dict[str, Any]]) -> tuple[Problem, str] | None:
    """Pure: what the latest of them means."""
    if not events:
        return None
    message = str(max(events, key=_at).get("message", ""))
    problem = Problem.QUOTA if "exceeded quota" in message else Problem.REFUSED
    return problem, message


def _at(event: dict[str, Any]) -> str:
    series = event.get("series") or {}
    return str(series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or "")
