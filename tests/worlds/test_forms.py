"""What people have on their disks, game by game: what of it is taken, where it goes, and what is refused in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.games.catalogue import BUILT_IN, Catalogue
from core.worlds.archives.forms import Forms, Plan, name_in, plan
from core.worlds.archives.member import Member
from core.worlds.errors import Hostile

GAMES = Catalogue.load(BUILT_IN)


def forms(game: str, **settings: str) -> Forms:
    found = GAMES.get(game)
    assert found is not None
    return found.forms(found.values(settings))


FACTORIO, VALHEIM, MINECRAFT = forms("factorio"), forms("valheim"), forms("minecraft-java")
PAPER = forms("minecraft-java", type="PAPER")
TERRARIA, BEDROCK = forms("terraria"), forms("minecraft-bedrock")
AMONG = Forms(files=("{name}.wld",), backups=("*.bak",), called="Dormouse")
"""A server that loads one file, which lies among others."""


def members(*paths: str) -> list[Member]:
    """A folder where there is a `/` at the end."""
    return [
        Member(number, path.rstrip("/").encode(), "folder" if path.endswith("/") else "file", 1)
        for number, path in enumerate(paths)
    ]


def planned(wanted: Forms, *paths: str, sent: str = "sent.zip", **more: Any) -> Plan:
    return plan(members(*paths), wanted, sent, **more)


def placed(made: Plan) -> set[str]:
    """Where files come to lie, below the data folder."""
    written = {
        f"{part.place}/{each.path.decode()}" for part in made.parts for each in part.members if each.kind == "file"
    }
    return written | {new for part in made.parts for _, new in part.copies}


def refused(wanted: Forms, *paths: str, **more: Any) -> tuple[str, str]:
    with pytest.raises(Hostile) as found:
        planned(wanted, *paths, **more)
    return found.value.why, found.value.member


def test_a_world_of_luanti_goes_where_the_game_is_started_with_it() -> None:
    made = planned(forms("luanti"), "meadow/world.mt", "meadow/map.sqlite", "meadow/players.sqlite")
    assert placed(made) == {f"worlds/world/{name}" for name in ("world.mt", "map.sqlite", "players.sqlite")}
    game = GAMES.get("luanti")
    assert game is not None
    assert game.image is not None
    assert '--world "$HOME/worlds/world"' in game.image.command[-1]
    assert game.save.include == ("worlds/**",)


# Factorio

SAVE = ("Base/level-init.dat", "Base/level.dat0", "Base/control.lua", "Base/script.dat")


def test_a_factorio_save_stays_packed_and_keeps_its_name() -> None:
    made = planned(FACTORIO, *SAVE, sent="My factory.zip")
    assert (made.packed, made.parts, made.taken) == ("saves/My factory.zip", (), ("My factory.zip",))


@pytest.mark.parametrize("sent", ["", "download", "-rf.zip", "../../x/.zip"])
def test_a_save_without_a_name_of_its_own_is_called_as_the_folder_in_it(sent: str) -> None:
    assert planned(FACTORIO, *SAVE, sent=sent).packed == "saves/Base.zip"


def test_a_save_within_an_archive_is_taken_out_of_it() -> None:
    made = planned(FACTORIO, "saves/Base.zip", "saves/_autosave1.zip", "mods/mod-list.json")
    assert (placed(made), made.left) == ({"saves/Base.zip"}, ("mods/", "saves/_autosave1.zip"))


def test_two_saves_in_one_archive_are_named() -> None:
    assert refused(FACTORIO, "saves/Base.zip", "saves/Rail.zip") == ("several", "saves/Base, saves/Rail")


def test_an_unpacked_save_in_a_tar_is_none() -> None:
    assert refused(FACTORIO, *SAVE, zipped=False) == ("unpacked", "")


def test_what_is_no_save_is_refused() -> None:
    assert refused(FACTORIO, "holiday/beach.jpg") == ("root", "*.zip")


# Valheim


@pytest.mark.parametrize("folder", ["", "worlds_local/", "IronGate/Valheim/worlds/"])
def test_a_pair_lands_where_the_server_looks_and_names_its_world(folder: str) -> None:
    made = planned(VALHEIM, f"{folder}Midgard.db", f"{folder}Midgard.fwl", f"{folder}Midgard.db.old", "notes.txt")
    assert placed(made) == {"worlds_local/Midgard.db", "worlds_local/Midgard.fwl"}
    assert (made.name, made.taken) == ("Midgard", ("Midgard.db", "Midgard.fwl"))
    assert set(made.left) == {f"{folder}Midgard.db.old", "notes.txt"}


@pytest.mark.parametrize(("there", "lacks"), [("Midgard.db", "Midgard.fwl"), ("Midgard.fwl", "Midgard.db")])
def test_half_a_pair_is_refused_with_what_it_lacks(there: str, lacks: str) -> None:
    assert refused(VALHEIM, there) == ("beside", lacks)
    assert refused(VALHEIM, f"a/{there}", f"b/{lacks}")[0] == "beside"


def test_the_games_own_backups_are_no_second_world() -> None:
    names = [f"{name}.{end}" for name in ("Midgard", "Midgard_backup_auto-20230101000000") for end in ("db", "fwl")]
    made = planned(VALHEIM, *names)
    assert (made.name, len(made.left)) == ("Midgard", 2)


def test_two_pairs_are_named() -> None:
    paths = ("Asgard.db", "Asgard.fwl", "Midgard.db", "Midgard.fwl")
    assert refused(VALHEIM, *paths) == ("several", "Asgard, Midgard")


@pytest.mark.parametrize("name", ["-password", "a;b", "$HOME", "x" * 41, "Höhle", " Midgard", 'a"b'])
def test_a_name_that_the_server_cannot_be_told_is_refused(name: str) -> None:
    assert refused(VALHEIM, f"{name}.db", f"{name}.fwl") == ("name", name)


def test_the_ends_may_be_in_capitals() -> None:
    assert placed(planned(VALHEIM, "Midgard.DB", "Midgard.FWL")) == {
        "worlds_local/Midgard.db",
        "worlds_local/Midgard.fwl",
    }


def test_what_a_world_of_an_older_snapshot_is_called() -> None:
    pairs = {name: [f"worlds_local/{name}.db", f"worlds_local/{name}.fwl"] for name in ("Dormouse", "Midgard", "-x")}
    assert name_in(pairs["Midgard"], VALHEIM) == "Midgard"
    assert name_in(pairs["Midgard"] + pairs["Dormouse"], VALHEIM) == "Dormouse"
    assert name_in(pairs["Midgard"] + pairs["Dormouse"], replace(VALHEIM, name="Asgard")) is None
    assert name_in(pairs["-x"], VALHEIM) is None
    assert name_in(["worlds_local/Midgard.db", "Midgard.fwl", "worlds_local/deep/Midgard.fwl"], VALHEIM) is None
    assert name_in([], VALHEIM) is None


# Terraria


def test_a_lone_world_file_is_taken_and_called_as_the_server_loads_it() -> None:
    assert TERRARIA.is_of_world("Green Hills.WLD")
    assert not TERRARIA.is_of_world("Green Hills.png")
    made = planned(AMONG, "Green Hills.WLD", sent="Green Hills.WLD")
    assert (placed(made), made.name, made.taken) == ({"/Dormouse.wld"}, "", ("Green Hills.WLD",))
    named = planned(TERRARIA, "Green Hills.WLD")
    assert (placed(named), named.name) == ({"worlds/Green Hills.wld"}, "Green Hills")


@pytest.mark.parametrize("exact", [False, True])
def test_of_a_folder_of_worlds_the_world_is_taken(exact: bool) -> None:
    made = planned(AMONG, "Worlds/$Hills.wld", "Worlds/$Hills.wld.bak", "Players/me.plr", exact=exact)
    assert (placed(made), made.left) == ({"/Dormouse.wld"}, ("Players/", "Worlds/$Hills.wld.bak"))


def test_of_the_files_beside_a_world_only_worlds_are_replaced() -> None:
    names = ("Dormouse.wld", "Dormouse.wld.bak", "tshock.sqlite", "config.json", "plugins")
    assert [name for name in names if AMONG.is_replaced(name)] == ["Dormouse.wld", "Dormouse.wld.bak"]


# Minecraft

OVERWORLD = ("level.dat", "region/r.0.0.mca", "data/raids.dat")
WITHIN = (*OVERWORLD, "DIM-1/region/r.0.0.mca", "DIM1/region/r.0.0.mca")
BESIDE = (
    *(f"world/{path}" for path in OVERWORLD),
    *(f"world_nether/{path}" for path in ("level.dat", "uid.dat", "DIM-1/region/r.0.0.mca")),
    *(f"world_the_end/{path}" for path in ("level.dat", "uid.dat", "DIM1/region/r.0.0.mca")),
)


def under(prefix: str, paths: Iterable[str]) -> list[str]:
    return [prefix + path for path in paths]


@pytest.mark.parametrize("prefix", ["", "New World/", "saves/New World/"])
def test_a_world_of_one_folder_stays_so_on_a_server_that_keeps_them_so(prefix: str) -> None:
    made = planned(MINECRAFT, *under(prefix, WITHIN))
    assert placed(made) == set(under("world/", WITHIN))
    assert made.taken[1:] == ("Nether", "End")
    assert made.left == ()


@pytest.mark.parametrize("prefix", ["", "New World/"])
def test_a_world_of_one_folder_is_split_for_a_server_that_splits_them(prefix: str) -> None:
    made = planned(PAPER, *under(prefix, WITHIN))
    assert placed(made) == {
        *under("world/", OVERWORLD),
        *("world_nether/DIM-1/region/r.0.0.mca", "world_nether/level.dat"),
        *("world_the_end/DIM1/region/r.0.0.mca", "world_the_end/level.dat"),
    }


@pytest.mark.parametrize("prefix", ["", "server/"])
def test_a_split_world_stays_so_on_a_server_that_splits_them(prefix: str) -> None:
    made = planned(PAPER, *under(prefix, BESIDE))
    assert (placed(made), made.left) == (set(BESIDE), ())


def test_a_split_world_is_put_together_for_a_server_that_keeps_them_so() -> None:
    made = planned(MINECRAFT, *BESIDE)
    assert placed(made) == set(under("world/", WITHIN))
    assert made.left == (
        *("world_nether/level.dat", "world_nether/uid.dat"),
        *("world_the_end/level.dat", "world_the_end/uid.dat"),
    )


def test_a_world_of_another_name_has_its_dimensions_beside_it_too() -> None:
    made = planned(PAPER, *[path.replace("world", "Oak_Vale", 1) for path in BESIDE])
    assert (placed(made), made.taken) == (set(BESIDE), ("Oak_Vale", "Nether", "End"))


def test_the_rest_of_a_server_is_left_out_and_said() -> None:
    made = planned(MINECRAFT, *under("srv/", WITHIN), "srv/DIM1/", "other/server.properties", "eula.txt")
    assert made.left == ("eula.txt", "other/")


def test_folders_of_dimensions_without_a_file_are_no_dimensions() -> None:
    made = planned(MINECRAFT, *OVERWORLD, "DIM-1/", "DIM-1/data/")
    assert made.taken == ("sent",)


def test_a_dimension_that_is_there_twice_is_named() -> None:
    paths = [*BESIDE, "world/DIM-1/region/r.1.1.mca"]
    for wanted in (MINECRAFT, PAPER):
        assert refused(wanted, *paths) == ("several", "world/DIM-1, world_nether/DIM-1")


def test_several_worlds_are_named() -> None:
    assert refused(MINECRAFT, "Alpha/level.dat", "Beta/level.dat") == ("several", "Alpha, Beta")


def test_a_copy_within_a_world_is_a_part_of_it() -> None:
    made = planned(MINECRAFT, "w/level.dat", "w/backup/level.dat")
    assert placed(made) == {"world/level.dat", "world/backup/level.dat"}


def test_a_world_of_bedrock_is_no_world_of_java() -> None:
    paths = ("level.dat", "levelname.txt", "db/CURRENT", "db/000003.ldb")
    for prefix in ("", "My World/"):
        assert refused(MINECRAFT, *under(prefix, paths)) == ("foreign", "Minecraft: Bedrock Edition")


def test_a_world_of_java_is_no_world_of_bedrock() -> None:
    assert refused(BEDROCK, *under("w/", WITHIN)) == ("foreign", "Minecraft: Java Edition")
    assert placed(planned(BEDROCK, "level.dat", "db/CURRENT")) == {
        *("worlds/Dormouse/level.dat", "worlds/Dormouse/db/CURRENT"),
    }


def test_an_export_of_ours_of_another_flavour_is_laid_as_this_server_has_it() -> None:
    made = planned(MINECRAFT, *BESIDE, "plugins/Map.jar", exact=True)
    assert placed(made) == set(under("world/", WITHIN))
    assert "plugins/" in made.left


def test_thousands_of_worlds_are_judged_in_no_time() -> None:
    """Each step looks at each name once, or a stranger could keep a turn for hours."""
    paths = [f"{number:05}/level.dat" for number in range(20_000)]
    why, named = refused(MINECRAFT, *paths)
    assert (why, len(named.split(", "))) == ("several", 8)


# whatever comes

name = st.one_of(
    st.sampled_from([b"world", b"world_nether", b"DIM-1", b"DIM1", b"level.dat", b"x.db", b"x.fwl", b"a.zip", b"db"]),
    st.binary(min_size=1, max_size=6).map(lambda each: each.replace(b"/", b"_").replace(b"\0", b"_")),
).filter(lambda each: each not in (b".", b".."))
paths = st.lists(st.lists(name, min_size=1, max_size=4).map(b"/".join), unique=True, max_size=12)


@given(
    paths,
    st.sampled_from([FACTORIO, VALHEIM, MINECRAFT, PAPER, TERRARIA, AMONG, BEDROCK, Forms()]),
    st.text(max_size=12),
    st.booleans(),
    st.booleans(),
)
def test_what_is_taken_lies_where_it_may_and_once(
    found: list[bytes], wanted: Forms, sent: str, exact: bool, zipped: bool
) -> None:
    above = {parent for path in found for parent in _above(path)}
    given_members = [Member(number, path, "file", 1) for number, path in enumerate(found) if path not in above]
    try:
        made = plan(given_members, wanted, sent, exact=exact, zipped=zipped)
    except Hostile:
        return
    seen = set[tuple[str, bytes]]()
    for part in made.parts:
        assert part.place in wanted.places
        for each in part.members:
            assert each.path
            assert not {b"", b".", b".."} & set(each.path.split(b"/"))
            assert (part.place, each.path) not in seen
            seen.add((part.place, each.path))
    numbers = [each.number for part in made.parts for each in part.members]
    assert len(numbers) == len(set(numbers))
    if made.packed:
        assert made.packed.rpartition("/")[0] == wanted.place
        assert ".." not in made.packed.split("/")
    assert all(each.isprintable() for each in (*made.taken, *made.left, made.name))
    left = len(made.left) + made.more
    assert made.packed or left <= len(given_members) - len(numbers)
    assert bool(left) == (not made.packed and len(numbers) < len(given_members))


def _above(path: bytes) -> list[bytes]:
    parts = path.split(b"/")
    return [b"/".join(parts[:end]) for end in range(1, len(parts))]


@pytest.mark.parametrize("wanted", [FACTORIO, VALHEIM, MINECRAFT, PAPER, TERRARIA, AMONG, BEDROCK])
def test_forms_go_through_json(wanted: Forms) -> None:

    assert Forms.of(json.loads(json.dumps(wanted.to_json()))) == wanted
