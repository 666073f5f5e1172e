"""What Discord does on a bad day, done to a guild on loopback: `Faults(guild)`, one small method a fault.

Faults of REST name a method and a pattern of paths, where `*` stands for one segment: the next two messages posted
fail by `faults.answer("POST", "/channels/*/messages", 500, times=2)`. Each gives a Rule: what it met, and how to end
it. Of several rules the eldest that fits takes a request.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from enum import Enum

from aiohttp import web

from bot.demo.guild import cast
from bot.demo.guild.bodies import answer
from bot.demo.guild.permissions import Permission
from bot.demo.guild.rest import BASE
from bot.demo.guild.server import Guild, Request

SEND = ("POST", "/channels/*/messages")
EDIT = ("PATCH", "/channels/*/messages/*")
POST = ("POST", "/channels/*/threads")
ANSWER = ("POST", "/interactions/*/*/callback")
_ROUTES = {"X-RateLimit-Scope": "user"}
FORGOTTEN = (4007, 4009)
"""Close codes after which a session has to be begun anew; after the others it can be resumed.

https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
"""


class When(Enum):
    """On which side of the effect a fault strikes."""

    BEFORE = "nothing has happened"
    AFTER = "it has happened, and the bot does not get to know"


@dataclass
class Rule:
    method: str
    pattern: re.Pattern[str]
    when: When
    left: int | None
    """How many more requests it takes; None for all."""
    seconds: float = 0.0
    status: int | None = None
    """None lets the request through, 0 cuts the connection."""
    body: dict[str, object] | str = field(default_factory=dict)
    """Text is sent as HTML."""
    headers: dict[str, str] = field(default_factory=dict)
    met: int = 0
    struck: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the first request that it took."""

    def lift(self) -> None:
        self.left = 0

    def takes(self, request: web.Request, when: When) -> bool:
        fits = self.when is when and self.left != 0 and self.method == request.method
        return fits and self.pattern.fullmatch(request.path.removeprefix(BASE)) is not None

    async def strike(self, request: web.Request) -> web.StreamResponse | None:
        self.met += 1
        self.left = None if self.left is None else self.left - 1
        self.struck.set()
        await asyncio.sleep(self.seconds)
        if self.status is None:
            return None
        if self.status == 0:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=502)  # for the log alone: the line is dead
        if isinstance(self.body, str):
            response = web.Response(text=self.body, status=self.status, content_type="text/html")
        else:
            response = answer(self.body, self.status)
        response.headers.update(self.headers)
        return response


@dataclass
class Bucket:
    """A rate limit of Discord's kind: `most` requests of a route and channel in `seconds`, told in headers."""

    method: str
    pattern: re.Pattern[str]
    most: int
    seconds: float
    everywhere: bool = False
    """Of all channels and methods together, as Discord limits a bot; of that no headers tell."""
    met: int = 0
    exceeded: int = 0
    """Requests that were refused for it."""
    at_once: int = 0
    """The most requests of one channel that were under way together."""
    _windows: dict[str, list[float]] = field(default_factory=dict)
    _under_way: Counter[str] = field(default_factory=Counter)

    def fits(self, request: web.Request) -> bool:
        path = request.path.removeprefix(BASE)
        if self.everywhere:
            return self.pattern.match(path) is not None
        return self.method == request.method and self.pattern.fullmatch(path) is not None

    def take(self, request: web.Request) -> web.StreamResponse | None:
        channel = self._key(request)
        self.met += 1
        self._under_way[channel] += 1
        self.at_once = max(self.at_once, self._under_way[channel])
        now = asyncio.get_running_loop().time()
        window = self._windows.get(channel, [])
        if not window or now - window[0] >= self.seconds:
            window = self._windows[channel] = []
        if len(window) < self.most:
            window.append(now)
            return None
        self.exceeded += 1
        self._under_way[channel] -= 1
        left = self.seconds - (now - window[0])
        body = {"message": "You are being rate limited.", "retry_after": left, "global": self.everywhere}
        response = answer(body, 429)
        scope = {"X-RateLimit-Scope": "global", "X-RateLimit-Global": "true"} if self.everywhere else _ROUTES
        response.headers.update({"Via": "1.1 google", "Retry-After": str(left)} | scope)
        return response

    def tell(self, request: web.Request, response: web.StreamResponse) -> None:
        channel = self._key(request)
        self._under_way[channel] -= 1
        if self.everywhere:
            return
        window, now = self._windows[channel], asyncio.get_running_loop().time()
        response.headers.update(
            {
                "X-RateLimit-Limit": str(self.most),
                "X-RateLimit-Remaining": str(self.most - len(window)),
                "X-RateLimit-Reset-After": f"{max(0.0, self.seconds - (now - window[0])):.3f}",
                "X-RateLimit-Bucket": f"{self.method}-{self.pattern.pattern}",
            }
        )

    def _key(self, request: web.Request) -> str:
        return "" if self.everywhere else _channel(request)


class Faults:
    """`guild.requests` and `guild.gateway.log` tell what the bot did about them."""

    def __init__(self, guild: Guild) -> None:
        self._guild = guild
        self._rules: list[Rule] = []
        self._buckets: list[Bucket] = []
        guild.before.append(self._before)
        guild.after.append(self._after)

    def withdraw(self) -> None:
        """The guild behaves again."""
        self._guild.before.remove(self._before)
        self._guild.after.remove(self._after)

    # REST

    def answer(self, method: str, path: str, status: int, *, code: int = 0, times: int | None = 1) -> Rule:
        """An answer in place of the effect; `code` as in Discord's list of JSON error codes."""
        return self._add(method, path, When.BEFORE, times, status=status, body={"message": "fault", "code": code})

    def answer_after(self, method: str, path: str, status: int, *, times: int | None = 1) -> Rule:
        """The effect happens, and the answer says that something failed."""
        return self._add(method, path, When.AFTER, times, status=status, body={"message": "fault", "code": 0})

    def cut(self, method: str, path: str, when: When, *, times: int | None = 1) -> Rule:
        """The connection breaks before or after the effect."""
        return self._add(method, path, when, times, status=0)

    def delay(self, method: str, path: str, seconds: float, *, times: int | None = None) -> Rule:
        return self._add(method, path, When.BEFORE, times, seconds=seconds)

    def rate_limit(
        self, method: str, path: str, seconds: float, *, everywhere: bool = False, times: int | None = 1
    ) -> Rule:
        """429 of the route's bucket, or with `everywhere` of the whole bot; the shape is Discord's."""
        scope = "global" if everywhere else "user"
        headers = {"Via": "1.1 google", "Retry-After": str(seconds), "X-RateLimit-Scope": scope}
        headers |= {"X-RateLimit-Global": "true"} if everywhere else {"X-RateLimit-Remaining": "0"}
        body: dict[str, object] = {
            "message": "You are being rate limited.",
            "retry_after": seconds,
            "global": everywhere,
        }
        return self._add(method, path, When.BEFORE, times, status=429, body=body, headers=headers)

    def ban(self, method: str, path: str, *, times: int | None = None, seconds: float | None = None) -> Rule:
        """429 from in front of the API, in HTML and without Via: too many bad requests came from this address.
        `seconds` is how long it says that this lasts; None: it does not say."""
        headers = {} if seconds is None else {"Retry-After": f"{seconds:g}"}
        page = "<!doctype html><title>Access denied</title>You are being rate limited"
        return self._add(method, path, When.BEFORE, times, status=429, body=page, headers=headers)

    def bucket(self, method: str, path: str, most: int, seconds: float) -> Bucket:
        """Requests of this route have a limit for each channel from now on."""
        self._buckets.append(Bucket(method, _pattern(path), most, seconds))
        return self._buckets[-1]

    def bucket_of_all(self, most: int, seconds: float) -> Bucket:
        """All requests about channels together have a limit from now on."""
        self._buckets.append(Bucket("", _pattern("/channels/"), most, seconds, everywhere=True))
        return self._buckets[-1]

    def count(self, method: str, path: str, *, since: int = 0) -> int:
        """How many such requests were answered, the first `since` of the log left out."""
        wanted = _pattern(path)
        log: list[Request] = list(self._guild.requests)[since:]
        return sum(each.method == method and wanted.fullmatch(each.path) is not None for each in log)

    # gateway

    async def close(self, code: int) -> None:
        """Close every connection with this code, and forget the sessions where Discord would."""
        await self._guild.close_gateway(code)
        if code in FORGOTTEN:
            self._guild.gateway.forget()

    def ask_to_reconnect(self) -> None:
        self._guild.gateway.reconnect()

    def invalidate(self, *, resumable: bool) -> None:
        self._guild.gateway.invalidate(resumable=resumable)

    @contextlib.asynccontextmanager
    async def without_acknowledgement(self, interval: float = 1.0) -> AsyncIterator[None]:
        """No heartbeat is answered inside, on connections that are told to send one each `interval` seconds."""
        gateway = self._guild.gateway
        before, gateway.heartbeat = gateway.heartbeat, interval
        gateway.acknowledges = False
        await self.close(4000)  # so that it comes back and is told
        try:
            yield
        finally:
            gateway.heartbeat, gateway.acknowledges = before, True

    @contextlib.contextmanager
    def outage(self) -> Iterator[None]:
        """The guild is unavailable inside."""
        self._guild.world.outage()
        try:
            yield
        finally:
            self._guild.world.outage(ends=True)

    async def turn(self, what: str, count: int = 1, *, since: int = 0, within: float = 20) -> None:
        """Until the bot has signed in (`identify`), come back (`resume`) or gone (`closed`) so often."""
        async with asyncio.timeout(within):
            while sum(turn.what == what for turn in list(self._guild.gateway.log)[since:]) < count:
                await asyncio.sleep(0.02)

    # what people take away

    def forbid(self, channel: str, denied: Permission = Permission.SEND_MESSAGES) -> None:
        """The bot may not do this in the channel; VIEW_CHANNEL hides it."""
        overwrite = {"id": cast.BOT, "type": 1, "allow": "0", "deny": str(int(denied))}
        self._guild.world.edit_channel(channel, permission_overwrites=[overwrite])

    def allow(self, channel: str) -> None:
        self._guild.world.edit_channel(channel, permission_overwrites=[])

    def delete_channel(self, channel: str) -> None:
        self._guild.world.delete_channel(channel)

    def delete_message(self, channel: str, message: str) -> None:
        self._guild.world.messages.delete(self._guild.world.messages.get(channel, message))

    def thread(self, channel: str, name: str = "thread") -> str:
        """Somebody makes a thread in a channel; its id."""
        return str(self._guild.world.create_thread(channel, name, cast.CY)["id"])

    def forum(self, name: str = "games") -> str:
        """Somebody makes a forum; its id."""
        return str(self._guild.world.create_channel(name, kind=cast.FORUM)["id"])

    def archive(self, thread: str) -> None:
        self._guild.world.edit_thread(thread, archived=True)

    def open(self, thread: str) -> None:
        self._guild.world.edit_thread(thread, archived=False)

    def lock(self, thread: str, *, archived: bool = False) -> None:
        """Only who manages threads may write there now."""
        self._guild.world.edit_thread(thread, locked=True, archived=archived)

    def remove_bot(self) -> None:
        self._guild.world.invite_bot(present=False)

    def invite_bot(self) -> None:
        self._guild.world.invite_bot(present=True)

    def close_direct(self, person: str, *, closed: bool = True) -> None:
        """Whether this person refuses direct messages."""
        self._guild.world.close_direct(person, closed=closed)

    # hooks

    def _add(
        self,
        method: str,
        path: str,
        when: When,
        times: int | None,
        *,
        seconds: float = 0.0,
        status: int | None = None,
        body: dict[str, object] | str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Rule:
        rule = Rule(method, _pattern(path), when, times, seconds, status, body or {}, headers or {})
        self._rules.append(rule)
        return rule

    async def _before(self, request: web.Request) -> web.StreamResponse | None:
        for bucket in self._buckets:
            if bucket.fits(request) and (refused := bucket.take(request)) is not None:
                return refused
        return await self._strike(request, When.BEFORE)

    async def _after(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse | None:
        for bucket in self._buckets:
            if bucket.fits(request):
                bucket.tell(request, response)
        return await self._strike(request, When.AFTER) if response.status < 400 else None

    async def _strike(self, request: web.Request, when: When) -> web.StreamResponse | None:
        for rule in self._rules:
            if rule.takes(request, when):
                return await rule.strike(request)
        return None


def _channel(request: web.Request) -> str:
    return request.path.removeprefix(BASE).split("/")[2]


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, path.split("*"))))
