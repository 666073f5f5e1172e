"""Pure: what people type, before anything else is made of it."""

from __future__ import annotations

import unicodedata


def one_line(typed: str) -> str:
    """Free text on one line, without what no database and no environment holds: controls and halves of characters."""
    kept = "".join(char for char in " ".join(typed.split()) if unicodedata.category(char) not in ("Cc", "Cs"))
    return " ".join(kept.split())
