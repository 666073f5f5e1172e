"""Looking at a game's ports: does it take connections, and can they be had."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

from core.agent.listening import listens
from core.agent.wire import Container, PodSpec
from core.authority import listen_error, loopback
from core.games.protocols.answer import NoAnswer

_PATIENCE = 3.0  # seconds
_HANGS_UP_WITHIN = 0.25  # seconds


async def takes_connections(pod: PodSpec, inner: int | None = None) -> None:
    """Returns if the game listens on the port of the query, or else on the first; `NoAnswer` if not (yet). Without
    connecting to it, where the system tells. `inner`: the process of a game in a container, where it is known: what
    listens outside is the engine, and may be there before the game is."""
    name = pod.query.get("port", "") if pod.ready == "query" else ""
    if name not in pod.ports:
        name = next((each for each in pod.ports if each not in pod.udp), next(iter(pod.ports), ""))
    if name not in pod.ports:
        raise NoAnswer("the game has no port")
    port, udp = pod.ports[name], name in pod.udp
    heard = _listens_inside(pod, name, inner) if pod.container else listens(port, udp=udp)
    if heard is False:
        raise NoAnswer(f"nothing listens on port {port}")
    if heard is None and udp:
        raise NoAnswer("nothing tells whether a program listens on a UDP port")
    if heard is None:
        await _connect(pod, name)


def _listens_inside(pod: PodSpec, name: str, inner: int | None) -> bool | None:
    port = Container.of(pod.container).ports.get(name)
    if inner is None or port is None:
        return None
    return listens(port, udp=name in pod.udp, tables=Path(f"/proc/{inner}/net"))


async def _connect(pod: PodSpec, name: str) -> None:
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
