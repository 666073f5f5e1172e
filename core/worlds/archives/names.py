"""Names of what lies in an archive. Pure: in which encoding they were written, and how they are shown to people."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

CODE_PAGES = ("cp437", "cp850", "cp1252", "cp866", "cp932", "gbk")
"""What Windows' tools write without saying so: of the USA (and ZIP's own default), of western Europe (two), Russia,
Japan, China. Where two are as likely, the first one is taken."""

_SHOWN = 80  # characters
_COMMON = frozenset("äöüÄÖÜßàâçéèêëîïôùûñáíóúåæøãÅÆØÉÀÇÑ")


def code_page(names: Iterable[bytes]) -> str:
    """In which encoding these names, all of one archive, were written. One for all: a tool does not change its mind."""
    odd = {name for name in names if not name.isascii()}
    if all(map(is_utf8, odd)):  # what Finder and Info-ZIP write without a flag
        return "utf-8"
    return max(CODE_PAGES, key=lambda page: _likelihood(odd, page))


def is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def plain(name: bytes) -> tuple[bytes, bool]:
    """A strangers' name as a path, and whether its end says that it is a folder.

    A backslash separates: nobody but Windows' tools writes one. In bytes that are no UTF-8 it may be half a letter.
    """
    if b"\\" in name and is_utf8(name):
        name = name.replace(b"\\", b"/")
    while name.startswith(b"./"):
        name = name[2:]
    path = b"" if name == b"." else name.rstrip(b"/")
    return path, path != name


def folded(path: bytes) -> str:
    """Equal for paths that some system cannot keep apart."""
    return unicodedata.normalize("NFC", path.decode("utf-8", "surrogateescape")).casefold()


def shown(name: bytes) -> str:
    """For people: short, on one line, and nothing in it that moves or hides other text."""
    text = "".join(
        each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in name.decode("utf-8", "replace")
    )
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}…{text[1 - _SHOWN // 2 :]}"


def _likelihood(names: Iterable[bytes], page: str) -> float:
    """How much the names look like words of those who use this code page."""
    try:
        texts = [name.decode(page) for name in names]
    except UnicodeDecodeError:
        return float("-inf")
    return sum(
        _worth(text[at - 1 : at], each, text[at + 1 : at + 2])
        for text in texts
        for at, each in enumerate(text)
        if not each.isascii()
    )


def _worth(before: str, each: str, after: str) -> int:
    """What one character says for a code page. Accents stand among plain letters, other scripts among themselves."""
    beside = (before, after)
    script = _script(each)
    if script == "latin":
        if each.isupper() and before.islower():
            return -3
        among_others = any(_script(near) == "latin" for near in beside) and not any(map(_is_plain, beside))
        return (2 if each in _COMMON else 1) - 2 * among_others
    if script in ("kana", "han"):
        if any(_script(near) in ("kana", "han", "wide") for near in beside):
            return 4 if script == "kana" else 2
        return -2 if script == "han" or any(map(_is_plain, beside)) else 3
    if script == "cyrillic":
        return 2 if any(_script(near) == "cyrillic" for near in beside) else -3 * any(map(_is_plain, beside))
    return 0 if script == "wide" else -3


def _is_plain(each: str) -> bool:
    return each.isascii() and each.isalpha()


def _script(each: str) -> str:
    code = ord(each) if each else 0
    if 0xC0 <= code <= 0x24F and each not in "×÷":
        return "latin"
    if 0x3041 <= code <= 0x3096 or 0x30A1 <= code <= 0x30FC:
        return "kana"
    if 0x4E00 <= code <= 0x9FFF:
        return "han"
    if 0x410 <= code <= 0x44F or code in (0x401, 0x451):
        return "cyrillic"
    if 0x3000 <= code <= 0x303F or 0xFF01 <= code <= 0xFF5E:  # punctuation and letters of full width
        return "wide"
    return ""
