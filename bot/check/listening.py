"""The part of `dormouse check` that tries what this machine has to listen on: games' ports, health, the HTTP face."""

from __future__ import annotations

import errno
import re
import socket
from pathlib import Path

from bot.check.report import Report
from bot.settings import Settings
from bot.web.listener import cannot_listen
from core.authority import authority, listen_error

TRIED = 16  # ports of the pool that are tried
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def ports(settings: Settings, given: set[int], report: Report) -> None:
    """Try a few of the pool, evenly spread, that no server has: those of servers that run are rightly in use."""
    pool = settings.port_range
    report.remarks.append(f"Addresses for {len(pool)} ports: {authority(settings.public_host, pool.start)}-{pool[-1]}.")
    free = [port for port in pool if port not in given]
    taken = []
    for port in free[:: max(1, len(free) // TRIED)][:TRIED]:
        wrong = listen_error(settings.public_host, port) or listen_error(settings.public_host, port, udp=True)
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


def health(settings: Settings, report: Report) -> None:
    if settings.health_address is None:
        report.remarks.append("Health and metrics are off.")
        return
    host, port = settings.health_address
    if port and (wrong := listen_error(host, port)) is not None:
        report.mistakes.append(cannot_listen(host, port, wrong, "DORMOUSE_HEALTH"))


def web(settings: Settings, report: Report, *, running: bool) -> None:
    """Downloads that are too large for Discord: a folder store needs an address of its own for them."""
    of_ours = settings.store_place.folder is not None  # else links to downloads lead to B2
    if of_ours and settings.public_url is None:
        if settings.web == "off":
            report.remarks.append(
                "Downloads over 8 MiB are refused: they need DORMOUSE_WEB and DORMOUSE_PUBLIC_URL, or a B2 store."
            )
        else:
            report.mistakes.append(
                f"DORMOUSE_PUBLIC_URL is not set: say under which address people reach {settings.web} (DORMOUSE_WEB), "
                "or set DORMOUSE_WEB to off."
            )
    elif of_ours and settings.web == "off" and "web" in settings.roles:
        report.remarks.append("DORMOUSE_WEB is off: another process has to serve downloads at DORMOUSE_PUBLIC_URL.")
    if settings.web_address is not None and "web" in settings.roles and not running:
        host, port = settings.web_address
        if port and (wrong := listen_error(host, port)) is not None:
            report.mistakes.append(cannot_listen(host, port, wrong, "DORMOUSE_WEB"))


def _ephemeral(pool: range) -> str | None:
    try:
        first, last = map(int, re.findall(r"\d+", _EPHEMERAL.read_text("ascii"))[:2])
    except (OSError, ValueError):
        return None
    return f"{first}-{last}" if pool[0] <= last and first <= pool[-1] else None
