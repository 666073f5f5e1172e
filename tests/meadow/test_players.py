"""Names, places and how much a player may do."""

from __future__ import annotations

import pytest

from bot.demo.meadow.players import ANIMALS, NAME_LENGTH, Budget, Crowd, FullError, clean_text
from bot.demo.meadow.world import HEIGHT, WIDTH


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Ada", "Ada"),
        ("  Ada \t\n Lovelace ", "Ada Lovelace"),
        ("A\x00d\x1b[31ma", "Ad[31ma"),
        ("A\u202ed\u200ba", "Ada"),
        ("Ada\ud800", "Ada"),
        ("Zoe\u0308", "Zoë"),
        ("x" * 50, "x" * NAME_LENGTH),
        ("", "Visitor"),
        ("\u200b\x07", "Visitor"),
    ],
)
def test_names_are_cleaned(typed: str, shown: str) -> None:
    assert Crowd(1).join(typed, "fox").name == shown


def test_a_name_that_is_taken_gets_a_number_whatever_the_case() -> None:
    crowd = Crowd(4)
    for name in ("Ada", "ada", "ADA"):
        crowd.join(name, "fox")
    assert crowd.names() == ["Ada", "ada 2", "ADA 3"]


def test_a_numbered_name_is_not_too_long() -> None:
    crowd = Crowd(2)
    crowd.join("x" * NAME_LENGTH, "fox")
    assert crowd.join("x" * NAME_LENGTH, "fox").name == "x" * (NAME_LENGTH - 2) + " 2"


def test_a_name_is_free_again_when_its_player_left() -> None:
    crowd = Crowd(1)
    crowd.leave(crowd.join("Ada", "fox"))
    assert crowd.join("Ada", "fox").name == "Ada"


def test_no_more_than_the_maximum_come_in() -> None:
    crowd = Crowd(1)
    crowd.join("Ada", "fox")
    with pytest.raises(FullError):
        crowd.join("Bo", "fox")


def test_an_unknown_animal_becomes_a_known_one() -> None:
    assert Crowd(1).join("Ada", "dragon").animal in ANIMALS


def test_players_stay_inside() -> None:
    player = Crowd(1).join("Ada", "fox")
    player.move(-5, 1e5)
    assert (player.x, player.y) == (0, HEIGHT)
    player.move(1e5, 3.25)
    assert (player.x, player.y) == (WIDTH, 3.25)


def test_a_budget_grants_its_burst_then_its_rate() -> None:
    budget = Budget(rate=2, burst=5, now=100)
    assert budget.take(8, now=100) == 5
    assert budget.take(1, now=100.4) == 0
    assert budget.take(8, now=101) == 2
    assert budget.take(8, now=1000) == 5


def test_a_budget_survives_a_clock_that_steps_back() -> None:
    budget = Budget(rate=1, burst=1, now=100)
    budget.take(1, now=100)
    assert budget.take(1, now=50) == 0
    assert budget.take(1, now=51) == 1


def test_text_is_one_line_without_ends() -> None:
    assert clean_text(" a\u2028b\r\nc  d ", 5) == "a b c"
