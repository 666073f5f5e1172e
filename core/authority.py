"""A host and its port: in one text, as links and people have it, and as a socket takes it."""

from __future__ import annotations

import errno
import socket

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def authority(host: str, port: int) -> str:
    """`host:port`; an IPv6 address in brackets, as it is not to be told from its port otherwise (RFC 3986, 3.2.2)."""
    bare = host.strip("[]")
    return f"[{bare}]:{port}" if ":" in bare else f"{bare}:{port}"


def family(host: str) -> socket.AddressFamily:
    """Of a socket that is to listen on `host`: an IPv6 address needs another one than IPv4 and names."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def listen_error(host: str, port: int, *, udp: bool = False) -> OSError | None:
    """Why a program could not listen there now; None where it could. `host` is an address or name of this machine.

    Where `host` stands for all of IPv4, those of IPv6 are tried too: some games listen on both. Connections that are
    over and only waited for (TIME_WAIT) do not count."""
    for each in ("0.0.0.0", "::") if host == "0.0.0.0" else (host,):
        try:
            _listen(each, port, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
        except OSError as wrong:
            if each == host or wrong.errno == errno.EADDRINUSE:  # a machine without IPv6 lacks nothing
                return wrong
    return None


def _listen(host: str, port: int, kind: socket.SocketKind) -> None:
    found = socket.getaddrinfo(host, port, type=kind)[0]
    with socket.socket(found[0], kind) as probe:
        if kind is socket.SOCK_STREAM:  # with UDP, two that say so share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(found[4])
        if kind is socket.SOCK_STREAM:
            probe.listen()


def loopback(host: str) -> str:
    """Where what listens on `host` is reached from this machine."""
    return _ANY.get(host, host)
