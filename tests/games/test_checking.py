"""`dormouse games check`: what is wrong in a game's file is told in words, each mistake with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.__main__ as shell
from core.errors import Misconfigured
from core.games.catalogue import BUILT_IN, Catalogue
from core.games.checking import check_file

GOOD = """\
id = "pond"
name = "Pond"

[image]
ref = "pond:1"
command = ["pond"]

[join]
text = "Dive in."

[[ports]]
name = "game"
container = 4000

[[sizes]]
id = "small"
cpu = 100
memory = 64
"""


def checked(folder: Path, text: str) -> list[str]:
    file = folder / "pond.toml"
    file.write_text(text, "utf-8")
    return check_file(file)


def test_a_good_file_has_no_mistake(tmp_path: Path) -> None:
    assert checked(tmp_path, GOOD) == []


@pytest.mark.parametrize("file", sorted(BUILT_IN.glob("*.toml")), ids=lambda file: file.stem)
def test_what_ships_has_no_mistake(file: Path) -> None:
    assert check_file(file) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "pond"', "id = ", "pond.toml, line 1: this is not TOML: Invalid value."),
        ('id = "pond"', 'id = "Big Pond"', "pond.toml, line 1: id: this does not have the form"),
        ('name = "Pond"\n', "name = 3\n", "pond.toml, line 2: name: this has to be a text in quotes."),
        ('name = "Pond"\n', "", "pond.toml, line 1: name: this is missing."),
        ("container = 4000", "container = 70000", "pond.toml, line 13: ports.container: this has to be at most 65535."),
        ("container = 4000", 'container = "x"', "pond.toml, line 13: ports.container: this has to be a whole number."),
        ("container = 4000", "container = 4000\nspeed = 3", "pond.toml, line 14: ports.speed: there is no such key."),
        (
            "container = 4000",
            "container = 4000\npublic = false",
            "pond.toml, line 11: ports: needs at least one public port.",
        ),
        ('["pond"]', '["{setting.x}"]', "line 6: image.command: placeholder {setting.x} means nothing here."),
        ('["pond"]', '["{secret.console}"]', "line 6: image.command: placeholder {secret.console} is a secret"),
        ("[join]", '[stop]\nconsole = "quit"\n\n[join]', "line 9: stop.console: there is no console"),
        ("[join]", '[env]\nA = "{port.nope}"\n\n[join]', "line 9: env.A: placeholder {port.nope} means nothing here."),
        ("[join]", '[query]\nkind = "a2s"\nport = "q"\n\n[join]', "line 10: query.port: query.port 'q' is not one"),
        ("[join]", '[query]\njoin = "("\n\n[join]', "line 9: query.join: '(' is not a regular expression"),
        ("[join]", '[query]\njoin = "(?P<player>.+) came"\n\n[join]', "line 9: query.join: a player can forge this"),
        ("[join]", '[ready]\nkind = "log"\nlog = "["\n\n[join]', "line 10: ready.log: '[' is not a regular expression"),
        ("[join]", '[ready]\nkind = "log"\n\n[join]', "line 8: ready: kind log needs log."),
        ('text = "Dive in."', "", "line 8: join: players are not told how to join"),
        (
            "[join]",
            '[save]\nexclude = ["libs"]\n[[image.trusts]]\nfile = "done"\nvouches = ["libs/a.jar"]\n\n[join]',
            "line 10: image.trusts: a snapshot keeps done and leaves out libs/a.jar",
        ),
        (
            "[join]",
            '[save]\ninclude = ["world/**"]\n[[image.trusts]]\nfile = "game/"\nvouches = ["game/run"]\n\n[join]',
            "line 10: image.trusts: a snapshot keeps game/ and leaves out game/run",
        ),
        (
            "[join]",
            '[[settings]]\nid = "n"\ngroup = "g"\nlabel = "N"\ntype = "int"\ndefault = 9\nmax = 3\n\n[join]',
            "line 8: settings: the default has to be a number from 0 to 3.",
        ),
        (
            "[join]",
            '[[settings]]\nid = "n"\ngroup = "g"\nlabel = "N"\ntype = "choice"\n\n[join]',
            "line 8: settings: a choice needs choices.",
        ),
        ('ref = "pond:1"', 'ref = "pond:1"\nuid = 0', "line 6: image.uid: 0 is root"),
        ("[join]", '[imports]\nversion = "v"\n\n[join]', "line 9: imports.version: 'v' is not one of its settings."),
        (
            "[join]",
            '[imports]\nfiles = ["{name}.db"]\nname = "w"\n\n[join]',
            "line 10: imports.name: 'w' is not one of its settings.",
        ),
        (
            "[join]",
            '[imports.split]\nsetting = "kind"\nvalues = ["apart"]\n\n[join]',
            "line 9: imports.split.setting: 'kind' is not one of its settings.",
        ),
    ],
)
def test_each_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    (mistake,) = checked(tmp_path, GOOD.replace(old, new, 1))
    assert said in mistake


@given(data=st.data())
def test_whatever_is_in_a_file_it_is_a_game_or_refused_in_words(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Pieces of good files in any order, cut anywhere, with whatever in between."""
    files = [file.read_text("utf-8") for file in sorted(BUILT_IN.glob("*.toml"))]
    good = data.draw(st.sampled_from(files))
    start, end = sorted((data.draw(st.integers(0, len(good))), data.draw(st.integers(0, len(good)))))
    put = data.draw(st.text(max_size=8) | st.sampled_from(["[[", '"', "'" * 3, "= 1\n", "[a]\n", "(", "{x.y}", "\n"]))
    for mistake in checked(tmp_path_factory.getbasetemp(), good[:start] + put + good[end:]):
        assert re.match(r".*pond\.toml, line \d+: .+", mistake, re.DOTALL), mistake


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"pond"\n', '"Pond"\n', 1).replace("4000", "0").replace("memory = 64", "memory = 1")
    assert [line.split(":")[0] for line in checked(tmp_path, text)] == [
        "pond.toml, line 1",
        "pond.toml, line 13",
        "pond.toml, line 18",
    ]


def test_a_folder_that_counts_as_fetched_has_to_be_excluded(tmp_path: Path) -> None:
    """A snapshot keeps folders, also empty ones."""
    trust = '[[image.trusts]]\nfile = "game/"\nvouches = ["game/run"]\n\n[join]'
    kept = GOOD.replace("[join]", f'[save]\ninclude = ["world/**"]\nexclude = ["game"]\n{trust}')
    assert checked(tmp_path, kept) == []


def test_the_bot_refuses_what_has_not_the_right_form_in_the_same_words(tmp_path: Path) -> None:
    said = checked(tmp_path, GOOD.replace("4000", "70000"))
    with pytest.raises(Misconfigured) as refused:
        Catalogue.load(tmp_path)
    assert refused.value.lines == said


def test_the_shell_tells_the_mistakes_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.toml").write_text("id = ", "utf-8")
    with pytest.raises(SystemExit) as ended:
        shell.main(["games", "check", str(tmp_path / "bad.toml")])
    assert (ended.value.code, capsys.readouterr().out) == (1, "bad.toml, line 1: this is not TOML: Invalid value.\n")


def test_the_shell_looks_at_the_operators_own_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pond.toml").write_text(GOOD, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DORMOUSE_GAMES_DIR", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        shell.main(["games", "check"])
    files = len(list(BUILT_IN.glob("*.toml"))) + 1
    assert (ended.value.code, capsys.readouterr().out) == (0, f"{files} files looked at: all is well.\n")


def test_a_folder_of_games_that_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DORMOUSE_GAMES_DIR", str(tmp_path / "none"))
    with pytest.raises(SystemExit) as ended:
        shell.main(["games", "check"])
    assert ended.value.code == 1
