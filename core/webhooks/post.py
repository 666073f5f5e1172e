"""Sending one event: to an address that was looked up and judged before, within a time, reading little of the answer.

The rule is that of imports (core.worlds.fetch): the name is resolved first, every address it has must be public, and
the connection goes to one of those and to no other. No redirect is followed, no proxy asked, no cookie kept.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from core.worlds.errors import Hostile
from core.worlds.fetch import public_addresses

WITHIN = 10.0
"""Seconds for all of it."""
MOST_ANSWER = 16 * 1024
"""Bytes of an answer that are read, so that the connection ends in order; nobody looks at them."""
LONGEST_URL = 500


@dataclass(frozen=True, slots=True)
class Reach:
    """Where events may go. `addresses`: those of a name and port, all of them allowed; raises Hostile."""

    addresses: Callable[[str, int], list[str]] = public_addresses
    schemes: frozenset[str] = frozenset({"https"})
    tls: ssl.SSLContext | None = None  # None: whom this machine trusts


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` None: there was none, and `why` says it in a word: `address`, `away`, `time`."""

    status: int | None = None
    why: str = ""


def host_of(url: str, schemes: frozenset[str]) -> tuple[str, int] | None:
    """Whom to look up; None: no address that events are sent to."""
    if len(url) > LONGEST_URL or not url.isascii() or any(char.isspace() or not char.isprintable() for char in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or parts.fragment:
        return None
    return parts.hostname, port


class Post:
    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._tls = reach.tls
        # Its own threads: a name server that does not answer holds up nothing else. And other ones for names that
        # somebody asks for just now: those hold up no sending.
        self._lookups = ThreadPoolExecutor(32, "webhook")
        self._asked_lookups = ThreadPoolExecutor(8, "new-webhook")
        self._looking: dict[int, asyncio.Task[list[str]]] = {}  # by guild: one thread at most, until it is done

    async def addresses(self, url: str, guild: int) -> list[str] | None:
        """For somebody of this guild who asks. None where events are not sent to this. Hostile, TimeoutError where a
        name leads nowhere or not to where it may."""
        named = host_of(url, self._reach.schemes)
        if named is None:
            return None
        async with asyncio.timeout(WITHIN):
            while (other := self._looking.get(guild)) is not None:
                await asyncio.wait({other})
            looking = self._looking[guild] = asyncio.create_task(self._look_up(self._asked_lookups, named))
            looking.add_done_callback(lambda done: self._done(guild, done))
            return await asyncio.shield(looking)  # a thread cannot be ended: after that time it still counts

    def _done(self, guild: int, looking: asyncio.Task[list[str]]) -> None:
        del self._looking[guild]
        if not looking.cancelled():
            looking.exception()  # nobody may have waited for it

    async def _look_up(self, threads: ThreadPoolExecutor, named: tuple[str, int]) -> list[str]:
        return await asyncio.get_running_loop().run_in_executor(threads, self._reach.addresses, *named)

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Never raises for what the receiver does."""
        try:
            async with asyncio.timeout(WITHIN):
                return await self._send(url, body, headers)
        except TimeoutError:
            return Answer(why="time")
        except Hostile as wrong:
            return Answer(why="address" if wrong.why == "address" else "away")
        except (aiohttp.ClientError, OSError, ValueError):
            return Answer(why="away")

    async def _send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        named = host_of(url, self._reach.schemes)
        addresses = await self._look_up(self._lookups, named) if named else None
        if not addresses:
            return Answer(why="address")
        self._tls = self._tls or ssl.create_default_context()  # takes a moment, and memory
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(addresses), use_dns_cache=False, force_close=True, ssl=self._tls
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=WITHIN),
            ) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            await answer.content.read(MOST_ANSWER)
            return Answer(answer.status)


class _Pinned(AbstractResolver):
    """Gives the addresses that were judged. aiohttp does not ask for one that is written as numbers: it was judged
    too."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        pass
