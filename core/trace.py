"""The trace id of what is being done now: one id from an interaction through event, notice, object and agent call."""

from __future__ import annotations

from contextvars import ContextVar

from core.words import new_trace

_current: ContextVar[str] = ContextVar("trace", default="")


def begin(trace: str | None = None) -> str:
    """Start a new trace in this task (and those it starts) and return its id."""
    trace = trace or new_trace()
    _current.set(trace)
    return trace


def current() -> str:
    """The running trace's id; begins one where there is none."""
    return _current.get() or begin()
