"""Before the game of a pod starts: its volume becomes incarnation n, whatever happened before.

    <volume>/volume.json   the marker, written last: says which incarnation this is
    <volume>/data/         the game's data folder
    <volume>/<name>/       more folders of the image

What holds something without a marker is never touched: the container ends with FOREIGN_EXIT and says why.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from core.cluster.local_files import read_json, write_json
from core.cluster.names import FOREIGN_EXIT, FULL_EXIT, NO_SNAPSHOT_EXIT

VOLUME = Path("/volume")
SAY = Path("/dev/termination-log")  # what Kubernetes shows as the container's last words
_BY_THE_DISK = {"lost+found"}  # what a new file system holds already


class Refused(Exception):
    """Why in words, and the exit code that says so."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


def prepare(environ: Mapping[str, str], volume: Path = VOLUME) -> int:
    """The exit code. Safe to repeat and to be killed at any point."""
    try:
        bring(volume, int(environ["DORMOUSE_VOLUME"]), environ.get("DORMOUSE_SOURCE") or None)
        for name in environ.get("DORMOUSE_FOLDERS", "data").split(","):
            _folder(volume / name)
        for path, content in json.loads(environ.get("DORMOUSE_FILES") or "{}").items():
            put(volume / "data", path, content)
    except Refused as refused:
        return _end(refused.code, str(refused))
    except OSError as wrong:
        full = wrong.errno in (errno.ENOSPC, errno.EDQUOT)
        return _end(FULL_EXIT if full else 1, f"the volume cannot be used: {wrong}")
    return 0


def bring(volume: Path, number: int, source: str | None) -> None:
    """Make `volume` incarnation `number`, from snapshot `source` if it is new. Raises `Refused`."""
    marker = volume / "volume.json"
    if (known := read_json(marker)) is not None:
        if known.get("volume") != number:
            raise Refused(FOREIGN_EXIT, f"this is volume {known.get('volume')}, not {number}")
        return
    held = sorted(each.name for each in volume.iterdir() if each.name not in _BY_THE_DISK)
    if held and not _only_empty(volume, held):
        raise Refused(FOREIGN_EXIT, f"the volume is not empty and has no marker: {', '.join(held[:5])}")
    if source is not None:
        # Here the snapshot is brought into `data`; until then a new volume is never passed off as a restored one.
        raise Refused(NO_SNAPSHOT_EXIT, f"snapshot {source} cannot be brought here")
    _folder(volume / "data")
    write_json(marker, {"volume": number, "source": source})


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


def _folder(path: Path) -> None:
    """For the game's group too, which need not be its user's."""
    if not path.is_dir():
        path.mkdir()
        path.chmod(0o2770)


def _only_empty(volume: Path, held: list[str]) -> bool:
    """Folders that this program made before it was killed, or kubelet for a mount."""
    return all(_is_empty_folder(volume / name) for name in held if name != "volume.json.new")


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())


def _end(code: int, why: str) -> int:
    print(why, file=sys.stderr)
    with contextlib.suppress(OSError):
        SAY.write_text(why[:1000])
    return code
