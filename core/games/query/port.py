"""The port to a game's own word on who plays: one adapter a protocol, chosen by the catalogue's `query.kind`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from core.cluster.port import Endpoint
from core.games.catalogue import Query as Rule
from core.words import Evidence


@dataclass(frozen=True, slots=True)
class Players:
    """What was learned. `max` is 0 where the game does not tell."""

    evidence: Evidence
    max: int = 0


class Query(ABC):
    """Never raises for a game that does not answer, or answers nonsense: that is Unknown, with the reason."""

    by_agent = False
    """Whether it is the agent's endpoint that is asked, with its token, and not the game's."""

    @abstractmethod
    async def players(self, endpoint: Endpoint, rule: Rule, *, token: str = "") -> Players:
        """Ask once, at most 3 seconds."""
