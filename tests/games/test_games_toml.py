"""docs/games-toml.md and the models of the catalogue say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined

from core.games.catalogue import BUILT_IN, Catalogue
from core.games.form.game import Game
from core.games.form.placeholders import PLACEHOLDER, placeholders
from core.games.form.reached import ConsoleRule, Query
from core.guilds.limits import Limits, volume_bytes

PAGE = (Path(__file__).parents[2] / "docs" / "games-toml.md").read_text("utf-8")


def models(of: type[BaseModel], at: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every model below this one, and the heading that its table has in TOML."""
    yield at, of
    for name, field in of.model_fields.items():
        kinds = {kind for kind in _parts(field.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)}
        for kind in kinds:
            below = f"{at.strip('[]')}.{name}".lstrip(".")
            yield from models(kind, f"[[{below}]]" if get_origin(field.annotation) is tuple else f"[{below}]")


def _parts(kind: Any) -> Iterator[Any]:
    if get_origin(kind) in (tuple, Union, UnionType):
        for each in get_args(kind):
            yield from _parts(each)
    else:
        yield kind


MODELS = dict(models(Game))


def rows(heading: str) -> dict[str, str]:
    """Key and default, of the table below this heading."""
    title = f"### `{heading}`\n" if heading else "## The file\n"
    assert title in PAGE
    section = PAGE.partition(title)[2].partition("\n#")[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", section, re.MULTILINE))


@pytest.mark.parametrize("heading", MODELS)
def test_every_key_is_on_the_page_and_no_other(heading: str) -> None:
    assert list(rows(heading)) == list(MODELS[heading].model_fields)


@pytest.mark.parametrize("heading", MODELS)
def test_the_defaults_are_those_of_the_program(heading: str) -> None:
    for key, told in rows(heading).items():
        default = MODELS[heading].model_fields[key].default
        assert (told == "required") is (default is PydanticUndefined), key
        if isinstance(default, bool | int):
            assert told == str(default).lower(), key
        elif isinstance(default, str) and default:
            assert told == f"`{default}`", key


@pytest.fixture
def example(tmp_path: Path) -> Game:
    (file,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "bedrock.toml").write_text(file, "utf-8")
    (game,) = Catalogue.load(tmp_path)
    return game


def test_the_example_is_a_game(example: Game) -> None:
    assert (example.id, example.image is not None) == ("minecraft-bedrock", True)


def test_the_examples_disks_are_as_the_page_says(example: Game) -> None:
    gib = 2**30
    small, large = example.sizes
    assert (volume_bytes(example, small, Limits()), volume_bytes(example, large, Limits())) == (5 * gib, 14 * gib)
    assert volume_bytes(example, large, Limits(world_bytes=40 * gib)) == 20 * gib


def test_every_placeholder_is_on_the_page() -> None:
    known = placeholders(name="", host="", data="", memory=1, ports={"NAME": 1}, settings={"ID": ""}, console_secret="")
    section = PAGE.partition("## Placeholders\n")[2].partition("\n#")[0]
    told = re.findall(r"^\| `\{([^}]*)\}`", section, re.MULTILINE)
    assert sorted(told) == sorted(known)
    assert all(PLACEHOLDER.fullmatch(f"{{{name.lower()}}}") for name in told)


MEADOW = next(game for game in Catalogue.load(BUILT_IN) if game.id == "meadow")


@pytest.mark.parametrize(
    ("query", "public", "by_agent"),
    [
        ({"kind": "a2s"}, True, False),
        ({"kind": "a2s"}, False, True),
        ({"kind": "http", "password": "{secret.console}"}, True, True),
        ({"kind": "http", "password": "admin"}, True, False),
        ({"kind": "prometheus", "port": "none"}, True, True),
        ({"kind": "console", "command": "list", "count": r"(?P<online>\d+)"}, True, True),
    ],
)
def test_closed_ports_and_secrets_are_the_agents(query: dict[str, Any], public: bool, by_agent: bool) -> None:
    port = MEADOW.ports[0].model_copy(update={"public": public})
    game = MEADOW.model_copy(update={"ports": (port,), "query": Query.model_validate({"port": "game"} | query)})
    assert game.asked_by_agent is by_agent


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"kind": "opengsq"}, "protocol"),
        ({"kind": "a2s", "protocol": "quake3"}, "protocol"),
        ({"kind": "opengsq", "protocol": "gopher"}, "protocol"),
        ({"kind": "console", "command": "list"}, "count"),
        ({"kind": "console", "command": "list", "player": "(?P<player>.)"}, "nobody"),
        ({"kind": "log", "join": "(?P<player>.) joined"}, "join and leave"),
        ({"kind": "log", "join": "(?P<player>.) in", "leave": "(?P<id>.) out"}, "same group"),
        ({"kind": "log", "join": "(?P<player>.", "leave": "(?P<player>.)"}, "regular expression"),
        ({"kind": "log", "join": "joined", "leave": "left"}, "same group"),
        ({"kind": "http", "path": "status"}, "begins with /"),
        ({"kind": "http", "password": "{setting.password}"}, "means nothing"),
    ],
)
def test_a_query_that_cannot_be_is_refused_with_words(rule: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Query.model_validate(rule)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"kind": "rest", "path": "/x"}, "{line}"),
        ({"kind": "rest", "path": "x{line}"}, "begins with /"),
        ({"kind": "rest", "path": "/x", "body": "{line}"}, "JSON"),
        ({"kind": "rest", "path": "/x", "method": "GET", "body": '"{line}"'}, "no body"),
        ({"kind": "rcon", "say": "say hello"}, "{text}"),
        ({"kind": "rcon", "say": "say {text}; say bye", "splits": ";"}, "two commands"),
        ({"kind": "rcon", "splits": "a"}, "splits"),
        ({"kind": "telnet", "end": "("}, "regular expression"),
    ],
)
def test_a_console_that_cannot_be_is_refused_with_words(rule: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        ConsoleRule.model_validate(rule)
