"""Pure: what a game wrote, or somebody typed to it, without what nobody is to read there: secrets, terminal colours and
control characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from core.games import terminal

BLACK = "••••"
LONGEST_KEPT = 120
"""Characters of a line that the audit keeps."""
_CUT = 4000  # bytes: less was not cut by whoever read it
_SURELY_ONE = 4  # characters: what is shorter is blacked out as a whole word only, or a log would be full of holes

_MINECRAFT = re.compile("§[0-9a-fk-orx]")
"""What Minecraft means colours by (https://minecraft.wiki/w/Formatting_codes)."""
_TELLS_A_SECRET = re.compile(
    r"(?:^|(?<=[\W_]))(?:password|passwd|passphrase|passwort|pwd|secret|token|api[_-]?key|login|register)"
    r"[\s:=\"']+(?=\S)",
    re.IGNORECASE,
)


def readable(text: str) -> str:
    """Lines that end with \\n, of characters that one sees: what a terminal would obey is left out."""
    lines = terminal.plain(text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(char for char in _MINECRAFT.sub("", lines) if char in "\n\t" or unicodedata.category(char)[0] != "C")


def black_out(text: str, secrets: Iterable[str]) -> str:
    """`text` (readable) without these secrets; a long one, which may have been cut, also without a part of one at its
    ends."""
    known = sorted({clean for secret in secrets if (clean := readable(secret).strip())}, key=len, reverse=True)
    for secret in known:
        if len(secret) >= _SURELY_ONE:
            text = text.replace(secret, BLACK)
        else:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", BLACK, text)
    if len(text.encode(errors="replace")) >= _CUT:
        for secret in known:
            text = _without_part(text, secret)
    return text


def _without_part(text: str, secret: str) -> str:
    lengths = range(len(secret) - 1, _SURELY_ONE - 1, -1)
    at_start = next((length for length in lengths if text.startswith(secret[-length:])), 0)
    at_end = next((length for length in lengths if text.endswith(secret[:length])), 0)
    text = BLACK + text[at_start:] if at_start else text
    return text[:-at_end] + BLACK if at_end else text


def for_the_audit(line: str, secrets: Iterable[str]) -> str:
    """As much of a line to a console as is kept. What follows a word such as *password* may be one: it is not kept."""
    kept = black_out(readable(line), secrets)
    if told := _TELLS_A_SECRET.search(kept):
        kept = kept[: told.end()] + BLACK
    return kept if len(kept) <= LONGEST_KEPT else kept[: LONGEST_KEPT - 1] + "…"
