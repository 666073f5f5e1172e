"""Tells whoever runs the bot what keeps servers from running and only they can change. Members read on their cards that
somebody has to look at it; this is how somebody hears of it.

| problem, for a minute or longer | alarm |
|---|---|
| NODE_AWAY | one for each node |
| what no member can mend (`OPERATORS`) | one for each problem, however many servers have it |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from core.data.tables import ServerRow
from core.notices.alarms import Alarms
from core.notices.kinds.alarms import AlarmNotice, HostAlarm, NodeAlarm
from core.servers.parts import ServerParts
from core.words import Alarm, Phase, Problem

EVERY = timedelta(seconds=30)
STANDS = timedelta(minutes=1)
"""What is over sooner is nobody's work."""
OPERATORS = frozenset(
    {
        Problem.NO_NODE,
        Problem.NO_VOLUME,
        Problem.IMAGE,
        Problem.QUOTA,
        Problem.REFUSED,
        Problem.DISK_FULL,
        Problem.VOLUME_FOREIGN,
        Problem.AGENT_REFUSES,
    }
)
_TOLD = frozenset({Alarm.NODE, Alarm.HOST})


@dataclass(frozen=True, slots=True)
class Troubled:
    """A server with an open problem. `node`: the one that does not answer."""

    server: str
    problem: Problem
    since: datetime
    detail: str = ""
    node: str = ""


def alarms_of(troubled: Iterable[Troubled], now: datetime) -> list[AlarmNotice]:
    """Pure: the table above."""
    standing: dict[tuple[Alarm, str], list[Troubled]] = {}
    for each in troubled:
        if now - each.since < STANDS:
            continue
        if each.problem is Problem.NODE_AWAY and each.node:
            standing.setdefault((Alarm.NODE, each.node), []).append(each)
        elif each.problem in OPERATORS:
            standing.setdefault((Alarm.HOST, each.problem), []).append(each)
    return [_notice(alarm, about, those) for (alarm, about), those in sorted(standing.items())]


def _notice(alarm: Alarm, about: str, those: list[Troubled]) -> AlarmNotice:
    if alarm is Alarm.NODE:
        return NodeAlarm(about, count=len(those))
    first = min(those, key=lambda each: (each.since, each.server))
    return HostAlarm(about, count=len(those), server=first.server, why=first.detail)


class HostProblems:
    """Keeps nothing: what is open is in the database."""

    def __init__(self, parts: ServerParts, alarms: Alarms, now: Callable[[], datetime]) -> None:
        self._database = parts.database
        self._observed = parts.observed
        self._alarms = alarms
        self._now = now

    async def run(self) -> None:
        """Begin what is new, end what is over. While the cluster is away nothing is known, so all stays."""
        if self._observed.stale_since is not None:
            return
        wanted = {(each.alarm, each.about): each for each in alarms_of(await self._troubled(), self._now())}
        open_now = {(each.alarm, each.about) for each in await self._alarms.open() if each.alarm in _TOLD}
        for alarm, about in open_now - wanted.keys():
            await self._alarms.end(alarm, about)
        for key in wanted.keys() - open_now:
            await self._alarms.begin(wanted[key])

    async def _troubled(self) -> list[Troubled]:
        query = select(ServerRow.id, ServerRow.problem, ServerRow.problem_since, ServerRow.problem_detail).where(
            col(ServerRow.problem).in_([Problem.NODE_AWAY, *OPERATORS]), col(ServerRow.phase) != Phase.DELETED
        )
        async with self._database.session() as session:
            found = list(await session.exec(query))
        return [
            Troubled(server, Problem(problem), since, detail, self._node_of(server))
            for server, problem, since, detail in found
            if problem is not None and since is not None
        ]

    def _node_of(self, server: str) -> str:
        away = self._observed.of(server).away
        return away.node if away else ""
