"""A file that is no archive, and is what somebody meant: an archive of one member, which is called as it was sent."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import IO

from .member import BLOCK, Archive, Member


class Lone(Archive):
    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = os.fsencode(name.replace("\\", "/").rpartition("/")[2])

    def members(self) -> Iterator[Member]:
        yield Member(0, self._name, "file", os.fstat(self._file.fileno()).st_size)

    def contents(self, numbers: Collection[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        if numbers:
            self._file.seek(0)
            yield 0, iter(lambda: self._file.read(BLOCK), b"")
