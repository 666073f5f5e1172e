"""Downloads over HTTP: only what a link of ours names, as long as it says, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from time import time
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bot.settings import Settings
from bot.web.app import make_app
from bot.web.context import Web
from bot.web.server import WebServer
from core.errors import Misconfigured
from core.worlds.store.folder import FolderStore

KEY, DATA = "exports/abcdefghijkl/0f0f/Pond.zip", bytes(range(256)) * 40


class Face:
    """The face of a store that has one export and one world; `get` asks it for a path."""

    def __init__(self, server: WebServer, store: FolderStore) -> None:
        self.server = server
        self._store = store

    def link(self, key: str = KEY, seconds: int = 60) -> str:
        signed = urlsplit(self._store.link(key, seconds))
        return f"{signed.path}?{signed.query}"

    def signed_until(self, expires: int, key: str = KEY) -> str:
        return f"/{key}?expires={expires}&signature={self._store._sign(key, expires)}"

    async def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, dict[str, str]]:
        asked = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            aiohttp.ClientSession() as web,
            web.request(method, self.server.url + path, headers=asked, allow_redirects=False) as got,
        ):
            return got.status, await got.read(), dict(got.headers)


def serving(store: FolderStore, port: int = 0) -> WebServer:
    """Downloads need no core."""
    return WebServer(("127.0.0.1", port), make_app(Web(cast(Any, None), Settings(), store)))


@pytest.fixture
async def face(tmp_path: Path) -> AsyncIterator[Face]:
    store = FolderStore(tmp_path / "store", public_url="http://example.org", secret=b"key")
    store.put(KEY, DATA)
    store.put("worlds/abcdefghijkl/packs/aa", b"secret")
    async with serving(store) as server:
        yield Face(server, store)


async def test_a_link_gives_the_file_under_its_name(face: Face) -> None:
    status, data, headers = await face.get(face.link())
    assert (status, data) == (200, DATA)
    assert headers["Content-Disposition"] == 'attachment; filename="Pond.zip"'
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/zip", "private, no-store")


async def test_a_download_that_broke_off_goes_on_where_it_was(face: Face) -> None:
    status, data, headers = await face.get(face.link(), Range="bytes=1000-1999")
    assert (status, data) == (206, DATA[1000:2000])
    assert headers["Content-Range"] == f"bytes 1000-1999/{len(DATA)}"
    assert (await face.get(face.link(), Range=f"bytes={len(DATA)}-"))[0] == 416
    status, data, headers = await face.get(face.link(), "HEAD")
    assert (status, data, headers["Content-Length"]) == (200, b"", str(len(DATA)))


async def test_a_link_ends(face: Face) -> None:
    assert (await face.get(face.signed_until(int(time()) - 1)))[0] == 404
    assert (await face.get(face.signed_until(int(time()) + 60)))[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/exports",
        "/exports/",
        "/exports/abcdefghijkl/",
        f"/{KEY}",
        f"/{KEY}?expires=99999999999&signature=0",
        f"/{KEY}?expires=soon&signature=0",
        f"/{KEY}?expires=%C2%B2&signature=%C3%A9",
        f"/{KEY}?expires=&signature=",
        "/exports/../worlds/abcdefghijkl/packs/aa",
        "/worlds/abcdefghijkl/packs/aa",
        "/healthz",
        "/metrics",
    ],
)
async def test_nothing_else_is_served(face: Face, path: str) -> None:
    status, data, _ = await face.get(path)
    assert status == 404
    assert b"secret" not in data


async def test_what_is_signed_for_another_key_or_time_opens_nothing(face: Face) -> None:
    query = parse_qs(urlsplit(face.link()).query)
    expires, signature = query["expires"][0], query["signature"][0]
    later = f"/{KEY}?expires={int(expires) + 1}&signature={signature}"
    other = f"/exports/abcdefghijkl/0f0f/Lake.zip?expires={expires}&signature={signature}"
    assert [(await face.get(path))[0] for path in (later, other)] == [404, 404]


async def test_not_even_a_signature_opens_a_world(face: Face) -> None:
    key = "worlds/abcdefghijkl/packs/aa"
    assert (await face.get(face.link(key)))[0] == 404
    climbing = f"exports/%2e%2e/{key}"
    assert (await face.get(face.signed_until(int(time()) + 60, climbing)))[0] == 404


async def test_what_was_tidied_away_is_gone(face: Face) -> None:
    link = face.link()
    face._store.hide(KEY)
    assert (await face.get(link))[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_one_can_only_read(face: Face, method: str) -> None:
    assert (await face.get(face.link(), method))[0] == 405


async def test_an_address_that_is_taken_is_said_with_its_setting(face: Face) -> None:
    port = urlsplit(face.server.url).port or 0
    with pytest.raises(Misconfigured, match=r"DORMOUSE_WEB: 127\.0\.0\.1"):
        await serving(face._store, port).__aenter__()
