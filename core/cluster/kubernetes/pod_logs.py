"""The game's output: Kubernetes keeps it, for this run of the container and the one before."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime, timedelta

import aiohttp

from core.cluster.kubernetes import names
from core.cluster.kubernetes.api import Api
from core.cluster.kubernetes.reduced_pod import PodRecord
from core.errors import ClusterAway, ClusterError
from core.games.query.port import LogPart
from core.games.terminal import plain

LOG_MOST = 64 * 1024  # bytes that are given out
_READ_MOST = 4 * 1024 * 1024  # bytes that are read: the limit counts from the oldest line
_PATIENCE = 1.0  # seconds that an answer on the console may take
_QUIET = 0.25  # seconds of silence after which it is complete
_LOOK_EVERY = 0.1  # seconds
_ANSWER_MOST = 4096  # bytes
_FOLLOW = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=None)
_CAUGHT_UP = 1.0  # seconds without a first line after which there is none yet
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_FIRST_WITHIN = timedelta(seconds=60)  # after the start; what comes later may have had something before it


class PodLogs:
    def __init__(self, api: Api) -> None:
        self._api = api

    async def newest(self, pod: PodRecord, lines: int, *, previous: bool) -> str:
        """Empty where there is none. A game at rest between two runs: its last run is the previous one already."""
        query = {"tailLines": str(lines), "limitBytes": str(_READ_MOST)}
        if previous and not pod.at_rest:
            query["previous"] = "true"
        text = "\n".join(said for _, said in await self._lines(pod, query))
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

    async def follow(self, pod: PodRecord) -> AsyncIterator[LogPart]:
        """As `Cluster.follow`. Kubelet rotates: a first line much younger than the run says that some are gone."""
        query = {"container": names.GAME_CONTAINER, "timestamps": "true"}
        whole, first, buffer = True, True, b""
        async with self._api.log_stream(pod.name, query, within=_FOLLOW) as content:
            while True:
                try:
                    async with asyncio.timeout(_CAUGHT_UP if first else None):
                        data = await content.readany()
                except TimeoutError:
                    data = None  # nothing was written yet: that is all there is
                if data == b"":
                    return
                *lines, buffer = (buffer + (data or b"")).split(b"\n")
                said = _stamped(line.decode(errors="replace") for line in lines)
                if first and said:
                    whole = _began_with(said[0][0], pod.started_at)
                if said or first:
                    yield LogPart(tuple(text for _, text in said), whole)
                first = first and not said and data is not None

    async def _lines(self, pod: PodRecord, query: dict[str, str]) -> list[tuple[str, str]]:
        """Time stamp (RFC 3339 with nanoseconds: sorts as text) and text."""
        text = await self._read(pod, {**query, "timestamps": "true"})
        return [(_nine_digits(at), said) for at, said in _stamped(text.split("\n"))]

    async def _read(self, pod: PodRecord, query: dict[str, str]) -> str:
        try:
            return await self._api.log(pod.name, {"container": names.GAME_CONTAINER, **query})
        except ClusterAway:
            raise
        except ClusterError:  # nothing was started yet, or nothing before
            return ""


def _stamped(lines: Iterable[str]) -> list[tuple[str, str]]:
    """Stamp and text of what a game has printed. Where a log is gone, as after a node lost power, kubelet says so in
    its place, with paths of the node: that has no stamp."""
    parted = (line.partition(" ") for line in lines)
    return [(at, plain(said)) for at, _, said in parted if _STAMP.fullmatch(at)]


def _began_with(stamp: str, started_at: datetime | None) -> bool:
    """Whether a run's first line that is there can be its first one."""
    try:
        first = datetime.fromisoformat(_nine_digits(stamp)[:26] + "+00:00")
    except ValueError:
        return False
    return started_at is not None and first - started_at < _FIRST_WITHIN


def _nine_digits(stamp: str) -> str:
    """Kubelet leaves out zeros at the end."""
    whole, _, rest = stamp.rstrip("Z").partition(".")
    return f"{whole}.{rest:0<9}Z"
