"""What is asked of an agent by HTTP on the local cluster and in a pod alike."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any

from core.cluster.children import ChildFailed

from .snapshots import Saver

Answer = tuple[int, dict[str, Any]]
NOT_ALLOWED: Answer = (401, {"error": "the token is missing or wrong"})

_LINE_CAP = 1000  # characters of a console line
_NOTE_CAP = 200  # characters of a snapshot's note


def is_allowed(headers: Mapping[str, str], token: str) -> bool:
    return hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {token}".encode())


async def snapshot(saver: Saver, body: bytes) -> Answer:
    """{"note", "full"}: {"saved": SavedFile}; 503 {"kind", "error"} where there is none (process.py)."""
    try:
        asked = json.loads(body or b"{}")
        note, full = str(asked.get("note", ""))[:_NOTE_CAP], bool(asked.get("full"))
    except (ValueError, AttributeError):
        return 400, {"error": "the body is not a wish"}
    try:
        saved = await saver.snapshot(note=note, full=full)
    except ChildFailed as wrong:
        return 503, {"kind": wrong.kind, "error": wrong.detail}
    except OSError as wrong:
        return 503, {"kind": "failed", "error": str(wrong)}
    return 200, {"saved": saved.to_json()}


def console_line(body: bytes) -> str:
    """The line that {"line": ...} asks for. Raises ValueError with why it is none."""
    try:
        line = json.loads(body)["line"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("the body is not a line") from None
    if not isinstance(line, str) or len(line) > _LINE_CAP or not line.isprintable():
        raise ValueError("a line has no control characters and at most 1,000 others")
    return line
