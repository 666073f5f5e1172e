"""The files of a world: read by managers, changed by the owner, saved before, written down after."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from onesave import AT, SAVED, Shelf

from core.agent.file_wire import PART, FileOrder, FileRefused, FileTrouble
from core.data.tables import ServerRow
from core.errors import (
    BadInput,
    ChangedMeanwhile,
    ClusterError,
    LimitReached,
    NotAllowed,
    NotFound,
    Refusal,
    TryAgain,
)
from core.guilds.access import Actor
from core.servers import files as files_module
from core.servers.files import Files
from core.servers.host_rules import HostRules
from core.servers.sharing import Target
from core.words import Sharer, ShareRole
from core.worlds.look import Look
from core.worlds.receipt import Receipt
from core.worlds.shelf import Shelf as RealShelf
from core.worlds.snapshot import snapshot as take
from core.worlds.source import NEWEST
from core.worlds.store import Store
from core.worlds.store.folder import FolderStore
from core.worlds.store.place import StorePlace
from tests.conftest import ADA, BO, CY, GUILD, House

# No query here differs by database; what writes rows is shown on both elsewhere.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
THEIRS = Actor(user=1, guild=GUILD + 1, name="Ada", manages_guild=True)


@pytest.fixture
def rules(rules: HostRules) -> HostRules:
    return replace(rules, keeps_worlds=True)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


class Snapshots:
    """What is taken before files are changed."""

    def __init__(self, house: House) -> None:
        self.notes: list[str] = []
        self.refuse: ClusterError | None = None
        house.cluster.snapshot = self.take  # type: ignore[method-assign]

    async def take(self, server: str, *, note: str = "", full: bool = False) -> Receipt:
        if self.refuse is not None:
            raise self.refuse
        self.notes.append(note)
        return Receipt(SAVED, AT, 100)


@pytest.fixture
def snapshots(house: House) -> Snapshots:
    return Snapshots(house)


@pytest.fixture
def files(house: House, snapshots: Snapshots) -> Files:
    return house.core.files


@pytest.fixture
async def server(house: House) -> str:
    made = await house.create()
    await house.until(made, lambda row: row.phase == "running" and row.bound == row.volume)
    return made


async def events(house: House, server: str) -> list[tuple[str, dict[str, Any], int | None]]:
    found = await house.events(server)
    return [(each.kind, each.data, each.by) for each in found if each.kind.startswith(("file_", "folder_"))]


async def sent(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_a_text_is_written_with_a_snapshot_before_and_a_line_in_the_audit(
    house: House, files: Files, snapshots: Snapshots, server: str
) -> None:
    made = await files.write(ADA, server, "motd.txt", "Grüße\n", "")
    assert (made.saved, snapshots.notes) == (SAVED, ["~before files"])
    read = await files.read(ADA, server, "motd.txt")
    assert (read.text, read.version, read.large) == ("Grüße\n", made.version, False)
    await files.write(ADA, server, "motd.txt", "Hello\n", made.version)
    assert len(snapshots.notes) == 1  # both go back together
    assert await events(house, server) == [("file_written", {"path": "motd.txt"}, ADA.user)] * 2


async def test_somebody_elses_change_is_not_overwritten(house: House, files: Files, server: str) -> None:
    first = await files.write(ADA, server, "motd.txt", "one", "")
    await files.write(ADA, server, "motd.txt", "two", first.version)
    with pytest.raises(ChangedMeanwhile):
        await files.write(ADA, server, "motd.txt", "three", first.version)
    with pytest.raises(Refusal, match=r"files\.exists"):
        await files.write(ADA, server, "motd.txt", "three", "")
    assert (await files.read(ADA, server, "motd.txt")).text == "two"
    assert len(await events(house, server)) == 2


async def test_two_who_write_at_once_are_not_both_told_that_theirs_is_there(
    files: Files, snapshots: Snapshots, server: str
) -> None:
    both = [files.write(ADA, server, "motd.txt", text, "") for text in ("one", "two")]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(isinstance(each, Refusal) for each in done) == [False, True]
    assert len(snapshots.notes) == 1


async def test_where_no_snapshot_can_be_had_nothing_is_changed(
    house: House, files: Files, snapshots: Snapshots, server: str
) -> None:
    snapshots.refuse = ClusterError("away", problem="store_away")
    with pytest.raises(TryAgain, match=r"world\.cannot\.store_away"):
        await files.write(ADA, server, "motd.txt", "one", None)
    assert (await files.list(ADA, server)).entries == ()
    assert await events(house, server) == []


async def test_a_later_session_has_a_snapshot_of_its_own(
    files: Files, snapshots: Snapshots, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await files.make_folder(ADA, server, "plugins")
    monkeypatch.setattr(files_module, "SESSION", 0.0)
    await files.make_folder(ADA, server, "mods")
    assert len(snapshots.notes) == 2


async def test_files_are_uploaded_renamed_downloaded_and_deleted(house: House, files: Files, server: str) -> None:
    content = b"0123456789" * 70_000  # more than one part
    await files.make_folder(ADA, server, "plugins")
    made = await files.upload(ADA, server, "plugins/a.jar", sent(content[:99], b"", content[99:]), "")
    assert made.size == len(content) > PART
    await files.rename(ADA, server, "plugins/a.jar", "plugins/b.jar")
    opened = await files.open(ADA, server, "plugins/b.jar")
    assert b"".join([part async for part in opened.parts(0, opened.size)]) == content
    assert b"".join([part async for part in opened.parts(99, 109)]) == content[99:109]
    with pytest.raises(Refusal, match=r"files\.not_empty"):
        await files.delete(ADA, server, "plugins")
    await files.delete(ADA, server, "plugins", recursive=True)
    assert (await files.list(ADA, server)).entries == ()
    assert [kind for kind, *_ in await events(house, server)] == [
        "folder_made",
        "file_uploaded",
        "file_renamed",
        "file_deleted",
    ]


async def test_an_upload_that_is_too_large_or_breaks_off_leaves_nothing(
    house: House, files: Files, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * PART
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await files.upload(ADA, server, "map", broken(), None)
    monkeypatch.setattr(files_module, "MOST_UPLOAD", PART)
    with pytest.raises(BadInput, match=r"files\.large"):
        await files.upload(ADA, server, "map", sent(b"x" * PART, b"y"), None)
    world = house.cluster.world(server)
    assert list(world.iterdir()) == list((world.parent / "incoming").iterdir()) == []


async def test_no_upload_makes_a_world_larger_than_it_may_be(
    files: Files, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "world_bytes", lambda *_: 100)
    await files.upload(ADA, server, "one", sent(b"x" * 60), None)
    with pytest.raises(LimitReached, match=r"files\.quota"):
        await files.upload(ADA, server, "two", sent(b"x" * 60), None)
    with pytest.raises(LimitReached, match=r"files\.quota"):
        await files.write(ADA, server, "two", "x" * 60, None)
    await files.upload(ADA, server, "one", sent(b"y" * 100), None)


async def test_an_upload_that_would_replace_what_its_owner_did_not_see_is_refused_before_it_comes_in(
    house: House, files: Files, server: str
) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("it was read")
        yield b""

    (house.cluster.world(server) / "map").write_bytes(b"x")
    for version, refusal in (("", Refusal), ("0" * 32, ChangedMeanwhile)):
        with pytest.raises(refusal):
            await files.upload(ADA, server, "map", never(), version)
    with pytest.raises(ChangedMeanwhile):
        await files.upload(ADA, server, "gone", never(), "0" * 32)


async def test_a_download_ends_where_the_file_becomes_another_one(house: House, files: Files, server: str) -> None:
    (house.cluster.world(server) / "log").write_bytes(b"x" * (PART + 1))
    opened = await files.open(ADA, server, "log")
    parts = opened.parts(0, opened.size)
    assert len(await anext(parts)) == PART
    (house.cluster.world(server) / "log").write_bytes(b"y" * (PART + 2))
    with pytest.raises(ChangedMeanwhile):
        await anext(parts)


async def test_what_is_no_text_or_large_is_said_to_be_so(house: House, files: Files, server: str) -> None:
    world = house.cluster.world(server)
    (world / "level.dat").write_bytes(b"\x00\x01\xff")
    (world / "latest.log").write_bytes(b"x" * (PART + 1))
    binary = await files.read(ADA, server, "level.dat")
    assert (binary.text, binary.large, binary.size) == (None, False, 3)
    large = await files.read(ADA, server, "latest.log")
    assert (large.text, large.large) == (None, True)
    with pytest.raises(BadInput, match=r"files\.large"):
        await files.write(ADA, server, "latest.log", "x" * (PART + 1), None)
    with pytest.raises(BadInput, match=r"files\.text"):
        await files.write(ADA, server, "latest.log", "\ud800", None)


async def test_managers_look_and_the_owner_changes(house: House, files: Files, server: str) -> None:
    with pytest.raises(NotAllowed):
        await files.list(BO, server)
    await house.servers.sharing.share(ADA, server, Target(BO.user, Sharer.MEMBER), ShareRole.MANAGER)
    assert (await files.list(BO, server)).changeable
    for change in (
        files.write(BO, server, "a", "x", None),
        files.upload(BO, server, "a", sent(b"x"), None),
        files.make_folder(BO, server, "a"),
        files.rename(BO, server, "a", "b"),
        files.delete(BO, server, "a"),
    ):
        with pytest.raises(NotAllowed):
            await change
    with pytest.raises(NotFound):
        await files.list(THEIRS, server)


@pytest.mark.parametrize("path", ["..", "../x", "/etc", "a/../b", "a\0", "x" * 300])
async def test_a_path_that_leads_out_is_refused_before_anything_is_saved(
    files: Files, snapshots: Snapshots, server: str, path: str
) -> None:
    for asked in (
        files.list(ADA, server, path),
        files.read(ADA, server, path),
        files.write(ADA, server, path, "x", None),
        files.upload(ADA, server, path, sent(b"x"), None),
        files.make_folder(ADA, server, path),
        files.rename(ADA, server, "a", path),
        files.rename(ADA, server, path, "a"),
        files.delete(ADA, server, path, recursive=True),
    ):
        with pytest.raises(BadInput, match=r"files\.path"):
            await asked
    assert snapshots.notes == []


async def test_a_change_of_which_nobody_knows_whether_it_was_made_is_in_the_audit(
    house: House, files: Files, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(server: str, order: FileOrder) -> Any:
        raise ClusterError("the agent does not answer")

    monkeypatch.setattr(house.cluster, "files", silent)
    with pytest.raises(TryAgain, match=r"files\.away"):
        await files.delete(ADA, server, "world", recursive=True)
    assert await events(house, server) == [("file_deleted", {"path": "world", "sure": False}, ADA.user)]


async def test_a_change_for_which_nobody_waits_any_more_is_in_the_audit_too(
    house: House, files: Files, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out, done, let = house.cluster.files, asyncio.Event(), asyncio.Event()

    async def late(server: str, order: FileOrder) -> Any:
        answer = await carry_out(server, order)
        done.set()
        await let.wait()
        return answer

    monkeypatch.setattr(house.cluster, "files", late)
    writing = asyncio.create_task(files.write(ADA, server, "motd.txt", "one", None))
    await done.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    let.set()
    await files.drain()
    assert await events(house, server) == [("file_written", {"path": "motd.txt"}, ADA.user)]


async def test_a_disk_that_is_full_is_said_in_words(house: House, files: Files, server: str) -> None:
    async def full(server: str, order: FileOrder) -> Any:
        raise FileRefused(FileTrouble.FULL)

    house.cluster.files = full  # type: ignore[method-assign]
    with pytest.raises(LimitReached, match=r"files\.full"):
        await files.make_folder(ADA, server, "plugins")


async def test_a_paused_server_has_its_files_too(house: House, files: Files, server: str) -> None:
    await files.write(ADA, server, "motd.txt", "one", "")
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    await files.write(ADA, server, "motd.txt", "two", None)
    assert (await files.read(ADA, server, "motd.txt")).text == "two"


@pytest.fixture
async def archived(house: House, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Its world is a snapshot in a folder, and on no disk."""
    world = tmp_path / "world"
    (world / "region").mkdir(parents=True)
    (world / "server.properties").write_text("motd=hello")
    (world / "region/r.0.0.mca").write_bytes(_LARGE)
    (world / "hard").hardlink_to(world / "server.properties")
    (world / "link").symlink_to("region")
    kept = RealShelf(StorePlace(f"folder:{tmp_path / 'store'}"), tmp_path / "work")
    monkeypatch.setattr(house.core.files, "_shelf", kept)
    await put_away(house, server, tmp_path)
    return server


async def put_away(house: House, server: str, tmp_path: Path) -> None:
    take(FolderStore(tmp_path / "store"), server, tmp_path / "world", volume=1, run=1)
    async with house.database.begin() as session:
        row = await session.get(ServerRow, server)
        assert row is not None
        row.bound, row.source = 0, NEWEST
        session.add(row)


_LARGE = bytes(range(256)) * 4 * 1024 + bytes(3_000_000) + b"end"


async def test_an_archived_world_is_read_from_its_newest_snapshot(files: Files, archived: str) -> None:
    top = await files.list(ADA, archived)
    assert [(each.name, each.kind) for each in top.entries] == [
        ("hard", "file"),
        ("link", "link"),
        ("region", "folder"),
        ("server.properties", "file"),
    ]
    assert not top.changeable
    assert (await files.read(ADA, archived, "hard")).text == "motd=hello"
    opened = await files.open(ADA, archived, "region/r.0.0.mca")
    assert b"".join([part async for part in opened.parts(0, opened.size)]) == _LARGE
    assert b"".join([part async for part in opened.parts(1_048_570, 1_048_580)]) == _LARGE[1_048_570:1_048_580]
    for path in ("link/r.0.0.mca", "gone"):
        with pytest.raises(NotFound):
            await files.read(ADA, archived, path)
    for path in ("link", "region"):
        with pytest.raises(Refusal, match=r"files\.kind"):
            await files.read(ADA, archived, path)


async def test_an_archived_world_that_is_slow_to_come_holds_up_no_other(
    house: House, files: Files, archived: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [await house.create(name, CY) for name in ("Two", "Three")]
    for other in others:
        await house.until(other, lambda row: row.phase == "running" and row.bound == row.volume)
        await put_away(house, other, tmp_path)
    opened, comes = list[str](), threading.Event()

    class SlowLook(Look):
        def __init__(self, store: Store, server: str, name: str) -> None:
            opened.append(server)
            if server == archived:
                comes.wait(20)
            super().__init__(store, server, name)

    monkeypatch.setattr(files_module, "Look", SlowLook)
    waiting = [asyncio.create_task(files.list(ADA, archived)) for _ in range(20)]
    try:
        for other in (*others, *others):
            assert len((await files.list(CY, other)).entries) == 4
    finally:
        comes.set()
    assert {len(each.entries) for each in await asyncio.gather(*waiting)} == {4}
    assert sorted(opened) == sorted([archived, *others])


async def test_an_archived_world_is_not_changed(files: Files, archived: str) -> None:
    for change in (
        files.write(ADA, archived, "server.properties", "x", None),
        files.upload(ADA, archived, "a", sent(b"x"), None),
        files.delete(ADA, archived, "region", recursive=True),
    ):
        with pytest.raises(Refusal, match=r"files\.archived"):
            await change
