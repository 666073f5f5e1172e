"""Who calls: a program by its token or the OpenID provider's, a browser by its session. Who they are in a guild is
asked of Discord."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from bot.web import pace, rights
from bot.web.auth.doubt import in_words, unlinked
from bot.web.auth.openid import OpenId
from bot.web.auth.providers import providers_of
from bot.web.context import Web, web_of
from bot.web.problems import ScopeNeeded, SignInNeeded
from core.accounts.claims import Untrusted
from core.accounts.scopes import Scope
from core.errors import NotFound
from core.guilds.access import Actor
from core.text import choose
from core.words import Unknown

COOKIE = "__Host-dormouse"
"""Sent over https (and to a loopback address) alone, to no other host, and readable by no script (RFC 6265bis)."""

_JWT = re.compile(r"[\w-]+\.[\w-]*\.[\w-]*", re.ASCII)
"""RFC 7519; a token of our own has no dot."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`scopes` None: signed in in a browser, and everything that the person may do. `guilds`: theirs as far as the
    sign-in told. `secret`: the session's, None for a program. `until`: when a token of ours ends. `lent`: they came by
    a token of the OpenID provider's."""

    user: int
    name: str
    scopes: frozenset[Scope] | None = None
    guilds: tuple[int, ...] = ()
    secret: str | None = None
    until: datetime | None = None
    lent: bool = False

    def reaches(self, scope: Scope | None) -> bool:
        return self.scopes is None or (scope is not None and scope in self.scopes)


async def caller_of(request: Request) -> Caller:
    """SignInNeeded where nobody proved who they are, ScopeNeeded where their token does not reach so far, LimitReached
    where they ask too fast."""
    web = web_of(request)
    try:
        caller = await _found(request, web)
    except SignInNeeded:
        pace.failed(request, web)
        raise
    pace.take(request, web, caller.user)
    return _reaching(request, caller)


async def still_caller_of(request: Request) -> Caller:
    """As `caller_of`, for a stream that asks again by itself: that is nothing that they ask for."""
    return _reaching(request, await _found(request, web_of(request)))


def _reaching(request: Request, caller: Caller) -> Caller:
    right = rights.of(request.scope["route"].operation_id)
    if not caller.reaches(right.scope):
        raise ScopeNeeded(right.scope or "-")
    return caller


async def signed_in(request: Request) -> Caller | None:
    """Whoever signed in in this browser; None: nobody."""
    secret = request.cookies.get(COOKIE, "")
    session = await web_of(request).core.sessions.read(secret) if secret else None
    if session is None:
        return None
    return await _known(request, Caller(session.user, session.name, None, session.guilds, secret))


async def _found(request: Request, web: Web) -> Caller:
    kind, _, sent = request.headers.get("authorization", "").partition(" ")
    if kind:
        openid = providers_of(request).openid
        if openid is not None and kind.lower() == "bearer" and _JWT.fullmatch(sent.strip()):
            return await _known(request, await _of_provider(web, openid, sent.strip()))
        bearer = await web.core.tokens.read(sent.strip()) if kind.lower() == "bearer" else None
        if bearer is None:
            raise SignInNeeded("web.token_invalid")
        return await _known(request, Caller(bearer.user, bearer.name, bearer.scopes, until=bearer.ends_at))
    caller = await signed_in(request)
    if caller is None:
        raise SignInNeeded
    return caller


async def _of_provider(web: Web, openid: OpenId, token: str) -> Caller:
    """Whoever linked themselves to whom the provider's token names."""
    try:
        identity, scopes = await openid.bearer(token)
    except Untrusted as wrong:
        refused = in_words(wrong, openid.name)
        raise SignInNeeded("signin.bearer") if refused.message == "signin.untrusted" else refused from None
    linked = await web.core.identities.told(identity)
    if linked is None:
        raise unlinked(openid.name)
    return Caller(linked.user, linked.user_name, scopes, lent=True)


async def _known(request: Request, caller: Caller) -> Caller:
    """Their own language comes before the browser's."""
    web = web_of(request)
    request.state.user = caller.user
    if chosen := await web.core.accounts.language_of(caller.user):
        request.state.language = choose(chosen)
    return caller


Called = Annotated[Caller, Depends(caller_of)]


async def actor_in(web: Web, caller: Caller, guild: int) -> Actor:
    """As whom they act in one guild. NotFound where they are no member of it, or the bot is not."""
    found = await web.core.members.of(guild, caller.user)
    if isinstance(found, Unknown) and guild not in await web.core.accounts.guilds_of(caller.user, caller.guilds):
        raise NotFound("guild.not_found")  # as for one that does not exist
    return await web.core.members.actor(guild, caller.user, caller.name)


async def actor_for(web: Web, caller: Caller, server: str) -> Actor:
    """As whom they act on one server, by its id. NotFound, as for one that does not exist, where they are no member of
    its guild."""
    guild = await web.core.servers.lookup.guild_of(server)
    try:
        if guild is not None:
            return await actor_in(web, caller, guild)
    except NotFound:
        pass
    raise NotFound("server.not_found")


async def actors_of(web: Web, caller: Caller) -> list[Actor]:
    """As whom they act in each guild that is known of them: where they were seen, or of which their sign-in told."""
    guilds = await web.core.accounts.guilds_of(caller.user, caller.guilds)
    return await web.core.members.among(guilds, caller.user, caller.name)
