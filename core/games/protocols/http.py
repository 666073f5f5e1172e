"""A request to a game over HTTP, by the agent, which has the standard library only. The bot has aiohttp."""

from __future__ import annotations

import asyncio
import base64
import ssl

from core.games.protocols.answer import NoAnswer
from core.games.protocols.status import LARGEST

_LONGEST_HEAD = 64 * 1024  # bytes


class Refused(NoAnswer):
    """The game answered with another status than 200, or 204."""

    def __init__(self, status: int) -> None:
        super().__init__(f"answered {status}")
        self.status = status


async def request(
    host: str,
    port: int,
    path: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    https: bool = False,
    user: str = "",
    password: str = "",
    token: str = "",
    largest: int = LARGEST,
) -> bytes:
    """The answer's body. HTTP/1.0 (RFC 1945): it ends with the connection, so that no chunks need decoding. Follows
    nothing. Raises `NoAnswer`, and `OSError` where nobody is there."""
    tls = unverified() if https else None
    reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=_LONGEST_HEAD)
    try:
        writer.write(_head(host, port, path, method, body, user, password, token) + (body or b""))
        head = await reader.readuntil(b"\r\n\r\n")
        whole = b""
        while len(whole) <= largest and (more := await reader.read(65536)):
            whole += more
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as wrong:
        raise NoAnswer("the answer breaks off") from wrong
    finally:
        writer.close()
    return _checked(head, whole, largest)


def _checked(head: bytes, body: bytes, largest: int) -> bytes:
    first, _, rest = head.partition(b"\r\n")
    status = first.split(b" ", 2)[1:2]
    if not first.startswith(b"HTTP/1.") or not status or not (len(status[0]) == 3 and status[0].isdigit()):
        raise NoAnswer("the answer is not HTTP")
    if status[0] not in (b"200", b"201", b"202", b"204"):
        raise Refused(int(status[0]))
    if len(body) > largest:
        raise NoAnswer("the answer is too large")
    fields = dict(line.lower().partition(b":")[::2] for line in rest.split(b"\r\n") if b":" in line)
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        return _joined(body)
    length = fields.get(b"content-length", b"").strip()
    if length.isdigit() and len(length) < 10:
        if len(body) < int(length):
            raise NoAnswer("the answer breaks off")
        return body[: int(length)]
    return body


def _joined(body: bytes) -> bytes:
    """Chunks, which an answer to HTTP/1.0 should not have and some games send."""
    whole, at = b"", 0
    while True:
        end = body.find(b"\r\n", at, at + 64)
        size = body[at:end].split(b";")[0].strip() if end >= 0 else b""
        if not size or len(size) > 8 or size.strip(b"0123456789abcdefABCDEF"):
            raise NoAnswer("the answer breaks off")
        if not (length := int(size, 16)):
            return whole
        if len(body) < end + 2 + length:
            raise NoAnswer("the answer breaks off")
        whole += body[end + 2 : end + 2 + length]
        at = end + 2 + length + 2


def _head(
    host: str, port: int, path: str, method: str, body: bytes | None, user: str, password: str, token: str
) -> bytes:
    name = f"[{host}]" if ":" in host else host
    lines = [f"{method} {path} HTTP/1.0", f"Host: {name}:{port}", "Accept: */*", "Connection: close"]
    if user or password:
        lines.append("Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())
    elif token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if any(not line.isprintable() for line in lines):
        raise NoAnswer("the question cannot be asked")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def unverified() -> ssl.SSLContext:
    """For games, whose certificates are their own."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
