"""How full is full, of what one is told, what is refused and what is kept: the decisions, as tables."""

from __future__ import annotations

import pytest

from core.errors import LimitReached
from core.guilds.limits import Limits
from core.guilds.storage import Storage, Stored, fill, is_news, policy_for, refuse_more
from core.words import Fill
from core.worlds.retention import CHOICES, POLICIES, Policy

GIB = 2**30


@pytest.mark.parametrize(
    ("used", "limit", "is_"),
    [
        (0, 1000, Fill.ROOM),
        (799, 1000, Fill.ROOM),
        (800, 1000, Fill.CLOSE),
        (949, 1000, Fill.CLOSE),
        (950, 1000, Fill.NEARLY),
        (999, 1000, Fill.NEARLY),
        (1000, 1000, Fill.FULL),
        (5000, 1000, Fill.FULL),
        (0, 0, Fill.FULL),
    ],
)
def test_how_full(used: int, limit: int, is_: Fill) -> None:
    assert fill(used, limit) is is_


@pytest.mark.parametrize(
    ("uses", "warnings"),
    [
        ([10, 79], []),
        ([80, 85, 94], [80]),
        ([80, 95, 96, 100, 120], [80, 95, 100]),
        ([97], [95]),
        ([85, 79, 85], [80, 80]),
        ([96, 90, 96], [95, 95]),
        ([100, 97, 100], [100, 100]),
        ([100, 20], [100]),
    ],
)
def test_each_crossing_is_told_once(uses: list[int], warnings: list[int]) -> None:
    told, said = 0, []
    for used in uses:
        now = fill(used, 100)
        if is_news(now, told):
            said.append(int(now))
        told = now
    assert said == warnings


@pytest.mark.parametrize(
    ("now", "chosen", "policy"),
    [
        (Fill.ROOM, None, "months"),
        (Fill.ROOM, "year", "year"),
        (Fill.NEARLY, "days", "days"),
        (Fill.FULL, "year", "lean"),
        (Fill.FULL, None, "lean"),
        (Fill.ROOM, "of another version", "months"),
        (Fill.ROOM, "lean", "months"),
    ],
)
def test_what_is_kept(now: Fill, chosen: str | None, policy: str) -> None:
    assert policy_for(now, chosen) == policy


def test_a_guild_that_does_not_choose_keeps_what_it_always_did() -> None:
    assert POLICIES[policy_for(Fill.ROOM, None)] == Policy()


@pytest.mark.parametrize("name", [*CHOICES, "lean"])
def test_the_longest_choice_keeps_all_that_any_other_does(name: str) -> None:
    most, other = POLICIES["year"], POLICIES[name]
    counts = ("last", "hourly", "daily", "weekly", "monthly", "young")
    assert all(getattr(most, each) >= getattr(other, each) for each in counts)


def storage(*servers: Stored) -> Storage:
    return Storage.of(servers, Limits(storage_bytes=100 * GIB, world_bytes=10 * GIB))


def test_a_full_guild_refuses_more_and_says_how_full_it_is() -> None:
    with pytest.raises(LimitReached) as refused:
        refuse_more(storage(Stored("a", "Pond", 60 * GIB), Stored("b", "Lake", 41 * GIB)))
    assert refused.value.message == "storage.full"
    assert refused.value.values == {"used": 101 * GIB, "limit": 100 * GIB}


def test_a_world_that_is_too_large_refuses_more_of_itself_only() -> None:
    found = storage(Stored("a", "Pond", 20 * GIB, 10 * GIB), Stored("b", "Lake", GIB, GIB))
    refuse_more(found)
    refuse_more(found, "b")
    with pytest.raises(LimitReached, match=r"storage\.world_full"):
        refuse_more(found, "a")


def test_the_largest_server_comes_first() -> None:
    found = storage(Stored("a", "Pond", 1), Stored("b", "Lake", 3), Stored("c", "Brook", 1))
    assert [each.name for each in found.servers] == ["Lake", "Brook", "Pond"]
