"""Every refusal a person can cause: a message id and its values, never a sentence (core.text has those)."""

from __future__ import annotations

from typing import Any


class Bytes(int):
    """An amount of data among a refusal's values: said in the reader's units."""


class Refusal(Exception):
    """Says no in words: `message` is a message id of core.text, `values` fill it. Nothing was changed."""

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return f"{self.message} {self.values}" if self.values else self.message


class NotFound(Refusal):
    """No such thing, or not for this member: the two look the same, byte for byte."""


class NotAllowed(Refusal):
    """The rights do not reach; the sentence says who can."""


class BadInput(Refusal):
    """What was typed cannot be taken; the sentence says what would be."""


class LimitReached(Refusal):
    """A quota or limit of the guild or the host is used up."""


class TooManyDeleted(LimitReached):
    """Deleted servers that can still be brought back hold what a new one needs. One can let go of them."""


class TryAgain(Refusal):
    """Somebody else changed the same thing at the same moment, or a part of the house is away for now."""


class ChangedMeanwhile(TryAgain):
    """What somebody saw before deciding is not so any more; the sentence says what."""


class LicenceNeeded(Refusal):
    """A game's licence is not accepted here, and whoever asked may do so: then they get on with what they asked for.

    `mark` is that of the text. `question` is what `GoingOn.go_on` takes, with `server`, or `Creation.go_on`, where
    there is no server yet. Without one, `server` is to be started, and `then` says by what: `resume`, `restart`, or
    empty where it has to be asked for again.
    """

    def __init__(
        self,
        *,
        game: str,
        licence: str,
        url: str,
        mark: str,
        guild: int,
        question: str = "",
        server: str = "",
        then: str = "",
    ) -> None:
        super().__init__("licence.needed", game=game, licence=licence)
        self.url = url
        self.mark = mark
        self.guild = guild
        self.question = question
        self.server = server
        self.then = then


class ClusterError(Exception):
    """An effect on the cluster did not happen; retried with growing delay. `detail` is for the operator's log.

    `failure`: its kind in core/worlds/failures.py, where it is about a world. `taken`: names of the server's ports that
    something else has, with the problem PORT_TAKEN.
    """

    def __init__(
        self, detail: str, *, problem: str | None = None, failure: str | None = None, taken: tuple[str, ...] = ()
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problem = problem
        self.failure = failure
        self.taken = taken


class ClusterAway(ClusterError):
    """The cluster does not answer at all: one breaker for everything, not a back-off for each server."""


class Misconfigured(Exception):
    """The program cannot start like this. `lines` say in words what is wrong and how to mend it, all at once."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class CannotGoOn(Misconfigured):
    """Likewise of what happened while it ran: it was fine at the start."""
