"""What a snapshot lacks of the folder that it was taken of. Only the standard library is imported here: an agent has to
stay small."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

UNREADABLE, TORN = "unreadable", "torn"
FILES = (UNREADABLE, TORN, "deep", "huge", "mount")
"""Reasons that concern the world. The others are devices, fifos and sockets, which no copy of a world ever has."""

NAMED = 3
_LONGEST = 120  # characters of a path
_MOST = 1000  # bytes of all that is named, as JSON: a manifest's header is read in one piece (manifest.HEADER_READ)


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that was left out, or is not whole. `path` below the folder, the end of a long one."""

    path: str
    why: str  # as in `Gaps.counts`


@dataclass(frozen=True, slots=True)
class Gaps:
    """How many, by reason (tree.walk; `torn`: a file that changed each time it was read), and the first few."""

    counts: Mapping[str, int] = field(default_factory=dict)
    first: tuple[Gap, ...] = ()

    @property
    def files(self) -> int:
        """Things of the world that are missing or not whole."""
        return sum(count for why, count in self.counts.items() if why in FILES)

    @property
    def others(self) -> int:
        """What is of no world, and was left out."""
        return sum(self.counts.values()) - self.files

    @property
    def named(self) -> tuple[Gap, ...]:
        """Those of `files` whose paths are known."""
        return tuple(gap for gap in self.first if gap.why in FILES)

    @classmethod
    def of(cls, values: object) -> Self:
        """From `to_json`; what cannot be read as such is left out: it may be a stranger's."""
        if not isinstance(values, Mapping):
            return cls()
        counts, first = values.get("counts"), values.get("first")
        return cls(
            {
                str(why): count
                for why, count in (counts.items() if isinstance(counts, Mapping) else ())
                if type(count) is int and count > 0
            },
            _gaps(first),
        )

    def to_json(self) -> dict[str, Any]:
        return {"counts": dict(self.counts), "first": [[gap.path, gap.why] for gap in self.first]}


def first_of(found: Iterable[Gap]) -> tuple[Gap, ...]:
    """The first few, those of the world before others, as many as have room."""
    ordered = sorted(found, key=lambda gap: gap.why not in FILES)
    kept = [Gap(_short(gap.path), gap.why) for gap in ordered[:NAMED]]
    while kept and len(json.dumps([[gap.path, gap.why] for gap in kept])) > _MOST:
        kept.pop()
    return tuple(kept)


def header_gaps(counts: Mapping[str, int], torn: int, first: object) -> Gaps:
    """Of what a manifest's header says."""
    return Gaps.of({"counts": {**counts, TORN: torn}, "first": first})


def _gaps(values: object) -> tuple[Gap, ...]:
    if not isinstance(values, list | tuple):
        return ()
    pairs = [each for each in values if isinstance(each, list | tuple) and len(each) == 2]
    return tuple(Gap(_short(str(path)), str(why)) for path, why in pairs[:NAMED])


def _short(path: str) -> str:
    """Without what no text may hold; names are members' bytes."""
    plain = path.encode(errors="replace").decode()
    return plain if len(plain) <= _LONGEST else "…" + plain[1 - _LONGEST :]
