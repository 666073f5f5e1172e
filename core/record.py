"""Small facts that are kept or sent as JSON. Only the standard library is imported here: an agent has to stay small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Self


class Record:
    """Base of a dataclass that goes through JSON."""

    __slots__ = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Skips keys that it does not know: their writer may be of another version. TypeError where one is missing."""
        known = {each.name for each in fields(cls)}  # type: ignore[arg-type]
        return cls(**{key: value for key, value in values.items() if key in known})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload, no-any-return]
