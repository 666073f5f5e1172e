"""`dormouse check`: looks at the whole configuration and says, all at once, what is wrong and how to mend it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bot.settings import Settings, load
from core.data.database import Database
from core.errors import Misconfigured
from core.games.catalogue import BUILT_IN, Catalogue


async def check(environ: Mapping[str, str] | None = None) -> tuple[list[str], list[str]]:
    """Mistakes (a start would fail) and remarks."""
    remarks: list[str] = []
    try:
        settings, unknown = load(environ)
    except Misconfigured as wrong:
        return wrong.lines, remarks
    remarks += [f"{name} is set, but Dormouse does not know it." for name in unknown]
    mistakes = [*_discord(settings), *_folder(settings)]
    try:
        folders = [BUILT_IN, *([settings.games_dir] if settings.games_dir else [])]
        games = list(Catalogue.load(*folders, local_only=settings.cluster == "local"))
        remarks.append(f"Games on offer: {', '.join(game.name for game in games)}.")
    except Misconfigured as wrong:
        mistakes += wrong.lines
    if not mistakes:
        mistakes += await _database(settings)
    remarks.append(f"Addresses for {len(settings.port_range)} ports: {settings.public_host}:{settings.ports}.")
    return mistakes, remarks


def _discord(settings: Settings) -> list[str]:
    if settings.discord_token is None:
        return ["DORMOUSE_DISCORD_TOKEN is not set: it is the bot's token from Discord's developer portal."]
    return []


def _folder(settings: Settings) -> list[str]:
    folder: Path = settings.data_dir
    place = next((parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists()), None)
    if place is None or not place.is_dir():
        return [f"DORMOUSE_DATA_DIR: {folder} is not a folder and cannot be made."]
    if not os.access(place, os.W_OK | os.X_OK):
        return [f"DORMOUSE_DATA_DIR: {place} cannot be written to; give it to the user that runs Dormouse."]
    return []


async def _database(settings: Settings) -> list[str]:
    if settings.database_url is None and not (settings.data_dir / "dormouse.db").exists():
        return []
    database = Database(settings.database)
    try:
        await database.is_current()
    except Exception as wrong:
        return [f"DORMOUSE_DATABASE_URL: the database cannot be used: {type(wrong).__name__}."]
    finally:
        await database.close()
    return []
