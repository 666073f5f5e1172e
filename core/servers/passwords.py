"""Passwords of consoles and agents, secrets of webhooks: derived from the master key, never stored."""

from __future__ import annotations

import hmac


class Passwords:
    def __init__(self, master_key: bytes) -> None:
        self._master_key = master_key

    def of(self, purpose: str, whose: str, rotation: int = 1) -> str:
        """32 hexadecimal digits of HMAC-SHA-256 over purpose, id (a server's, say) and rotation; the same at every
        call."""
        return hmac.digest(self._master_key, f"{purpose}:{whose}:{rotation}".encode(), "sha256").hex()[:32]
