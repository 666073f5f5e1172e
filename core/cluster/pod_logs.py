"""The game's output: Kubernetes keeps it, for this run of the container and the one before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from core.cluster import names
from core.cluster.api import Api
from core.cluster.reduced_pod import PodRecord
from core.errors import ClusterAway, ClusterError

LOG_MOST = 64 * 1024  # bytes that are given out
_READ_MOST = 4 * 1024 * 1024  # bytes that are read: the limit counts from the oldest line
_PATIENCE = 1.0  # seconds that an answer on the console may take
_QUIET = 0.25  # seconds of silence after which it is complete
_LOOK_EVERY = 0.1  # seconds
_ANSWER_MOST = 4096  # bytes


class PodLogs:
    def __init__(self, api: Api) -> None:
        self._api = api

    async def newest(self, pod: PodRecord, lines: int, *, previous: bool) -> str:
        """Empty where there is none. A game at rest between two runs: its last run is the previous one already."""
        query = {"tailLines": str(lines), "limitBytes": str(_READ_MOST)}
        if previous and not pod.at_rest:
            query["previous"] = "true"
        text = await self._read(pod, query)
        return text.encode()[-LOG_MOST:].decode(errors="ignore").rstrip("\n")

    async def after(self, pod: PodRecord, ask: Callable[[], Awaitable[str | None]]) -> str:
        """What `ask` says; where that is None, what was logged from then on until it is quiet. Compared by the
        cluster's own time stamps, whose clock need not be ours."""
        last = await self._lines(pod, {"tailLines": "1"})
        since = last[-1][0] if last else ""
        if (said := await ask()) is not None:
            return said
        query = {"tailLines": "200"} | ({"sinceTime": since} if since else {})
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + _PATIENCE
        heard: list[str] = []
        quiet_at: float | None = None
        while loop.time() < ends_at and (quiet_at is None or loop.time() < quiet_at):
            await asyncio.sleep(_LOOK_EVERY)
            new = [text for at, text in await self._lines(pod, query) if at > since]
            if len(new) > len(heard):
                heard, quiet_at = new, loop.time() + _QUIET
        return "\n".join(heard).encode()[:_ANSWER_MOST].decode(errors="ignore")

    async def _lines(self, pod: PodRecord, query: dict[str, str]) -> list[tuple[str, str]]:
        """Time stamp (RFC 3339 with nanoseconds: sorts as text) and text."""
        text = await self._read(pod, {**query, "timestamps": "true"})
        parted = (line.partition(" ") for line in text.splitlines())
        return [(_nine_digits(at), said) for at, _, said in parted]

    async def _read(self, pod: PodRecord, query: dict[str, str]) -> str:
        try:
            return await self._api.log(pod.name, {"container": names.GAME_CONTAINER, **query})
        except ClusterAway:
            raise
        except ClusterError:  # nothing was started yet, or nothing before
            return ""


def _nine_digits(stamp: str) -> str:
    """Kubelet leaves out zeros at the end."""
    whole, _, rest = stamp.rstrip("Z").partition(".")
    return f"{whole}.{rest:0<9}Z"
