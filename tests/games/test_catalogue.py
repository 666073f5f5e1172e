"""What the catalogue offers, and what of it depends on the operator or on a choice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.games.catalogue import BUILT_IN, Catalogue
from core.games.form.game import Game
from core.games.form.placeholders import placeholders
from core.servers.ports import in_a_row
from tests.conftest import ADA, CHANNEL

GAMES = list(Catalogue.load(BUILT_IN, keys={"curseforge"}))
by_game = pytest.mark.parametrize("game", GAMES, ids=lambda game: game.id)


def find(name: str, *keys: str) -> Game:
    return Catalogue.load(BUILT_IN, keys=keys).find(name)


def test_there_are_twenty_games_and_meadow() -> None:
    assert len(GAMES) == 21


@by_game
def test_every_game_says_how_one_joins_what_it_is_and_where_that_is_known_from(game: Game) -> None:
    assert game.join.text
    assert game.summary
    assert game.facts.sources
    assert len(game.sizes) == 3


@by_game
def test_what_a_game_is_unsure_of_stands_in_its_file(game: Game) -> None:
    for key in game.facts.unsure:
        first, _, rest = key.partition(".")
        assert first in Game.model_fields, key
        part = getattr(game, first)
        known = {each.id for each in part} if first == "settings" else set(part if first == "env" else dir(part))
        assert not rest or rest in known, key


@by_game
def test_every_setting_has_words_and_none_is_for_nothing(game: Game) -> None:
    templates = " ".join(text for _, text in game._templates())
    for each in game.settings:
        assert each.label
        assert each.group
        used = any(f"{{{kind}.{each.id}}}" in templates for kind in ("setting", "lines", "array"))
        switches = game.image is not None and any(other.setting == each.id for other in game.image.instead)
        assert used or switches, each.id
        assert set(each.told) <= {*each.choices, "true", "false"}, each.id


@by_game
def test_no_setting_can_break_out_of_a_shell(game: Game) -> None:
    """What members type comes to a shell as a variable, never as a part of what it reads."""
    commands = game.image.command if game.image else ()
    assert not any("{setting" in word or "{name}" in word for word in (*commands, *game.stop.command))


def test_mods_of_curseforge_are_offered_where_the_operator_has_a_key() -> None:
    with_key, without = find("minecraft-java", "curseforge"), find("minecraft-java")
    assert with_key.setting("curseforge") is not None
    assert without.setting("curseforge") is None
    assert "CURSEFORGE_FILES" not in without.env
    assert "CF_API_KEY" not in without.env
    assert without.env["MODRINTH_PROJECTS"] == with_key.env["MODRINTH_PROJECTS"]


def test_the_image_follows_the_choice() -> None:
    image = find("minecraft-java").image
    assert image is not None
    assert image.ref_for({"java": "Java 17"}) == "itzg/minecraft-server:java17"
    assert image.ref_for({"java": "Java 25"}) == image.ref_for({}) == "itzg/minecraft-server:java25"


def test_lists_and_shares_of_memory_have_placeholders() -> None:
    values = placeholders(
        name="", host="", data="", memory=1000, ports={}, settings={"x": " Ada, Bo ,,"}, console_secret=""
    )
    assert (values["lines.x"], values["array.x"], values["memory.heap"]) == ("Ada\nBo", '["Ada", "Bo"]', "750")


async def test_ports_that_players_reach_under_one_number_have_one(house: Any) -> None:
    """And the game listens on it, where it tells players the number itself."""
    view = await house.servers.creation.create(ADA, channel=CHANNEL, game="satisfactory", name="Pond", size=None)
    await house.until(view.id, lambda _: view.id in house.cluster.specs)
    ports = {port.name: port for port in house.cluster.specs[view.id].ports}
    assert ports["game"].host == ports["api"].host == ports["game"].container == ports["api"].container
    assert (ports["game"].protocol, ports["api"].protocol) == ("udp", "tcp")
    assert ports["messages"].host not in (None, ports["game"].host)


@given(st.lists(st.integers(1, 40), unique=True, max_size=12))
def test_ports_that_count_on_from_another_are_in_a_row_or_there_are_none(free: list[int]) -> None:
    given_ports = in_a_row(find("seven-days-to-die"), free)
    fits = any({number, number + 2} <= set(free) for number in free)
    assert (given_ports is not None) is fits
    if given_ports is not None:
        assert set(given_ports) == {"game", "direct"}
        assert given_ports["direct"] == given_ports["game"] + 2
        assert set(given_ports.values()) <= set(free)


async def test_a_console_on_the_games_own_number_is_asked_there_and_stays_closed(house: Any) -> None:
    view = await house.servers.creation.create(ADA, channel=CHANNEL, game="cs2", name="Pond", size=None)
    await house.until(view.id, lambda _: view.id in house.cluster.specs)
    ports = {port.name: port for port in house.cluster.specs[view.id].ports}
    assert (ports["rcon"].container, ports["rcon"].host) == (ports["game"].host, None)


async def test_a_game_that_counts_on_has_its_ports_in_a_row(house: Any) -> None:
    view = await house.servers.creation.create(ADA, channel=CHANNEL, game="seven-days-to-die", name="Pond", size=None)
    await house.until(view.id, lambda _: view.id in house.cluster.specs)
    ports = {port.name: port for port in house.cluster.specs[view.id].ports}
    assert ports["direct"].host == ports["game"].host + 2
    assert ports["steam"].host == ports["game"].host == ports["game"].container


@pytest.mark.parametrize(
    ("left", "had", "has"),
    [
        (("small", "medium"), "large", "medium"),
        (("small", "large"), "medium", "small"),
        (("medium", "large"), "small", "medium"),
        (("small",), "large", "small"),
        (("small", "large"), "large", "large"),
    ],
)
def test_a_server_whose_size_is_gone_has_the_next_smaller_or_the_next_larger(
    left: tuple[str, ...], had: str, has: str
) -> None:
    game = find("meadow")
    fewer = game.model_copy(update={"sizes": tuple(each for each in game.sizes if each.id in left)})
    assert fewer.sized(had).id == has


def test_nobody_who_was_taken_off_the_list_stays_an_operator_of_bedrock() -> None:
    """The image writes the file only where somebody is on the list, so it is emptied before each start."""
    image = find("minecraft-bedrock").image
    assert image is not None
    assert {file.path: file.content for file in image.files} == {"permissions.json": "[]"}


def test_no_snapshot_of_ark_holds_the_file_that_has_its_passwords() -> None:
    excluded = find("ark-se").save.exclude
    assert "server/ShooterGame/Saved/Config/LinuxServer/GameUserSettings.ini" in excluded


def test_the_console_of_garrys_mod_listens_where_it_is_asked() -> None:
    assert find("garrys-mod").env["ARGS"].startswith("+ip 0.0.0.0 ")
