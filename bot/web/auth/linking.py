"""`/auth/link`: Discord, then the provider, in one browser; then a question, and only a yes from there links the two.

The address is the same for everybody and holds nothing: whoever follows one that somebody else sent signs in as
themselves, and links what is theirs.
"""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from bot.web.auth import cookies
from bot.web.auth.failing import NotOnItsWay, PageRoute
from bot.web.auth.going import discord_of, go, go_to_discord, go_to_openid, openid_of
from bot.web.callers import Caller, signed_in
from bot.web.context import web_of
from bot.web.pages.forms import Sent
from bot.web.pages.render import render
from core.accounts.claims import Identity
from core.accounts.flows import Flow, Step

log = structlog.get_logger()

PATH, QUESTION = "/auth/link", "/auth/link/confirm"

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/link", operation_id="link")
async def link(request: Request) -> Response:
    """Says what will happen."""
    discord_of(request)
    caller = await signed_in(request)
    linked = await web_of(request).core.identities.of(caller.user) if caller is not None else None
    return render(request, "auth/link.html", caller, provider=openid_of(request).name, linked=linked)


@router.get("/link/begin", operation_id="link_begin")
async def begin(request: Request) -> Response:
    openid_of(request)
    return await go_to_discord(request, Flow(Step.DISCORD, linking=True, then=PATH))


async def to_provider(request: Request, flow: Flow, user: int) -> Response:
    """The second sign-in, of whoever did the first."""
    return await go_to_openid(request, Flow(Step.OPENID, linking=True, then=flow.then, user=user))


async def to_question(request: Request, flow: Flow, identity: Identity) -> Response:
    """NotOnItsWay where meanwhile somebody else signed in in this browser."""
    await _same(request, flow)
    asked = Flow(Step.CONFIRM, linking=True, then=flow.then, user=flow.user, identity=identity)
    state = await web_of(request).core.flows.begin(cookies.browser_of(request), asked)
    return go(f"{QUESTION}?ask={state}")


@router.get("/link/confirm", operation_id="link_confirm")
async def confirm(request: Request, ask: Annotated[str, Query(max_length=100)] = "") -> Response:
    flow = await web_of(request).core.flows.look(cookies.browser_of(request), ask, Step.CONFIRM)
    caller = await _same(request, flow)
    assert flow is not None
    return render(request, "auth/confirm.html", caller, identity=flow.identity, ask=ask)


@router.post("/link", operation_id="link_yes")
async def yes(request: Request, caller: Sent, ask: Annotated[str, Form(max_length=100)] = "") -> Response:
    core = web_of(request).core
    flow = await core.flows.take(cookies.browser_of(request), ask, Step.CONFIRM)
    await _same(request, flow)
    assert flow is not None
    assert flow.identity is not None
    linked = await core.identities.link(caller.user, caller.name, flow.identity)
    response = render(request, "auth/linked.html", caller, linked=linked)
    cookies.arrived(response)
    if (secret := await core.sessions.rotate(caller.secret or "")) is not None:  # they can do more from now on
        cookies.signed_in(response, secret)
    return response


async def _same(request: Request, flow: Flow | None) -> Caller:
    """Who is signed in in this browser and began this. NotOnItsWay where these are not the same."""
    caller = await signed_in(request)
    if flow is None or caller is None or caller.user != flow.user:
        log.warning("link refused", why="no such link in this browser")
        raise NotOnItsWay
    return caller
