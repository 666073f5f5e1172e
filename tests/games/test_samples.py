"""What each game of the catalogue reads, on lines and answers whose source is named: tests/games/samples/GAME.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from core.agent.query import read
from core.games.catalogue import BUILT_IN, Catalogue
from core.games.form.game import Game
from core.games.protocols import status

SAMPLES = {
    file.stem: tomllib.loads(file.read_text("utf-8")) for file in (Path(__file__).parent / "samples").glob("*.toml")
}
GAMES = {game.id: game for game in Catalogue.load(BUILT_IN, keys={"curseforge"})}


def cases(key: str) -> list[Any]:
    return [pytest.param(GAMES[name], *case, id=name) for name, each in SAMPLES.items() for case in each.get(key, ())]


def who(found: re.Match[str], pattern: str, other: str) -> str:
    """By what the log knows this player: an id where both lines have one."""
    both = "id" in re.compile(pattern).groupindex and "id" in re.compile(other).groupindex
    return found["id" if both else "player"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_of_a_game_and_names_its_source(name: str) -> None:
    assert name in GAMES
    assert len(SAMPLES[name]["source"]) > 10


@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_whatever_a_game_reads_itself_is_tried_on_a_sample(game: Game) -> None:
    """What follows a protocol of its own is tried with that."""
    query, tried = game.query, SAMPLES.get(game.id, {})
    assert bool(tried.get("joins")) is bool(query.join)
    assert bool(tried.get("leaves")) is bool(query.leave)
    assert bool(tried.get("answers")) is (query.kind == "console")
    assert bool(tried.get("status")) is (query.kind in ("http", "prometheus"))


@pytest.mark.parametrize(("game", "line", "player"), cases("joins"))
def test_who_comes_is_seen(game: Game, line: str, player: str) -> None:
    found = re.search(game.query.join, line)
    assert found is not None
    assert who(found, game.query.join, game.query.leave) == player
    assert not (game.query.leave and re.search(game.query.leave, line))


@pytest.mark.parametrize(("game", "line", "player"), cases("leaves"))
def test_who_leaves_is_seen(game: Game, line: str, player: str) -> None:
    found = re.search(game.query.leave, line)
    assert found is not None
    assert who(found, game.query.leave, game.query.join) == player
    assert not re.search(game.query.join, line)


@pytest.mark.parametrize(
    ("game", "line"),
    [pytest.param(GAMES[name], line, id=name) for name, each in SAMPLES.items() for line in each.get("others", ())],
)
def test_other_lines_tell_of_nobody(game: Game, line: str) -> None:
    assert not re.search(game.query.join, line)
    assert not (game.query.leave and re.search(game.query.leave, line))


@pytest.mark.parametrize(("game", "answer", "online", "names"), cases("answers"))
def test_what_a_console_answers_is_understood(game: Game, answer: str, online: int, names: list[str]) -> None:
    rule = {name: str(value) for name, value in game.query.model_dump().items()}
    found = read(answer, rule)
    assert (found.online, list(found.names)) == (online, names)


@pytest.mark.parametrize(("game", "body", "online", "names"), cases("status"))
def test_what_a_status_says_is_understood(game: Game, body: str, online: int, names: list[str]) -> None:
    rule = {name: str(value) for name, value in game.query.model_dump().items()}
    found = status.read(game.query.kind, body.encode(), rule)
    assert (found.online, list(found.names)) == (online, names)
