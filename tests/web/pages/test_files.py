"""A world's files in a browser: nobody overwrites somebody else, and names are text."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from aiohttp import FormData
from webface import Face

from core.accounts.sessions import form_mark
from tests.conftest import ADA, BO, GUILD, House


@pytest.fixture
async def pond(house: House) -> str:
    server = await house.create("Pond")
    await house.phase(server, "running")
    (house.cluster.world(server) / "rules.txt").write_text("be kind\n")
    return server


async def page(face: Face, path: str, secret: str) -> str:
    got = await face.get(path, session=secret, headers={"Accept": "text/html"})
    assert got.status == 200, got.text
    return got.text


async def test_a_file_is_edited_from_the_version_one_started_from(house: House, face: Face, pond: str) -> None:
    ada, file = await face.session(ADA, GUILD), house.cluster.world(pond) / "rules.txt"
    assert "rules.txt" in await page(face, f"/servers/{pond}/files", ada)
    shown = await page(face, f"/servers/{pond}/files/view?path=rules.txt", ada)
    assert "be kind" in shown
    version = re.search(r'name="version" value="([^"]+)"', shown)
    assert version is not None
    sent = {"path": "rules.txt", "version": version[1], "text": "be very kind\r\n"}
    got = await face.post(f"/servers/{pond}/files/view", session=ada, data=sent)
    assert (got.status, file.read_text()) == (303, "be very kind\n")
    late = await face.post(f"/servers/{pond}/files/view", session=ada, data=sent | {"text": "be </textarea>"})
    assert late.status == 412
    assert "be &lt;/textarea&gt;" in late.text, "and what was typed is there still"
    assert file.read_text() == "be very kind\n"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
async def test_lines_end_as_they_did_before(house: House, face: Face, pond: str, end: str) -> None:
    ada, file = await face.session(ADA, GUILD), house.cluster.world(pond) / "rules.txt"
    file.write_bytes(f"one{end}two{end}".encode())
    shown = await page(face, f"/servers/{pond}/files/view?path=rules.txt", ada)
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
    form["text"] = "one\r\ntwo\r\nthree\r\n"  # as browsers send it
    assert (await face.post(f"/servers/{pond}/files/view", session=ada, data=form)).status == 303
    assert file.read_bytes().decode() == f"one{end}two{end}three{end}"


async def test_a_name_is_text(house: House, face: Face, pond: str) -> None:
    name = '<img src=x>"&\u202e.txt'
    (house.cluster.world(pond) / name).write_text("<script>x</script>")
    ada = await face.session(ADA, GUILD)
    for path in ("files", f"files/view?path={quote(name)}", f"files/change?path={quote(name)}"):
        shown = await page(face, f"/servers/{pond}/{path}", ada)
        assert "&lt;img src=x&gt;" in shown
        assert "<img src=x>" not in shown
        assert "<script>x" not in shown


async def test_a_file_is_sent_renamed_and_deleted(house: House, face: Face, pond: str) -> None:
    ada, world = await face.session(ADA, GUILD), house.cluster.world(pond)
    asked = {"path": "rules.txt", "to": "law.txt"}
    assert (await face.post(f"/servers/{pond}/files/rename", session=ada, data=asked)).status == 303
    assert (world / "law.txt").read_text() == "be kind\n"
    assert (await face.post(f"/servers/{pond}/files/delete", session=ada, data={"path": "law.txt"})).status == 303
    assert not (world / "law.txt").exists()
    assert (await face.post(f"/servers/{pond}/files/folder", session=ada, data={"name": "maps"})).status == 303
    assert (world / "maps").is_dir()


def form(size: int) -> FormData:
    sent = FormData()
    sent.add_field("path", "maps")
    sent.add_field("file", b"x" * size, filename="one.map")
    return sent


async def test_a_file_comes_in_by_its_form(house: House, face: Face, pond: str) -> None:
    ada, world = await face.session(ADA, GUILD), house.cluster.world(pond)
    (world / "maps").mkdir()
    shown = await page(face, f"/servers/{pond}/files?path=maps", ada)
    action = re.search(r'action="(/servers/\w+/files/send[^"]*)"', shown)
    assert action is not None
    got = await face.post(action[1], session=ada, data=form(2 * 1024 * 1024))
    assert (got.status, (world / "maps/one.map").stat().st_size) == (303, 2 * 1024 * 1024)


async def test_a_file_of_somebody_who_may_not_send_it_is_not_read(face: Face, pond: str) -> None:
    headers, unread = {"Content-Type": "multipart/form-data; boundary=z"}, b"this is no form"
    ada, bo = await face.session(ADA, GUILD), await face.session(BO, GUILD)
    for secret, mark in ((ada, ""), (ada, "?mark=x"), (bo, f"?mark={form_mark(bo)}")):
        send = f"/servers/{pond}/files/send{mark}"
        assert (await face.post(send, session=secret, data=unread, headers=headers)).status == 403
    nowhere = f"/servers/aaaaaaaaaaaa/files/send?mark={form_mark(ada)}"
    assert (await face.post(nowhere, session=ada, data=unread, headers=headers)).status == 404


async def test_one_person_sends_one_file_at_once(face: Face, pond: str) -> None:
    ada = await face.session(ADA, GUILD)
    with face.web.uploads.place(ADA.user):
        got = await face.post(f"/servers/{pond}/files/send?mark={form_mark(ada)}", session=ada, data=form(1))
    assert (got.status, got.json["type"]) == (409, "urn:dormouse:web.uploads")


async def test_who_may_not_sees_nothing_of_it(face: Face, pond: str) -> None:
    bo = await face.session(BO, GUILD)
    got = await face.get(f"/servers/{pond}/files", session=bo, headers={"Accept": "text/html"})
    assert got.status == 403
    for asked in ("rename", "delete", "folder", "view"):
        data = {"path": "rules.txt", "to": "x", "name": "x"}
        assert (await face.post(f"/servers/{pond}/files/{asked}", session=bo, data=data)).status == 403
