"""Plain bytes of what is compressed, a little at a time: neither a bomb nor a wide window takes much memory."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import IO, Protocol

import zstandard

from .member import BLOCK

WIDEST = 256 * 1024 * 1024
"""Bytes of memory that unpacking one stream may take. What xz and zstd make by default needs 64 MiB and 8."""

_ZSTD_WIDEST = 128 * 1024 * 1024  # zstd's own limit, without --long
_LZMA_HEADER = 4  # bytes before the properties, in a ZIP


class Broken(Exception):
    """It is not what it says it is, or it ends too early."""


class TooMuch(Broken):
    """More comes than was announced."""


class Source(Protocol):
    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""


class _Decoder(Protocol):
    """As bz2's and lzma's."""

    @property
    def needs_input(self) -> bool: ...
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Inflate:
    """zlib's decompressor as a `_Decoder`. `bits` as zlib says: -15 for bare deflate, 31 for gzip."""

    def __init__(self, bits: int) -> None:
        self._inflate = zlib.decompressobj(bits)
        self.needs_input = True

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        plain = self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)
        self.needs_input = len(plain) < max_length and not self._inflate.unconsumed_tail
        return plain

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data


class Unpacked:
    """`make` gives a decoder; a second stream behind the first is read too, where it begins with `again`."""

    def __init__(self, source: Source, make: Callable[[], _Decoder], again: bytes = b"") -> None:
        self._source = source
        self._make = make
        self._again = again
        self._decoder = make()
        self._held = b""  # read from the source, not decoded yet
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes. Raises `Broken`, OSError."""
        try:
            while not self._ended:
                if not self._decoder.eof:
                    if plain := self._decode(size):
                        return plain
                else:
                    self._next()
        except (zlib.error, lzma.LZMAError, EOFError, ValueError) as wrong:
            raise Broken(str(wrong)) from wrong
        except OSError as wrong:
            if wrong.errno is not None:
                raise
            raise Broken(str(wrong)) from wrong  # bz2's word for data that is none
        return b""

    def _decode(self, size: int) -> bytes:
        data = b""
        if self._decoder.needs_input:
            data, self._held = self._held or self._source.read(BLOCK), b""
            if not data:
                raise Broken("it ends too early")
        return self._decoder.decompress(data, size)

    def _next(self) -> None:
        self._held = self._decoder.unused_data
        while len(self._held) < len(self._again) and (more := self._source.read(BLOCK)):
            self._held += more
        self._ended = not self._again or not self._held.startswith(self._again)
        if not self._ended:
            self._decoder = self._make()


class _Zstd:
    """Frames one behind the other. What is cut off ends silently: whoever reads has to know where the end is."""

    def __init__(self, source: Source) -> None:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WIDEST)
        self._reader = decompressor.stream_reader(source, read_size=BLOCK, read_across_frames=True)  # type: ignore[arg-type]

    def read(self, size: int, /) -> bytes:
        try:
            return self._reader.read(size)
        except zstandard.ZstdError as wrong:
            raise Broken(str(wrong)) from wrong


def gunzip(source: Source) -> Source:
    return Unpacked(source, lambda: Inflate(31), b"\x1f\x8b")


def bunzip(source: Source) -> Source:
    return Unpacked(source, bz2.BZ2Decompressor, b"BZh")


def unxz(source: Source) -> Source:
    return Unpacked(source, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, WIDEST), b"\xfd7zXZ\0")


def unlzma(source: Source) -> Source:
    return Unpacked(source, lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, WIDEST))


def unzstd(source: Source) -> Source:
    return _Zstd(source)


def of_zip(method: int, source: Source) -> Source | None:
    """The plain bytes of a member of a ZIP; None for a method that we do not know. Raises `Broken`."""
    match method:
        case 0:
            return source
        case 8:
            return Unpacked(source, lambda: Inflate(-15))
        case 12:
            return Unpacked(source, bz2.BZ2Decompressor)
        case 14:
            return _unlzma_in_zip(source)
        case 93:
            return _Zstd(source)
        case 95:
            return unxz(source)
    return None


def _unlzma_in_zip(source: Source) -> Source:
    header = source.read(_LZMA_HEADER + 5)
    if len(header) < _LZMA_HEADER + 5 or header[2:4] != b"\x05\0":
        raise Broken("not LZMA as in a ZIP")
    rest, lc = divmod(header[4], 9)
    pb, lp = divmod(rest, 5)
    wide = int.from_bytes(header[5:9], "little")
    if pb > 4 or lc + lp > 4 or wide > WIDEST:
        raise Broken("not LZMA as in a ZIP, or of too wide a window")
    chain = [{"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb, "dict_size": max(wide, 4096)}]
    return _UntilEnd(source, lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain))


class _UntilEnd(Unpacked):
    """LZMA may come without a mark at its end: then the end of what is compressed is the end."""

    def __init__(self, source: Source, decoder: _Decoder) -> None:
        super().__init__(source, lambda: decoder)

    def _decode(self, size: int) -> bytes:
        data = b""
        if self._decoder.needs_input:
            data = self._source.read(BLOCK)
            self._ended = not data
        return b"" if self._ended else self._decoder.decompress(data, size)


class Part:
    """`length` bytes of a file from `offset` on."""

    def __init__(self, file: IO[bytes], offset: int, length: int) -> None:
        self._file = file
        self._at = offset
        self._left = length

    def read(self, size: int, /) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(min(size, self._left))
        self._at += len(data)
        self._left -= len(data)
        return data
