"""Passwords of consoles and agents: derived from the master key, never stored."""

from __future__ import annotations

import hmac


class Passwords:
    def __init__(self, master_key: bytes) -> None:
        self._master_key = master_key

    def of(self, purpose: str, server: str) -> str:
        """32 hexadecimal digits of HMAC-SHA-256 over purpose, server and rotation (1); the same at every call."""
        return hmac.digest(self._master_key, f"{purpose}:{server}:1".encode(), "sha256").hex()[:32]
