"""Before the game of a pod starts: its volume becomes incarnation n, whatever happened before.

    <volume>/volume.json     the marker, written last: says which incarnation this is, and from which snapshot
    <volume>/data/           the game's data folder
    <volume>/<name>/         more folders of the image
    <volume>/restoring/      what becomes `data` once all of it is there; thrown away after a crash
    <volume>/restored.json   the marker to be, once `restoring` is whole

What holds something without a marker is never touched: the container ends with FOREIGN_EXIT and says why. Every other
way to fail has an exit code, too (core/cluster/names.py).

While a snapshot is restored, stdout has a line `{"event": "progress", "done": N, "total": N}` (bytes) at most once a
second. The last words of success are `{"restored": NAME, "saved_at": ISO 8601}` where the volume came from a snapshot.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.cluster.children import ChildFailed, run_child
from core.cluster.local_files import StoreFile, sync_folder, throw_away, write_json
from core.cluster.names import FOREIGN_EXIT, FULL_EXIT, LOST_EXIT

from .pod_places import KEYS, Places, child_env, exit_of, only_empty, read_marker, run_or_stop, store_of

_TOLD_TO_STOP = 143  # as a shell says it of SIGTERM
_SOURCE_KEYS = "DORMOUSE_SOURCE_KEY_ID", "DORMOUSE_SOURCE_KEY"
_BY_THE_DISK = {"lost+found"}  # what a new file system holds already
_OWN = {"restoring", "restored.json", "restored.json.new", "volume.json.new"}  # left by a try that was killed
_EVERY = 1.0  # seconds between lines of progress


class Refused(Exception):
    """Why in words, and the exit code that says so."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


def prepare(environ: Mapping[str, str]) -> int:
    """The exit code. Safe to repeat and to be killed at any point."""
    places = Places.of(environ)
    try:
        marker = bring(places, environ)
        for name in environ.get("DORMOUSE_FOLDERS", "data").split(","):
            _folder(places.volume / name)
        for path, content in json.loads(environ.get("DORMOUSE_FILES") or "{}").items():
            put(places.data, path, content)
    except Refused as refused:
        return _end(places, refused.code, str(refused))
    except OSError as wrong:
        full = wrong.errno in (errno.ENOSPC, errno.EDQUOT)
        return _end(places, FULL_EXIT if full else 1, f"the volume cannot be used: {wrong}")
    if marker.get("restored"):
        _say(places, json.dumps({name: marker.get(name) for name in ("restored", "saved_at")}))
    return 0


def bring(places: Places, environ: Mapping[str, str]) -> dict[str, Any]:
    """Make the volume what it has to be; its marker. Raises `Refused`, OSError."""
    number = int(environ["DORMOUSE_VOLUME"])
    if (marker := _read(places.marker, number)) is not None:
        if not places.data.is_dir() or places.data.is_symlink():
            raise Refused(LOST_EXIT, f"volume {number} was finished, and its data is gone")
        return marker
    if environ.get("DORMOUSE_MADE") == "1":
        raise Refused(LOST_EXIT, f"volume {number} was finished once, and its marker is gone")
    if _read(places.restored, number) is not None and places.data.is_dir() and not places.restoring.exists():
        return _finish(places, number)  # killed just before the end
    held = sorted(
        each.name
        for each in places.volume.iterdir()
        if each.name not in _BY_THE_DISK | _OWN and not only_empty(each)  # made by a try that was killed, or by kubelet
    )
    if held:
        raise Refused(FOREIGN_EXIT, f"the volume is not empty and has no marker: {', '.join(held[:5])}")
    places.restored.unlink(missing_ok=True)  # before what it speaks of goes
    sync_folder(places.volume)
    throw_away(places.restoring)
    if source := environ.get("DORMOUSE_SOURCE"):
        _restore(places, environ, number, source)
        return _finish(places, number)
    _folder(places.data)
    write_json(places.marker, {"volume": number})
    return {"volume": number}


def put(root: Path, path: str, content: str) -> None:
    """Write one file below `root`. What the game left there is hostile: no link on the way is followed."""
    *folders, name = Path(path).parts
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder, 0o2770, dir_fd=at)
            below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        new = f".{name}.new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new, dir_fd=at)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o660, dir_fd=at)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(new, name, src_dir_fd=at, dst_dir_fd=at)
    finally:
        os.close(at)


def _read(path: Path, number: int) -> dict[str, Any] | None:
    try:
        marker = read_marker(path)
    except ValueError as wrong:
        raise Refused(FOREIGN_EXIT, f"the volume's marker cannot be read: {wrong}") from wrong
    if marker is not None and marker.get("volume") != number:
        raise Refused(FOREIGN_EXIT, f"this is volume {marker.get('volume')}, not {number}")
    return marker


def _restore(places: Places, environ: Mapping[str, str], number: int, source: str) -> None:
    """Bring `source` (core.cluster.port.split_source) into `data`, all but the marker."""
    owner, other, name = source.rpartition("/")
    store = store_of(environ)
    if store is None:
        raise _refused(ChildFailed("refused", "no store is set up"))
    if other and all(environ.get(each) for each in _SOURCE_KEYS):
        keys = {own: environ[theirs] for own, theirs in zip(KEYS, _SOURCE_KEYS, strict=True)}
        store = replace(store, secrets=store.secrets | keys)
    _folder(places.restoring)
    try:
        said = run_or_stop(_child(places, environ, store, owner or environ["DORMOUSE_SERVER"], name))
    except ChildFailed as wrong:
        throw_away(places.restoring)  # a full disk is not to stay full
        raise _refused(wrong) from wrong
    except asyncio.CancelledError:
        raise Refused(_TOLD_TO_STOP, "told to stop while the snapshot was brought") from None
    facts = {"volume": number, "restored": said.get("name"), "saved_at": said.get("saved_at")}
    write_json(places.restored, facts)
    os.rename(places.restoring, places.data)  # which is not there or empty
    sync_folder(places.volume)


async def _child(
    places: Places, environ: Mapping[str, str], store: StoreFile, server: str, name: str
) -> dict[str, Any]:
    return await run_child(
        "core.worlds.restore",
        ["--server", server, name, str(places.restoring.absolute()), "--shared"],
        env=child_env(environ, places.work, store),
        cwd=places.work,
        progress=_Progress(),
    )


def _finish(places: Places, number: int) -> dict[str, Any]:
    os.replace(places.restored, places.marker)
    sync_folder(places.volume)
    marker = _read(places.marker, number)
    assert marker is not None
    return marker


def _refused(wrong: ChildFailed) -> Refused:
    return Refused(exit_of(wrong), f"the snapshot cannot be brought: {wrong}")


class _Progress:
    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        if (now := time.monotonic()) >= self._next:
            self._next = now + _EVERY
            print(json.dumps({"event": "progress", "done": done, "total": total}), flush=True)


def _folder(path: Path) -> None:
    """For the game's group too, which need not be its user's."""
    if not path.is_dir():
        path.mkdir()
        path.chmod(0o2770)


def _end(places: Places, code: int, why: str) -> int:
    print(why, file=sys.stderr)
    _say(places, why[:1000])
    return code


def _say(places: Places, words: str) -> None:
    with contextlib.suppress(OSError):
        places.say.write_text(words)
