"""The table of phases, the plan, and crash counting: pure, so tested as tables."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.cluster.port import NodeAway, Observed
from core.errors import BadInput
from core.servers.crashes import Crashes, count
from core.servers.lifecycle import Folded, Wanted, fold
from core.servers.names import clean, key
from core.servers.plan import Apply, DeletePod, GiveUp, Release, Remove, plan
from core.typed import one_line
from core.words import INTERRUPTIONS, NODE_STOPPED, Because, Desired, Exit, Phase, PodPhase, Problem, Step

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ID = "abcdefghijkl"


def wanted(desired: Desired, **more: object) -> Wanted:
    return replace(Wanted(ID, desired, run=2, volume=1, phase=Phase.STARTING, fingerprint="f"), **more)  # type: ignore[arg-type]


def seen(pod: PodPhase, **more: object) -> Observed:
    values = {"pod": pod, "uid": "u", "run": 2, "replicas": 1, "fingerprint": "f", **more}
    return Observed(ID, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("desired", "none", "starting", "ready", "ending"),
    [
        (Desired.RUNNING, Phase.STARTING, Phase.STARTING, Phase.RUNNING, Phase.STOPPING),
        (Desired.PAUSED, Phase.PAUSED, Phase.STOPPING, Phase.STOPPING, Phase.STOPPING),
        (Desired.ARCHIVED, Phase.ARCHIVED, Phase.STOPPING, Phase.STOPPING, Phase.STOPPING),
        (Desired.DELETED, Phase.DELETING, Phase.DELETING, Phase.DELETING, Phase.DELETING),
    ],
)
def test_phases(desired: Desired, none: Phase, starting: Phase, ready: Phase, ending: Phase) -> None:
    pods = [PodPhase.NONE, PodPhase.PENDING, PodPhase.RESTORING, PodPhase.STARTING, PodPhase.READY, PodPhase.ENDING]
    expected = [none, starting, starting, starting, ready, ending]
    assert [fold(wanted(desired), seen(pod), NOW).phase for pod in pods] == expected


def test_an_older_run_that_is_ready_is_stopping() -> None:
    assert fold(wanted(Desired.RUNNING), seen(PodPhase.READY, run=1), NOW).phase is Phase.STOPPING


def test_a_lost_node_is_a_problem() -> None:
    assert fold(wanted(Desired.RUNNING), seen(PodPhase.LOST), NOW) == Folded(Phase.STARTING, Problem.NODE_LOST)
    assert fold(wanted(Desired.PAUSED), seen(PodPhase.LOST), NOW) == Folded(Phase.STOPPING, Problem.NODE_LOST)


AWAY = NodeAway("node1", NOW)


def test_a_server_whose_node_is_away_is_still_running_and_said_to_wait_for_it() -> None:
    row = wanted(Desired.RUNNING, phase=Phase.RUNNING)
    assert fold(row, seen(PodPhase.READY, away=AWAY), NOW) == Folded(Phase.RUNNING, Problem.NODE_AWAY)
    assert fold(row, seen(PodPhase.STARTING, away=AWAY), NOW) == Folded(Phase.STARTING, Problem.NODE_AWAY)


@pytest.mark.parametrize("desired", [Desired.PAUSED, Desired.ARCHIVED, Desired.DELETED])
def test_what_is_to_end_on_a_node_that_is_away_says_so_and_nothing_is_done_to_its_volume(desired: Desired) -> None:
    row = wanted(desired, purge_at=NOW, keeps_worlds=True, bound=1)
    there = seen(PodPhase.ENDING, away=AWAY, replicas=0, volumes=(1,))
    assert fold(row, there, NOW).problem is Problem.NODE_AWAY
    assert plan(row, there, NOW) == ()


def test_a_start_is_not_given_up_while_its_node_is_away_nor_while_the_last_pod_ends() -> None:
    row = wanted(Desired.RUNNING, start_by=NOW)
    late = NOW + timedelta(hours=1)
    for pod in (seen(PodPhase.STARTING, away=AWAY), seen(PodPhase.ENDING), seen(PodPhase.LOST)):
        assert GiveUp(Because.START_FAILED) not in plan(row, pod, late)
    assert plan(row, seen(PodPhase.STARTING), late) == (GiveUp(Because.START_FAILED),)


@pytest.mark.parametrize(
    ("pod", "step"),
    [(PodPhase.NONE, Step.QUEUED), (PodPhase.PENDING, Step.PLACE), (PodPhase.PENDING, Step.VOLUME)],
)
def test_what_was_up_waits_for_a_place_as_long_as_it_takes(pod: PodPhase, step: Step) -> None:
    row, waits = wanted(Desired.RUNNING, start_by=NOW), seen(pod, step=step)
    assert plan(replace(row, ready_at=NOW), waits, NOW) == ()
    assert plan(row, waits, NOW) == (GiveUp(Because.START_FAILED),)


@pytest.mark.parametrize("why", sorted(INTERRUPTIONS))
def test_what_the_cluster_ended_a_game_for_is_said_until_it_is_up_again(why: Problem) -> None:
    row = wanted(Desired.RUNNING, problem=why)
    for pod in (PodPhase.NONE, PodPhase.PENDING, PodPhase.STARTING):
        assert fold(row, seen(pod), NOW).problem is why
    assert fold(row, seen(PodPhase.READY), NOW).problem is None
    assert fold(row, seen(PodPhase.PENDING, problem=Problem.NO_PLACE), NOW).problem is Problem.NO_PLACE
    assert fold(wanted(Desired.PAUSED, problem=why), seen(PodPhase.NONE), NOW).problem is None


def test_a_volume_of_before_is_not_released_while_the_node_of_the_newest_is_away() -> None:
    row = wanted(Desired.RUNNING, volume=2, bound=2, keeps_worlds=True)
    there = seen(PodPhase.READY, volumes=(1, 2))
    assert plan(row, there, NOW) == (Release(1),)
    assert plan(row, replace(there, away=AWAY), NOW) == ()


def test_a_machine_that_stopped_is_no_crash_of_the_game() -> None:
    stopped = seen(PodPhase.STARTING, restarts=1, last_exit=Exit(255, NODE_STOPPED, NOW))
    memory, new = count(Crashes(), stopped, NOW)
    assert (memory.count, memory.seen, new) == (0, 1, 0)
    memory, new = count(memory, seen(PodPhase.STARTING, restarts=2, last_exit=Exit(255, "Error", NOW)), NOW)
    assert (memory.count, new) == (1, 1)


def test_a_cluster_that_is_away_keeps_the_phase_and_is_said_after_a_minute() -> None:
    row = wanted(Desired.RUNNING, phase=Phase.RUNNING)
    short = fold(row, Observed(ID), NOW, stale_since=NOW - timedelta(seconds=59))
    long = fold(row, Observed(ID), NOW, stale_since=NOW - timedelta(seconds=60))
    assert (short, long) == (Folded(Phase.RUNNING), Folded(Phase.RUNNING, Problem.CLUSTER_AWAY))


def test_deleted_is_gone_only_after_its_time_and_its_last_object() -> None:
    row = wanted(Desired.DELETED, purge_at=NOW)
    assert fold(row, Observed(ID, volumes=(1,)), NOW).phase is Phase.DELETING
    assert fold(row, Observed(ID), NOW - timedelta(seconds=1)).phase is Phase.DELETING
    assert fold(row, Observed(ID), NOW).phase is Phase.DELETED


def test_running_is_applied_once() -> None:
    assert plan(wanted(Desired.RUNNING), Observed(ID), NOW) == (Apply(1),)
    assert plan(wanted(Desired.RUNNING), seen(PodPhase.READY), NOW) == ()


def test_an_older_run_gets_the_new_template_and_is_deleted_by_uid() -> None:
    actions = plan(wanted(Desired.RUNNING), seen(PodPhase.READY, run=1, fingerprint="old"), NOW)
    assert actions == (Apply(1), DeletePod("u"))


def test_pause_and_delete_take_the_replica_away_and_keep_the_volume() -> None:
    for desired in (Desired.PAUSED, Desired.ARCHIVED):
        assert plan(wanted(desired), seen(PodPhase.READY), NOW) == (Apply(0),)
    row = wanted(Desired.DELETED, purge_at=NOW + timedelta(days=7))
    assert plan(row, seen(PodPhase.READY), NOW) == (Apply(0),)
    assert plan(row, seen(PodPhase.NONE, replicas=0, volumes=(1,)), NOW) == ()


def test_purge_removes_all() -> None:
    assert plan(wanted(Desired.DELETED, purge_at=NOW), seen(PodPhase.NONE, replicas=0), NOW) == (Remove(),)


def test_a_start_that_takes_too_long_is_given_up() -> None:
    row = wanted(Desired.RUNNING, start_by=NOW)
    assert plan(row, seen(PodPhase.STARTING), NOW) == (GiveUp(Because.START_FAILED),)
    assert plan(row, seen(PodPhase.READY), NOW) == ()


def test_three_exits_before_ready_are_too_many() -> None:
    memory = Crashes()
    for restarts in (1, 2, 3):
        memory, new = count(memory, seen(PodPhase.STARTING, restarts=restarts), NOW)
        assert new == 1
    assert memory.too_many


def test_the_same_look_twice_counts_once_and_a_new_pod_starts_from_zero() -> None:
    memory, _ = count(Crashes(), seen(PodPhase.STARTING, restarts=1), NOW)
    memory, new = count(memory, seen(PodPhase.STARTING, restarts=1), NOW)
    assert (memory.count, new) == (1, 0)
    memory, new = count(memory, seen(PodPhase.STARTING, uid="v", restarts=1), NOW)
    assert (memory.count, new) == (2, 1)


def test_a_game_that_lives_132_s_each_time_is_stopped_at_the_fifth_exit() -> None:
    memory, now = Crashes(), NOW
    for restarts in range(1, 6):
        memory, _ = count(memory, seen(PodPhase.READY, restarts=restarts - 1, ready_since=now), now)
        assert not memory.too_many
        now += timedelta(seconds=132)
        memory, _ = count(memory, seen(PodPhase.STARTING, restarts=restarts), now)
    assert memory.too_many


def test_ten_healthy_minutes_forgive() -> None:
    memory = Crashes("u", 4, 4, True)
    memory, _ = count(memory, seen(PodPhase.READY, restarts=4, ready_since=NOW - timedelta(minutes=10)), NOW)
    assert memory.count == 0


def test_exit_code_0_is_no_crash() -> None:
    memory, new = count(Crashes(), seen(PodPhase.STARTING, restarts=1, last_exit=Exit(0, "Completed", NOW)), NOW)
    assert (memory.count, new) == (0, 0)


@pytest.mark.parametrize("name", ["Pond", "Ada's"[:3], "Фея 7", "池 塘", "a-b"])
def test_names_of_any_script_are_taken(name: str) -> None:
    assert clean(f"  {name} ") == name


@pytest.mark.parametrize("name", ["ที่รัก", "नमस्ते", "שָׁלוֹם", "Việt Nam", "Cafe\u0301"])
def test_letters_may_carry_the_marks_that_their_script_has(name: str) -> None:
    assert clean(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", ["", "a", "x" * 33, "--", "<@1>", "**b**", "a\u200bb", "a\u202eb", "🐭🐭"])
def test_names_with_anything_else_are_refused(name: str) -> None:
    with pytest.raises(BadInput):
        clean(name)


@pytest.mark.parametrize("name", ["\u3164\u3164", "a\u3164b", "ab\ufe0f", "ab\U000e0101", "\u0301ab", "a \u0301b"])
def test_letters_and_marks_that_show_as_nothing_or_stand_on_nothing_are_refused(name: str) -> None:
    with pytest.raises(BadInput):
        clean(name)


def test_a_tower_of_marks_is_refused() -> None:
    assert clean("bx" + "\u0331" * 4)
    with pytest.raises(BadInput):
        clean("bx" + "\u0331" * 5)


def test_names_differ_by_more_than_case() -> None:
    assert key("Pond") == key("pOND") == key("Ｐond")


@pytest.mark.parametrize(
    "name", ["P\u043end", "\u0420\u043end", "\u03a1\u03bfnd", "Po\u0578d", "\ua4d1ond", "𝐏𝐨𝐧𝐝", "Ⓟond"]
)
def test_letters_of_another_script_that_look_the_same_are_the_same(name: str) -> None:
    assert key(name) == key("Pond")


@pytest.mark.parametrize(
    ("one", "other"), [("\u0401\u0416", "\u00cb\u0436"), ("\u0130zmir", "izmir"), ("ΝΙΚΗ", "νικη")]
)
def test_the_key_holds_for_accents_and_either_case(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Hill", "Hi11"), ("Pond 1", "Pond l"), ("Pönd", "Pond"), ("тест", "test"), ("池", "地")]
)
def test_names_that_differ_stay_apart(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_free_text_is_one_line_that_every_database_takes() -> None:
    assert one_line(" a\nb\x00c\ud83dd\te ") == "a bcd e"
