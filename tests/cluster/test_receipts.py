"""What is learned of worlds beside the cluster's objects: from agents, from the log of a restore, from the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from core.cluster.kubernetes import receipts as module
from core.cluster.kubernetes.receipts import Receipts
from core.cluster.kubernetes.reduced import Held, SetRecord
from core.cluster.kubernetes.reduced_pod import PodRecord
from core.cluster.port import RestoreProgress
from core.errors import ClusterError
from core.words import PodPhase
from core.worlds.receipt import Receipt
from core.worlds.store.access import StoreAccess

SERVER, NOW = "aaaaaaaaaaaa", datetime(2026, 11, 24, 12, tzinfo=UTC)
POD = PodRecord(f"{SERVER}-0", SERVER, "u1", 1, 1, PodPhase.READY, ip="10.1.1.1", volume=1, volume_done=True)
SET = SetRecord(SERVER, SERVER, 1, "", "", False, replicas=1, run=1, volume=1, fingerprint="f")


def name(seq: int) -> str:
    return f"000001-000001-{seq:06}-{'0' * 32}"


def file(seq: int) -> dict[str, Any]:
    return {"name": name(seq), "saved_at": NOW.isoformat(), "size": 100}


class Store(StoreAccess):
    """Says what it is told to; a `ClusterError` is raised."""

    def __init__(self) -> None:
        self.answers: list[Receipt | ClusterError | None] = []
        self.asked = 0

    def mark(self, server: str, source: str | None) -> str:
        return "mark"

    async def give(self, server: str, source: str | None) -> Mapping[str, str]:
        return {}

    async def trim(self, server: str, keep: Mapping[str, str]) -> None: ...

    async def forget(self, server: str) -> None: ...

    async def keys(self) -> Mapping[str, int]:
        return {}

    async def newest(self, server: str) -> Receipt | None:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, ClusterError):
            raise answer
        return answer


class Log:
    """An API that has only the log of a container that restores."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader()

    @asynccontextmanager
    async def log_stream(self, pod: str, query: Mapping[str, str], *, within: Any) -> AsyncIterator[Any]:
        yield self.reader


class Place:
    def __init__(self) -> None:
        self.store, self.log = Store(), Log()
        self.asked: list[tuple[str, str]] = []
        self.answers: asyncio.Queue[dict[str, Any] | ClusterError] = asyncio.Queue()
        self.changed = asyncio.Event()
        self.receipts = Receipts(
            self.log,  # type: ignore[arg-type]
            self.store,
            self.ask,
            lambda _: self.changed.set(),
            lambda: NOW,
        )

    async def ask(self, server: str, pod: PodRecord, path: str, within: aiohttp.ClientTimeout) -> dict[str, Any]:
        self.asked.append((pod.uid, path))
        answer = await self.answers.get()
        if isinstance(answer, ClusterError):
            raise answer
        return answer

    async def until_saved(self, seq: int) -> None:
        async with asyncio.timeout(5):
            while (saved := self.receipts.saved(SERVER)) is None or saved.name != name(seq):
                self.changed.clear()
                await self.changed.wait()

    def see(self, pod: PodRecord | None) -> None:
        self.receipts.follow(Held(SERVER, set=SET, pods={pod.name: pod} if pod else {}))


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    place = Place()
    yield place
    await place.receipts.close()


async def test_an_agent_tells_each_new_snapshot_and_is_asked_for_the_next(place: Place) -> None:
    place.see(POD)
    place.answers.put_nowait({"revision": 7, "saved": file(1)})
    await place.until_saved(1)
    place.answers.put_nowait({"revision": 8, "saved": file(2)})
    await place.until_saved(2)
    assert [path for _, path in place.asked][:2] == ["/v1/saved", "/v1/saved?after=7"]


async def test_an_agent_that_does_not_answer_is_asked_again_from_the_start(place: Place) -> None:
    place.see(POD)
    for answer in ({"revision": 7, "saved": None}, ClusterError("away"), {"nonsense": 1}):
        place.answers.put_nowait(answer)
    place.answers.put_nowait({"revision": 9, "saved": file(1)})
    await place.until_saved(1)
    assert place.asked[-1][1].startswith("/v1/saved")


async def test_another_pod_has_another_agent(place: Place) -> None:
    place.see(POD)
    place.see(replace(POD, uid="u2"))
    place.answers.put_nowait({"revision": 1, "saved": file(1)})
    await place.until_saved(1)
    assert place.asked[-1][0] == "u2"


async def test_an_older_receipt_changes_nothing(place: Place) -> None:
    place.receipts.learn(SERVER, Receipt(name(2), NOW, 100))
    place.receipts.learn(SERVER, Receipt(name(1), NOW, 100))
    saved = place.receipts.saved(SERVER)
    assert saved is not None
    assert saved.name == name(2)


async def test_after_a_pods_end_the_store_is_asked_until_it_answers(place: Place) -> None:
    place.see(POD)
    place.store.answers = [ClusterError("away"), Receipt(name(3), NOW, 100)]
    place.see(None)
    await place.until_saved(3)


async def test_a_server_that_never_had_a_pod_is_not_looked_up(place: Place) -> None:
    place.see(None)
    for _ in range(3):  # a task would have begun by then
        await asyncio.sleep(0)
    assert place.store.asked == 0


async def test_a_restore_is_followed_by_its_log(place: Place) -> None:
    place.see(replace(POD, phase=PodPhase.RESTORING, volume_done=False))
    place.log.reader.feed_data(b'no json\n{"event":"progress","done":5,"total":20}\n')
    async with asyncio.timeout(5):
        while place.receipts.progress(SERVER) != RestoreProgress(5, 20, NOW):
            place.changed.clear()
            await place.changed.wait()
    place.see(POD)
    assert place.receipts.progress(SERVER) is None
