"""The shipped bot, but that what it does by the hour it does every few seconds. The product knows nothing of it."""

from __future__ import annotations

from datetime import timedelta

from bot.__main__ import main
from bot.backup import copies
from core.servers import collecting, drill, late_snapshots


def run(seconds: float, *, only_late: bool = False) -> None:
    """`dormouse run`. `only_late`: just the snapshots that could not be taken when they were due."""
    late_snapshots.EVERY = timedelta(seconds=seconds)
    if not only_late:
        collecting.EVERY = drill.EVERY = copies.EVERY = timedelta(seconds=seconds)
    main(["run"])
