"""The receipt of a snapshot: what everybody is told of one that exists. Only the standard library is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from core.record import Record

from .gaps import Gaps


@dataclass(frozen=True, slots=True)
class Receipt(Record):
    """A snapshot that exists: its manifest is on the store. Sizes in bytes; `at`: when reading the world began (UTC).

    `new_bytes`: what it added to the store. `stored`: all that the store shows of this server. `checked`: every pack
    that it names was listed with its size. `cpu_seconds`: what taking it cost. `gaps`: what it lacks of the world.
    """

    name: str
    at: datetime
    size: int
    new_bytes: int = 0
    stored: int = 0
    checked: bool = False
    cpu_seconds: float = 0.0
    gaps: Gaps = field(default_factory=Gaps)

    @property
    def order(self) -> tuple[int, int, int, str]:
        return order_of(self.name)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From `to_json`. Raises ValueError where it is none."""
        try:
            return cls(
                name=str(values["name"]),
                at=datetime.fromisoformat(str(values["saved_at"])),
                size=int(values["size"]),
                new_bytes=int(values.get("new_bytes", 0)),
                stored=int(values.get("stored", 0)),
                checked=bool(values.get("checked", False)),
                cpu_seconds=float(values.get("cpu_seconds", 0.0)),
                gaps=Gaps.of(values.get("gaps")),
            )
        except (KeyError, TypeError, AttributeError) as wrong:
            raise ValueError(f"not a receipt: {wrong!r}") from wrong

    def to_json(self) -> dict[str, Any]:
        """Running agents of older versions, and files of theirs, say `saved_at`."""
        return {
            "name": self.name,
            "saved_at": self.at.isoformat(),
            "size": self.size,
            "new_bytes": self.new_bytes,
            "stored": self.stored,
            "checked": self.checked,
            "cpu_seconds": self.cpu_seconds,
            "gaps": self.gaps.to_json(),
        }


def order_of(name: str | None) -> tuple[int, int, int, str]:
    """Snapshots' names (FORMAT.md) in the order of their making; what is none comes before all."""
    volume, run, seq, *rest = [*(name or "").split("-"), "", "", ""]
    if not (volume.isdecimal() and run.isdecimal() and seq.isdecimal()):
        return (-1, -1, -1, "")
    return (int(volume), int(run), int(seq), rest[0])
