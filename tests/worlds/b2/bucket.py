"""Names that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable

from core.worlds.store.b2 import B2Store

BUCKET, PREFIX = "dormouse-worlds", "pond/"
ALL_THE_BOT_NEEDS = ("listBuckets", "listFiles", "readFiles", "writeFiles", "shareFiles")

Open = Callable[..., B2Store]
"""A store with this key; `bucket` and `prefix` as given. Closed by the fixture."""
