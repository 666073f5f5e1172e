"""What a player may send: one JSON object a WebSocket message, told apart by `t`. Pure, and safe against any text.

{"t": "move", "x": 12.5, "y": 3}               go there (cells)
{"t": "plant", "cells": [[4, 5, "d"], ...]}    set up to 64 cells; the letters are those of `Kind`
{"t": "chat", "text": "hello"}                 say something in a bubble
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from .players import CHAT_LENGTH, clean_text
from .world import Cell, Kind, contains

MESSAGE_BYTES = 4096
CELLS_A_MESSAGE = 64


@dataclass(frozen=True, slots=True)
class Move:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Plant:
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Chat:
    text: str


def parse(text: str) -> Move | Plant | Chat | None:
    """The message, or None for whatever is not exactly one of the three."""
    try:
        message: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match message:
        case {"t": "move", "x": x, "y": y} if _is_place(x) and _is_place(y):
            return Move(float(x), float(y))
        case {"t": "plant", "cells": list(cells)} if 0 < len(cells) <= CELLS_A_MESSAGE:
            planted = [_cell(cell) for cell in cells]
            return None if None in planted else Plant(tuple(cell for cell in planted if cell))
        case {"t": "chat", "text": str(said)}:
            words = clean_text(said, CHAT_LENGTH)
            return Chat(words) if words else None
    return None


def _is_place(value: object) -> bool:
    # The bound keeps integers of a thousand digits away from float(), which would raise.
    return type(value) in (int, float) and -1e6 < value < 1e6 and math.isfinite(value)  # type: ignore[operator,arg-type]


def _cell(value: object) -> Cell | None:
    match value:
        case [x, y, str(letter)] if type(x) is int and type(y) is int and contains(x, y) and letter in set(Kind):
            return Cell(x, y, Kind(letter))
    return None
