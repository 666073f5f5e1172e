"""Sessions against a plain model: who was there at each look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.activity.buckets import spread
from core.activity.sessions import SOMEBODY, Change, Changes, Look, differs, follow, is_cut

BEGIN = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
GAP = timedelta(minutes=3)


def look(seconds: int, *names: str, online: int | None = None) -> Look:
    return Look(BEGIN + timedelta(seconds=seconds), len(names) if online is None else online, frozenset(names))


def at(seconds: int) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


CASES = {
    "who joins begins": (look(0), look(15, "Bo"), (), {("", 15, True), ("Bo", 15, True)}, set()),
    "one more": (look(0, "Bo"), look(15, "Bo", "Cy"), ("", "Bo"), {("Cy", 15, True)}, set()),
    "who leaves ends": (look(0, "Bo", "Cy"), look(15, "Bo"), ("", "Bo", "Cy"), set(), {("Cy", 15, True)}),
    "the last leaves": (look(0, "Bo"), look(15), ("", "Bo"), set(), {("", 15, True), ("Bo", 15, True)}),
    "nothing is known before": (None, look(0, "Bo"), (), {("", 0, False), ("Bo", 0, False)}, set()),
    "a gap splits": (
        look(0, "Bo"),
        look(600, "Bo"),
        ("", "Bo"),
        {("", 600, False), ("Bo", 600, False)},
        {("", 0, False), ("Bo", 0, False)},
    ),
    "a gap ends": (look(0, "Bo"), look(600), ("", "Bo"), set(), {("", 0, False), ("Bo", 0, False)}),
    "a number names nobody": (look(0), look(15, online=2), (), {("", 15, True)}, set()),
    "names of some are none": (look(0, "Bo"), look(15, "Bo", online=2), ("", "Bo"), set(), {("Bo", 0, False)}),
    "all are named again": (
        look(0, online=2),
        look(15, "Bo", "Cy"),
        ("",),
        {("Bo", 15, False), ("Cy", 15, False)},
        set(),
    ),
    "who was forgotten is not begun anew": (look(0, "Bo"), look(15, "Bo", "Cy"), ("",), {("Cy", 15, True)}, set()),
    "the clock was set back": (
        look(60, "Bo"),
        look(0, "Bo"),
        ("Bo",),
        {("", 0, False), ("Bo", 0, False)},
        {("Bo", 0, False)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_look_after_another(case: str) -> None:
    before, now, open_, begun, ended = CASES[case]
    changes = follow(open_, before, now, GAP)
    assert {(each.name, each.at, each.seen) for each in changes.begun} == {(n, at(s), seen) for n, s, seen in begun}
    assert {(each.name, each.at, each.seen) for each in changes.ended} == {(n, at(s), seen) for n, s, seen in ended}


looks = st.lists(
    st.tuples(
        st.integers(1, 400),
        st.sets(st.sampled_from(["Ada", "Bo", "Cy", "Di"])),
        st.one_of(st.just(0), st.just(0), st.integers(0, 2)),
    ),
    max_size=40,
)


@given(looks)
def test_sessions_say_what_the_looks_saw_and_count_nobody_twice(steps: list[tuple[int, set[str], int]]) -> None:
    open_: dict[str, Change] = {}
    closed: list[tuple[Change, Change]] = []
    before, time, seen, whole_always = None, 0, dict[str, int](), True
    somebody = everybody = 0
    for step, names, unnamed in steps:
        time += step
        now = look(time, *names, online=len(names) + unnamed)
        if before is not None and not is_cut(before, now.at, GAP):
            for name in before.names if before.whole and now.whole else ():
                seen[name] = seen.get(name, 0) + step
            somebody += step if before.online else 0
            everybody += sum(bucket.seconds for bucket in spread(before.at, now.at, before.online))
        whole_always &= now.whole
        changes = follow(set(open_), before, now, GAP)
        if not differs(before, now, GAP):
            assert changes == Changes()
        closed += [(open_.pop(end.name), end) for end in changes.ended]
        for begin in changes.begun:
            assert begin.name not in open_
            open_[begin.name] = begin
        assert set(open_) == ({SOMEBODY} if now.online else set()) | (now.names if now.whole else frozenset())
        before = now
    end = at(time)
    lasted: dict[str, int] = {}
    for begin, over in [*closed, *((each, Change(each.name, end, False)) for each in open_.values())]:
        assert begin.at <= over.at
        lasted[begin.name] = lasted.get(begin.name, 0) + int((over.at - begin.at).total_seconds())
    assert lasted.pop(SOMEBODY, 0) == somebody
    assert {name: time for name, time in lasted.items() if time} == {name: time for name, time in seen.items() if time}
    if whole_always:
        assert sum(lasted.values()) == everybody  # what buckets say
