"""What is asked of an agent about the files of a world, and what it answers. As in wire.py, no key is ever renamed.

    POST /v1/files FileOrder    FileAnswer, or {"refused": FileTrouble, "why"}

A path is relative to the world's folder, its names divided by "/"; "" is that folder itself. Each order is small and
bounded (`PART`), so that every way to an agent can carry it: a larger file goes in parts.
"""

from __future__ import annotations

import base64
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.record import Record

PART = 512 * 1024
"""Bytes of a file that one order or answer carries at most."""
LONGEST_ORDER = 4 * -(-PART // 3) + 16 * 1024
"""Bytes of an order as JSON."""
LISTED = 500
"""Names in one answer."""
MOST_NAMES = 10_000
"""Names of a folder that are looked at: as many as core.nofollow takes. What is beyond is only said to be there."""
DEEPEST, LONGEST_PATH, LONGEST_NAME = 64, 2048, 255
"""Folders below each other, and bytes of a path: as in a snapshot (core/worlds/manifest.py); bytes of a name."""


class FileDo(StrEnum):
    LIST = "list"
    READ = "read"  # `length` bytes from `offset` on
    WRITE = "write"  # all of a small file at once
    PART = "part"  # the next part of upload `upload`; the first begins it
    FINISH = "finish"  # the upload becomes the file
    ABANDON = "abandon"  # the upload is thrown away
    FOLDER = "folder"
    RENAME = "rename"
    DELETE = "delete"


class FileTrouble(StrEnum):
    PATH = "path"  # it is none: `..`, absolute, too long or too deep
    MISSING = "missing"
    EXISTS = "exists"
    KIND = "kind"  # a link, a pipe or something else that is no file, or no folder
    CHANGED = "changed"  # it is not the version that one started from
    NOT_EMPTY = "not_empty"
    LARGE = "large"
    DENIED = "denied"  # the game keeps it from its agent
    FULL = "full"  # the disk is, or nearly
    QUOTA = "quota"  # the world would be larger than it may be
    UPLOAD = "upload"  # the part does not follow what came so far
    NO_WORLD = "no_world"
    FAILED = "failed"


class FileRefused(Exception):
    """It was not done; nothing was changed. `why` is for logs."""

    def __init__(self, trouble: FileTrouble, why: str = "") -> None:
        super().__init__(f"{trouble}: {why}")
        self.trouble = trouble
        self.why = why


@dataclass(frozen=True, slots=True)
class FileOrder(Record):
    """`version`: of the file that one started from; None: whatever is there. Of what is written, `""`: there is none
    yet. `data` in base64. `most`: bytes that the world may have by this, with all that is on its way into it; 0: no
    limit is known. `used`: that the world has already, as the upload's first part was answered; 0: it is measured."""

    do: str
    path: str = ""
    to: str = ""  # the new path
    version: str | None = None
    offset: int = 0
    length: int = 0
    data: str = ""
    upload: str = ""  # 32 hexadecimal digits that nobody else uses
    cursor: str = ""  # `next` of the page before
    recursive: bool = False
    most: int = 0
    used: int = 0

    @property
    def content(self) -> bytes:
        """Raises ValueError."""
        return base64.b64decode(self.data, validate=True)


@dataclass(frozen=True, slots=True)
class FileAnswer(Record):
    """`entries`: of a folder, as `Entry`. `next`: what `cursor` takes for the names behind these, "" where there are
    none; `cut`: there are some beyond those that are looked at. `size` and `modified` (ns since 1970) are of the file.
    `used`: bytes of the world, where an order had `most`."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    next: str = ""
    cut: bool = False
    data: str = ""
    size: int = 0
    modified: int = 0
    version: str = ""
    used: int = 0

    @property
    def content(self) -> bytes:
        return base64.b64decode(self.data)


@dataclass(frozen=True, slots=True)
class Entry(Record):
    """One name in a folder. `kind`: file, folder, link or other. `size` in bytes, 0 for what is no file; `modified` in
    ns since 1970. `usable`: its name is text, so that it can be asked for."""

    name: str
    kind: str
    size: int = 0
    modified: int = 0
    usable: bool = True


def answer_of(said: Mapping[str, Any]) -> FileAnswer:
    """Raises `FileRefused`."""
    if "error" in said:  # an agent of before, or one that was asked wrongly
        raise FileRefused(FileTrouble.FAILED, str(said["error"]))
    if "refused" in said:
        known = said["refused"] in set(FileTrouble)
        raise FileRefused(FileTrouble(said["refused"]) if known else FileTrouble.FAILED, str(said.get("why", "")))
    try:
        return FileAnswer.of(said)
    except TypeError as wrong:
        raise FileRefused(FileTrouble.FAILED, str(wrong)) from wrong


def told(wrong: FileRefused) -> dict[str, Any]:
    return {"refused": wrong.trouble, "why": wrong.why[:300]}


def page_of(names: Sequence[bytes], cursor: str) -> tuple[Sequence[bytes], str]:
    """Of names in order: those behind `cursor`, and the cursor behind them. It holds the bytes of a name, which need
    be no text. Raises `FileRefused`."""
    try:
        after = bytes.fromhex(cursor)
    except ValueError:
        raise FileRefused(FileTrouble.PATH, "that is no cursor") from None
    first = bisect_right(names, after)
    page = names[first : first + LISTED]
    return page, page[-1].hex() if len(names) > first + LISTED else ""


def names_of(path: str) -> tuple[str, ...]:
    """The names on the way, none for the world's folder itself. Raises `FileRefused` where it is no path in it."""
    if path == "":
        return ()
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        raise FileRefused(FileTrouble.PATH, "it is no text") from None
    parts = tuple(path.split("/"))
    if len(encoded) > LONGEST_PATH or len(parts) > DEEPEST or b"\0" in encoded:
        raise FileRefused(FileTrouble.PATH, "it is too long, too deep, or holds a NUL")
    if any(part in ("", ".", "..") or len(part.encode()) > LONGEST_NAME for part in parts):
        raise FileRefused(FileTrouble.PATH, "it has a name that is none")
    return parts
