"""The bot's own memory on the store: a copy of the database every 15 minutes, and the way back.

    backups/<time>.db.gz    SQLite's database as it was at <time> (UTC, YYYYMMDD-HHMMSS)
    about/<server>          who owns what (core/servers/tending.py), for when there is no copy either

As a process of its own it takes one copy: `python -m bot.backup DATABASE`, the store coming from the environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.settings import Settings
from core.cluster.children import run_child
from core.cluster.local_spec import minimal_env
from core.data.database import Database
from core.data.tables import CardRow, GuildRow, PortRow, ServerRow
from core.errors import Misconfigured
from core.servers import names
from core.servers.tending import ABOUT
from core.words import Because, Desired, Phase
from core.worlds.listing import listing
from core.worlds.store import Store, StoreError, Version, open_store

EVERY = timedelta(minutes=15)
PREFIX = "backups/"
DAY_FULL, DAYS = timedelta(days=1), timedelta(days=30)
"""All copies of one day stay, one a day of thirty."""

_FORMAT = "%Y%m%d-%H%M%S"


def database_file(settings: Settings) -> Path | None:
    """None on PostgreSQL, which has its own means."""
    url = make_url(settings.database)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def take(database: Path, store: Store, now: datetime) -> Version:
    """A consistent copy, also while it is written to; old ones are hidden. StoreError, sqlite3.Error, OSError."""
    with tempfile.TemporaryDirectory(dir=database.parent) as folder:
        copy, packed = Path(folder, "copy.db"), Path(folder, "copy.db.gz")
        with contextlib.closing(sqlite3.connect(database)) as source, contextlib.closing(sqlite3.connect(copy)) as to:
            source.backup(to)
        with copy.open("rb") as plain, gzip.open(packed, "wb", compresslevel=6) as target:
            shutil.copyfileobj(plain, target)
        made = store.put_file(f"{PREFIX}{now.strftime(_FORMAT)}.db.gz", packed)
    for key in _old([each.key for each in store.list(PREFIX)], now):
        store.hide(key)
    return made


async def keep(settings: Settings) -> None:
    """Take a copy in a child process. Raises ChildFailed."""
    database = database_file(settings)
    if database is not None:
        env = minimal_env(str(settings.data_dir.absolute()), python=True) | settings.store_file.env
        await run_child("bot.backup", [str(database)], env=env, cwd=settings.data_dir)


def copies(store: Store) -> list[Version]:
    """Newest first."""
    return [each for each in reversed(list(store.list(PREFIX))) if _time(each.key)]


def restore(store: Store, name: str, database: Path) -> Path | None:
    """Put a copy (`newest`, or as `ls` names it) in the place of the database; where that was moved to.

    The bot must not run. Misconfigured where there is no such copy, or it is damaged.
    """
    found = copies(store)
    chosen = next((each for each in found if name in ("newest", _name(each.key))), None)
    if chosen is None:
        raise Misconfigured([f"There is no copy {name}: `dormouse backup ls` shows those there are."])
    database.parent.mkdir(parents=True, exist_ok=True)
    new = database.with_name(database.name + ".new")
    try:
        new.write_bytes(gzip.decompress(store.get(chosen.key)))
        with contextlib.closing(sqlite3.connect(new)) as opened:
            said = opened.execute("PRAGMA integrity_check").fetchone()[0]
    except (OSError, EOFError, sqlite3.Error) as wrong:
        raise Misconfigured([f"The copy {_name(chosen.key)} is damaged ({wrong}): take another one."]) from wrong
    if said != "ok":
        raise Misconfigured([f"The copy {_name(chosen.key)} is damaged ({said}): take another one."])
    aside = None
    if database.exists():
        aside = database.with_name(f"{database.name}.aside-{datetime.now(UTC).strftime(_FORMAT)}")
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{database}{ending}", f"{aside}{ending}")
    os.replace(new, database)
    return aside


async def rebuild(settings: Settings, store: Store) -> list[str]:
    """Servers of which the database knows nothing, from what the store and this machine's folders say; their names.

    They are paused; their worlds are where they were, or come from their newest snapshots.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        await database.migrate()
        known = _known(store, settings.data_dir / "servers")
        return [str(about["name"]) for about in known if await _add(database, about, store)]
    finally:
        await database.close()


def _known(store: Store, servers: Path) -> Iterable[dict[str, object]]:
    """By server: the store's word, and the local specs' where that is missing."""
    found: dict[str, dict[str, object]] = {}
    for file in servers.glob("*/spec.json"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            spec = json.loads(file.read_text("utf-8"))
            about = {"id": spec["server"], "game": spec["game"]["id"], "size": spec["size"]["id"], "description": ""}
            about |= {key: spec[key] for key in ("guild", "owner", "name", "settings", "run", "volume")}
            ports = [port for port in spec["ports"] if port["host"]]
            found[file.parent.name] = about | {"channel": 0, "ports": ports}
    for each in store.list(ABOUT):
        with contextlib.suppress(ValueError):
            told = json.loads(store.get(each.key))
            known = found.setdefault(str(told["id"]), {})
            run, volume = (max(int(told[key]), int(str(known.get(key, 0)))) for key in ("run", "volume"))
            known |= told | {"run": run, "volume": volume}
    return found.values()


async def _add(database: Database, about: dict[str, object], store: Store) -> bool:
    now = datetime.now(UTC)
    number = int(str(about["volume"]))
    snapshots = await asyncio.to_thread(listing, store, str(about["id"]))
    if snapshots:
        number = max(number, int(snapshots[0].name.split("-")[0]))
    async with database.begin() as session:
        if await session.get(ServerRow, about["id"]) is not None:
            return False
        title = str(about["name"])
        row = ServerRow(
            id=str(about["id"]),
            guild=int(str(about["guild"])),
            owner=int(str(about["owner"])),
            game=str(about["game"]),
            name=title,
            name_key=names.key(title),
            description=str(about.get("description") or ""),
            size=str(about["size"]),
            settings=about["settings"] if isinstance(about["settings"], dict) else {},
            channel=int(str(about["channel"])),
            desired=Desired.PAUSED,
            because=Because.OPERATOR,
            run=int(str(about["run"])) + 1,
            volume=number,
            bound=number if snapshots else 0,
            phase=Phase.PAUSED,
            phase_since=now,
        )
        if snapshots:
            row.saved_name, row.saved_at, row.saved_bytes = snapshots[0].name, snapshots[0].at, snapshots[0].size
        session.add(row)
        await session.flush()
        ports = about.get("ports")
        for port in ports if isinstance(ports, list) else ():
            session.add(PortRow(server=row.id, name=port["name"], port=port["host"], protocol=port["protocol"]))
        session.add(CardRow(server=row.id))
        if await session.get(GuildRow, row.guild) is None:
            session.add(GuildRow(id=row.guild))
    return True


def _old(keys: Iterable[str], now: datetime) -> list[str]:
    """Keys of copies that are not kept."""
    days: set[object] = set()
    going = []
    for key in sorted(keys, reverse=True):
        at = _time(key)
        if at is None or at > now - DAY_FULL:
            continue
        if at < now - DAYS or at.date() in days:
            going.append(key)
        days.add(at.date())
    return going


def _name(key: str) -> str:
    return key.removeprefix(PREFIX).removesuffix(".db.gz")


def _time(key: str) -> datetime | None:
    try:
        return datetime.strptime(_name(key), _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def main(arguments: list[str]) -> int:
    """Exit 0, or 1 with why on stderr."""
    try:
        made = take(Path(arguments[0]), open_store(os.environ["DORMOUSE_STORE"], os.environ), datetime.now(UTC))
    except (StoreError, sqlite3.Error, OSError) as wrong:
        print(json.dumps({"event": "failed", "kind": "failed", "detail": str(wrong)}))
        return 1
    print(json.dumps({"event": "done", "result": {"key": made.key, "size": made.size}}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
