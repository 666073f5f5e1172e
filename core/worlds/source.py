"""What a volume is made from: somebody's snapshot."""

from __future__ import annotations

NEWEST = "newest"
"""In place of a snapshot's name: the newest one that is complete."""


def split_source(source: str, server: str) -> tuple[str, str]:
    """Whose snapshot it is, and its name. `source` is `NAME` or `newest` of `server` itself; of another server it is
    `SERVER/NAME`."""
    owner, slash, name = source.rpartition("/")
    return (owner, name) if slash else (server, source)
