"""The contract of the `Store` port over HTTP."""

from __future__ import annotations

from tests.contracts.store import StoreContract


class TestB2Store(StoreContract):
    pass
