"""What an archive holds, whatever kind it is: the port that `unpack` reads, and one thing in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from .export_format import Mark

BLOCK = 256 * 1024
"""Bytes that are unpacked at a time."""

Kind = Literal["file", "folder", "link", "hard"]


@dataclass(frozen=True, slots=True)
class Member:
    """`path` and `target` are bytes as they would be on a disk; nothing is checked yet. A folder has no `/` at its end.

    `target`: a link's text; of a hard link, the path of the file. `seal`: see `export_format`. `mtime` in ns.
    """

    number: int  # which one of its archive
    path: bytes
    kind: Kind
    size: int = 0
    target: bytes = b""
    mtime: int | None = None
    mode: int | None = None
    seal: bytes = b""


class Archive(ABC):
    """Every method raises `Hostile` for what it cannot read, and OSError where the disk fails."""

    mark: Mark | None = None
    """Of an export of ours: then every path is meant to the byte."""

    @abstractmethod
    def members(self) -> Iterator[Member]:
        """All there is, at most `unpack.MOST_FILES`, in the archive's order, from its list of contents alone."""

    @abstractmethod
    def contents(self, numbers: Collection[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Of these files, each with its bytes, which are to be read before the next file is asked for.

        They may be more or fewer than `size` says: the reader counts.
        """
