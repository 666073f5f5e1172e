"""The parts from which everything about servers is built, and the one place that puts them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.changes import Changes
from core.data.database import Database
from core.games.catalogue import Catalogue
from core.servers.admission import Admission
from core.servers.events import ServerEvents
from core.servers.host_rules import HostRules
from core.servers.observed import ObservedServers
from core.servers.passwords import Passwords
from core.servers.projections import Projections
from core.servers.questions import Questions
from core.servers.rows import ServerRows
from core.servers.transitions import Transitions
from core.servers.views import ServerViews


@dataclass(frozen=True, slots=True)
class ServerParts:
    """For what needs most of the parts. What needs a few takes those few."""

    database: Database
    catalogue: Catalogue
    changes: Changes
    rules: HostRules
    now: Callable[[], datetime]
    observed: ObservedServers
    passwords: Passwords
    projections: Projections
    events: ServerEvents
    admission: Admission
    transitions: Transitions
    rows: ServerRows
    views: ServerViews
    questions: Questions

    @classmethod
    def build(
        cls,
        database: Database,
        catalogue: Catalogue,
        changes: Changes,
        rules: HostRules,
        now: Callable[[], datetime],
    ) -> ServerParts:
        """Nothing is observed at first: the controller's watch begins that."""
        observed, passwords = ObservedServers(stale_since=now()), Passwords(rules.master_key)
        projections = Projections(catalogue, rules, passwords, observed)
        events = ServerEvents(projections, now)
        rows = ServerRows(database, changes, rules, now)
        admission = Admission(rows, catalogue)
        return cls(
            database=database,
            catalogue=catalogue,
            changes=changes,
            rules=rules,
            now=now,
            observed=observed,
            passwords=passwords,
            projections=projections,
            events=events,
            admission=admission,
            transitions=Transitions(projections, events, now, admission),
            rows=rows,
            views=ServerViews(rows, projections, observed, rules, now),
            questions=Questions(database, now),
        )
