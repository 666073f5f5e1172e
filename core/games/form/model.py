"""What the parts of a game's file have in common."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_VOLUME = 16 * 1024
"""GiB of the largest disk that clouds have."""

FOLDER = r"^[\w-][\w.-]*(/[\w-][\w.-]*)*$"  # below the data folder

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]

Fault = tuple[tuple[str | int, ...], str]
"""Where in a file, and what is wrong there."""


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def check_expression(pattern: str, *groups: str) -> None:
    """Raises ValueError where it is no regular expression, or has none of these groups."""
    try:
        found = re.compile(pattern)
    except re.error as wrong:
        raise ValueError(f"{pattern!r} is not a regular expression: {wrong}") from None
    if groups and not set(groups) & set(found.groupindex):
        raise ValueError(f"{pattern!r} needs a group (?P<{groups[0]}>...)")
