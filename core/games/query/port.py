"""The port to a game's own word on who plays: one adapter a protocol, chosen by the catalogue's `query.kind`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from core.games.form.reached import Query as Rule
from core.words import Evidence


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the bot itself reaches a port of a game or of its agent (not what members use)."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class LogPart:
    """Some lines of a run's output. `whole`: with those before them, they are all since the run began."""

    lines: tuple[str, ...]
    whole: bool


class Run(Protocol):
    """Which run of a server's game it is. Another pod is another run, and so is a restart within a pod."""

    @property
    def uid(self) -> str | None:
        """The pod's; None where there is none."""

    @property
    def restarts(self) -> int: ...


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
