"""The part of `dormouse check` that looks at the room for downloads and imports."""

from __future__ import annotations

from bot.check.report import Report
from bot.settings import Settings
from core.games.form.game import Game
from core.worlds.scratch import Scratch

GIB = 1024**3


def check(settings: Settings, games: tuple[Game, ...], report: Report) -> None:
    """A world is there twice while it is downloaded or brought in: itself, and the archive."""
    if settings.cluster != "local" and settings.store_place.folder is not None:
        return  # no world is kept, so none is asked for
    work = settings.data_dir / "work"
    room = Scratch(work, settings.scratch_bytes).whole / GIB
    largest = max((game.volume_of(size) for game in games for size in game.sizes), default=0)
    if settings.scratch is not None and room < settings.scratch:
        report.remarks.append(f"DORMOUSE_SCRATCH is {settings.scratch} GiB, but {work} has {room:.1f} GiB free.")
    if room < 2 * largest:
        report.remarks.append(
            f"Downloads and imports have {room:.1f} GiB of room in {work}: worlds over {room / 2:.1f} GiB are refused "
            f"there, in words. A world may have up to {largest} GiB, so {2 * largest} GiB are room for all."
        )
