"""Pure: why a server does not come up, and what to do about it, in words that a member knows."""

from __future__ import annotations

from babel.numbers import format_decimal

from core.notices.kinds.carried import Trouble
from core.text import choose, count, duration, say
from core.text.marks import Marks
from core.words import CANNOT_START, NODE_STOPPED, NOT_READY, Problem

OUT_OF_MEMORY = "OOMKilled"
SIGNALS = range(128 + 1, 128 + 65)
"""Exit codes that stand for a signal: Linux has 64 of them (signal(7))."""
KILLED = 128 + 9
_REASONS = {NOT_READY: "cause.not_ready", NODE_STOPPED: "cause.node_stopped", CANNOT_START: "cause.cannot_start"}
_MIB, _GIB = 1 << 20, 1 << 10


def why(trouble: Trouble, language: str, marks: Marks) -> str:
    """The open problem as a sentence; empty for none."""
    match trouble.problem:
        case None:
            return ""
        case Problem.NO_PLACE:
            return _no_place(trouble, language)
        case Problem.OUT_OF_MEMORY:
            return _out_of_memory(trouble, language)
        case Problem.NODE_AWAY if trouble.node and trouble.away_since:
            since = marks.when(trouble.away_since, "f")
            return say(language, "problem.node_away.since", node=marks.code(trouble.node), since=since)
        case Problem.CRASHING if trouble.count and trouble.most:
            reason = cause(trouble, language)
            return count(language, "problem.crashed", trouble.count, cause=reason, most=trouble.most)
        case problem:
            return say(language, f"problem.{problem}")


def what_to_do(trouble: Trouble, language: str, *, ends: bool = False) -> str:
    """Empty where nothing helps but what is offered anyway. `ends`: the server is to stop."""
    problem = Problem.OUT_OF_MEMORY if trouble.reason == OUT_OF_MEMORY else trouble.problem
    if problem in (None, Problem.CRASHING):
        return ""
    if problem is Problem.NODE_AWAY and ends:
        return say(language, "todo.node_away.ends")
    if problem is Problem.OUT_OF_MEMORY:
        return say(language, f"todo.{problem}.{'size' if trouble.more_memory else 'less'}")
    return say(language, f"todo.{problem}")


def last_exit(trouble: Trouble, language: str) -> str:
    """How it ended last, as a sentence; empty where it never did."""
    if trouble.reason == OUT_OF_MEMORY:
        return _out_of_memory(trouble, language)
    return "" if trouble.code is None else say(language, "trouble.last", cause=cause(trouble, language))


def how_far(trouble: Trouble, language: str) -> str:
    """The step that a start did not get beyond, and how long it took by then; empty where that is not known."""
    if trouble.step is None:
        return ""
    step = say(language, f"step.{trouble.step}")
    if not trouble.step_took:
        return say(language, "trouble.step", step=step)
    return say(language, "trouble.step_took", step=step, took=duration(language, trouble.step_took))


def cause(trouble: Trouble, language: str) -> str:
    """Why it ended last, to be put between brackets."""
    if trouble.reason == OUT_OF_MEMORY and trouble.memory:
        return say(language, "cause.memory", memory=memory(trouble.memory, language))
    if trouble.reason == OUT_OF_MEMORY:
        return say(language, "cause.memory_unsized")
    if (message := _REASONS.get(trouble.reason)) is not None:
        return say(language, message)
    if trouble.code is None:
        return say(language, "cause.none")
    if trouble.code == KILLED:
        return say(language, "cause.killed")
    if trouble.code in SIGNALS:
        return say(language, "cause.signal", number=trouble.code - 128)
    return say(language, "cause.code", code=trouble.code)


def memory(mib: int, language: str) -> str:
    """`96 MiB`, `2 GiB`, `2.5 GiB`."""
    return f"{mib} MiB" if mib < _GIB else f"{gib(mib * _MIB, language)} GiB"


def gib(amount: int, language: str) -> str:
    """Bytes as a number of GiB, without the unit: `1.3`."""
    return format_decimal(amount / (1 << 30), format="#,##0.#", locale=choose(language))


def _no_place(trouble: Trouble, language: str) -> str:
    if not trouble.memory or not trouble.cpu:
        return say(language, "problem.no_place")
    return say(
        language,
        f"problem.no_place.{trouble.lacks or 'room'}",
        memory=memory(trouble.memory, language),
        cpu=format_decimal(trouble.cpu / 1000, format="0.##", locale=choose(language)),
    )


def _out_of_memory(trouble: Trouble, language: str) -> str:
    if not trouble.memory:
        return say(language, "problem.out_of_memory")
    return say(language, "problem.out_of_memory.size", memory=memory(trouble.memory, language))
