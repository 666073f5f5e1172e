"""What the API gives: one model a thing, each made from a view of core. Ids of Discord are strings, as there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.servers.views import ServerView
from core.words import Because, Desired, Phase, Problem, Step


def _fits(typed: str) -> str:
    if int(typed) >= 2**63:
        raise ValueError("this is no id of Discord's")
    return typed


def _plain(typed: str) -> str:
    if "\x00" in typed:
        raise ValueError("a character with the number 0 cannot be taken")
    return typed


Snowflake = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,18}$", examples=["80351110224678912"]), AfterValidator(_fits)]
"""An id of Discord's."""
Typed = Annotated[str, Field(max_length=4000), AfterValidator(_plain)]
"""What somebody typed."""
T = TypeVar("T")


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Body(BaseModel):
    """What is asked for. A field that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Page(Model, Generic[T]):
    """A part of a list."""

    items: list[T]
    next: str | None = None
    """What `cursor` takes for the rest; null: there is none."""


class Players(Model):
    online: int
    most: int
    names: list[str]
    """May be empty although somebody plays: not every game tells names, and not every guild shows them."""
    known: bool
    """False: the game does not tell at the moment. Nobody is put out for that."""


class Idle(Model):
    after: int
    """Seconds that it is empty before it pauses; 0: never for being empty."""
    warn: int
    """Seconds before that in which the channel is warned."""
    empty_since: datetime | None
    pause_at: datetime | None
    """null: nothing will pause it."""
    keep_until: datetime | None


class Server(Model):
    """A server as it is now. `version` grows with every change, and is the ETag."""

    id: str
    guild: Snowflake
    name: str
    description: str
    owner: Snowflake | None
    """null: it belongs to the guild's admins."""
    game: str
    size: str
    desired: Desired
    because: Because
    phase: Phase
    phase_since: datetime
    step: Step | None
    problem: Problem | None
    address: str | None
    addresses: dict[str, str]
    players: Players
    idle: Idle
    ready_at: datetime | None
    saved_at: datetime | None
    saved_bytes: int | None
    purge_at: datetime | None
    """Until when a deleted server can be brought back."""
    offered_to: Snowflake | None
    """Who may take it, until `offered_until`."""
    offered_until: datetime | None
    pending: list[str]
    """Settings that its next start takes; `/size` stands for its size."""
    fresh: bool
    """False: the cluster is away, and this is what was known last."""
    version: int

    @classmethod
    def of(cls, view: ServerView) -> Server:
        return cls(
            id=view.id,
            guild=str(view.guild),
            name=view.name,
            description=view.description,
            owner=str(view.owner) if view.owner > 0 else None,
            game=view.game.id if view.game else view.game_name,
            size=view.size,
            desired=view.desired,
            because=view.because,
            phase=view.phase,
            phase_since=view.phase_since,
            step=view.step,
            problem=view.problem,
            address=view.address,
            addresses=view.addresses,
            players=Players(
                online=view.players_online,
                most=view.players_max,
                names=list(view.players),
                known=view.players_known,
            ),
            idle=Idle(
                after=view.idle.after,
                warn=view.idle.warn,
                empty_since=view.idle.empty_since,
                pause_at=view.idle.pause_at,
                keep_until=view.idle.keep_until,
            ),
            ready_at=view.ready_at,
            saved_at=view.saved_at,
            saved_bytes=view.saved_bytes,
            purge_at=view.purge_at,
            offered_to=str(view.offered_to) if view.offered_to else None,
            offered_until=view.offered_until,
            pending=list(view.pending),
            fresh=view.fresh,
            version=view.version,
        )
