"""What the cluster last reported about every server. The controller's watch writes it; everybody else reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from core.clock import happened
from core.cluster.port import Observed
from core.words import PodPhase


@dataclass(slots=True)
class ObservedServers:
    """`stale_since` None: it is fresh. `steps`: when each server was first seen at the step where it is now."""

    stale_since: datetime | None
    by_server: dict[str, Observed] = field(default_factory=dict)
    steps: dict[str, datetime] = field(default_factory=dict)

    def of(self, server: str) -> Observed:
        return self.by_server.get(server) or Observed(server)

    def unseen_since(self, now: datetime) -> datetime | None:
        """`stale_since`, never after now: the clock may have been set back meanwhile."""
        if self.stale_since is not None:
            self.stale_since = happened(self.stale_since, now)
        return self.stale_since

    def listed(self, observed: Iterable[Observed]) -> None:
        """Take a full list. The beginning of a step that nobody saw begin is not known."""
        before, self.by_server = self.by_server, {seen.server: seen for seen in observed}
        same = (server for server, seen in self.by_server.items() if _step(before.get(server)) == _step(seen))
        self.steps = {server: self.steps[server] for server in same if server in self.steps}
        self.stale_since = None

    def changed(self, seen: Observed, now: datetime) -> bool:
        """Take a change. Returns whether people see something new, even where the server's row stays the same."""
        before = self.by_server.get(seen.server)
        self.by_server[seen.server] = seen
        stepped = _step(before) != _step(seen)
        if stepped:
            self.steps.pop(seen.server, None)
            if _step(seen):
                self.steps[seen.server] = now
        return stepped or (before is not None and _shown(before) != _shown(seen))


def _shown(seen: Observed) -> tuple[object, ...]:
    return (seen.address, seen.lacks, seen.progress, seen.away)


def _step(seen: Observed | None) -> tuple[object, ...]:
    """Differs between two steps, and between two times of the same step. Empty: no step."""
    if seen is None or seen.step is None or seen.pod is PodPhase.READY:
        return ()
    return (seen.step, seen.run, seen.restarts)
