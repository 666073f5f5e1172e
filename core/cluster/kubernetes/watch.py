"""List-and-watch of one kind: a paged list, then a watch from its version on, for ever.

Raw objects are reduced to records page by page and event by event, and the loop gets its turn in between. Kubernetes'
rules for this: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import aiohttp
import structlog

from core.cluster.kubernetes.api import Api, Expired, NotAllowedHere
from core.cluster.kubernetes.trim import parse
from core.errors import ClusterAway, ClusterError

Raw = dict[str, Any]
log = structlog.get_logger()


class Record(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...


R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. A connection that the other end forgot shows by `silence`: bookmarks come about once a minute."""

    watch: float = 290.0
    silence: float = 150.0
    first_pause: float = 0.25
    longest_pause: float = 10.0
    relist_jitter: float = 1.0
    forbidden: float = 300.0  # until an optional watch is tried again where the role does not reach
    page: int = 100  # objects: some 5 ms to read
    no_pod: float = 15.0  # that a pod has to come before Events are asked why it does not
    no_mount: float = 30.0  # that a volume has to reach its pod's node before the pod's Events are asked
    tick: float = 5.0  # between looks at what time alone changes


class Follower(Generic[R]):
    """Keeps `records` (by name) at what the cluster holds, while `run` runs.

    `changed(before, after)` is called for every record that came, changed or went; `freshness()` whenever `fresh` or
    `why` (the reason why it is not) changed. An `optional` one does without where the role does not reach; it asks
    again now and then, because an API server that has just started refuses everybody for a moment.
    Those that share a `turn` read one page at a time, so that the loop is never held up by several.
    """

    def __init__(
        self,
        api: Api,
        resource: str,
        query: Mapping[str, str],
        reduce: Callable[[Raw, R | None], R],
        *,
        changed: Callable[[R | None, R | None], None],
        freshness: Callable[[], None],
        timing: Timing | None = None,
        optional: bool = False,
        turn: asyncio.Lock | None = None,
    ) -> None:
        self.resource = resource
        self.records: dict[str, R] = {}
        self.fresh = False
        self.why = "not listed yet"
        self._api = api
        self._query = query
        self._reduce = reduce
        self._changed = changed
        self._freshness = freshness
        self._timing = timing or Timing()
        self._optional = optional
        self._turn = turn or asyncio.Lock()
        self._version = ""

    async def run(self) -> None:
        pause = self._timing.first_pause
        while True:
            try:
                if not self._version:
                    with _uncollected():
                        await self._list()
                    self._become_fresh()
                await self._watch()
                pause = self._timing.first_pause
            except Expired:
                self._version = ""
                await asyncio.sleep(random.uniform(0, self._timing.relist_jitter))
            except ClusterAway as away:
                self._become_stale(away.detail)
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))
                pause = min(pause * 2, self._timing.longest_pause)
            except ClusterError as wrong:
                self._version = ""
                self._become_stale(wrong.detail)
                if self._optional and isinstance(wrong, NotAllowedHere):
                    await asyncio.sleep(self._timing.forbidden * random.uniform(0.5, 1.5))
                    continue
                log.warning("the cluster refuses a watch", resource=self.resource, detail=wrong.detail)
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))
                pause = min(pause * 2, self._timing.longest_pause)

    def learn(self, raw: Raw) -> None:
        """Take what an apply answered, unless the watch is further already (then it has seen it, or its end)."""
        if int(raw["metadata"]["resourceVersion"]) > int(self._version or 0):
            self._put(raw)

    async def _list(self) -> None:
        """What is there replaces `records`; what went is told. What an apply made meanwhile is newer than the list."""
        there: set[str] = set()
        after, version = "", ""
        while True:
            async with self._turn:
                page = await self._api.page(
                    self.resource, self._query, limit=self._timing.page, after=after, trial=True
                )
                for number, raw in enumerate(page.get("items") or ()):
                    there.add(raw["metadata"]["name"])
                    self._put(raw)
                    if number % 50 == 0:
                        await asyncio.sleep(0)
            meta = page.get("metadata") or {}
            after, version = meta.get("continue") or "", meta["resourceVersion"]
            if not after:
                break
            await asyncio.sleep(0)
        for name, record in list(self.records.items()):
            if name not in there and record.version <= int(version):
                self._drop(name)
        self._version = version

    async def _watch(self) -> None:
        """Returns when the server ends it, or when it was cut and is to be continued at once."""
        timing = self._timing
        query = {
            **self._query,
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(int(timing.watch * random.uniform(0.9, 1.0))),
        }
        within = aiohttp.ClientTimeout(total=timing.watch + 20, sock_connect=5, sock_read=timing.silence)
        heard = False
        try:
            async with self._api.stream(self.resource, query, within=within) as stream:
                self._become_fresh()
                rest = b""
                async for data in stream.iter_any():
                    heard = True
                    *lines, rest = (rest + data).split(b"\n")
                    for line in lines:
                        self._take(parse(line))
                    await asyncio.sleep(0)
        except ClusterAway:
            if not heard:
                raise
        except ValueError as wrong:
            raise ClusterError(f"{self.resource}: the watch is not JSON") from wrong
        if not heard:
            await asyncio.sleep(self._timing.first_pause)

    def _take(self, event: Raw) -> None:
        kind, raw = event["type"], event["object"]
        if kind == "ERROR":
            raise Expired(str(raw.get("message"))) if raw.get("code") == 410 else ClusterError(str(raw.get("message")))
        if kind == "DELETED":
            self._drop(raw["metadata"]["name"])
        elif kind != "BOOKMARK":
            self._put(raw)
        self._version = raw["metadata"]["resourceVersion"]

    def _put(self, raw: Raw) -> None:
        name = raw["metadata"]["name"]
        before = self.records.get(name)
        after = self._reduce(raw, before)
        if before is not None and after.version < before.version:
            return
        self.records[name] = after
        self._changed(before, after)

    def _drop(self, name: str) -> None:
        before = self.records.pop(name, None)
        if before is not None:
            self._changed(before, None)

    def _become_fresh(self) -> None:
        if not self.fresh:
            self.fresh, self.why = True, ""
            self._freshness()

    def _become_stale(self, why: str) -> None:
        if self.fresh or self.why != why:
            self.fresh, self.why = False, why
            self._freshness()


_listing = 0


@contextmanager
def _uncollected() -> Iterator[None]:
    """The garbage collector would look through all records again and again while they come, which holds the loop up for
    50 ms with ten thousand servers; and they are no garbage afterwards either."""
    global _listing
    _listing += 1
    gc.disable()
    try:
        yield
        if _listing == 1:
            gc.freeze()
    finally:
        _listing -= 1
        if not _listing:
            gc.enable()
