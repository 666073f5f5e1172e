"""What Discord's markdown makes of a text: the marks that do something, in order. The words between do not matter.

Two texts with the same marks look the same but for their words; so what somebody typed did nothing if the marks are
those of the text with a plain word in its place. Stricter than Discord in doubt: a lone `*` counts.

Syntax: https://support.discord.com/hc/articles/210298617 and https://discord.com/developers/docs/reference
"""

from __future__ import annotations

import re
import unicodedata

_MARK = re.compile(
    r"""
    (?P<escape> \\[^0-9A-Za-z\s])
  | (?P<block>  ```.*?```)
  | (?P<code>   (?<!`)(?P<fence>`+)(?!`).+?(?<!`)(?P=fence)(?!`))
  | (?P<mention><(?:@!?|@&|\#)\d+> | <id:\w+> | </[^<>\n]+:\d+>)
  | (?P<emoji>  <a?:\w+:\d+>)
  | (?P<time>   <t:-?\d+(?::[tTdDfFsSR])?>)
  | (?P<link>   \]\([^)\s]+[^)]*\) | <?[a-z][a-z0-9+.-]*://[^\s<]+)
  | (?P<ping>   @(?:everyone|here)\b)
  | (?P<line>   ^[ \t]*(?:\#{1,3}\ |-\#\ |>>>\ |>\ |[-*+]\ |\d+\.\ ))
  | (?P<style>  \*+|_+|~~|\|\||`+)
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_UNUSUAL = re.compile(r"[^\x20-\x7e\n]")
_ISOLATES = {"\u2068": 1, "\u2069": -1}
_SHOWN_BY_CONTENT = {"mention", "emoji", "time", "link"}


def marks(text: str) -> list[tuple[str, str]]:
    """Kind of each mark, with its text where that matters."""
    found: list[tuple[str, str]] = []
    for match in _MARK.finditer(text):
        kind = match.lastgroup or ""
        if kind != "escape":
            found.append((kind, match[0] if kind in _SHOWN_BY_CONTENT | {"style", "line"} else ""))
    return found


def tricks(text: str) -> list[str]:
    """Characters that turn, hide or cut what stands around them. A closed pair of isolates keeps its own turn to
    itself, and a zero width space takes a ping its meaning: these are no tricks."""
    found, depth = [], 0
    for match in _UNUSUAL.finditer(text):
        char, before = match[0], text[max(0, match.start() - 1) : match.start()]
        depth += _ISOLATES.get(char, 0)
        allowed = char in _ISOLATES or (char == "\u200b" and before == "@")
        if depth < 0 or (unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and not allowed):
            found.append(f"U+{ord(char):04X}")
    return found + ["an isolate that nobody closes"] * (depth > 0)
