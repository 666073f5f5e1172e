"""Pure: where the next part of a list begins, as words that mean something to nobody but us."""

from __future__ import annotations

import base64
import binascii
import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

from core.errors import BadInput

MOST, USUAL = 200, 50
T = TypeVar("T")

Cursor = Annotated[str | None, Query(max_length=300, description="`next` of the part before; without it, the first.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]


def after(key: Sequence[Any]) -> str:
    """The cursor of what comes behind this key."""
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def place(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """The key; BadInput where it is none of ours, with parts of these kinds."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        found = None
    fits = isinstance(found, list) and len(found) == len(kinds)
    if not fits or any(type(part) is not kind for part, kind in zip(found, kinds, strict=True)):
        raise BadInput("web.cursor")
    if any(isinstance(part, int) and abs(part) >= 2**63 for part in found):  # which no database has
        raise BadInput("web.cursor")
    return tuple(found)


def part(
    items: Sequence[T], key: Callable[[T], tuple[Any, ...]], cursor: str | None, limit: int, *kinds: type
) -> tuple[list[T], str | None]:
    """The items behind the cursor in the order of `key`, and where the rest begins; None: there is none."""
    ordered = sorted(items, key=key)
    start = bisect_right(ordered, place(cursor, *kinds), key=key) if cursor else 0
    found = ordered[start : start + limit]
    return found, after(key(found[-1])) if start + limit < len(ordered) else None
