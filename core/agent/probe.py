"""Looking at a game's ports: does it take connections, and can they be had."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

from core.agent.wire import PodSpec
from core.authority import listen_error, loopback
from core.games.protocols.answer import NoAnswer

_PATIENCE = 3.0  # seconds
_HANGS_UP_WITHIN = 0.25  # seconds


async def takes_connections(pod: PodSpec) -> None:
    """Returns if the port of the query, or else the first, takes connections; `NoAnswer` if not (yet). Of a game on UDP
    alone nobody can tell but that it listens."""
    name = pod.query.get("port", "") if pod.ready == "query" else ""
    name = name if name in pod.ports else next((each for each in pod.ports if each not in pod.udp), "")
    if not name or name in pod.udp:
        name = name or next(iter(pod.udp), "")
        if name not in pod.ports or not hears(pod.ports[name]):
            raise NoAnswer("nothing listens on its port")
        return
    host = loopback(pod.host_of(name))
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(host, pod.ports[name]), _PATIENCE)
    except (OSError, TimeoutError) as error:
        raise NoAnswer(f"nothing answers on port {pod.ports[name]}") from error
    try:
        if pod.container and await _hangs_up(reader):
            raise NoAnswer(f"nothing answers behind port {pod.ports[name]}")
    finally:
        writer.close()


async def _hangs_up(reader: asyncio.StreamReader) -> bool:
    """An engine may take a connection for a game that does not listen yet: then it lets go of it at once."""
    try:
        return not await asyncio.wait_for(reader.read(1), _HANGS_UP_WITHIN)
    except TimeoutError:
        return False
    except OSError:
        return True


def hears(port: int) -> bool:
    """Whether a program on this machine, or in this pod, listens on this UDP port (proc(5), /proc/net/udp)."""
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        if any(int(line.split()[1].rpartition(":")[2], 16) == port for line in lines):
            return True
    return False


def taken(pod: PodSpec) -> tuple[list[str], str]:
    """Names of the game's ports that another program uses, and in words why one cannot be had; both empty where all
    can be had."""
    names, why = [], ""
    for name, port in pod.ports.items():
        if (wrong := listen_error(pod.host_of(name), port, udp=name in pod.udp)) is None:
            continue
        why = f"port {port}/{'udp' if name in pod.udp else 'tcp'} cannot be had: {wrong.strerror}"
        if wrong.errno == errno.EADDRINUSE:
            names.append(name)
    return names, why
