"""Whether somebody listens on a port, without connecting to it: some games ban whoever connects again and again and
says nothing, others write each try into their log.

Linux tells it of all programs in the same network, whoever's they are (proc(5), /proc/net/tcp)."""

from __future__ import annotations

from pathlib import Path

_TABLES = Path("/proc/net")
_LISTEN, _UNCONNECTED = "0A", "07"  # include/net/tcp_states.h; 07 is what a UDP socket is in that was only bound


def listens(port: int, *, udp: bool, tables: Path = _TABLES) -> bool | None:
    """None where this system does not tell."""
    found = None
    for table in ("udp", "udp6") if udp else ("tcp", "tcp6"):
        try:
            lines = (tables / table).read_text("ascii").splitlines()[1:]
        except OSError:  # not Linux, or no IPv6
            continue
        if any(_is(line, port, _UNCONNECTED if udp else _LISTEN) for line in lines):
            return True
        found = False
    return found


def _is(line: str, port: int, wanted: str) -> bool:
    _, local, _, state, *_ = line.split()
    return state == wanted and int(local.rpartition(":")[2], 16) == port
