"""Asking the game itself on loopback: does it answer, and who plays."""

from __future__ import annotations

import asyncio
import errno
import json
from typing import Any

from core.agent.listening import listens
from core.agent.wire import PodSpec
from core.authority import listen_error, loopback

_PATIENCE = 3.0  # seconds
_ANSWER_CAP = 64 * 1024  # bytes


class NoAnswer(Exception):
    """Why in words."""


async def is_up(pod: PodSpec) -> None:
    """Returns if the game answers as its catalogue entry says; `NoAnswer` if not (yet)."""
    if pod.ready == "query" and pod.query.get("kind") == "http":
        await players(pod)
        return
    name = pod.query.get("port", "") if pod.ready == "query" else ""
    if name not in pod.ports:
        name = next((each for each in pod.ports if each not in pod.udp), next(iter(pod.ports), ""))
    if name not in pod.ports:
        raise NoAnswer("the game has no port")
    heard = listens(pod.ports[name], udp=name in pod.udp)
    if heard is None:
        if name in pod.udp:
            raise NoAnswer("nothing tells whether a program listens on a UDP port")
        (await _connect(pod, name))[1].close()
    elif not heard:
        raise NoAnswer(f"nothing listens on port {pod.ports[name]}")


async def players(pod: PodSpec) -> dict[str, Any]:
    """`{"online": n, "max": n or null, "names": [...]}`; `NoAnswer` where the game does not tell."""
    query = pod.query
    if query.get("kind") != "http":
        raise NoAnswer(f"the agent does not speak {query.get('kind')}")
    status = await _get(pod, query.get("port", ""), query.get("path", "/"))
    online = pick(status, query.get("online", ""))
    if not isinstance(online, int) or isinstance(online, bool) or online < 0:
        raise NoAnswer("the answer has no number of players")
    most = pick(status, query.get("max", ""))
    names = pick(status, query.get("names", ""))
    return {
        "online": online,
        "max": most if isinstance(most, int) else None,
        "names": [name for name in names if isinstance(name, str)] if isinstance(names, list) else [],
    }


def pick(value: Any, path: str) -> Any:
    """Follow a dotted path through objects; None where it leads nowhere."""
    for key in path.split(".") if path else ():
        value = value.get(key) if isinstance(value, dict) else None
    return value if path else None


def taken(pod: PodSpec) -> tuple[list[str], str]:
    """Names of the game's ports that another program uses, and in words why one cannot be had; both empty where all
    can be had."""
    names, why = [], ""
    for name, port in pod.ports.items():
        if (wrong := listen_error(pod.host, port, udp=name in pod.udp)) is None:
            continue
        why = f"port {port}/{'udp' if name in pod.udp else 'tcp'} cannot be had: {wrong.strerror}"
        if wrong.errno == errno.EADDRINUSE:
            names.append(name)
    return names, why


async def _connect(pod: PodSpec, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if name not in pod.ports:
        raise NoAnswer(f"the game has no port {name}")
    host = loopback(pod.host)
    try:
        return await asyncio.wait_for(asyncio.open_connection(host, pod.ports[name], limit=_ANSWER_CAP), _PATIENCE)
    except (OSError, TimeoutError) as error:
        raise NoAnswer(f"nothing answers on port {pod.ports[name]}") from error


async def _get(pod: PodSpec, name: str, path: str) -> Any:
    """One HTTP/1.0 request (RFC 1945): the answer ends with the connection, so that no chunks need decoding."""
    reader, writer = await _connect(pod, name)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {pod.host}\r\nAccept: application/json\r\n\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE)
        body = b""
        async with asyncio.timeout(_PATIENCE):
            while (more := await reader.read(_ANSWER_CAP)) and len(body) <= _ANSWER_CAP:
                body += more
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise NoAnswer("the answer broke off") from error
    finally:
        writer.close()
    if head.split(b" ", 2)[1:2] != [b"200"] or len(body) > _ANSWER_CAP:
        raise NoAnswer("the answer is not what was asked for")
    try:
        return json.loads(body)
    except ValueError as error:
        raise NoAnswer("the answer is not JSON") from error
