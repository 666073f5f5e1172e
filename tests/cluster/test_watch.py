"""List-and-watch on a bad day: cuts, silence, versions that are too old, refusals."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fakeapi import FakeApi, thing

from core.cluster.kubernetes.api import Api
from core.cluster.kubernetes.watch import Follower, Timing

QUICK = Timing(silence=0.3, first_pause=0.01, longest_pause=0.02, relist_jitter=0.01, forbidden=0.02)


@dataclass(frozen=True)
class Thing:
    name: str
    version: int


def reduce(raw: dict[str, Any], before: Thing | None) -> Thing:
    return Thing(raw["metadata"]["name"], int(raw["metadata"]["resourceVersion"]))


class Followed:
    """A follower that says when something happened."""

    def __init__(self, api: Api, *, optional: bool = False, timing: Timing = QUICK) -> None:
        self.happened = asyncio.Condition()
        self.changes: list[tuple[str, str]] = []
        self.stale: list[str] = []
        self.collecting: list[bool] = []  # whether the garbage collector was on, at each change
        self.follower: Follower[Thing] = Follower(
            api, "pods", {}, reduce, changed=self._changed, freshness=self._freshness, timing=timing, optional=optional
        )
        self.task = asyncio.create_task(self.follower.run())

    def _changed(self, before: Thing | None, after: Thing | None) -> None:
        some = after or before
        assert some is not None
        self.collecting.append(gc.isenabled())
        self.changes.append((some.name, "went" if after is None else "came" if before is None else "changed"))
        self._tell()

    def _freshness(self) -> None:
        if not self.follower.fresh:
            self.stale.append(self.follower.why)
        self._tell()

    def _tell(self) -> None:
        async def tell() -> None:
            async with self.happened:
                self.happened.notify_all()

        self._told = asyncio.ensure_future(tell())

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60), self.happened:
            await self.happened.wait_for(true)


Follow = Callable[..., Awaitable[Followed]]


@pytest.fixture
async def server() -> AsyncIterator[FakeApi]:
    server = FakeApi()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def follow(server: FakeApi) -> AsyncIterator[Follow]:
    made: list[Followed] = []
    api = await server.api()

    async def follow(**given: Any) -> Followed:
        made.append(Followed(api, **given))
        return made[-1]

    yield follow
    for each in made:
        each.task.cancel()
        await asyncio.gather(each.task, return_exceptions=True)
    await api.close()


async def test_a_list_of_many_pages_is_one_list(server: FakeApi, follow: Follow) -> None:
    server.page = 2
    for number in range(5):
        server.put(f"pod{number}")
    seen = await follow()
    await seen.until(lambda: seen.follower.fresh)
    assert sorted(seen.follower.records) == [f"pod{number}" for number in range(5)]
    assert server.lists == 3


async def test_changes_come_by_the_watch(server: FakeApi, follow: Follow) -> None:
    seen = await follow()
    await server.opened.wait()
    server.put("a")
    server.put("a")
    server.remove("a")
    await seen.until(lambda: len(seen.changes) == 3)
    assert seen.changes == [("a", "came"), ("a", "changed"), ("a", "went")]


async def test_a_watch_that_is_cut_goes_on_from_its_last_version_and_nothing_is_stale(
    server: FakeApi, follow: Follow
) -> None:
    seen = await follow()
    await server.opened.wait()
    server.put("a")
    await seen.until(lambda: "a" in seen.follower.records)
    last = server.version
    server.opened.clear()
    server.cut()
    await server.opened.wait()
    assert server.watched_from[-1] == str(last)
    assert (seen.stale, server.lists) == ([], 1)


async def test_a_connection_that_the_other_end_forgot_is_noticed(server: FakeApi, follow: Follow) -> None:
    seen = await follow()
    await server.opened.wait()
    server.opened.clear()
    async with asyncio.timeout(60):
        await server.opened.wait()
    await seen.until(lambda: seen.follower.fresh)


async def test_bookmarks_move_the_version_on(server: FakeApi, follow: Follow) -> None:
    await follow()
    await server.opened.wait()
    server.opened.clear()
    server.send({"type": "BOOKMARK", "object": thing("", 77)})
    server.cut()
    await server.opened.wait()
    assert server.watched_from[-1] == "77"


async def test_a_version_that_is_too_old_means_a_new_list_and_what_went_meanwhile_is_told(
    server: FakeApi, follow: Follow
) -> None:
    server.put("stays")
    server.put("goes")
    seen = await follow()
    await server.opened.wait()
    del server.objects["goes"]
    server.version += 10
    server.send({"type": "ERROR", "object": {"code": 410, "message": "too old"}})
    await seen.until(lambda: ("goes", "went") in seen.changes)
    assert sorted(seen.follower.records) == ["stays"]
    assert seen.stale == []


async def test_a_server_that_is_away_makes_it_stale_and_its_return_fresh(server: FakeApi, follow: Follow) -> None:
    seen = await follow()
    await server.opened.wait()
    server.status = 503
    server.cut()
    await seen.until(lambda: not seen.follower.fresh)
    assert "not now" in seen.follower.why
    server.status = 0
    await seen.until(lambda: seen.follower.fresh)


async def test_what_an_apply_answered_is_known_at_once_but_never_brings_back_what_went(
    server: FakeApi, follow: Follow
) -> None:
    seen = await follow()
    await server.opened.wait()
    answer = thing("a", server.version + 1)
    seen.follower.learn(answer)
    assert "a" in seen.follower.records
    server.version += 1
    server.objects["a"] = answer
    server.remove("a")
    await seen.until(lambda: ("a", "went") in seen.changes)
    seen.follower.learn(answer)
    assert seen.follower.records == {}


async def test_an_optional_watch_that_is_forbidden_is_done_without_until_it_is_allowed(
    server: FakeApi, follow: Follow
) -> None:
    server.status = 403
    seen = await follow(optional=True)
    await seen.until(lambda: bool(seen.stale))
    server.status = 0
    await seen.until(lambda: seen.follower.fresh)


async def test_one_that_is_needed_keeps_trying(server: FakeApi, follow: Follow) -> None:
    server.status = 403
    seen = await follow()
    await seen.until(lambda: bool(seen.stale))
    server.status = 0
    await seen.until(lambda: seen.follower.fresh)


async def test_the_garbage_collector_rests_while_a_list_comes_and_no_longer(server: FakeApi, follow: Follow) -> None:
    server.put("listed")
    server.status = 503
    seen = await follow()
    await seen.until(lambda: bool(seen.stale))
    assert gc.isenabled()
    server.status = 0
    await seen.until(lambda: seen.follower.fresh)
    assert gc.isenabled()
    await server.opened.wait()
    server.put("watched")
    await seen.until(lambda: len(seen.changes) == 2)
    assert seen.collecting == [False, True]
