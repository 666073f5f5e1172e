"""The `Store` port on a Backblaze B2 bucket.

A key of the store is the file `<prefix><key>`, its versions are B2's, its marker is B2's hide marker. Old versions and
hidden files are deleted by the bucket's lifecycle rule (b2_setup.py), never from here: no method needs `deleteFiles`.

What it promises beyond the port, and what B2 does not give:

- Uploads carry their SHA-1, which B2 checks. Downloads are checked for their length only: a world's packs and manifests
  are checked against their own names and ids by their readers.
- There is no compare-and-set: whoever holds a key with `writeFiles` can lay a version or a hide on any name below its
  prefix. What lies below stays readable until the lifecycle rule takes it, and that is what readers heal from.
- A call that was cut after it took effect is repeated: the same bytes may lie there twice. A hide is not laid twice.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from core.worlds.store.b2_place import B2Place, Patience
from core.worlds.store.b2_words import AlreadyHidden, Missing, PastTheEnd
from core.worlds.store.port import NotThere, Store, StoreError, Version, check_key, check_prefix

if TYPE_CHECKING:
    from core.worlds.store.b2_client import Client, Connection

WHOLE = 64 * 1024 * 1024
"""Bytes up to which a file goes up in one call."""

PART = 32 * 1024 * 1024
"""Bytes of a larger file that are in memory at once; B2 takes at most 10,000 parts a file."""

PAGE = 1000
"""Names a listing asks for at once: what B2 bills as one transaction."""

SKEW = timedelta(minutes=2)
"""How far our clock may be from B2's when we ask whether a hide marker is our own."""


class B2Store(Store):
    """Connects at the first call (and imports b2sdk then). `sleep` is how it waits between tries."""

    def __init__(
        self, place: B2Place, *, patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.place = place
        self._patience = patience or Patience()
        self._sleep = sleep
        self._lock = Lock()
        self._client: Client | None = None

    def __repr__(self) -> str:
        return f"B2Store({self.place.bucket}/{self.place.prefix})"

    @property
    def client(self) -> Client:
        """For the other modules of this adapter."""
        from core.worlds.store.b2_client import Client

        with self._lock:
            if self._client is None:
                self._client = Client(self.place, self._patience, self._sleep)
            return self._client

    def put(self, key: str, data: bytes | bytearray | memoryview) -> Version:
        name, sha1 = self._name(key), hashlib.sha1(data, usedforsecurity=False).hexdigest()
        return self._version(self.client.run("writeFiles", lambda at: at.upload(name, data, sha1), name))

    def put_file(self, key: str, path: Path) -> Version:
        size = path.stat().st_size
        if size <= WHOLE:
            return self.put(key, path.read_bytes())
        return self._put_parts(self._name(key), path, max(PART, -(-size // 10_000)))

    def get(self, key: str, offset: int = 0, length: int | None = None, *, version: str | None = None) -> bytes:
        name, wanted = self._name(key), _range(offset, length)

        def download(at: Connection) -> bytes:
            return at.read(name, wanted) if version is None else at.read_version(name, version, wanted)

        try:
            return self.client.run("readFiles", download, name)[:length]
        except PastTheEnd:
            return b""
        except Missing:
            raise NotThere(f"{key} is not in the store" + (f" as {version}" if version else "")) from None

    def list(self, prefix: str = "") -> Iterator[Version]:
        return self._pages(check_prefix(prefix), "list_file_names", "nextFileName")

    def list_versions(self, prefix: str = "") -> Iterator[Version]:
        return self._pages(check_prefix(prefix), "list_file_versions", "nextFileName", "nextFileId")

    def versions(self, key: str) -> tuple[Version, ...]:
        check_key(key)
        found = self._pages(key, "list_file_versions", "nextFileName", "nextFileId")
        mine = []
        for version in found:  # also longer names; they come after ours
            if version.key != key:
                break
            mine.append(version)
        return tuple(mine)

    def hide(self, key: str) -> Version | None:
        name, asked, tries = self._name(key), datetime.now(UTC), 0

        def lay(at: Connection) -> Any:
            nonlocal tries
            tries += 1
            return at.session.hide_file(at.bucket, name)

        try:
            return self._version(self.client.run("writeFiles", lay, name))
        except Missing:
            return None
        except AlreadyHidden:
            if tries == 1:
                return None
        # An earlier try was cut, perhaps after it took effect: then this fresh marker is the one we laid.
        newest = next(iter(self.versions(key)), None)
        return newest if newest and newest.hidden and newest.at >= asked - SKEW else None

    def unhide(self, key: str) -> None:
        """By a copy inside B2 of the newest content: removing the marker would take a key that can delete."""
        versions = self.versions(key)
        content = next((version for version in versions if not version.hidden), None)
        if content is None:
            raise NotThere(f"nothing is left of {key}")
        if versions[0].hidden:
            name = self._name(key)
            self.client.run("writeFiles", lambda at: at.session.copy_file(content.id, name), name)

    def link(self, key: str, seconds: int) -> str:
        """As the port. B2 signs for a prefix: the link's token also opens names that go on where `key` ends."""
        if not 1 <= seconds <= 604_800:
            raise ValueError("a link lasts 1 to 604800 seconds")
        name = self._name(key)

        def sign(at: Connection) -> str:
            found = at.session.list_file_names(at.bucket, start_file_name=name, max_file_count=1, prefix=name)["files"]
            if not found or found[0]["fileName"] != name:
                raise NotThere(f"{key} is not in the store")
            token = at.session.get_download_authorization(at.bucket, name, seconds)["authorizationToken"]
            url = at.session.get_download_url_by_name(self.place.bucket, name)
            return f"{url}?Authorization={quote(token, safe='')}"

        return self.client.run("shareFiles", sign, name)

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _name(self, key: str) -> str:
        return self.place.prefix + check_key(key)

    def _version(self, answer: Any) -> Version:
        hidden = answer["action"] == "hide"
        return Version(
            answer["fileName"].removeprefix(self.place.prefix),
            answer["fileId"],
            0 if hidden else answer["contentLength"],
            datetime.fromtimestamp(answer["uploadTimestamp"] / 1000, UTC),
            hidden,
        )

    def _pages(self, prefix: str, call: str, *cursor: str) -> Iterator[Version]:
        """`call` is b2sdk's; `cursor` are the fields of an answer that say where the next page starts."""
        full = self.place.prefix + prefix
        start: list[str | None] = [None] * len(cursor)
        while True:

            def ask(at: Connection, start: list[str | None] = start) -> Any:
                return getattr(at.session, call)(at.bucket, *start, max_file_count=PAGE, prefix=full)

            page = self.client.run("listFiles", ask, full)
            for each in page["files"]:
                if each["action"] in ("upload", "hide") and _is_ours(each["fileName"], self.place.prefix):
                    yield self._version(each)
            start = [page[field] for field in cursor]
            if start[0] is None:
                return

    def _put_parts(self, name: str, path: Path, size: int) -> Version:
        begun = self.client.run(
            "writeFiles", lambda at: at.session.start_large_file(at.bucket, name, "application/octet-stream", {}), name
        )
        file_id = begun["fileId"]
        try:
            digests = [self._put_part(file_id, number, part, name) for number, part in _parts(path, size)]
            return self._version(self.client.run("writeFiles", lambda at: at.finish(file_id, digests), name))
        except Exception:  # one that is killed here is cancelled by the lifecycle rule
            with suppress(StoreError):
                self.client.run("writeFiles", lambda at: at.session.cancel_large_file(file_id), name)
            raise

    def _put_part(self, file_id: str, number: int, part: bytes, name: str) -> str:
        sha1 = hashlib.sha1(part, usedforsecurity=False).hexdigest()
        self.client.run("writeFiles", lambda at: at.upload_part(file_id, number, part, sha1), name)
        return sha1


def _range(offset: int, length: int | None) -> tuple[int, int] | None:
    """First and last byte, as HTTP counts. Of nothing one byte is asked for, to learn whether the key is there."""
    if offset == 0 and length is None:
        return None
    return offset, (1 << 50) if length is None else offset + max(length, 1) - 1


def _parts(path: Path, size: int) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for number in count(1):
            part = file.read(size)
            if not part:
                return
            yield number, part


def _is_ours(name: str, prefix: str) -> bool:
    """Whether a file's name is a key of this store: strangers' files in the bucket are none of its business."""
    try:
        check_key(name.removeprefix(prefix))
    except ValueError:
        return False
    return name.startswith(prefix)
