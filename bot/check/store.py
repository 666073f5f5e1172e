"""The part of `dormouse check` that looks at where worlds are kept. It writes nothing there."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

from bot.check.report import Report
from bot.settings import Settings
from core.errors import Misconfigured
from core.worlds.store import StoreError, open_store

PATIENCE = 30.0  # seconds
LOW = 5 * 1024**3  # bytes free


async def check(settings: Settings, report: Report) -> None:
    try:
        file = settings.store_place
    except Misconfigured as wrong:
        report.mistakes += wrong.lines
        return
    if file.folder is not None:
        if settings.cluster == "kubernetes":
            report.remarks.append(
                "DORMOUSE_STORE is a folder, which pods do not reach: worlds are on their volumes only, and nothing "
                "brings back one that is lost. Set it to b2:BUCKET/PREFIX."
            )
        _folder(file.folder, report)
        return
    try:
        async with asyncio.timeout(PATIENCE):
            amiss, said = await asyncio.to_thread(_bucket, file.place, file.env)
    except TimeoutError:
        amiss, said = [f"it does not answer within {PATIENCE:.0f} s"], []
    report.mistakes += [f"DORMOUSE_STORE: {each}" for each in amiss]
    report.remarks += said if amiss else [f"Worlds are kept at {file.place}.", *said]


def _bucket(place: str, env: dict[str, str]) -> tuple[list[str], list[str]]:
    from core.worlds.store.b2 import B2Store
    from core.worlds.store.b2_setup import check as check_bucket

    try:
        store = open_store(place, env)
    except StoreError as wrong:
        return [wrong.detail], []
    assert isinstance(store, B2Store)
    try:
        return check_bucket(store)
    finally:
        store.close()


def _folder(folder: Path, report: Report) -> None:
    place = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    if not place.is_dir() or not os.access(place, os.W_OK):
        report.mistakes.append(f"DORMOUSE_STORE: {place} cannot be written to: give it to the user that runs Dormouse.")
        return
    if (free := shutil.disk_usage(place).free) < LOW:
        report.remarks.append(f"DORMOUSE_STORE: {place} has {free / 1024**3:.1f} GiB free: saved worlds may need more.")
