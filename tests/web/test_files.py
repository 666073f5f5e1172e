"""The files of a world over the API."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from webface import Face

from bot.web import guard, streams
from core.accounts.scopes import ALL, Scope
from tests.conftest import ADA, BO, House

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def server(house: House) -> str:
    made = await house.create("Pond")
    await house.phase(made, "running")
    return made


@pytest.fixture
async def ada(face: Face) -> str:
    return await face.token(ADA)


async def test_a_text_is_made_edited_and_not_overwritten_unseen(face: Face, server: str, ada: str) -> None:
    text = f"/api/v1/servers/{server}/files/text?path=motd.txt"
    made = await face.ask("PUT", text, token=ada, json={"text": "one"}, headers={"If-None-Match": "*"})
    assert (made.status, made.json["saved"]) == (200, None)  # worlds are kept nowhere here
    got = await face.get(text, token=ada)
    assert (got.json["text"], got.headers["ETag"]) == ("one", made.headers["ETag"])
    second = await face.ask("PUT", text, token=ada, json={"text": "two"}, headers={"If-Match": got.headers["ETag"]})
    assert second.status == 200
    stale = await face.ask("PUT", text, token=ada, json={"text": "three"}, headers={"If-Match": got.headers["ETag"]})
    assert (stale.status, stale.json["type"]) == (412, "urn:dormouse:files.changed")
    unsaid = await face.ask("PUT", text, token=ada, json={"text": "three"})
    assert (unsaid.status, unsaid.json["type"]) == (422, "urn:dormouse:files.version")


async def test_a_file_is_uploaded_and_downloaded_whole_or_in_part(face: Face, server: str, ada: str) -> None:
    content = f"/api/v1/servers/{server}/files/content?path=Wörld.zip"
    data = bytes(range(256)) * 6000  # more than other routes take
    put = await face.ask("PUT", content, token=ada, data=data, headers={"If-None-Match": "*"})
    assert (put.status, put.json["size"]) == (200, len(data))
    got = await face.get(content, token=ada)
    assert (got.status, got.body) == (200, data)
    assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''W%C3%B6rld.zip"
    assert got.headers["Content-Type"] == "application/octet-stream"
    for wanted, start, stop in (("bytes=5-9", 5, 10), ("bytes=1535990-", 1535990, 1536000), ("bytes=-3", -3, None)):
        part = await face.get(content, token=ada, headers={"Range": wanted})
        assert (part.status, part.body) == (206, data[start:stop])
    beyond = await face.get(content, token=ada, headers={"Range": "bytes=9999999-"})
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, "bytes */1536000")
    old = await face.get(content, token=ada, headers={"Range": "bytes=5-9", "If-Range": '"abc"'})
    assert (old.status, len(old.body)) == (200, len(data))


async def test_folders_are_made_listed_renamed_and_deleted(face: Face, server: str, ada: str) -> None:
    files = f"/api/v1/servers/{server}/files"
    assert (await face.post(f"{files}/folders", token=ada, json={"path": "plugins"})).status == 201
    assert (await face.post(f"{files}/rename", token=ada, json={"path": "plugins", "to": "mods"})).status == 200
    listed = await face.get(files, token=ada)
    assert [(each["name"], each["kind"]) for each in listed.json["items"]] == [("mods", "folder")]
    assert listed.json["changeable"]
    assert (await face.ask("DELETE", f"{files}?path=mods", token=ada)).status == 200
    gone = await face.get(f"{files}?path=mods", token=ada)
    assert (gone.status, gone.json["detail"]) == (404, "There is no mods in the world.")


async def test_a_name_that_is_no_text_is_listed(house: House, face: Face, server: str, ada: str) -> None:
    (house.cluster.world(server) / os.fsdecode(b"caf\xe9")).touch()
    listed = await face.get(f"/api/v1/servers/{server}/files", token=ada)
    assert [(each["name"], each["usable"]) for each in listed.json["items"]] == [("caf\ufffd", False)]


@pytest.mark.parametrize("path", ["..", "..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "a%00b", "a/../../x"])
async def test_a_path_that_leads_out_is_refused_in_words(face: Face, server: str, ada: str, path: str) -> None:
    files = f"/api/v1/servers/{server}/files"
    for way in ("", "/text", "/content"):
        got = await face.get(f"{files}{way}?path={path}", token=ada)
        assert (got.status, got.json["type"]) == (422, "urn:dormouse:files.path")


async def test_what_no_file_can_be_called_or_hold_is_refused_in_words(face: Face, server: str, ada: str) -> None:
    files, headers = f"/api/v1/servers/{server}/files", {"Content-Type": "application/json"}
    for way, data in (("/folders", b'{"path": "\\ud800"}'), ("/rename", b'{"path": "a", "to": "b\\u0000"}')):
        got = await face.post(f"{files}{way}", token=ada, data=data, headers=headers)
        assert got.status == 422
    text = await face.ask(
        "PUT", f"{files}/text?path=a", token=ada, data=b'{"text": "\\ud800"}', headers={**headers, "If-Match": "*"}
    )
    assert text.status == 422


async def test_who_may_not_gets_nothing_and_a_token_needs_the_scope(face: Face, server: str) -> None:
    files = f"/api/v1/servers/{server}/files"
    assert (await face.get(files, token=await face.token(BO))).status == 403
    narrow = await face.token(ADA, ALL - {Scope.FILES_WRITE})
    assert (await face.get(files, token=narrow)).status == 200
    assert (await face.ask("DELETE", f"{files}?path=a", token=narrow)).status == 403
    other = f"/api/v1/servers/{'a' * 12}/files"
    assert (await face.get(other, token=await face.token(ADA))).status == 404


async def test_a_file_may_come_in_and_a_change_be_made_slowly(
    house: House, face: Face, server: str, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out = house.cluster.files

    async def late(server: str, order: Any) -> Any:
        await asyncio.sleep(0.4)  # longer than other answers may take
        return await carry_out(server, order)

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(0.4)
        yield b"y"

    monkeypatch.setattr(house.cluster, "files", late)
    monkeypatch.setattr(guard, "LONGEST", 0.3)
    files = f"/api/v1/servers/{server}/files"
    put = await face.put(f"{files}/content?path=a", token=ada, data=slow(), headers={"If-None-Match": "*"})
    assert put.status == 200
    assert (await face.get(f"{files}/text?path=a", token=ada)).json["text"] == "xy"
    assert (await face.post(f"{files}/rename", token=ada, json={"path": "a", "to": "b"})).status == 200
    secret = await face.session(ADA)
    assert (await face.get(f"/servers/{server}/files", session=secret)).status == 200
    form = {"path": "b", "to": "c"}
    assert (await face.post(f"/servers/{server}/files/rename", session=secret, data=form)).status == 303


async def test_a_download_that_nobody_takes_ends(
    house: House, face: Face, server: str, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "TAKEN_WITHIN", 0.05)
    monkeypatch.setattr(face.web.downloads, "of_one", 1)
    with (house.cluster.world(server) / "map").open("wb") as file:
        file.truncate(32 * 1024 * 1024)
    asked = f"/api/v1/servers/{server}/files/content?path=map"
    host, _, port = face.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as reader:
        reader.sendall(f"GET {asked} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ada}\r\n\r\n".encode())
        async with asyncio.timeout(30):
            while not len(face.web.downloads):
                await asyncio.sleep(0)
            while len(face.web.downloads):
                await asyncio.sleep(0.01)
    with face.web.downloads.place(ADA.user):
        second = await face.get(asked, token=ada)
    assert (second.status, second.json["type"]) == (409, "urn:dormouse:web.downloads")
    assert len((await face.get(asked, token=ada)).body) == 32 * 1024 * 1024
