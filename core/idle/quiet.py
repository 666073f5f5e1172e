"""Pure: servers of which the last look changed nothing, and the next one would not either. What they answer is compared
with what they answered, and their rows are left alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from core.games.query.port import Players
from core.words import Occupied, Unknown

Mark = tuple[object, ...]
"""Of a server's row and of what its guild says of idleness: another one wherever either was written."""


@dataclass(slots=True)
class _Quiet:
    mark: Mark
    said: object
    since: datetime
    until: datetime
    known_at: datetime | None


@dataclass(slots=True)
class Quiet:
    _servers: dict[str, _Quiet] = field(default_factory=dict)

    def begins(self, server: str, mark: Mark, players: Players, now: datetime, until: datetime) -> None:
        self._servers[server] = _Quiet(mark, _said(players), now, until, None)

    def ends(self, server: str) -> None:
        self._servers.pop(server, None)

    def goes_on(self, server: str, mark: Mark, players: Players, asked: datetime, now: datetime) -> bool:
        """Whether this answer changes nothing. Where it does, what was remembered is over."""
        quiet = self._servers.get(server)
        if quiet is None:
            return False
        if quiet.mark != mark or quiet.said != _said(players) or not quiet.since <= now < quiet.until:
            self.ends(server)
            return False
        if not isinstance(players.evidence, Unknown):
            quiet.known_at = asked
        return True

    def known(self) -> dict[str, datetime]:
        """When each answered that it is as before, where that is not written yet; from then on it counts as written."""
        found = {server: quiet.known_at for server, quiet in self._servers.items() if quiet.known_at is not None}
        for server in found:
            self._servers[server].known_at = None
        return found

    def keep(self, servers: Iterable[str]) -> None:
        """The others run no more."""
        for server in self._servers.keys() - set(servers):
            del self._servers[server]


def _said(players: Players) -> object:
    """Some games name their players in another order each time."""
    evidence = players.evidence
    if isinstance(evidence, Occupied):
        return evidence.online, frozenset(evidence.names), players.max
    return type(evidence), players.max
