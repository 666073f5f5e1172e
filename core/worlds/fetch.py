"""Fetches a file from an address that a stranger gave: https, public, capped in size and time.

The name is resolved first, every address it has must be public, and the connection goes to one of those and no other:
a name that changes its answer gains nothing. Redirects are followed by the same rules.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

from .errors import Hostile

MOST_REDIRECTS = 5
WITHIN = 600.0
"""Seconds for all of it."""

_CONNECT = 10.0  # seconds; also the longest silence
_BLOCK = 256 * 1024
_SERVICES = frozenset(("168.63.129.16",))
"""Public by their numbers, but a cloud's own, who tell a machine its secrets: Azure's WireServer."""

_SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # IETF protocol assignments; Oracle's metadata is there
            "192.88.99.0/24",  # 6to4 relays, as long as there were any (RFC 7526)
            "64:ff9b::/96",  # translates an IPv4 address
            "64:ff9b:1::/48",
            "100:0:0:1::/64",  # dummy prefix (RFC 9780)
            "2001::/23",  # IETF protocol assignments
            "3fff::/20",  # documentation (RFC 9637)
            "5f00::/16",  # segment routing (RFC 9602)
            "fec0::/10",  # site-local, as long as there was such a thing (RFC 3879)
        ),
    )
)
"""Of the IANA IPv4 and IPv6 Special-Purpose Address Registries, and of what was taken out of them, those that some
version of `ipaddress` takes for public."""


def fetch(url: str, into: Path, most: int) -> int:
    """Bytes written to `into`, a new file. Raises `Hostile`, OSError; then there is none."""
    deadline = time.monotonic() + WITHIN
    try:
        for _ in range(MOST_REDIRECTS + 1):
            following = _fetch(url, into, most, deadline)
            if following is None:
                return into.stat().st_size
            url = _joined(url, following)
    except BaseException:
        into.unlink(missing_ok=True)
        raise
    raise Hostile("address", "too many redirects")


def public_addresses(host: str, port: int) -> list[str]:
    """The addresses of `host`, all of them public. Raises `Hostile`."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as wrong:  # the latter for what cannot be a name
        raise Hostile("away", f"{host}: {wrong}") from wrong
    for each in found:
        if not is_public(each):
            raise Hostile("address", f"{host} is {each}")
    return sorted(found)


def is_public(address: str) -> bool:
    """Also what is hidden in an IPv6 address: one that maps, tunnels or translates an IPv4 one is none."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped or ip.sixtofour or ip.teredo):
        return False
    if any(ip in each for each in _SPECIAL):
        return False
    return str(ip) not in _SERVICES and ip.is_global and not ip.is_multicast and not ip.is_reserved


def _fetch(url: str, into: Path, most: int, deadline: float) -> str | None:
    """Where a redirect leads; None once the file is there."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as wrong:
        raise Hostile("address", str(wrong)) from wrong
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise Hostile("address", f"{parts.scheme}: is not https, or there is more in it than a name")
    address = public_addresses(parts.hostname, port)[0]
    connection = _Pinned(parts.hostname, port, address)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with _ended(connection, deadline):
            connection.request("GET", path, headers={"User-Agent": "Dormouse", "Accept-Encoding": "identity"})
            answer = connection.getresponse()
            if answer.status in (301, 302, 303, 307, 308):
                return answer.getheader("Location") or _none("a redirect to nowhere")
            if answer.status != 200:
                _none(f"it answers {answer.status}")
            _save(answer, into, most, deadline)
    except (OSError, http.client.HTTPException, ValueError) as wrong:
        raise Hostile("away", f"{parts.hostname}: {wrong}") from wrong
    finally:
        connection.close()
    return None


def _joined(url: str, following: str) -> str:
    try:
        return urljoin(url, following)
    except ValueError as wrong:
        raise Hostile("address", str(wrong)) from wrong


def _save(answer: http.client.HTTPResponse, into: Path, most: int, deadline: float) -> None:
    said = answer.getheader("Content-Length")
    if int(said or 0) > most:
        raise Hostile("large", f"more than {most} bytes")
    written = 0
    with into.open("wb") as target:
        while block := answer.read1(_BLOCK):
            written += len(block)
            if written > most:
                raise Hostile("large", f"more than {most} bytes")
            target.write(block)
    if time.monotonic() >= deadline:  # then it was ended, which looks as if it had come to its end
        _none(f"it took longer than {WITHIN:.0f} s")
    if said is not None and written != int(said):  # which http.client does not mind
        _none(f"it ended after {written} of {said} bytes")


@contextmanager
def _ended(connection: _Pinned, deadline: float) -> Iterator[None]:
    """The connection breaks at `deadline`, whatever it is used for: a header may come a byte at a time."""
    timer = threading.Timer(deadline - time.monotonic(), connection.end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _Pinned(http.client.HTTPSConnection):
    """To one address, with the name's certificate."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=_CONNECT, context=ssl.create_default_context())
        self._address = address
        self._line: ssl.SSLSocket | None = None
        self._over = False

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]
        self.sock = self._line = context.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        if self._over:
            raise TimeoutError("it took too long to connect")
        self._line.do_handshake()

    def end(self) -> None:
        """From another thread: whoever reads or writes fails at once."""
        self._over = True
        with suppress(OSError):
            if self._line is not None:
                socket.socket.shutdown(self._line, socket.SHUT_RDWR)


def _none(why: str) -> NoReturn:
    raise Hostile("away", why)
