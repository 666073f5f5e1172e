"""The world: a grid of plants, its rules and its bytes. Pure: no clock, no I/O."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

WIDTH = 96
HEIGHT = 64
FORMAT = 1


class Kind(StrEnum):
    """What a cell can hold. The value is its letter in the world file, on the wire and in the page."""

    LAWN = "."
    GRASS = "g"
    DAISY = "d"
    POPPY = "p"
    BLUEBELL = "b"
    SUNFLOWER = "s"
    MUSHROOM = "m"
    BUSH = "u"
    TREE = "t"
    STONE = "o"
    PATH = "_"
    POND = "~"


class DamagedWorldError(ValueError):
    """The bytes are no world of this format. The message is one line that says what is wrong."""


@dataclass(frozen=True, slots=True)
class Cell:
    x: int
    y: int
    kind: Kind


def _empty_rows() -> list[bytearray]:
    return [bytearray(Kind.LAWN.encode() * WIDTH) for _ in range(HEIGHT)]


@dataclass(slots=True)
class World:
    """`revision` grows by one with every change, and never otherwise: equal revisions of one world are equal worlds."""

    revision: int = 0
    _rows: list[bytearray] = field(default_factory=_empty_rows)

    @property
    def planted(self) -> int:
        """How many cells are not plain lawn."""
        return WIDTH * HEIGHT - sum(row.count(Kind.LAWN.encode()) for row in self._rows)

    def rows(self) -> list[str]:
        """The grid from north to south, one letter a cell."""
        return [row.decode("ascii") for row in self._rows]

    def at(self, x: int, y: int) -> Kind:
        return Kind(chr(self._rows[y][x]))

    def plant(self, cells: Iterable[Cell]) -> list[Cell]:
        """Set the cells (later ones win) and return those that changed. Cells outside the grid are left out."""
        changed = []
        for cell in cells:
            if not contains(cell.x, cell.y) or self._rows[cell.y][cell.x] == ord(cell.kind):
                continue
            self._rows[cell.y][cell.x] = ord(cell.kind)
            changed.append(cell)
        if changed:
            self.revision += 1
        return changed


def contains(x: int, y: int) -> bool:
    return 0 <= x < WIDTH and 0 <= y < HEIGHT


def encode(world: World) -> bytes:
    """The world file's content. The same world always gives the same bytes."""
    content = {
        "format": FORMAT,
        "revision": world.revision,
        "width": WIDTH,
        "height": HEIGHT,
        "rows": world.rows(),
    }
    return (json.dumps(content, indent=1) + "\n").encode("ascii")


def decode(data: bytes) -> World:
    """The world that `encode` gave these bytes. Raises `DamagedWorldError` for anything else."""
    try:
        content: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DamagedWorldError("it is not JSON") from error
    if not isinstance(content, dict):
        raise DamagedWorldError("it is not a JSON object")
    if content.get("format") != FORMAT:
        raise DamagedWorldError(f"its format is not {FORMAT}")
    if (content.get("width"), content.get("height")) != (WIDTH, HEIGHT):
        raise DamagedWorldError(f"it is not {WIDTH} by {HEIGHT} cells")
    revision = content.get("revision")
    if type(revision) is not int or revision < 0:
        raise DamagedWorldError("its revision is not a number")
    return World(revision, _decode_rows(content.get("rows")))


def _decode_rows(rows: object) -> list[bytearray]:
    if not isinstance(rows, list) or len(rows) != HEIGHT:
        raise DamagedWorldError(f"it does not have {HEIGHT} rows")
    known = set(Kind)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, str) or len(row) != WIDTH or not known.issuperset(row):
            raise DamagedWorldError(f"row {number} is not {WIDTH} known letters")
    return [bytearray(row, "ascii") for row in rows]
