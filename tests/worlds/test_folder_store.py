"""The folder store: the contract, and what only a folder has (its own links, expiry, and a crash's leftovers)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import time
from urllib.parse import parse_qs, urlsplit

import pytest

from core.worlds.store import NotThere, StoreRefused, open_store
from core.worlds.store.folder import FolderStore
from tests.contracts.store import KEY, StoreContract, keys


class _Served(BaseHTTPRequestHandler):
    store: FolderStore

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        key = url.path[1:]
        allowed = self.store.allows(key, int(query["expires"][0]), query["signature"][0], time())
        self.send_response(200 if allowed else 403)
        self.end_headers()
        if allowed:
            self.wfile.write(self.store.get(key))

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FolderStore]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Served)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    _Served.store = FolderStore(tmp_path / "store", public_url=f"http://127.0.0.1:{server.server_port}", secret=b"key")
    yield _Served.store
    server.shutdown()
    thread.join()
    server.server_close()


class TestFolderStore(StoreContract):
    pass


def test_a_link_is_for_one_key_and_one_time(store: FolderStore) -> None:
    store.put(KEY, b"")
    query = parse_qs(urlsplit(store.link(KEY, 60)).query)
    expires, signature = int(query["expires"][0]), query["signature"][0]
    assert store.allows(KEY, expires, signature, expires - 1)
    assert not store.allows(KEY, expires, signature, expires)
    assert not store.allows(KEY, expires + 60, signature, expires)
    assert not store.allows(KEY + "2", expires, signature, expires - 1)


def test_without_an_address_there_are_no_links(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(KEY, b"")
    with pytest.raises(StoreRefused, match="PUBLIC_URL"):
        store.link(KEY, 60)
    assert not store.allows(KEY, 2**40, "", 0)


def test_another_object_over_the_same_folder_sees_the_same(store: FolderStore, tmp_path: Path) -> None:
    store.put(KEY, b"here")
    assert FolderStore(tmp_path / "store").get(KEY) == b"here"


def test_half_a_put_is_seen_by_nobody_and_swept_later(store: FolderStore, tmp_path: Path) -> None:
    store.put(KEY, b"whole")
    left = tmp_path / "store" / KEY / ".tmp-0011223344556677"
    left.write_bytes(b"ha")
    assert store.get(KEY) == b"whole"
    assert len(store.versions(KEY)) == 1
    store.expire(datetime.now(UTC) + timedelta(seconds=1))
    assert not left.exists()


def test_expiry_takes_what_was_hidden_or_overwritten_before(store: FolderStore) -> None:
    store.put("kept", b"visible")
    store.put("twice", b"old")
    store.put("twice", b"new")
    store.put("gone", b"hidden")
    store.hide("gone")
    assert store.expire(datetime.now(UTC) - timedelta(days=30)) == 0
    assert store.expire(datetime.now(UTC) + timedelta(seconds=1)) == 2
    assert keys(store) == ["kept", "twice"]
    assert len(store.versions("twice")) == 1
    assert store.versions("gone") == ()
    with pytest.raises(NotThere):
        store.unhide("gone")


def test_a_place_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreRefused, match="a file where the store wants a folder"):
        FolderStore(tmp_path / "file")
    with pytest.raises(StoreRefused, match="a file where the store wants a folder"):
        FolderStore(tmp_path / "file" / "below")


@pytest.mark.parametrize("place", ["", "folder:", "s3:bucket", "b2:", "nonsense"])
def test_a_place_of_no_kind_is_refused_in_words(place: str) -> None:
    with pytest.raises(StoreRefused, match="write folder:PATH or b2:BUCKET/PREFIX"):
        open_store(place, {})


def test_b2_without_a_key_is_refused_in_words() -> None:
    with pytest.raises(StoreRefused, match="B2_KEY_ID"):
        open_store("b2:bucket/prefix", {})
