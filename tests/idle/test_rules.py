"""The idle table, row by row, and what must hold for any evidence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.idle.rules import (
    WHO_WINS,
    Act,
    Facts,
    Hold,
    Memory,
    Policy,
    combine,
    decide,
    due,
    holds,
    pause_at,
    remember,
)
from core.idle.schedule import Span, State
from core.words import Empty, Occupied, Reason, Unknown

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
STALE = timedelta(minutes=3)
POLICY = Policy(after=timedelta(minutes=15), warn=timedelta(minutes=5), grace=timedelta(minutes=10))


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def empty_for(n: float) -> Memory:
    return Memory(empty_since=NOW - minutes(n), known_at=NOW)


def up(**more: object) -> Facts:
    return Facts(**{"running": True, "ready_since": NOW - minutes(60), **more})  # type: ignore[arg-type]


def row(memory: Memory, facts: Facts, policy: Policy = POLICY) -> tuple[int, Act]:
    decision = decide(policy, memory, facts, NOW, STALE)
    return decision.row, decision.act


def test_row_1_a_server_that_never_idles_holds_and_recalls_its_warning() -> None:
    off = Policy(after=timedelta(0), warn=POLICY.warn, grace=POLICY.grace)
    decision = decide(off, empty_for(99), up(warned_at=NOW - minutes(9)), NOW, STALE)
    assert (decision.row, decision.act, decision.recall) == (1, Act.HOLD, True)


def test_row_1_an_open_problem_or_work_under_way_holds() -> None:
    assert row(empty_for(99), up(problem=True))[0] == 1
    assert row(empty_for(99), up(busy=True))[0] == 1
    assert row(empty_for(99), up(running=False))[0] == 1


def test_row_2_stale_evidence_holds() -> None:
    assert row(Memory(empty_since=NOW - minutes(99), known_at=NOW - minutes(4)), up()) == (2, Act.HOLD)
    assert row(Memory(), up()) == (2, Act.HOLD)


def test_row_3_somebody_plays() -> None:
    decision = decide(POLICY, Memory(known_at=NOW), up(warned_at=NOW - minutes(4)), NOW, STALE)
    assert (decision.row, decision.recall) == (3, True)


def test_row_4_before_the_warning_is_due() -> None:
    assert row(empty_for(9), up()) == (4, Act.HOLD)
    assert row(empty_for(99), up(ready_since=NOW - minutes(1))) == (4, Act.HOLD)
    kept = decide(POLICY, empty_for(99), up(keep_until=NOW + minutes(60), warned_at=NOW), NOW, STALE)
    assert (kept.row, kept.recall, kept.pause_at) == (4, True, NOW + minutes(60))


def test_row_5_warns_and_gives_the_whole_warning_time() -> None:
    assert row(empty_for(10), up()) == (5, Act.WARN)
    late = decide(POLICY, empty_for(99), up(), NOW, STALE)
    assert (late.act, late.pause_at) == (Act.WARN, NOW + minutes(5))


def test_row_6_waits_for_the_delivery_of_the_warning() -> None:
    assert row(empty_for(99), up(warned_at=NOW - minutes(14))) == (6, Act.HOLD)
    assert row(empty_for(99), up(warned_at=NOW - minutes(14), undeliverable=True))[0] == 9


def test_row_7_waits_out_the_warning_from_its_delivery() -> None:
    assert row(empty_for(99), up(warned_at=NOW - minutes(9), delivered_at=NOW - minutes(4))) == (7, Act.HOLD)


def test_row_8_asks_again_before_it_pauses_on_old_evidence() -> None:
    memory = Memory(empty_since=NOW - minutes(99), known_at=NOW - timedelta(seconds=20))
    assert row(memory, up(warned_at=NOW - minutes(9), delivered_at=NOW - minutes(9))) == (8, Act.ASK_AGAIN)


def test_row_9_pauses() -> None:
    assert row(empty_for(99), up(warned_at=NOW - minutes(9), delivered_at=NOW - minutes(6))) == (9, Act.PAUSE)


def test_any_sign_of_life_is_occupied_and_unknown_is_never_empty() -> None:
    assert combine(Empty(), log=Occupied(("Bo",))) == Occupied(("Bo",))
    assert combine(Unknown("no answer"), voice=Occupied()) == Occupied()
    assert combine(Unknown("no answer")) == Unknown("no answer")
    assert combine(Empty(), voice=Empty()) == Empty()
    assert combine(Empty(), voice=Unknown("not connected")) == Unknown("not connected")
    assert combine(Occupied(("Bo",)), voice=Unknown("not connected")) == Occupied(("Bo",))


def test_an_outage_restarts_the_clock() -> None:
    memory = remember(empty_for(14), Unknown("away"), NOW, STALE)
    back = remember(memory, Empty(), NOW + minutes(30), STALE)
    assert back.empty_since == NOW + minutes(30)


evidence = st.sampled_from([Empty(), Occupied(("Ada",)), Unknown("?")])


@given(st.lists(st.tuples(evidence, st.integers(1, 400)), max_size=40))
def test_no_pause_unless_all_known_evidence_since_empty_was_empty(looks: list[tuple[object, int]]) -> None:
    memory, now, history = Memory(), NOW, []
    for sign, seconds in looks:
        now += timedelta(seconds=seconds)
        memory = remember(memory, sign, now, STALE)  # type: ignore[arg-type]
        history.append((now, sign))
        facts = up(warned_at=NOW - minutes(60), delivered_at=NOW - minutes(60))
        if decide(POLICY, memory, facts, now, STALE).act is Act.PAUSE:
            assert memory.empty_since is not None
            assert now - memory.empty_since >= POLICY.after
            assert not any(isinstance(sign, Occupied) for at, sign in history if at >= memory.empty_since)


@given(st.integers(0, 100), st.integers(0, 100), st.integers(-100, 100))
def test_nobody_is_paused_before_the_grace_or_a_keep_alive_ends(empty: int, ready: int, keep: int) -> None:
    facts = up(ready_since=NOW - minutes(ready), keep_until=NOW + minutes(keep))
    due = pause_at(POLICY, empty_for(empty), facts, NOW)
    assert due is not None
    assert due >= facts.ready_since + POLICY.grace  # type: ignore[operator]
    assert due >= NOW + minutes(keep)


# schedules, and who wins

ALWAYS = Span(None, None)
LATER = NOW + timedelta(minutes=40)
NIGHT = Span(NOW, NOW + minutes(360))


def scheduled(**spans: Span) -> State:
    return State(NOW, **spans)


def test_who_wins_is_in_the_order_that_people_are_told() -> None:
    assert [reason for reason, _ in WHO_WINS] == [
        Reason.MAINTENANCE,
        Reason.FIRM_SLEEP,
        Reason.PLAYERS,
        Reason.KEEP,
        Reason.EVENT,
        Reason.VOICE,
        Reason.VOTE,
        Reason.AWAKE,
        Reason.SLEEP,
        Reason.IDLE,
    ]


@pytest.mark.parametrize(
    ("stays", "pauses_for"),
    [
        ("nothing", {"maintenance", "firm", "sleep", "idle"}),
        ("player", {"maintenance", "firm", "sleep in half an hour"}),
        ("keep", {"maintenance", "firm"}),
        ("event", {"maintenance", "firm"}),
        ("voice", {"maintenance", "firm"}),
        ("vote", {"maintenance", "firm"}),
        ("awake", {"maintenance", "firm"}),
        ("woken", {"idle"}),
    ],
)
def test_what_stays_holds_up_the_pauses_below_it(stays: str, pauses_for: set[str]) -> None:
    later = NOW + minutes(600)
    facts: dict[str, object] = {
        "player": {"playing": 1},
        "keep": {"keep_until": later},
        "event": {"event": Span(NOW, later)},
        "vote": {"vote_until": later},
        "woken": {"awake_until": NIGHT.ends},
    }.get(stays, {})  # type: ignore[assignment]
    memory = Memory(known_at=NOW) if stays in ("player", "voice") else empty_for(99)
    found = set()
    for name, spans in (
        ("maintenance", {"maintenance": NIGHT}),
        ("firm", {"firm": NIGHT}),
        ("sleep", {"sleep": NIGHT}),
        ("idle", {}),
    ):
        held = (
            {"awake": ALWAYS} if stays == "awake" and name != "sleep" else {}
        )  # a schedule leaves no sleep while awake
        policy = POLICY if name == "idle" else Policy(timedelta(0), POLICY.warn, POLICY.grace)
        if stays == "awake" and name == "sleep":
            continue
        pause = due(policy, memory, up(schedule=scheduled(**spans, **held), **facts), NOW)
        if pause is not None and pause.at <= NOW:
            found.add(name)
        elif pause is not None and pause.at == NOW + minutes(30):
            found.add(f"{name} in half an hour")
    assert found == pauses_for


@pytest.mark.parametrize(
    ("memory", "facts", "held"),
    [
        (empty_for(5), {}, []),
        (Memory(known_at=NOW), {"playing": 1}, [Hold(Reason.PLAYERS)]),
        (Memory(known_at=NOW), {}, [Hold(Reason.VOICE)]),
        (empty_for(5), {"keep_until": NOW}, []),
        (empty_for(5), {"keep_until": LATER}, [Hold(Reason.KEEP, LATER)]),
        (empty_for(5), {"vote_until": LATER}, [Hold(Reason.VOTE, LATER)]),
        (empty_for(5), {"event": Span(NOW, LATER)}, [Hold(Reason.EVENT, LATER)]),
        (empty_for(5), {"event": Span(NOW + POLICY.warn, LATER)}, [Hold(Reason.EVENT, LATER)]),
        (empty_for(5), {"event": Span(NOW + POLICY.warn + minutes(1), LATER)}, []),
        (empty_for(5), {"schedule": State(NOW, awake=Span(None, LATER))}, [Hold(Reason.AWAKE, LATER)]),
        (
            Memory(known_at=NOW),
            {"keep_until": LATER, "vote_until": LATER, "event": Span(NOW, LATER), "playing": 2},
            [Hold(Reason.PLAYERS), Hold(Reason.KEEP, LATER), Hold(Reason.EVENT, LATER), Hold(Reason.VOTE, LATER)],
        ),
    ],
)
def test_what_keeps_it_on_is_told_reason_by_reason(memory: Memory, facts: dict[str, Any], held: list[Hold]) -> None:
    assert list(holds(POLICY, memory, up(**facts), NOW)) == held
    assert holds(POLICY, memory, replace(up(**facts), running=False), NOW) == ()


def test_an_event_holds_up_the_pause_that_would_be_warned_of_before_it() -> None:
    soon = Span(NOW + POLICY.warn, NOW + minutes(60))
    assert pause_at(POLICY, empty_for(20), up(event=soon), NOW) == soon.ends
    assert row(empty_for(20), up(event=soon)) == (4, Act.HOLD)


def test_what_is_held_up_hides_nothing_that_goes_on() -> None:
    stale = Memory(empty_since=NOW - minutes(99), known_at=NOW - minutes(9))
    for facts in (up(schedule=scheduled(firm=NIGHT)), up(schedule=scheduled(maintenance=NIGHT), problem=True)):
        warned = replace(facts, warned_at=NOW - minutes(6), delivered_at=NOW - minutes(6))
        assert row(stale, warned) == (9, Act.PAUSE)


def test_row_10_a_restart_waits_for_players_and_not_for_ever() -> None:
    due_in = {"restart_by": NOW + minutes(60)}
    assert row(empty_for(1), up(**due_in)) == (10, Act.RESTART)
    assert row(Memory(known_at=NOW, unknown_since=None), up(**due_in)) == (3, Act.HOLD)
    assert row(Memory(), up(**due_in)) == (2, Act.HOLD)
    soon = decide(POLICY, Memory(known_at=NOW), up(restart_by=NOW + minutes(1)), NOW, STALE)
    assert (soon.row, soon.act, soon.forced) == (10, Act.RESTART, True)
    assert row(empty_for(1), up(restart_by=NOW + minutes(1), problem=True)) == (1, Act.HOLD)
