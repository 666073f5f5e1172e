"""`dormouse check`: looks at the whole configuration and what is around it, and says all at once, in words, what is
wrong and how to mend it. It changes nothing, and no secret is in what it says."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import re
import shutil
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import select

from bot import check_discord, check_store
from bot.settings import Settings, load
from bot.web.listener import cannot_listen
from core.cluster.addresses import Addresses, Exposure
from core.data.database import NEWER, Database, Schema
from core.data.tables import PortRow
from core.data.trouble import TROUBLE, reason
from core.errors import Misconfigured
from core.games.catalogue import BUILT_IN, Catalogue, Game

PATIENCE = 15.0  # seconds that the database has
FULL, LOW = 200 * 1024**2, 5 * 1024**3  # bytes free: too few to start, few for worlds
TRIED = 16  # ports of the pool that are tried
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


@dataclass(slots=True)
class Report:
    """`mistakes`: a start would fail, or members could not use it. `remarks`: good to know."""

    mistakes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


async def check(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")
) -> tuple[list[str], list[str]]:
    """Mistakes and remarks."""
    report = Report()
    try:
        settings, unknown = load(environ, env_file)
    except Misconfigured as wrong:
        return wrong.lines, report.remarks
    report.remarks += [f"{name} is set, but Dormouse does not know it." for name in unknown]
    await check_discord.check(settings, report.mistakes, report.remarks)
    games = _games(settings, report)
    usable, running = _folder(settings, report), _lock(settings, report)
    given = await _database(settings, report) if usable or settings.database_url else set()
    if usable or settings.store:
        await check_store.check(settings, report.mistakes, report.remarks)
    if settings.cluster == "kubernetes":
        await _kubernetes(settings, games, len(given), report)
    elif not running:  # its servers would be in the way of themselves
        _ports(settings, given, report)
    if not running:  # and so would its own ports
        _health(settings, report)
    _web(settings, report, running=running)
    return report.mistakes, report.remarks


def _games(settings: Settings, report: Report) -> tuple[Game, ...]:
    folders = [BUILT_IN, *([settings.games_dir] if settings.games_dir else [])]
    try:
        local = settings.cluster == "local"
        games = tuple(Catalogue.load(*folders, local_only=local, image_only=not local))
    except Misconfigured as wrong:
        report.mistakes += wrong.lines
        return ()
    report.remarks.append(f"Games on offer: {', '.join(game.name for game in games)}.")
    return games


async def _kubernetes(settings: Settings, games: tuple[Game, ...], given: int, report: Report) -> None:
    from bot import check_kubernetes

    exposure = Exposure(settings.exposure)
    addresses = Addresses(exposure, "check", static=settings.addresses, public_host=settings.name_of_all)
    target = check_kubernetes.Target(
        namespace=settings.namespace,
        image=settings.image or "",
        addresses=addresses,
        ports=settings.port_range,
        games=games,
        given=given,
    )
    await check_kubernetes.check(target, report.mistakes, report.remarks)


def _folder(settings: Settings, report: Report) -> bool:
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


def _lock(settings: Settings, report: Report) -> bool:
    """Whether another copy runs on this folder."""
    try:
        with (settings.data_dir / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        number = (settings.data_dir / "lock").read_text("utf-8", "replace").strip()
        # No mistake: one looks from beside it, in its pod or before an upgrade. A second start is refused.
        report.remarks.append(f"Dormouse is running on {settings.data_dir} (process {number}).")
        return True
    except OSError:
        return False  # no lock yet; what else is wrong with the folder is said already


async def _database(settings: Settings, report: Report) -> set[int]:
    """Looked into, and written to without keeping it. The ports that servers have."""
    if settings.database_url is None and not (settings.data_dir / "dormouse.db").exists():
        report.remarks.append("The database will be made at the first start.")
        return set()
    database = Database(settings.database)
    try:
        async with asyncio.timeout(PATIENCE):
            return await _look_into(database, report)
    except TROUBLE as wrong:
        name = "The database" if settings.database_url is None else "DORMOUSE_DATABASE_URL: the database"
        report.mistakes.append(f"{name} cannot be used: {reason(wrong)}.")
        return set()
    finally:
        await database.close()


async def _look_into(database: Database, report: Report) -> set[int]:
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    schema = await database.schema()
    if schema is Schema.NEWER:
        report.mistakes.append(NEWER)
        return set()
    if schema is Schema.OLD and not database.is_sqlite:
        report.mistakes.append("The database's schema is from an older Dormouse: run `dormouse migrate`.")
    # Neither keeps anything: SQLite's driver would not open a transaction for a CREATE by itself.
    trial = "BEGIN IMMEDIATE" if database.is_sqlite else "CREATE TABLE dormouse_check (written INTEGER)"
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql(trial)
        await connection.rollback()
    if schema is Schema.CURRENT:
        async with database.session() as session:
            given = set(await session.exec(select(PortRow.port)))
        report.remarks.append(f"The database ({kind}) is up to date and can be written to.")
        return given
    if schema is Schema.NONE or database.is_sqlite:
        report.remarks.append(f"The database ({kind}) can be written to; a start will bring its schema up to date.")
    return set()


def _ports(settings: Settings, given: set[int], report: Report) -> None:
    """Try a few of the pool, evenly spread, that no server has: those of servers that run are rightly in use."""
    pool = settings.port_range
    report.remarks.append(f"Addresses for {len(pool)} ports: {settings.public_host}:{settings.ports}.")
    free = [port for port in pool if port not in given]
    taken = []
    for port in free[:: max(1, len(free) // TRIED)][:TRIED]:
        wrong = _listen(settings.public_host, port)
        if isinstance(wrong, socket.gaierror) or (wrong is not None and wrong.errno != errno.EADDRINUSE):
            why = wrong.strerror or type(wrong).__name__
            report.mistakes.append(
                f"DORMOUSE_PUBLIC_HOST: this machine cannot listen on {settings.public_host} ({why}): "
                "give the name or address of one of its own interfaces."
            )
            return
        if wrong is not None:
            taken.append(str(port))
    if taken:
        report.mistakes.append(
            f"DORMOUSE_PORTS: something else uses {', '.join(taken)}: free them, or choose another range."
        )
    if (overlap := _ephemeral(pool)) is not None:
        report.remarks.append(
            f"DORMOUSE_PORTS overlaps the ports {overlap} that this machine gives to outgoing connections: "
            "a server may find its port in use. Choose a range below."
        )


def _health(settings: Settings, report: Report) -> None:
    if settings.health_address is None:
        report.remarks.append("Health and metrics are off.")
        return
    host, port = settings.health_address
    if port and (wrong := _listen(host, port)) is not None:
        report.mistakes.append(cannot_listen(host, port, wrong, "DORMOUSE_HEALTH"))


def _web(settings: Settings, report: Report, *, running: bool) -> None:
    """Downloads that are too large for Discord: a folder store needs an address of its own for them."""
    if settings.store_file.folder is None:
        if settings.web != "off":
            report.remarks.append("DORMOUSE_WEB does nothing with this store: links to downloads lead to B2.")
        return
    if settings.public_url is None:
        if settings.web == "off":
            report.remarks.append(
                "Downloads over 8 MiB are refused: they need DORMOUSE_WEB and DORMOUSE_PUBLIC_URL, or a B2 store."
            )
        else:
            report.mistakes.append(
                f"DORMOUSE_PUBLIC_URL is not set: say under which address people reach {settings.web} (DORMOUSE_WEB), "
                "or set DORMOUSE_WEB to off."
            )
    elif settings.web == "off" and "web" in settings.roles:
        report.remarks.append("DORMOUSE_WEB is off: another process has to serve downloads at DORMOUSE_PUBLIC_URL.")
    if settings.web_address is not None and "web" in settings.roles and not running:
        host, port = settings.web_address
        if port and (wrong := _listen(host, port)) is not None:
            report.mistakes.append(cannot_listen(host, port, wrong, "DORMOUSE_WEB"))


def _listen(host: str, port: int) -> OSError | None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(found[0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[4])
            probe.listen()
    except OSError as wrong:
        return wrong
    return None


def _ephemeral(pool: range) -> str | None:
    try:
        first, last = map(int, re.findall(r"\d+", _EPHEMERAL.read_text("ascii"))[:2])
    except (OSError, ValueError):
        return None
    return f"{first}-{last}" if pool[0] <= last and first <= pool[-1] else None
