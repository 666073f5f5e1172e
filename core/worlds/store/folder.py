"""A store in a folder of this machine. How it lies on the disk: ../FORMAT.md, "Folder store"."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import hmac
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

from .port import NotThere, Store, StoreAway, StoreRefused, Version, check_key, check_prefix

_Write = Callable[[IO[bytes]], object]

_REFUSALS = {
    errno.ENOSPC: "The disk is full: free some space, or move the store.",
    errno.EDQUOT: "The disk quota is used up.",
    errno.EACCES: "This process may not write there: check the owner and mode.",
    errno.EPERM: "This process may not write there: check the owner and mode.",
    errno.EROFS: "The file system is mounted read-only.",
    errno.ENOTDIR: "There is a file where the store wants a folder.",
    errno.EEXIST: "There is a file where the store wants a folder.",
}


class FolderStore(Store):
    """Versions as files below `root`, which is made if missing.

    `public_url` and `secret` are for `link`: the bot's HTTP port serves `{public_url}/{key}` to whom `allows` says yes.
    `clock` is the store's time, ns since 1970.
    """

    def __init__(
        self, root: Path, *, public_url: str = "", secret: bytes = b"", clock: Callable[[], int] = time.time_ns
    ) -> None:
        self._root = root
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._secret = secret
        with _in_words(root):
            _make_folder(root)

    def put(self, key: str, data: bytes | bytearray | memoryview) -> Version:
        def write(file: IO[bytes]) -> None:
            file.write(data)

        with _in_words(self._root):
            return self._lay(key, "data", write)

    def put_file(self, key: str, path: Path) -> Version:
        with path.open("rb") as source, _in_words(self._root):
            return self._lay(key, "data", lambda file: shutil.copyfileobj(source, file, 1024 * 1024))

    def get(self, key: str, offset: int = 0, length: int | None = None, *, version: str | None = None) -> bytes:
        with _in_words(self._root):
            layers = self._layers(key)
            found = next((each for each in layers if each.id == version), None) if version else _top(layers)
            if found is None or found.hidden:
                raise NotThere(key)
            try:
                file = (self._folder(key) / found.file).open("rb", buffering=0)
            except FileNotFoundError:
                raise NotThere(key) from None
            with file:
                handle, size = file.fileno(), os.fstat(file.fileno()).st_size
                wanted = max(0, min(size - offset, size if length is None else length))
                data = os.pread(handle, wanted, offset)
                while len(data) < wanted and (more := os.pread(handle, wanted - len(data), offset + len(data))):
                    data += more
                return data

    def file(self, key: str) -> Path:
        """Where the bytes of the newest version lie, for whoever serves them."""
        with _in_words(self._root):
            found = _top(self._layers(key))
            if found is None or found.hidden:
                raise NotThere(key)
            return self._folder(key) / found.file

    def list(self, prefix: str = "") -> Iterator[Version]:
        for key, layers in self._walk(prefix):
            if not layers[0].hidden:
                yield layers[0].of(key)

    def list_versions(self, prefix: str = "") -> Iterator[Version]:
        for key, layers in self._walk(prefix):
            for layer in layers:
                yield layer.of(key)

    def versions(self, key: str) -> tuple[Version, ...]:
        with _in_words(self._root):
            return tuple(layer.of(key) for layer in self._layers(key))

    def hide(self, key: str) -> Version | None:
        with _in_words(self._root):
            layers = self._layers(key)
            if not layers or layers[0].hidden:
                return None
            return self._lay(key, "hide", lambda file: None)

    def unhide(self, key: str) -> None:
        with _in_words(self._root):
            folder, layers = self._folder(key), self._layers(key)
            if all(layer.hidden for layer in layers):
                raise NotThere(key)
            for layer in layers:
                if not layer.hidden:
                    break
                (folder / layer.file).unlink(missing_ok=True)
            _sync(folder)

    def link(self, key: str, seconds: int) -> str:
        if not self._public_url:
            raise StoreRefused("Links need DORMOUSE_PUBLIC_URL and the HTTP face (DORMOUSE_WEB).")
        self.get(key, 0, 0)
        expires = int(time.time()) + max(1, min(seconds, 604_800))
        return f"{self._public_url}/{key}?" + urlencode({"expires": expires, "signature": self._sign(key, expires)})

    def allows(self, key: str, expires: int, signature: str, now: float) -> bool:
        """Whether a request for `key` carries a link of ours that has not ended. `now`: seconds since 1970."""
        return bool(self._secret) and now < expires and hmac.compare_digest(self._sign(key, expires), signature)

    def expire(self, before: datetime) -> int:
        limit, gone = int(before.timestamp() * 1e9), 0
        with _in_words(self._root):
            for key, layers in self._walk(""):
                folder = self._folder(key)
                # A layer ended when the one above it came; a marker on top ends itself once nothing is below it.
                for above, layer in reversed(tuple(pairwise(layers))):
                    if above.time < limit:
                        (folder / layer.file).unlink(missing_ok=True)
                        gone += 1
                if layers[0].hidden and layers[0].time < limit:
                    (folder / layers[0].file).unlink(missing_ok=True)
                    with contextlib.suppress(OSError):
                        folder.rmdir()
            for temporary in self._root.rglob(".tmp-*"):
                with contextlib.suppress(FileNotFoundError):
                    if temporary.stat().st_mtime_ns < limit:
                        temporary.unlink()
        return gone

    def _sign(self, key: str, expires: int) -> str:
        return hmac.new(self._secret, f"{key}\n{expires}".encode(), hashlib.sha256).hexdigest()

    def _folder(self, key: str) -> Path:
        return self._root / check_key(key)

    def _layers(self, key: str) -> _Layers:
        return _layers(self._folder(key))

    def _lay(self, key: str, kind: str, write: _Write) -> Version:
        folder = self._folder(key)
        while True:
            _make_folder(folder)
            temporary = folder / f".tmp-{secrets.token_hex(8)}"
            try:
                return self._lay_in(folder, temporary, key, kind, write)
            except FileNotFoundError:  # `expire` took the empty folder meanwhile
                if folder.exists():
                    raise
            finally:
                temporary.unlink(missing_ok=True)

    def _lay_in(self, folder: Path, temporary: Path, key: str, kind: str, write: _Write) -> Version:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        with _locked(folder):
            layers = _layers(folder)
            number = layers[0].number + 1 if layers else 1
            layer = _Layer(f".{number:020}-{self._clock()}.{kind}", temporary.stat().st_size)
            temporary.rename(folder / layer.file)
            _sync(folder)
        return layer.of(key)

    def _walk(self, prefix: str) -> Iterator[tuple[str, _Layers]]:
        """Keys in byte order, which is not the order of a tree: `a-b` comes before `a/b`."""
        check_prefix(prefix)
        todo = [prefix]
        while todo:
            here = todo.pop()
            if here and not here.endswith("/"):
                if layers := self._layers(here):
                    yield here, layers
                continue
            with _in_words(self._root):
                try:
                    with os.scandir(self._root / here) as scan:
                        names = [each.name for each in scan if not each.name.startswith(".") and each.is_dir()]
                except FileNotFoundError:
                    continue
            # A name stands for its key and, with a slash, for all below it: sorted together they come out in order.
            todo += sorted((here + name + end for name in names for end in ("", "/")), reverse=True)


@dataclass(frozen=True, slots=True)
class _Layer:
    file: str
    size: int

    @property
    def id(self) -> str:
        return self.file[1:].rsplit(".", 1)[0]

    @property
    def number(self) -> int:
        return int(self.id.split("-")[0])

    @property
    def time(self) -> int:
        return int(self.id.split("-")[1])

    @property
    def hidden(self) -> bool:
        return self.file.endswith(".hide")

    def of(self, key: str) -> Version:
        return Version(key, self.id, self.size, datetime.fromtimestamp(self.time / 1e9, UTC), self.hidden)


_Layers = tuple[_Layer, ...]


def _layers(folder: Path) -> _Layers:
    """Newest first; empty where the folder is missing."""
    found = []
    try:
        with os.scandir(folder) as scan:
            for each in scan:
                if each.name.startswith(".") and each.name.endswith((".data", ".hide")):
                    with contextlib.suppress(FileNotFoundError):
                        found.append(_Layer(each.name, each.stat().st_size))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return tuple(sorted(found, key=lambda layer: layer.number, reverse=True))


def _top(layers: _Layers) -> _Layer | None:
    return layers[0] if layers else None


def _make_folder(folder: Path) -> None:
    """As `mkdir -p`, each new folder synced into its parent."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _in_words(root: Path) -> Iterator[None]:
    """The port's errors in place of the system's."""
    try:
        yield
    except OSError as error:
        words = _REFUSALS.get(error.errno or 0)
        if words:
            raise StoreRefused(f"{root}: {words}") from error
        raise StoreAway(f"{root}: {error.strerror or error}") from error
