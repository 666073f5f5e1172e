"""The trace id of what is being done now: one id from an interaction through event, notice, object and agent call."""

from __future__ import annotations

from contextvars import ContextVar

from core.words import is_trace, new_trace

_current: ContextVar[str] = ContextVar("trace", default="")


def begin(trace: str | None = None) -> str:
    """Continue `trace` in this task (and those it starts) and return its id. A new one begins where there is none, or
    only the shorter id of an older version."""
    trace = trace if trace and is_trace(trace) else new_trace()
    _current.set(trace)
    return trace


def current() -> str:
    """The running trace's id; begins one where there is none."""
    return _current.get() or begin()
