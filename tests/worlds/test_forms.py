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


# Games whose server goes by the name of a folder

PALWORLD, V_RISING, DAYS = forms("palworld"), forms("v-rising"), forms("seven-days-to-die")
TOGETHER, CORE_KEEPER = forms("dont-starve-together"), forms("core-keeper")
GUID = "99A85AE9F67946D4A2CCC7F3F5556DF0"
PALS = ("Level.sav", "LevelMeta.sav", "WorldOption.sav", "Players/0001.sav")


@pytest.mark.parametrize("above", ["", "SaveGames/0/", "SaveGames/765611980/"])
def test_a_palworld_keeps_the_name_of_its_folder_and_leaves_a_hosts_options(above: str) -> None:
    made = planned(PALWORLD, *under(f"{above}{GUID}/", PALS), "PalWorldSettings.ini")
    at = f"Pal/Saved/SaveGames/0/{GUID}/"
    assert placed(made) == {f"{at}{name}" for name in PALS if name != "WorldOption.sav"}
    assert set(made.left) == {f"{above}{GUID}/WorldOption.sav", "PalWorldSettings.ini"}
    assert made.taken == (GUID,)


@pytest.mark.parametrize("folder", ["", "My world/"])
def test_a_palworld_without_such_a_name_gets_one(folder: str) -> None:
    made = planned(PALWORLD, *under(folder, PALS))
    assert {each.place for each in made.parts} == {"Pal/Saved/SaveGames/0/D0235E00000000000000000000000001"}


def test_palworlds_own_copies_are_a_part_of_the_world() -> None:
    made = planned(PALWORLD, f"{GUID}/Level.sav", f"{GUID}/backup/world/2026.01.01/Level.sav")
    assert len(placed(made)) == 2


@pytest.mark.parametrize(
    ("sent", "at"),
    [
        (f"v4/{GUID}", "Saves/v4/world1"),
        (f"Saves/v5/{GUID}", "Saves/v5/world1"),
        (GUID, "Saves/v4/world1"),
        ("", "Saves/v4/world1"),
        (f"Stuff/{GUID}", "Saves/v4/world1"),
    ],
)
def test_a_save_of_v_rising_lies_where_the_host_settings_say(sent: str, at: str) -> None:
    names = ("AutoSave_12.save.gz", "AutoSave_13.save.gz", "SessionId.json", "StartDate.json")
    assert placed(planned(V_RISING, *under(f"{sent}/" if sent else "", names))) == {f"{at}/{name}" for name in names}
    game = GAMES.get("v-rising")
    assert game is not None
    assert game.env["HOST_SETTINGS_SaveName"] == "world1"


SAVED = ("Region/r.0.0.7rg", "Region/r.0.-1.7rg", "Player/EOS_1.ttp", "main.ttw")
GROUND = ("map_info.xml", "main.ttw", "dtm.raw")


def test_a_save_of_7_days_to_die_is_called_as_the_server_is_told_and_its_world_as_it_was() -> None:
    made = planned(DAYS, *under("Saves/Navezgane/My Game/", SAVED))
    assert placed(made) == set(under("Saves/Navezgane/Dormouse/", SAVED))
    game = GAMES.get("seven-days-to-die")
    assert game is not None
    assert game.image is not None
    assert 'name="GameName" value="Dormouse"' in game.image.files[0].content


def test_a_random_world_of_7_days_to_die_brings_its_ground() -> None:
    sent = [*under("a/Saves/West Bozide/My Game/", SAVED), *under("a/GeneratedWorlds/West Bozide/", GROUND)]
    made = planned(DAYS, *sent, *under("a/GeneratedWorlds/Old Hills/", GROUND))
    assert placed(made) == {
        *under("Saves/West Bozide/Dormouse/", SAVED),
        *under("GeneratedWorlds/West Bozide/", GROUND),
    }
    assert made.left == ("a/GeneratedWorlds/Old Hills/",)


def test_a_random_world_of_7_days_to_die_without_its_ground_is_refused() -> None:
    sent = under("West Bozide/My Game/", SAVED)
    assert refused(DAYS, *sent) == ("beside", "GeneratedWorlds/West Bozide")


def test_a_save_of_7_days_to_die_without_the_folder_that_names_its_world_is_refused() -> None:
    assert refused(DAYS, *under("My Game/", SAVED)) == ("above", "My Game")
    assert refused(DAYS, *SAVED) == ("above", "Region/*.7rg")
    assert refused(DAYS, *under("Wörld/My Game/", SAVED)) == ("name", "Wörld")


def test_an_export_of_7_days_to_die_has_its_ground_too() -> None:
    sent = [*under("Saves/West Bozide/Dormouse/", SAVED), *under("GeneratedWorlds/West Bozide/", GROUND)]
    made = planned(DAYS, *sent, exact=True)
    assert (placed(made), made.left) == (set(sent), ())


SHARD = ("save/shardindex", "save/session/0A/0000000001", "leveldataoverride.lua", "modoverrides.lua", "server.ini")


@pytest.mark.parametrize("above", ["", "Cluster_3/", "DoNotStarveTogether/123/Cluster_3/"])
def test_of_a_cluster_the_surface_is_taken(above: str) -> None:
    sent = [*under(f"{above}Master/", SHARD), *under(f"{above}Caves/", SHARD), f"{above}cluster.ini"]
    made = planned(TOGETHER, *sent)
    assert placed(made) == set(under("DoNotStarveTogether/Cluster_1/Master/", SHARD))
    assert made.left == (f"{above}Caves/", f"{above}cluster.ini")


def test_caves_alone_are_no_world() -> None:
    assert refused(TOGETHER, *under("Caves/", SHARD)) == ("root", "save/shardindex")


@pytest.mark.parametrize("sent", ["3.world.gzip", "Steam/123/worlds/3.world.gzip"])
def test_a_world_of_core_keeper_gets_the_number_that_the_server_opens(sent: str) -> None:
    assert placed(planned(CORE_KEEPER, sent)) == {"worlds/0.world.gzip"}
    assert CORE_KEEPER.is_of_world("3.world.gzip")
    game = GAMES.get("core-keeper")
    assert game is not None
    assert game.env["WORLD_INDEX"] == "0"


def test_of_several_worlds_of_core_keeper_none_is_taken() -> None:
    assert refused(CORE_KEEPER, "worlds/0.world.gzip", "worlds/3.world.gzip")[0] == "several"


@pytest.mark.parametrize(
    ("wanted", "paths"),
    [
        (PALWORLD, under(f"Pal/Saved/SaveGames/0/{GUID}/", PALS)),
        (V_RISING, ["Saves/v4/world1/AutoSave_1.save.gz"]),
        (DAYS, under("Saves/Navezgane/Dormouse/", SAVED)),
        (TOGETHER, under("DoNotStarveTogether/Cluster_1/Master/", SHARD)),
        (CORE_KEEPER, ["worlds/0.world.gzip"]),
    ],
)
def test_an_export_of_ours_goes_back_as_it_was(wanted: Forms, paths: list[str]) -> None:
    assert placed(planned(wanted, *paths, exact=True)) == set(paths)


@pytest.mark.parametrize("wanted", [PALWORLD, V_RISING, DAYS, TOGETHER, CORE_KEEPER])
def test_what_is_no_save_of_theirs_is_refused(wanted: Forms) -> None:
    assert refused(wanted, "holiday/beach.jpg", "holiday/notes.txt")[0] == "root"


# whatever comes

ALL = (
    *(FACTORIO, VALHEIM, MINECRAFT, PAPER, TERRARIA, AMONG, BEDROCK),
    *(PALWORLD, V_RISING, DAYS, TOGETHER, CORE_KEEPER),
)

name = st.one_of(
    st.sampled_from([b"world", b"world_nether", b"DIM-1", b"DIM1", b"level.dat", b"x.db", b"x.fwl", b"a.zip", b"db"]),
    st.sampled_from([b"Level.sav", b"AutoSave_1.save.gz", b"v4", b"Region", b"a.7rg", b"map_info.xml", b"Caves"]),
    st.binary(min_size=1, max_size=6).map(lambda each: each.replace(b"/", b"_").replace(b"\0", b"_")),
).filter(lambda each: each not in (b".", b".."))
paths = st.lists(st.lists(name, min_size=1, max_size=4).map(b"/".join), unique=True, max_size=12)


@given(
    paths,
    st.sampled_from([*ALL, Forms()]),
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
        assert any(part.place == place or part.place.startswith(f"{place}/") for place in wanted.places)
        assert not {"", ".", ".."} & set(part.place.split("/")) or not part.place
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


@pytest.mark.parametrize("wanted", ALL)
def test_forms_go_through_json(wanted: Forms) -> None:

    assert Forms.of(json.loads(json.dumps(wanted.to_json()))) == wanted
