"""The images' commands that look which world is there before the game starts, run by a real shell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from core.games.catalogue import BUILT_IN, Catalogue

GAMES = Catalogue.load(BUILT_IN)
OLD, NEW = "0123456789ABCDEF0123456789ABCDEF", "99A85AE9F67946D4A2CCC7F3F5556DF0"
HEAD = "[/Script/Pal.PalGameLocalSettings]\n"


def script(game: str) -> str:
    image = GAMES.find(game).image
    assert image is not None
    assert image.command[:2] == ("bash", "-c")
    return image.command[2]


def run(text: str, **env: str) -> None:
    subprocess.run(["bash", "-c", text], check=True, env={"PATH": "/usr/bin:/bin", **env}, timeout=20)


def written(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


class TestPalworld:
    @pytest.fixture(autouse=True)
    def _server(self, tmp_path: Path) -> None:
        self.saves = tmp_path / "Pal/Saved/SaveGames/0"
        self.settings = tmp_path / "Pal/Saved/Config/LinuxServer/GameUserSettings.ini"
        text = script("palworld").replace("/palworld", str(tmp_path)).replace("exec /home/steam/server/init.sh", "")
        self.start = lambda: run(text)

    def test_the_world_that_is_named_is_played_whatever_lies_beside_it(self) -> None:
        for name in (OLD, NEW):
            written(self.saves / name / "Level.sav")
        written(self.settings, f"{HEAD}DedicatedServerName={OLD}\n")
        self.start()
        assert self.settings.read_text() == f"{HEAD}DedicatedServerName={OLD}\n"

    def test_one_that_took_its_place_is_named_and_all_else_stays(self) -> None:
        written(self.saves / NEW / "Level.sav")
        written(self.settings, f"{HEAD}AudioSettings=(Master=0.5)\nDedicatedServerName={OLD}\r\nNext=1\n")
        self.start()
        assert self.settings.read_text() == f"{HEAD}AudioSettings=(Master=0.5)\nDedicatedServerName={NEW}\nNext=1\n"

    def test_one_that_came_before_the_first_start_is_named(self) -> None:
        written(self.saves / NEW / "Level.sav")
        self.start()
        assert self.settings.read_text() == f"{HEAD}DedicatedServerName={NEW}\n"

    def test_without_a_world_the_game_makes_one(self) -> None:
        written(self.saves / "a b; exit 1" / "Level.sav")
        self.start()
        assert not self.settings.exists()


class TestSevenDaysToDie:
    @pytest.fixture(autouse=True)
    def _server(self, tmp_path: Path) -> None:
        self.saves, self.lgsm = tmp_path / "Saves", tmp_path / "lgsm"
        told = written(tmp_path / "dormouse.xml", '  <property name="GameWorld" value="RWG"/>\n')
        env = {"SAVES": str(self.saves), "LGSM": str(self.lgsm), "SETTINGS": str(told), "TELNET_PASSWORD": "secret"}
        text = script("seven-days-to-die").replace("exec /home/sdtdserver/user.sh", "")
        self.start = lambda: run(text, **env)

    def world(self) -> str:
        self.start()
        assert f'servercfgfullpath="{self.lgsm}/dormouse.xml"' in (self.lgsm / "sdtdserver.cfg").read_text()
        return (self.lgsm / "dormouse.xml").read_text().split('"')[3]

    def played(self, *names: str) -> None:
        for name in names:
            written(self.saves / name / "Dormouse/Region/r.0.0.7rg")

    def test_the_world_of_the_game_that_is_there_is_played(self) -> None:
        self.played("2 West Bozide")
        assert self.world() == "2 West Bozide"

    def test_without_a_game_a_new_one_begins_as_it_was_chosen(self) -> None:
        assert self.world() == "RWG"

    def test_of_two_games_the_chosen_one_is_played(self) -> None:
        self.played("Navezgane", "West Bozide")
        assert self.world() == "RWG"

    def test_a_name_that_means_something_to_a_shell_is_left_alone(self) -> None:
        self.played('x"|e')
        assert self.world() == "RWG"


@pytest.mark.parametrize("oxide", [True, False])
def test_what_oxide_keeps_lies_in_the_world_of_rust(tmp_path: Path, oxide: bool) -> None:
    game = written(tmp_path / "RustDedicated", "#!/bin/sh\nmkdir -p oxide/plugins\ntouch oxide/plugins/Kits.cs\n")
    game.chmod(0o755)
    if oxide:
        written(tmp_path / "RustDedicated_Data/Managed/Oxide.Core.dll")
    image = GAMES.find("rust").image
    assert image is not None
    for _ in range(2):  # a container is started again, too
        run(image.command[2].replace("/srv/rust", str(tmp_path)))
    assert (tmp_path / "server/dormouse/oxide/plugins/Kits.cs").exists() is oxide
