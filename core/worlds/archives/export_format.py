"""How an export (FORMAT.md, "Exports") says what a ZIP cannot: what `core.worlds.export` writes and an import reads.

Pure. An export is an ordinary ZIP for people; beside each name stands, in an extra field that other tools pass over,
what is needed to have the world back to the byte.
"""

from __future__ import annotations

import hmac
import re
import struct
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .names import folded

EXTRA_ID = 0x4D44
"""Of the extra field: "DM"."""

EXPORT_KEY = "DORMOUSE_EXPORT_KEY"
"""In the environment, hexadecimal: the key of the seals on links. Unset: there are none."""

_VERSION, _HARD = 1, 1
_SEAL = 16  # bytes
_EXTRA = struct.Struct("<BBqHH")
_MARK = re.compile(rb"dormouse world 1 ([a-z][a-z2-7]{11}) ([0-7]{1,3}) (-?\d{1,19})$")
_WORDS = "A world of a game server. /world import takes it back as it was.\n"
_NOT_ON_WINDOWS = frozenset('<>:"|?*\\')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)")
_LONGEST = 255  # bytes of a name, on most systems


@dataclass(frozen=True, slots=True)
class Mark:
    """The archive's comment says whose world it is, and what the world's folder itself was like."""

    server: str
    mode: int
    mtime: int  # ns

    def to_comment(self) -> bytes:
        return f"{_WORDS}dormouse world 1 {self.server} {self.mode:o} {self.mtime}".encode()

    @classmethod
    def of(cls, comment: bytes) -> Mark | None:
        """None where the archive is somebody else's."""
        match = _MARK.search(comment)
        if match is None or not -(1 << 63) <= int(match[3]) < 1 << 63:
            return None
        return cls(match[1].decode(), int(match[2], 8), int(match[3]))


@dataclass(frozen=True, slots=True)
class Extra:
    """Of one member. `path`: empty where the ZIP's own name is it. `target`: of a hard link. `mtime` in ns."""

    mtime: int
    path: bytes = b""
    target: bytes = b""
    seal: bytes = b""

    def to_bytes(self) -> bytes:
        kind = _HARD if self.target else 0
        body = _EXTRA.pack(_VERSION, kind, self.mtime, len(self.path), len(self.target))
        body += self.path + self.target + self.seal
        return struct.pack("<HH", EXTRA_ID, len(body)) + body

    @classmethod
    def of(cls, body: bytes) -> Extra | None:
        """None where it is of no version that we know."""
        if len(body) < _EXTRA.size or body[0] != _VERSION:
            return None
        _, kind, mtime, n_path, n_target = _EXTRA.unpack_from(body)
        rest = body[_EXTRA.size :]
        if len(rest) - n_path - n_target not in (0, _SEAL) or (kind == _HARD) != (n_target > 0):
            return None
        return cls(mtime, rest[:n_path], rest[n_path : n_path + n_target], rest[n_path + n_target :])


def export_key(env: Mapping[str, str]) -> bytes:
    return bytes.fromhex(env.get(EXPORT_KEY, ""))


def seal(key: bytes, server: str, path: bytes, target: bytes) -> bytes:
    """Shows that this link was in a world of this server: only then may it lead out. Empty without a key."""
    return hmac.digest(key, b"\0".join((server.encode(), path, target)), "sha256")[:_SEAL] if key else b""


def portable(names: Iterable[bytes]) -> dict[bytes, str]:
    """Names for the ZIP of what lies in one folder, which every system can write and keep apart.

    Names that are well anywhere are kept. In others, what is not becomes %XX, and a number follows where two would be
    the same.
    """
    found = {name: _escaped(name) for name in sorted(names)}
    taken: dict[str, bytes] = {}
    for name, text in found.items():
        if text.encode() == name:
            taken.setdefault(folded(name), name)
    for name, text in found.items():
        unique, count = text, 1
        while taken.setdefault(folded(unique.encode()), name) != name:
            count += 1
            unique = _numbered(text, count)
        found[name] = unique
    return found


def _escaped(name: bytes) -> str:
    text = "".join(map(_safe, name.decode("utf-8", "surrogateescape")))
    if text[-1] in ". ":
        text = f"{text[:-1]}%{ord(text[-1]):02X}"
    if _DEVICES.match(text):
        text = f"%{ord(text[0]):02X}{text[1:]}"
    return text if len(text.encode()) <= _LONGEST else _numbered(text, 1)


def _safe(each: str) -> str:
    if 0xDC80 <= ord(each) <= 0xDCFF:  # a byte that is no UTF-8
        return f"%{ord(each) - 0xDC00:02X}"
    if each in _NOT_ON_WINDOWS or unicodedata.category(each) == "Cc":
        return "".join(f"%{byte:02X}" for byte in each.encode())
    return each


def _numbered(text: str, count: int) -> str:
    """`level~2.dat`, not longer than a name may be."""
    stem, dot, ending = text.rpartition(".")
    if not stem or len(ending) > 16:
        stem, dot, ending = text, "", ""
    tail = f"~{count}{dot}{ending}"
    return stem.encode()[: _LONGEST - len(tail.encode())].decode("utf-8", "ignore") + tail
