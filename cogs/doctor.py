"""Pure: what keeps the bot from working in a guild, in words, from what Discord tells of permissions.

`NEEDS` is all that the bot asks for where it posts: what cogs/posting.py and cogs/life.py look at, and no more. Answers
to commands need no permission.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import discord

from cogs.escape import when
from core.text import say


class Where(Enum):
    EVERYWHERE = "in a channel or thread"
    CHANNEL = "in a channel"
    THREAD = "in a thread, or a forum's post"
    LOCKED = "in a thread that is locked"


NEEDS = {
    "view_channel": Where.EVERYWHERE,
    "send_messages": Where.CHANNEL,
    "read_message_history": Where.EVERYWHERE,
    "send_messages_in_threads": Where.THREAD,
    "manage_threads": Where.LOCKED,
}
"""By permission, where the bot needs it. What stops without it: the sentences `lacks.`"""
NEEDED = tuple(name for name, where in NEEDS.items() if where in (Where.EVERYWHERE, Where.CHANNEL))
"""What the bot needs in a channel."""
OF_ROLE = (*NEEDED, "send_messages_in_threads")
"""What its role should have, so that new channels need no care."""
LONGEST = 2200
"""Characters of all remarks: the page has to stay one message."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel or thread in which the bot posts, and what it may do there; `may` None: it was deleted."""

    id: int
    may: discord.Permissions | None
    is_thread: bool = False
    is_forum: bool = False  # to send messages is to post there, and what follows is in threads
    is_locked: bool = False

    @property
    def lacks(self) -> list[str]:
        """Permissions that it needs there and has not."""
        return [
            name
            for name, where in NEEDS.items()
            if self.may is not None and self._needs(where) and not getattr(self.may, name)
        ]

    def _needs(self, where: Where) -> bool:
        match where:
            case Where.EVERYWHERE:
                return True
            case Where.CHANNEL:
                return not self.is_thread
            case Where.THREAD:
                return self.is_thread or self.is_forum
            case Where.LOCKED:
                return self.is_locked


@dataclass(frozen=True, slots=True)
class Guild:
    """What Discord tells of a guild. `may`: what its role gives the bot where no channel says otherwise. `chosen`: the
    channels of the rules that are there. `cards`: where cards stand, looked at where no channel for cards is chosen."""

    may: discord.Permissions
    chosen: Sequence[Place] = ()
    cards: Sequence[Place] = ()
    has_server_channel: bool = False
    timed_out_until: datetime | None = None


def look(guild: Guild, language: str, gone: Sequence[str] = ()) -> list[str]:
    """Line by line what is in the way, or that nothing is. `gone`: lines of what was chosen and deleted."""
    lines = list(gone)
    if guild.timed_out_until is not None:
        lines.append(say(language, "doctor.timed_out", until=when(guild.timed_out_until, "f")))
    if missing := [name for name in OF_ROLE if not getattr(guild.may, name)]:
        lines.append(say(language, "doctor.role", permissions=_names(missing, language)))
    places = list(dict.fromkeys([*guild.chosen, *(() if guild.has_server_channel else guild.cards)]))
    for place in places:
        lines += _of_place(place, language)
    if any(place.may is None for place in places):
        lines.append(say(language, "doctor.card_gone"))
    if not lines:
        return [say(language, "doctor.well" if guild.has_server_channel else "doctor.well_unset")]
    return _short(lines if guild.has_server_channel else [*lines, say(language, "doctor.unset")])


def lacking(may: discord.Permissions, channel: int, language: str) -> list[str]:
    """One line that names what the bot may not do in a channel; none where all is well."""
    return missing(Place(channel, may), language)


def missing(place: Place, language: str) -> list[str]:
    """Likewise in a channel or thread."""
    if not place.lacks:
        return []
    return [say(language, "setup.missing", channel=f"<#{place.id}>", permissions=_names(place.lacks, language))]


def _of_place(place: Place, language: str) -> list[str]:
    """With what stops working. Who does not see a channel has no other trouble there."""
    stops = ["view_channel"] if "view_channel" in place.lacks else place.lacks
    return missing(place, language) + [f"-# {say(language, f'lacks.{name}')}" for name in stops]


def _names(permissions: Iterable[str], language: str) -> str:
    return ", ".join(say(language, f"permission.{each}") for each in permissions)


def _short(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(line) > LONGEST:
            return [*kept, "…"]
        kept.append(line)
    return kept
