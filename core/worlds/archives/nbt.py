"""Pure: which version of Minecraft wrote a world, read from its level.dat.

NBT (https://minecraft.wiki/w/NBT_format), of Java: gzip, then tags with big-endian numbers. What somebody sends may be
anything: nothing is built from it, every length is checked, and what is not understood is no version.
"""

from __future__ import annotations

import re
import struct
import zlib

MOST = 4 << 20
"""Bytes of a level.dat once unpacked, and packed: they have some thousands."""

_END, _STRING, _LIST, _COMPOUND = 0, 8, 9, 10
_FIXED = {1: 1, 2: 2, 3: 4, 4: 8, 5: 4, 6: 8}  # bytes of each kind of number
_ARRAYS = {7: 1, 11: 4, 12: 8}  # bytes of one element
_DEEPEST = 64
_RELEASE = re.compile(r"\d{1,4}(\.\d{1,4}){1,3}", re.ASCII)
_WANTED = (b"Data", b"Version", b"Name")


def version_of(level: bytes) -> str:
    """Such as `1.21.8`; "" where it does not say so: worlds from before 1.9 do not."""
    try:
        unpacked = zlib.decompressobj(wbits=31).decompress(level, MOST)
        return _Reader(unpacked).find().decode("utf-8")
    except (ValueError, IndexError, zlib.error, struct.error):
        return ""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def find(self) -> bytes:
        """The string at `_WANTED`; empty where there is none."""
        if self._number(1) != _COMPOUND:
            return b""
        self._text()
        return self._within(_WANTED)

    def _within(self, wanted: tuple[bytes, ...]) -> bytes:
        """Of a compound: the string at that path below it."""
        while (kind := self._number(1)) != _END:
            name = self._text()
            if name == wanted[0] and len(wanted) > 1 and kind == _COMPOUND:
                return self._within(wanted[1:])
            if name == wanted[0] and len(wanted) == 1 and kind == _STRING:
                return self._text()
            self._pass(kind, _DEEPEST)
        return b""

    def _pass(self, kind: int, deepest: int) -> None:
        if deepest == 0:
            raise ValueError("too deep")
        if kind in _FIXED:
            self._take(_FIXED[kind])
        elif kind in _ARRAYS:
            self._take(self._number(4) * _ARRAYS[kind])
        elif kind == _STRING:
            self._text()
        elif kind == _LIST:
            each, count = self._number(1), self._number(4)
            if each in _FIXED:
                self._take(count * _FIXED[each])
            elif each != _END:  # each element takes a byte at least, so no count makes this long
                for _ in range(count):
                    self._pass(each, deepest - 1)
        elif kind == _COMPOUND:
            while (inner := self._number(1)) != _END:
                self._text()
                self._pass(inner, deepest - 1)
        else:
            raise ValueError("no such tag")

    def _text(self) -> bytes:
        return self._take(self._number(2))

    def _number(self, size: int) -> int:
        """Lengths are never negative: those that are made so are far too large."""
        return int.from_bytes(self._take(size), "big")

    def _take(self, size: int) -> bytes:
        if size > len(self._data) - self._at:
            raise ValueError("it ends before")
        self._at += size
        return self._data[self._at - size : self._at]


def is_newer(theirs: str, ours: str) -> bool:
    """Whether a release comes after another. False where one of the two is none: `LATEST`, a snapshot, a candidate."""
    if not (_RELEASE.fullmatch(theirs) and _RELEASE.fullmatch(ours)):
        return False
    their_numbers, our_numbers = (tuple(map(int, each.split("."))) for each in (theirs, ours))
    return their_numbers > our_numbers
