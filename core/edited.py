"""Files that a person edits, read as their editor wrote them, or refused in words.

Windows' Notepad writes UTF-16 or UTF-8 with a byte order mark where it is asked to; both say what they are. A file
without a mark is UTF-8: any other code page cannot be told from it with certainty, so it is refused.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from core.errors import Misconfigured

MOST = 1024 * 1024
"""Bytes. Whatever is larger was not written by hand."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_edited(path: Path) -> str:
    """The text, with `\\n` line ends. Raises Misconfigured that names the file, the line, and what to do."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST + 1)
    except OSError as wrong:
        raise Misconfigured([f"{path} cannot be read: {wrong.strerror}."]) from wrong
    if len(data) > MOST:
        raise Misconfigured([f"{path} is larger than 1 MiB: that is no such file."])
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        raise Misconfigured(
            [f"{path}, line {line}: this is not UTF-8. Save the file as UTF-8 and try again."]
        ) from wrong
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Misconfigured([f"{path}, line {line}: there is a zero byte. Save the file as UTF-8 and try again."])
    return text.replace("\r\n", "\n").replace("\r", "\n")
