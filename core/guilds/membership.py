"""Who is in a guild: a port, because only Discord knows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from core.words import Gone, Unknown


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is in the guild now, with what rights depend on. `age`: seconds that the oldest of it was known
    before it was asked for."""

    roles: frozenset[int] = frozenset()
    manages_guild: bool = False
    age: float = field(default=0.0, compare=False)


class Membership(ABC):
    """Asks Discord; each call is one request at most."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether asking makes sense now: False while there is no line to Discord."""

    @abstractmethod
    async def of(self, guild: int, user: int) -> Present | Gone | Unknown:
        """Gone only where Discord says that there is no such member, or no such user. An outage, a guild that does not
        show itself and a request that is refused for any other reason are Unknown. Never raises."""


class NobodyTells(Membership):
    """Where there is no line to Discord."""

    def answers(self) -> bool:
        return False

    async def of(self, guild: int, user: int) -> Present | Gone | Unknown:
        return Unknown("there is no line to Discord")
