"""Pure: crashes are counted, not timed, because a growing back-off hides a loop from any window.

| what | rule |
|---|---|
| counted | exits of the game since it was healthy, as the delta of restart counts per pod UID |
| healthy | Ready for 10 minutes in a row; sets the count to 0 |
| exit code 0 | no crash, unless it was ended for never becoming ready; `exit_zero` says restart or pause |
| its machine stopped | no crash of the game |
| give up | at 3 exits before this run was ever Ready, or at 5 without a healthy time |
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.cluster.port import Observed
from core.words import NODE_STOPPED, NOT_READY, PodPhase

HEALTHY_AFTER = timedelta(minutes=10)
BEFORE_READY = 3
WITHOUT_HEALTH = 5


@dataclass(frozen=True, slots=True)
class Crashes:
    """What is remembered between two looks. `seen` restarts of pod `uid` are counted already."""

    uid: str | None = None
    seen: int = 0
    count: int = 0
    ever_ready: bool = False

    @property
    def most(self) -> int:
        return WITHOUT_HEALTH if self.ever_ready else BEFORE_READY

    @property
    def too_many(self) -> bool:
        return self.count >= self.most


def ended_by_itself(seen: Observed) -> bool:
    """Whether the last exit was the game's own, with code 0."""
    return seen.last_exit is not None and seen.last_exit.code == 0 and seen.last_exit.reason != NOT_READY


def _is_crash(seen: Observed) -> bool:
    """Whether the last exit is the game's to answer for."""
    return not ended_by_itself(seen) and (seen.last_exit is None or seen.last_exit.reason != NODE_STOPPED)


def count(
    memory: Crashes, seen: Observed, now: datetime, *, healthy_after: timedelta = HEALTHY_AFTER
) -> tuple[Crashes, int]:
    """The memory after this look, and how many crashes are new in it."""
    if seen.uid is None:
        return memory, 0
    before = memory.seen if memory.uid == seen.uid else 0
    exits = max(0, seen.restarts - before)
    crashed = exits if _is_crash(seen) else 0
    ready = seen.pod is PodPhase.READY
    healthy = ready and seen.ready_since is not None and now - seen.ready_since >= healthy_after
    return (
        replace(
            memory,
            uid=seen.uid,
            seen=max(seen.restarts, before),
            count=0 if healthy else memory.count + crashed,
            ever_ready=memory.ever_ready or ready,
        ),
        crashed,
    )
