"""What a member brings, through the use-case and its child processes: the world, the setting that follows it, the way
back, and what is said of it."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cogs.replies import in_words
from core.errors import BadInput, LicenceNeeded
from core.guilds.access import Actor
from core.servers.host_rules import HostRules
from core.servers.worlds import Worlds
from core.worlds.receipt import Receipt
from core.worlds.restore import restore
from core.worlds.shelf import Shelf
from core.worlds.snapshot import snapshot as take
from core.worlds.store.folder import FolderStore
from core.worlds.store.place import StorePlace
from tests.conftest import ADA, CHANNEL
from tests.worlds.test_nbt import level

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),  # what children do does not depend on it
]


class Sent:
    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.size, self._data = name, len(data), data

    async def save(self, path: Path, /) -> None:
        await asyncio.to_thread(path.write_bytes, self._data)


def packed(files: Mapping[str, str | bytes], name: str = "brought.zip") -> Sent:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return Sent(name, data.getvalue())


def pair(name: str, folder: str = "") -> dict[str, str]:
    return {f"{folder}{name}.db": f"the land of {name}", f"{folder}{name}.fwl": f"the seed of {name}"}


@pytest.fixture
def rules(rules: HostRules) -> HostRules:
    return replace(rules, keeps_worlds=True)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(StorePlace(f"folder:{tmp_path / 'store'}"), tmp_path / "work")


class Disk:
    """The one server's, of which the cluster takes real snapshots."""

    def __init__(self, folder: Path, house: Any, worlds: Worlds) -> None:
        self.data, self.house, self.worlds = folder / "disk", house, worlds
        self.store = FolderStore(folder / "store")
        self.data.mkdir()
        self.server = ""

    async def snapshot(self, server: str, *, note: str = "", full: bool = False) -> Receipt:
        row = await self.house.row(server)
        return await asyncio.to_thread(
            take, self.store, server, self.data, volume=row.volume, run=row.run, note=note, full=True
        )

    async def create(self, game: str, actor: Actor = ADA) -> str:
        creation = self.house.servers.creation
        try:
            made = await creation.create(actor, channel=CHANNEL, game=game, name="Pond", size=None)
        except LicenceNeeded as asked:
            made = await creation.go_on(actor, asked.question)
        self.server = made.id
        await self.up()
        return self.server

    async def up(self) -> None:
        """Runs with the world that its row asks for."""
        row = await self.house.until(self.server, lambda row: row.phase == "running" and row.bound == row.volume)
        if row.source:
            self.data = self.data.with_name(f"disk{row.volume}")
            self.data.mkdir()
            await asyncio.to_thread(restore, self.store, self.server, row.source, self.data)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.data / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def files(self) -> dict[str, str]:
        found = sorted(self.data.rglob("*"))
        return {str(each.relative_to(self.data)): each.read_text() for each in found if each.is_file()}

    async def setting(self, key: str) -> str:
        return str((await self.house.row(self.server)).settings.get(key, ""))

    async def kinds(self) -> list[str]:
        return [event.kind for event in await self.house.events(self.server)]


@pytest.fixture
def disk(house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk(tmp_path, house, house.core.worlds)
    monkeypatch.setattr(house.cluster, "snapshot", made.snapshot)
    return made


async def test_the_servers_world_follows_what_was_brought_and_goes_back_with_undo(disk: Disk) -> None:
    server = await disk.create("valheim")
    disk.write({"adminlist.txt": "1"} | pair("Dormouse", "worlds_local/"))
    made = await disk.worlds.bring_in(ADA, server, file=packed({"notes": "x"} | pair("Midgard")), url=None)
    assert (made.called, made.taken, made.left) == ("Midgard", ("Midgard.db", "Midgard.fwl"), ("notes",))
    assert made.setting is not None
    assert await disk.setting("world") == "Midgard"
    assert [kind for kind in await disk.kinds() if kind in ("imported", "edited")] == ["imported", "edited"]
    await disk.up()
    assert disk.files() == {
        "adminlist.txt": "1",
        "worlds_local/Midgard.db": "the land of Midgard",
        "worlds_local/Midgard.fwl": "the seed of Midgard",
    }
    await disk.worlds.undo(ADA, server)
    assert await disk.setting("world") == "Dormouse"
    await disk.up()
    assert "worlds_local/Dormouse.db" in disk.files()
    await disk.worlds.undo(ADA, server)
    assert await disk.setting("world") == "Midgard"


async def test_a_clone_of_an_older_snapshot_loads_the_world_of_then(disk: Disk) -> None:
    server = await disk.create("valheim")
    disk.write(pair("Dormouse", "worlds_local/"))
    before = await disk.snapshot(server)
    await disk.worlds.bring_in(ADA, server, file=packed(pair("Midgard")), url=None)
    copy = await disk.worlds.clone(ADA, server, channel=CHANNEL, name="Lake", snapshot=before.name)
    assert (await disk.house.row(copy.id)).settings["world"] == "Dormouse"


async def test_a_clone_loads_the_world_that_is_played_where_another_waits_for_the_next_start(disk: Disk) -> None:
    server = await disk.create("valheim")
    disk.write(pair("Dormouse", "worlds_local/"))
    await disk.house.servers.editing.edit(ADA, server, {"world": "Midgard"})
    copy = await disk.worlds.clone(ADA, server, channel=CHANNEL, name="Lake", snapshot=None)
    assert (await disk.house.row(copy.id)).settings["world"] == "Dormouse"
    assert await disk.setting("world") == "Midgard"


@pytest.mark.parametrize(
    ("brought", "said"),
    [
        (packed({"Midgard.db": "half"}), "„Midgard.fwl“ gehört zu dieser Welt"),
        (packed(pair("Midgard") | pair("Asgard")), "mehr als eine Welt: Asgard, Midgard"),
        (packed(pair("--x")), "kann nicht „\\--x“ heißen"),
        (packed({"holiday": "sun"}), "„\\*.db“ gibt es in diesem Archiv nicht"),
        (Sent("Midgard.db", b"\x1b\0\0\0 land"), "„Midgard.fwl“ gehört zu dieser Welt"),
        (Sent("Midgard.png", b"\x89PNG"), "kein Archiv"),
    ],
)
async def test_what_cannot_be_used_is_said_and_nothing_is_changed(disk: Disk, brought: Sent, said: str) -> None:
    server = await disk.create("valheim")
    before = (await disk.house.row(server)).model_dump(exclude={"version", "saved_name", "saved_at"})
    with pytest.raises(BadInput) as refused:
        await disk.worlds.bring_in(ADA, server, file=brought, url=None)
    assert said in str(in_words(refused.value, "de"))
    after = (await disk.house.row(server)).model_dump(exclude={"version", "saved_name", "saved_at"})
    assert after == before
    assert "imported" not in await disk.kinds()


async def test_a_factorio_save_is_the_one_that_the_server_has(disk: Disk) -> None:
    server = await disk.create("factorio")
    disk.write({"saves/_autosave1.zip": "old", "mods/list": "mods"})
    brought = packed({"Base/level.dat0": "the factory", "Base/script.dat": ""}, "Iron_Age.zip")
    made = await disk.worlds.bring_in(ADA, server, file=brought, url=None)
    assert (made.taken, made.left, made.setting) == (("Iron_Age.zip",), (), None)
    source = (await disk.house.row(server)).source
    back = disk.data.with_name("back")
    back.mkdir()
    restore(disk.store, server, str(source), back)
    assert sorted(str(each.relative_to(back)) for each in back.rglob("*") if each.is_file()) == [
        *("mods/list", "saves/Iron_Age.zip"),
    ]
    assert (back / "saves" / "Iron_Age.zip").read_bytes() == brought._data


async def test_a_damaged_save_is_refused_though_nothing_is_taken_out_of_it(disk: Disk) -> None:
    server = await disk.create("factorio")
    brought = packed({"Base/level.dat0": "the factory of ours"})
    brought._data = brought._data.replace(b"factory", b"fictory", 1)
    with pytest.raises(BadInput, match=r"import\.damaged"):
        await disk.worlds.bring_in(ADA, server, file=brought, url=None)


async def test_a_world_of_one_folder_is_split_for_paper_and_a_nether_of_another_world_does_not_stay(disk: Disk) -> None:
    server = await disk.create("minecraft-java")
    await disk.house.servers.editing.edit(ADA, server, {"type": "PAPER"})
    await disk.up()
    disk.write(dict.fromkeys(("world/level.dat", "world_nether/level.dat", "world_the_end/DIM1/x", "keep"), "old"))
    files = {"Oak/level.dat": "new", "Oak/region/r": "land", "Oak/DIM-1/region/r": "fire"}
    made = await disk.worlds.bring_in(ADA, server, file=packed(files), url=None)
    assert made.taken == ("Oak", "Nether")
    await disk.up()
    assert disk.files() == {
        "keep": "old",
        "world/level.dat": "new",
        "world/region/r": "land",
        "world_nether/DIM-1/region/r": "fire",
        "world_nether/level.dat": "new",
    }


async def test_a_world_of_a_later_version_is_refused_where_the_server_has_a_certain_one(disk: Disk) -> None:
    server = await disk.create("minecraft-java")
    brought = packed({"Oak/level.dat": level("1.21.8"), "Oak/region/r": "land"})
    await disk.house.servers.editing.edit(ADA, server, {"version": "1.20.6"})
    await disk.up()
    with pytest.raises(BadInput) as refused:
        await disk.worlds.bring_in(ADA, server, file=brought, url=None)
    assert "played with version 1\\.21.8" in str(in_words(refused.value, "en"))
    await disk.house.servers.editing.edit(ADA, server, {"version": "1.21.8"})
    await disk.up()
    assert (await disk.worlds.bring_in(ADA, server, file=brought, url=None)).taken == ("Oak",)


async def test_a_world_that_the_server_loads_by_one_name_is_called_so(disk: Disk) -> None:
    server = await disk.create("vintage-story")
    disk.write({"vs/Saves/default.vcdbs": "old", "vs/Mods/shop.zip": "x"})
    made = await disk.worlds.bring_in(ADA, server, file=Sent("Green_Hills.vcdbs", b"SQLite format 3"), url=None)
    assert (made.taken, made.setting) == (("Green_Hills.vcdbs",), None)
    await disk.up()
    assert disk.files() == {"vs/Saves/default.vcdbs": "SQLite format 3", "vs/Mods/shop.zip": "x"}


async def test_a_lone_world_of_terraria_names_what_the_server_loads(disk: Disk) -> None:
    server = await disk.create("terraria")
    disk.write({"worlds/Dormouse.wld": "old", "worlds/Dormouse.wld.bak": "older", "tshock.sqlite": "who"})
    made = await disk.worlds.bring_in(ADA, server, file=Sent("Green_Hills.wld", b"relogic"), url=None)
    assert (made.taken, made.called) == (("Green_Hills.wld",), "Green_Hills")
    assert await disk.setting("world") == "Green_Hills"
    await disk.up()
    assert disk.files() == {"worlds/Green_Hills.wld": "relogic", "tshock.sqlite": "who"}
