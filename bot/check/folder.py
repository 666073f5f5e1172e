"""The part of `dormouse check` that looks at the data folder, and for another copy on it."""

from __future__ import annotations

import shutil
import tempfile

from bot.check.report import Report
from bot.lock import holder
from bot.settings import Settings

FULL, LOW = 200 * 1024**2, 5 * 1024**3  # bytes free: too few to start, few for worlds


def can_be_used(settings: Settings, report: Report) -> bool:
    """Whether the data folder can be used."""
    folder = settings.data_dir
    place = next((each for each in (folder.absolute(), *folder.absolute().parents) if each.exists()), None)
    if place is None or not place.is_dir():
        report.mistakes.append(f"DORMOUSE_DATA_DIR: {folder} is not a folder and cannot be made.")
        return False
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as wrong:
        why = wrong.strerror or type(wrong).__name__
        report.mistakes.append(
            f"DORMOUSE_DATA_DIR: {place} cannot be written to ({why}): give it to the user that runs Dormouse."
        )
        return False
    free = shutil.disk_usage(place).free
    if free < FULL:
        report.mistakes.append(f"DORMOUSE_DATA_DIR: {place} has only {free // 1024**2} MiB free: make room.")
    elif free < LOW:
        report.remarks.append(f"{place} has {free / 1024**3:.1f} GiB free: worlds may need more.")
    return True


def is_held(settings: Settings, report: Report) -> bool:
    """Whether another copy runs on this folder."""
    if (process := holder(settings.data_dir)) is None:
        return False
    # No mistake: one looks from beside it, in its pod or before an upgrade. A second start is refused.
    report.remarks.append(f"Dormouse is running on {settings.data_dir} (process {process}).")
    return True
