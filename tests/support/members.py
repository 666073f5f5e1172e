"""Who is in a guild, as a test says; everybody is, unless it says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.guilds.membership import Membership, Present
from core.words import Gone, Unknown


@dataclass
class Members(Membership):
    """By user. `away`: Discord does not answer. `asked`: for whom, in order."""

    gone: set[int] = field(default_factory=set)
    unknown: set[int] = field(default_factory=set)
    present: dict[int, Present] = field(default_factory=dict)
    away: bool = False
    asked: list[int] = field(default_factory=list)

    def answers(self) -> bool:
        return not self.away

    async def of(self, guild: int, user: int) -> Present | Gone | Unknown:
        self.asked.append(user)
        if user in self.unknown:
            return Unknown("a test says so")
        return Gone() if user in self.gone else self.present.get(user, Present())
