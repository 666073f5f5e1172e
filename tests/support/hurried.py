"""The shipped bot, but that what it does by the hour it does every few seconds. The product knows nothing of it."""

from __future__ import annotations

from datetime import timedelta

from bot import backup
from bot.__main__ import main
from core.servers import late, tending


def run(seconds: float) -> None:
    """`dormouse run`."""
    late.EVERY = tending.EVERY = tending.DRILL_EVERY = backup.EVERY = timedelta(seconds=seconds)
    main(["run"])
