"""Pure: in which line of a TOML file a key stands. Python's reader of TOML keeps no positions.

The text is known to be good TOML (https://toml.io/en/v1.0.0): what is looked for are the beginnings of statements, past
strings and arrays that go over several lines.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence

Path = tuple[str | int, ...]
"""Keys, and numbers of the tables in an array of tables."""

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]")
_STATEMENT = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=[ \t]*")
_VALUE = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[{]|[\]}]|\n|[^\"'#\[\]{}\n]+",
    re.DOTALL,
)


class Lines:
    """Where each key and each table of a TOML text stands, as lines from 1."""

    def __init__(self, text: str) -> None:
        self._at: dict[Path, int] = {(): 1}
        self._read(text)

    def find(self, path: Sequence[str | int]) -> int:
        """The line of this key; of one that is missing, or within a value, the nearest around it."""
        known = tuple(path)
        while known not in self._at:
            known = known[:-1]
        return self._at[known]

    def _read(self, text: str) -> None:
        table: Path = ()
        arrays: dict[Path, int] = {}
        at, line = 0, 1
        while at < len(text):
            if header := _HEADER.match(text, at):
                table = self._table(_parts(header[2]), arrays, is_array=header[1] == "[[")
                for end in range(1, len(table) + 1):
                    self._at.setdefault(table[:end], line)
                end = text.find("\n", header.end())
                end = len(text) if end < 0 else end
            elif statement := _STATEMENT.match(text, at):
                self._note(table, _parts(statement[1]), line)
                end = _end_of_value(text, statement.end())
            else:
                end = text.find("\n", at)
                end = len(text) if end < 0 else end
            line += text.count("\n", at, end) + 1
            at = end + 1

    def _table(self, parts: Sequence[str], arrays: dict[Path, int], *, is_array: bool) -> Path:
        """Where the header leads: into the newest element of each array of tables on the way."""
        path: Path = ()
        for place, part in enumerate(parts):
            path = (*path, part)
            if is_array and place == len(parts) - 1:
                arrays[path] = arrays.get(path, -1) + 1
            if path in arrays:
                path = (*path, arrays[path])
        return path

    def _note(self, table: Path, parts: Sequence[str], line: int) -> None:
        for end in range(1, len(parts) + 1):
            self._at.setdefault((*table, *parts[:end]), line)


def _parts(dotted: str) -> list[str]:
    return [_unquoted(part) for part in re.findall(_KEY, dotted)]


def _unquoted(part: str) -> str:
    """A quoted key is a string, with all that may stand in one."""
    return str(tomllib.loads(f"x = {part}")["x"]) if part[0] in "\"'" else part


def _end_of_value(text: str, at: int) -> int:
    """Where the line feed is that ends the value which begins at `at`."""
    depth = 0
    while at < len(text):
        piece = _VALUE.match(text, at)
        if piece is None:
            at += 1
            continue
        if piece[0] == "\n" and depth == 0:
            return at
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(piece[0], 0)
        at = piece.end()
    return len(text)
