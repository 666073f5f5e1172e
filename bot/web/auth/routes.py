"""Signing in and out: `/auth/…`. Each sign-in goes to a provider and comes back once, to the browser that began it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from bot.web.auth import cookies, linking
from bot.web.auth.doubt import unlinked
from bot.web.auth.failing import PageRoute
from bot.web.auth.going import (
    Answered,
    back_from_discord,
    back_from_openid,
    enter,
    go,
    go_to_discord,
    go_to_openid,
    openid_of,
)
from bot.web.auth.providers import providers_of
from bot.web.auth.then import HOME, local
from bot.web.callers import signed_in
from bot.web.context import web_of
from bot.web.pace import take_open
from bot.web.pages.forms import Sent
from bot.web.pages.render import render
from core.accounts.flows import Flow, Step

router = APIRouter(prefix="/auth", include_in_schema=False, route_class=PageRoute, dependencies=[Depends(take_open)])

Then = Annotated[str, Query(max_length=2000)]


@router.get("/sign-in", operation_id="sign_in")
async def sign_in(request: Request, then: Then = HOME) -> Response:
    """Says with whom one can sign in."""
    providers = providers_of(request)
    return render(
        request,
        "auth/sign_in.html",
        await signed_in(request),
        then=local(then),
        discord=providers.discord is not None,
        provider=providers.browser.name if providers.browser is not None else None,
    )


@router.get("/discord", operation_id="sign_in_discord")
async def to_discord(request: Request, then: Then = HOME) -> Response:
    return await go_to_discord(request, Flow(Step.DISCORD, linking=False, then=local(then)))


@router.get("/discord/callback", operation_id="sign_in_discord_back")
async def from_discord(request: Request, answer: Answered) -> Response:
    flow, person = await back_from_discord(request, answer)
    if flow.linking:
        response = await linking.to_provider(request, flow, person.user)
    else:
        response = go(flow.then)
        cookies.arrived(response)
    await enter(request, response, person.user, person.name, person.guilds)
    return response


@router.get("/oidc", operation_id="sign_in_oidc")
async def to_openid(request: Request, then: Then = HOME) -> Response:
    return await go_to_openid(request, Flow(Step.OPENID, linking=False, then=local(then)))


@router.get("/oidc/callback", operation_id="sign_in_oidc_back")
async def from_openid(request: Request, answer: Answered) -> Response:
    flow, identity = await back_from_openid(request, answer)
    if flow.linking:
        return await linking.to_question(request, flow, identity)
    linked = await web_of(request).core.identities.told(identity)
    if linked is None:
        raise unlinked(openid_of(request).name)
    response = go(flow.then)
    cookies.arrived(response)
    await enter(request, response, linked.user, linked.user_name)
    return response


@router.post("/sign-out", operation_id="sign_out")
async def sign_out(request: Request, caller: Sent) -> Response:
    await web_of(request).core.sessions.sign_out(caller.secret or "")
    response = go("/auth/sign-in")
    cookies.signed_out(response)
    cookies.arrived(response)
    return response


router.include_router(linking.router)
