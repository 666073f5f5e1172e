"""What players type or are called never passes for a join or a leave, for any game that ships."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.games.catalogue import BUILT_IN, Catalogue
from core.games.forging import USUAL, forge, lines
from core.games.form.game import Game

GAMES = {game.id: game for game in Catalogue.load(BUILT_IN) if game.query.join}
JOIN, LEAVE = r"^\[[\d:]+\] (?P<player>\w+) joined$", r"^\[[\d:]+\] (?P<player>\w+) left$"
TYPED = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=80)


def by_word(text: str, pattern: str) -> st.SearchStrategy[str]:
    """What a player writes who knows the pattern: a line that matches, in whatever they put around it."""
    return st.tuples(TYPED, st.sampled_from(lines(pattern)), st.sampled_from(["", " ", text])).map("".join)


@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_no_pattern_that_ships_can_be_forged(game: Game) -> None:
    assert forge(game.query.join, game.query.leave, chat=game.chat, names=game.names) is None


@pytest.mark.parametrize("game", [game for game in GAMES.values() if game.chat], ids=lambda game: game.id)
@given(data=st.data())
def test_whatever_is_said_in_its_chat_tells_of_nobody(game: Game, data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from([each for each in (game.query.join, game.query.leave) if each]))
    text = data.draw(TYPED | by_word("!", pattern))
    form = data.draw(st.sampled_from(game.chat))
    line = form.replace("{name}", "Ada").replace("{text}", text)
    assert not re.search(pattern, line)


@pytest.mark.parametrize(
    ("join", "leave", "which"),
    [
        (r"(?P<player>\S+) joined the game", "", "join"),
        (r": (?P<player>\S+) joined the game$", "", "join"),
        (r"^(?P<player>.+?) has joined\.$", "", "join"),
        (r"(?i)player (?P<player>\w+) (?:connected|came)", "", "join"),
        (r"^\[.*\] (?P<player>\w+) joined$", "", "join"),
        (JOIN, r"(?P<player>\w+) left$", "leave"),
        (JOIN, r"(?<=\] )(?P<player>\w+) left(?! it)", "leave"),
    ],
)
def test_a_pattern_that_is_not_anchored_is_forged(join: str, leave: str, which: str) -> None:
    found = forge(join, leave)
    assert found is not None
    assert (found.which, found.by) == (which, "text")
    assert re.search({"join": join, "leave": leave}[which], found.line)


def test_a_name_alone_can_forge_too() -> None:
    """In a chat whose lines begin with it; a rule for names is what may stand against that."""
    pattern = r"^(?P<player>\w+) joined"
    found = forge(pattern, "", chat=["{name}: {text}"])
    assert found is not None
    assert (found.by, found.line) == ("name", "x joined: hi")
    assert forge(pattern, "", chat=["{name}: {text}"], names=r"\w{1,16}") is None


def test_a_name_can_make_a_coming_look_like_a_leave() -> None:
    """Where a leave is looked for in the midst of a line, also of the line that tells who came."""
    leave = r"Player (?P<player>.+?) left now"
    found = forge(r"^In: (?P<player>[^:]+)$", leave, chat=["<{name}> [{text}"], names=r"[\w ]+")
    assert found is not None
    assert found.which == "leave"


def test_a_pattern_that_is_anchored_at_both_ends_is_not() -> None:
    assert forge(JOIN, LEAVE) is None


@given(st.text("ab:<>[] ", min_size=1, max_size=12).map(re.escape))
def test_whatever_has_no_anchor_is_forged(words: str) -> None:
    assert forge(rf"{words}(?P<player>\w+) joined", "") is not None


@pytest.mark.parametrize(
    "pattern",
    [
        r"a|b(?:c|d)+[^x-z\s]\d{2,}",
        r"(?P<player>\w+?)(?: \(was (?P<old>\w+)\))? came",
        r"(?x) a  b # words",
        r"^(?!x)\S{3}$",
        r"\bA\b.*?z",
        r"(a)\1?",
        r"[\]\-^]+[^\]]",
    ],
)
def test_lines_that_match_are_made_of_a_pattern(pattern: str) -> None:
    made = lines(pattern)
    assert made
    assert all(re.search(pattern, line) for line in made)


def test_the_usual_forms_have_both_places() -> None:
    assert all("{name}" in form and "{text}" in form for form in USUAL)
