"""docs/games.md says what the catalogue says, and of no game more than was shown."""

from __future__ import annotations

import gamespage

from core.games.catalogue import BUILT_IN, Catalogue


def test_the_page_is_not_stale() -> None:
    assert gamespage.PAGE.read_text("utf-8") == gamespage.page(), "make docs"


def test_only_what_was_started_here_is_said_to_run() -> None:
    said = gamespage.page().count("**Runs here**")
    assert said == len(gamespage.RUNS_HERE)
    games = Catalogue.load(BUILT_IN)
    assert all(games.get(game) is not None for game in gamespage.RUNS_HERE)
    assert gamespage.page().count("**Manifest and parser tested**") == len(list(games)) - said


def test_what_a_game_is_unsure_of_is_told() -> None:
    page = gamespage.page()
    assert all(why in page for game in Catalogue.load(BUILT_IN) for why in game.facts.unsure.values())
