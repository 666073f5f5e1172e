"""Pure: where a message may go, best first. A face tries one after the other and passes over what takes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.words import NoticeKind


@dataclass(frozen=True, slots=True)
class Channel:
    id: int


@dataclass(frozen=True, slots=True)
class Person:
    """By direct message."""

    id: int


Destination = Channel | Person
OF_GUILDS = frozenset({NoticeKind.BLOCKED, NoticeKind.BROADCAST})
"""What a guild without rules and servers is told where it was greeted."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of where people read; None or empty: nothing."""

    notice_channel: int | None = None  # of the guild's rules
    server_channel: int | None = None  # of the guild's rules
    card: int | None = None  # where the server's card stands
    created_in: int | None = None  # where the server was created
    named: int | None = None  # what the notice itself names
    owner: int | None = None  # of the server
    operator: int | None = None  # whom an alarm is for
    follower: int | None = None  # who follows the server
    greetable: Sequence[int] = ()  # where a guild that is new may be greeted, best first


def of_card(known: Known) -> list[int]:
    """The server channel; without one, where the card stands."""
    best = known.server_channel or known.card or known.created_in
    return _distinct((best, known.card, known.created_in))


def of_notice(kind: NoticeKind, known: Known) -> list[Destination]:
    """The notice channel, where the card stands, where the server was created, the server channel, the owner, unless
    they left."""
    if kind is NoticeKind.ALARM:
        return [Person(known.operator)] if known.operator else []
    if kind is NoticeKind.FOLLOW:
        return [Person(known.follower)] if known.follower else []
    if kind is NoticeKind.WELCOME:
        return [Channel(each) for each in _distinct(known.greetable)]
    channels = _distinct((known.notice_channel, known.card, known.created_in, known.server_channel, known.named))
    if kind in OF_GUILDS:
        return [Channel(each) for each in _distinct((*channels, *known.greetable))]
    owner = [Person(known.owner)] if known.owner and kind is not NoticeKind.OWNER_GONE else []
    return [*map(Channel, channels), *owner]


def _distinct(channels: Iterable[int | None]) -> list[int]:
    return list(dict.fromkeys(channel for channel in channels if channel))
