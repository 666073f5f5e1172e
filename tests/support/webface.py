"""The HTTP face of a house, on loopback in this process, and callers of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.settings import Settings
from bot.web.app import make_app
from bot.web.callers import COOKIE
from bot.web.context import Web
from bot.web.server import WebServer
from core.accounts.scopes import ALL, Scope
from core.accounts.sessions import form_mark
from core.assemble import Core
from core.guilds.access import Actor
from core.guilds.membership import Present
from core.guilds.pace import Pace


@dataclass
class Got:
    status: int
    headers: Mapping[str, str]  # whatever the case of their names
    body: bytes
    json: Any = None

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Face:
    """`web` is what routes know; `url` where it listens."""

    web: Web
    url: str
    http: aiohttp.ClientSession
    callers: dict[str, str] = field(default_factory=dict)

    async def token(self, actor: Actor, scopes: frozenset[Scope] = ALL) -> str:
        return (await self.web.core.tokens.make(actor, "test", scopes))[1]

    async def session(self, actor: Actor, *guilds: int) -> str:
        """The secret of a browser in which they are signed in."""
        return await self.web.core.sessions.begin(actor.user, actor.name, guilds)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        session: str | None = None,
        headers: dict[str, str] | None = None,
        **given: Any,
    ) -> Got:
        """No redirect is followed. A form (`data`) of a session carries its mark."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if session is not None:
            sent["Cookie"] = f"{COOKIE}={session}"
            if isinstance(given.get("data"), dict):
                given["data"] = {"mark": form_mark(session), **given["data"]}
        asking = self.http.request(method, self.url + path, headers=sent, allow_redirects=False, **given)
        async with asking as got:
            if got.content_type == "text/event-stream":  # it goes on for ever
                return Got(got.status, got.headers, b"")
            body = await got.read()
            is_json = "json" in got.headers.get("Content-Type", "")
            return Got(got.status, got.headers, body, await got.json(content_type=None) if is_json else None)

    async def get(self, path: str, **given: Any) -> Got:
        return await self.ask("GET", path, **given)

    async def post(self, path: str, **given: Any) -> Got:
        return await self.ask("POST", path, **given)

    async def put(self, path: str, **given: Any) -> Got:
        return await self.ask("PUT", path, **given)

    async def patch(self, path: str, **given: Any) -> Got:
        return await self.ask("PATCH", path, **given)

    async def delete(self, path: str, **given: Any) -> Got:
        return await self.ask("DELETE", path, **given)


def present(actor: Actor) -> Present:
    """What Discord says of somebody who is in the guild."""
    return Present(actor.roles, actor.manages_guild)


@asynccontextmanager
async def serving(
    core: Core,
    *,
    links: Any = None,
    burst: int = 100_000,
    open_burst: int = 100_000,
    known: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Face]:
    """`settings`: by the names of bot.settings, in lower case. `burst`: so much each caller may ask at once;
    `open_burst`: so much each address, of what is open to everybody. `known`: what only a whole process knows, by the
    names of Web."""
    # A busy machine takes so long between two requests that they would be paid back at the usual pace.
    paces = {"pace": Pace(burst=burst, every=60.0), "open": Pace(burst=open_burst, every=60.0)}
    paces["strangers"] = Pace(every=60.0)
    web = Web(core, Settings(**settings), links, **paces, **(known or {}))
    async with WebServer(("127.0.0.1", 0), make_app(web), web.stop) as server, aiohttp.ClientSession() as http:
        yield Face(web, server.url, http)
