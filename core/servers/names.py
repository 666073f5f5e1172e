"""Pure: a server's name as typed, and the key under which two names are the same."""

from __future__ import annotations

import unicodedata

from core.errors import BadInput

SHORTEST, LONGEST = 2, 32


def clean(typed: str) -> str:
    """The name to keep: 2-32 letters of any script, digits, spaces and `-`. BadInput says what may stand in it."""
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    if not SHORTEST <= len(name) <= LONGEST:
        raise BadInput("name.length", shortest=SHORTEST, longest=LONGEST)
    if not all(char in " -" or unicodedata.category(char)[0] in "LMN" for char in name):
        raise BadInput("name.characters")
    if not any(unicodedata.category(char)[0] in "LN" for char in name):
        raise BadInput("name.characters")
    return name


def key(name: str) -> str:
    """Equal for names that differ only in case, width, accents' encoding or spacing."""
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()
