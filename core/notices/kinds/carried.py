"""What events and notices have in common.

`codec` makes JSON of each and back. The names of fields are the keys of stored rows: never rename one, only add, with a
default for the rows that do not have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import PlainSerializer

from core.words import Lack, Problem, Step

Moment = Annotated[datetime, PlainSerializer(lambda at: int(at.timestamp()), return_type=int)]
"""Whole unix seconds in JSON."""


@dataclass(frozen=True, slots=True)
class Carried:
    """MARK: what its JSON holds besides, to tell the states of one kind apart. FLAT: fields whose own fields lie beside
    the others in JSON."""

    MARK: ClassVar[Mapping[str, str]] = {}
    FLAT: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a server is not up, with all the values that its words need; None where one is not known."""

    problem: Problem | None = None
    lacks: Lack | None = None
    step: Step | None = None  # how far it got
    step_took: float | None = None  # seconds, by now
    code: int | None = None  # of the last exit; 128 + n for signal n
    reason: str = ""
    count: int = 0  # of crashes since it was healthy
    most: int | None = None  # with so many it is given up
    ever_ready: bool | None = None  # whether this run was up before it crashed
    memory: int | None = None  # MiB that its size may use
    more_memory: bool | None = None  # whether the game comes in a size with more
    cpu: int | None = None  # millicores that its size needs
    node: str = ""  # the machine that does not answer
    away_since: Moment | None = None


UNTROUBLED = Trouble()
"""Nothing is known."""
