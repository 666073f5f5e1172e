"""Ports for game servers in tests."""

from __future__ import annotations

import random

BLOCK = 20


def ports() -> str:
    """A block of its own for one bot, as DORMOUSE_PORTS takes it.

    It lies below 32768: from there on the system gives ports to outgoing connections, so that one which was free a
    moment ago may be in use when a game wants to listen on it.
    """
    first = random.randrange(12000, 25000, BLOCK)
    return f"{first}-{first + BLOCK - 1}"
