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


class TryAgain(Refusal):
    """Somebody else changed the same thing at the same moment, or a part of the house is away for now."""


class ClusterError(Exception):
    """An effect on the cluster did not happen; retried with growing delay. `detail` is for the operator's log."""

    def __init__(self, detail: str, *, problem: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problem = problem


class ClusterAway(ClusterError):
    """The cluster does not answer at all: one breaker for everything, not a back-off for each server."""


class Misconfigured(Exception):
    """The program cannot start like this. `lines` say in words what is wrong and how to mend it, all at once."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
