"""The grid's rules and bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.demo.meadow.world import HEIGHT, WIDTH, Cell, DamagedWorldError, Kind, World, decode, encode


def test_a_new_world_is_plain_lawn() -> None:
    world = World()
    assert (world.planted, world.revision) == (0, 0)
    assert world.rows() == ["." * WIDTH] * HEIGHT


def test_planting_changes_cells_and_counts_one_revision() -> None:
    world = World()
    cells = [Cell(0, 0, Kind.DAISY), Cell(WIDTH - 1, HEIGHT - 1, Kind.POND)]
    assert world.plant(cells) == cells
    assert (world.planted, world.revision) == (2, 1)
    assert world.at(WIDTH - 1, HEIGHT - 1) is Kind.POND


def test_planting_what_is_there_already_changes_nothing() -> None:
    world = World()
    world.plant([Cell(3, 4, Kind.TREE)])
    assert world.plant([Cell(3, 4, Kind.TREE)]) == []
    assert world.revision == 1


def test_clearing_takes_a_plant_away() -> None:
    world = World()
    world.plant([Cell(3, 4, Kind.TREE)])
    world.plant([Cell(3, 4, Kind.LAWN)])
    assert world.planted == 0


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (0, -1), (WIDTH, 0), (0, HEIGHT)])
def test_cells_outside_are_left_out(x: int, y: int) -> None:
    world = World()
    assert world.plant([Cell(x, y, Kind.TREE)]) == []
    assert world.revision == 0


def test_the_same_world_has_the_same_bytes_after_a_round_trip() -> None:
    world = World()
    world.plant([Cell(x, y, kind) for y, kind in enumerate(Kind) for x in range(y, 40)])
    data = encode(world)
    again = decode(data)
    assert again == world
    assert encode(again) == data


def _content() -> dict[str, Any]:
    return dict(json.loads(encode(World())))


@pytest.mark.parametrize(
    "damage",
    [
        {"format": 2},
        {"width": 95},
        {"revision": -1},
        {"revision": True},
        {"revision": "1"},
        {"rows": ["." * WIDTH] * (HEIGHT - 1)},
        {"rows": ["." * (WIDTH - 1)] * HEIGHT},
        {"rows": ["x" * WIDTH] * HEIGHT},
        {"rows": [1] * HEIGHT},
        {"rows": None},
    ],
)
def test_other_content_is_damaged(damage: dict[str, Any]) -> None:
    with pytest.raises(DamagedWorldError):
        decode(json.dumps(_content() | damage).encode())


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"[]", b"null", b"[" * 100_000, encode(World())[:-20]])
def test_other_bytes_are_damaged(data: bytes) -> None:
    with pytest.raises(DamagedWorldError):
        decode(data)
