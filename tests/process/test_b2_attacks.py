"""Through the shipped bot: hostile archives and addresses, a thief with the key of one server's pod, rot, and links."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from b2server import Key
from onb2 import BUCKET, PREFIX, OnB2, dormouse, on_b2, store_settings

from core.worlds.listing import listing, snapshot_key
from core.worlds.store import Store, open_store
from core.worlds.store.b2_keys import SAVES

pytestmark = pytest.mark.process


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[OnB2]:
    async with on_b2(tmp_path) as place:
        yield place


def zipped(*names: str, link: str = "") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, bytes(1_000_000))
        if link:
            info = zipfile.ZipInfo("link")
            info.external_attr = 0o120777 << 16
            archive.writestr(info, link)
    return data.getvalue()


def tarred(kind: bytes, target: str = "") -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("file"))
        info = tarfile.TarInfo("other")
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return data.getvalue()


def announcing(size: int) -> bytes:
    """Three files that say they are of this size, which they are not."""
    return zipped("a", "b", "c").replace((1_000_000).to_bytes(4, "little"), size.to_bytes(4, "little"))


ARCHIVES = {
    "out of its folder": (zipped("../../evil"), "write outside of its own folder"),
    "from the root": (zipped("/etc/evil"), "write outside of its own folder"),
    "a link out": (zipped(link="/proc/self/environ"), "is a link that leads out of it, or a hard link"),
    "a link up": (zipped(link="../../store.json"), "is a link that leads out of it, or a hard link"),
    "a hard link": (tarred(tarfile.LNKTYPE, "/etc/passwd"), "is a link that leads out of it, or a hard link"),
    "a device": (tarred(tarfile.CHRTYPE), "is no file, folder or link"),
    "two in one": (zipped("World", "world"), "in nothing but case"),
    "a bomb": (announcing(4_000_000_000), "larger than a world may be"),
    "a liar": (announcing(10), "Nothing was changed"),
    "nothing": (zipped(), "There is no file in that archive"),
    "a program": (b"MZ not an archive", "That is a program"),
    "no archive": (b"not an archive", "no archive that I can open"),
    "half of one": (zipped("a")[:300], "no archive that I can open"),
}
ADDRESSES = [
    *("https://127.0.0.1/w.zip", "https://[::1]/w.zip", "https://[::ffff:127.0.0.1]/w.zip", "https://localhost/w.zip"),
    *("https://10.0.0.1/w.zip", "https://192.168.0.1:8443/w.zip", "https://169.254.169.254/latest/meta-data/"),
    *("https://2130706433/w.zip", "https://0x7f.1/w.zip", "http://1.1.1.1/w.zip", "file:///etc/passwd", "w.zip"),
    "https://user:word@1.1.1.1/w.zip",
]


async def test_hostile_archives_and_addresses_are_refused_in_words_and_leave_nothing(place: OnB2) -> None:
    """A name that changes its answer and a redirect inward need the world outside: tests/worlds/test_fetch.py."""
    server = await place.create()
    there = {each.key for each in place.store.list_versions()}
    for kind, (data, words) in ARCHIVES.items():
        sent = await place.house.people["Ada"].upload("world.zip", data)
        said = await place.ask("world import", server="Pond", file=sent["id"])
        assert words in said, kind
        assert "Nothing was changed" in said
    for address in ADDRESSES:
        said = await place.ask("world import", server="Pond", url=address)
        assert "I fetch from public https addresses only" in said, address
    assert list((place.house.folder / "bot" / "work").iterdir()) == []
    assert not list(place.house.folder.rglob("evil"))
    assert {each.key for each in place.store.list_versions()} == there
    assert not place.world(server, 2).exists()
    assert (place.world(server) / "castle").read_text() == "tall"
    await place.card("Running")
    assert "Traceback" not in place.house.log


def thief(place: OnB2, server: str) -> Store:
    """Whoever has what the pod of this server holds."""
    key: Key = place.b2.account.add_key(SAVES, bucket=BUCKET, prefix=f"{PREFIX}worlds/{server}/")
    return open_store(f"b2:{BUCKET}/{PREFIX}", store_settings(place.b2, key))


def ransom(store: Store, server: str) -> None:
    """All that such a key can do to what is there."""
    for each in list(store.list(f"worlds/{server}/")):
        store.put(each.key, b"pay us")
        store.hide(each.key)


async def test_a_world_whose_every_object_was_overwritten_and_hidden_comes_back(place: OnB2) -> None:
    server = await place.create()
    await place.ask("world archive", server="Pond")
    await place.card("Archived")
    ransom(thief(place, server), server)
    assert not list(place.store.list(f"worlds/{server}/"))
    await place.resume()
    assert (place.world(server, 2) / "castle").read_text() == "tall"
    await place.saved()


async def test_a_lost_disk_is_not_filled_from_an_older_snapshot_because_the_newest_was_hidden(place: OnB2) -> None:
    server = await place.create("small")
    await place.saved()
    (place.world(server) / "castle").write_text("tall")
    await place.saved()
    newest, *_ = listing(place.store, server)
    thief(place, server).hide(snapshot_key(server, newest.name))
    for each in sorted(place.world(server).parent.rglob("*"), reverse=True):
        each.rmdir() if each.is_dir() else each.unlink()
    await place.house.until(lambda _: (place.world(server, 2) / "castle").exists(), within=60)
    assert (place.world(server, 2) / "castle").read_text() == "tall"


async def test_what_rotted_is_said_in_words_and_nothing_starts_from_it(place: OnB2) -> None:
    server = await place.create()
    await place.ask("world archive", server="Pond")
    await place.card("Archived")
    kept: dict[str, bytes] = {}
    for name, versions in place.b2.account.bucket(BUCKET).files.items():
        if "/packs/" in name:
            kept[name] = versions[0].data
            versions[0].data = bytes([versions[0].data[0] ^ 1]) + versions[0].data[1:]
    await place.ask("server resume", server="Pond")
    await place.card("This snapshot is damaged, so nothing was started from it")
    assert not place.world(server, 2).exists()
    for name, data in kept.items():
        place.b2.account.bucket(BUCKET).files[name][0].data = data
    await place.card("Running")
    assert (place.world(server, 2) / "castle").read_text() == "tall"


async def test_a_download_holds_no_secret_that_a_link_points_at(place: OnB2) -> None:
    server = await place.create()
    own = place.house.folder / "bot" / "servers" / server
    links = {"store": str(own / "store.json"), "up": "../../../spec.json", "env": "/proc/self/environ"}
    links |= {"all": str(place.house.folder / "bot"), "proc": "/proc/self"}
    for name, target in links.items():
        (place.world(server) / name).symlink_to(target)
    await place.ask("world download", server="Pond")
    message = await place.house.message("The world as it was")
    address = re.search(r"http\S+?Pond\.zip[^\s\"')]*", str(message))
    assert address, message
    async with aiohttp.ClientSession() as web, web.get(address[0]) as got:
        archive = zipfile.ZipFile(io.BytesIO(await got.read()))
    held = {each.filename: archive.read(each) for each in archive.infolist()}
    assert {name: held[name].decode() for name in links} == links
    assert held["castle"] == b"tall"
    secrets = (place.key.secret.encode(), place.key.id.encode(), b"planted-token")
    assert not any(secret in data for data in held.values() for secret in secrets)


class TestAtAShell:
    """`dormouse worlds` with the settings of the store, and no data folder, database or Discord."""

    async def test_the_bucket_alone_is_enough_for_every_verb(self, place: OnB2, tmp_path: Path) -> None:
        server = await place.create()
        await place.saved()
        await place.house.stop()
        environ = place.environ

        async def worlds(*arguments: str) -> tuple[int, str]:
            return await dormouse("worlds", *arguments, environ=environ)

        code, said = await worlds("ls")
        assert (code, said.split()[:2]) == (0, [server, "1"]), said
        (name,) = (each.name for each in listing(place.store, server))
        code, said = await worlds("ls", server)
        assert (code, name in said, "by hand" in said) == (0, True, True), said
        code, said = await worlds("check", "--all")
        assert (code, said.split()) == (0, [server, name, "well"]), said
        code, said = await worlds("drill")
        assert (code, "files came back" in said) == (0, True), said
        code, said = await worlds("collect")
        assert (code, "0 snapshots" in said) == (0, True), said
        code, said = await worlds("restore", server, "newest", str(tmp_path / "back"))
        assert code == 0, said
        assert (tmp_path / "back" / "castle").read_text() == "tall"

    async def test_after_a_thief_collect_alarms_and_unhide_and_mend_make_it_right(
        self, place: OnB2, tmp_path: Path
    ) -> None:
        server = await place.create()
        await place.saved()
        await place.house.stop()
        environ = place.environ
        (name,) = (each.name for each in listing(place.store, server))
        ransom(thief(place, server), server)
        code, said = await dormouse("worlds", "collect", server, environ=environ)
        assert (code, "hidden, but not by us" in said) == (1, True), said
        code, said = await dormouse("worlds", "restore", server, "newest", str(tmp_path / "early"), environ=environ)
        assert (code, "(healed)" in said) == (0, True), said
        code, said = await dormouse("worlds", "unhide", server, environ=environ)
        assert (code, "objects are visible again" in said) == (0, True), said
        code, said = await dormouse("worlds", "check", server, "--mend", environ=environ)
        assert (code, "well" in said, "(healed)" in said) == (0, True, True), said
        code, said = await dormouse("worlds", "check", server, environ=environ)
        assert (code, said.split()) == (0, [server, name, "well"]), said
        code, said = await dormouse("worlds", "collect", server, environ=environ)
        assert (code, "hidden" in said.partition("snapshots")[2]) == (0, True), said

    async def test_what_is_wrong_is_said_in_words_and_by_the_exit_code(self, place: OnB2, tmp_path: Path) -> None:
        server = await place.create()
        await place.saved()
        await place.house.stop()
        environ = place.environ
        missing = ["000001-000001-000009-" + "0" * 32, str(tmp_path / "none")]
        code, said = await dormouse("worlds", "restore", server, *missing, environ=environ)
        assert (code, "there is none" in said) == (1, True), said
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "file").touch()
        code, said = await dormouse("worlds", "restore", server, "newest", str(tmp_path / "full"), environ=environ)
        assert (code, "is not empty" in said) == (1, True), said
        for pack in list(place.store.list(f"worlds/{server}/packs/")):
            place.b2.account.bucket(BUCKET).files[PREFIX + pack.key][0].data = b"rotten"
        code, said = await dormouse("worlds", "check", environ=environ)
        assert (code, "damaged" in said) == (1, True), said
        code, said = await dormouse("worlds", "drill", environ=environ)
        assert (code, "cannot be had" in said) == (1, True), said
        del place.b2.account.keys[place.key.id]
        for verb in (["ls"], ["check"], ["collect"], ["drill"], ["unhide", server]):
            code, said = await dormouse("worlds", *verb, environ=environ)
            assert (code, "does not accept B2_KEY_ID and B2_KEY" in said) == (1, True), said
            assert place.key.secret not in said
            assert "Traceback" not in said
