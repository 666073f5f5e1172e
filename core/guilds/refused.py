"""Pure: a refusal in words, for every face. A face brings how it shows what people typed, and moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from core.errors import Bytes, NotAllowed, Refusal
from core.guilds.access import NEEDS, Do, Level, Who
from core.text import duration, say, size

_LEAST = {Level.OWNER: "owner", Level.MANAGER: "manager"}

Typed = Callable[[str], str]
"""What people typed, so that it cannot be taken for anything else where it is shown."""
Moment = Callable[[datetime], str]


def sentence(wrong: Refusal, language: str, typed: Typed, moment: Moment) -> str:
    """What happened, why, and what to do, in the markdown of `core.text`."""
    values = {key: _value(value, language, typed, moment) for key, value in wrong.values.items()}
    if not isinstance(wrong, NotAllowed) or "do" not in wrong.values:
        return say(language, wrong.message, **values)
    do = Do(wrong.values["do"])
    if NEEDS[do] is Level.PLAYER:
        return say(language, "server.not_shared", **values)
    return say(language, wrong.message, what=say(language, f"do.{do}", **values), **values)


def named(who: Who, language: str, typed: Typed) -> str:
    """`Ada (owner) or an admin`: fits after *only* and after *by*."""
    if not who.owned:
        return say(language, f"who.{_LEAST[who.least]}_admins")
    owner = typed(who.owner) or say(language, "owner.unknown")
    return say(language, f"who.{_LEAST[who.least]}", owner=owner)


def _value(value: object, language: str, typed: Typed, moment: Moment) -> object:
    match value:
        case Bytes():
            return size(language, value)
        case datetime():
            return moment(value)
        case timedelta():
            return duration(language, max(1.0, value.total_seconds()))
        case Who():
            return named(value, language, typed)
        case str():
            return typed(value)
        case _:
            return value
