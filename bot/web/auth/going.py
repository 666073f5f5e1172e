"""To a provider and back: what sign-in and link do alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.web.auth import cookies
from bot.web.auth.at_discord import AtDiscord, Person
from bot.web.auth.doubt import in_words
from bot.web.auth.failing import NotOnItsWay
from bot.web.auth.oauth import Client
from bot.web.auth.openid import OpenId
from bot.web.auth.providers import providers_of
from bot.web.callers import COOKIE
from bot.web.context import web_of
from core.accounts import flows
from core.accounts.claims import Identity, Untrusted
from core.accounts.flows import Flow, Step
from core.errors import NotAllowed, NotFound

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser brings back from a provider (RFC 6749, 4.1.2; RFC 9207)."""

    code: str
    state: str
    iss: str | None
    error: str | None


async def _answer(
    code: Annotated[str, Query(max_length=4000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str | None, Query(max_length=500)] = None,
    error: Annotated[str | None, Query(max_length=500)] = None,
) -> Answer:
    return Answer(code, state, iss, error)


Answered = Annotated[Answer, Depends(_answer)]


def discord_of(request: Request) -> AtDiscord:
    """NotFound where nobody can sign in with Discord."""
    if (found := providers_of(request).discord) is None:
        raise NotFound("signin.no_discord")
    return found


def openid_of(request: Request) -> OpenId:
    """NotFound where nobody can sign in with a provider."""
    if (found := providers_of(request).browser) is None:
        raise NotFound("signin.no_provider")
    return found


async def go_to_discord(request: Request, flow: Flow) -> Response:
    discord, browser = discord_of(request), flows.new_browser()
    state = await web_of(request).core.flows.begin(browser, flow)
    # Discord asks who it is each time: a browser may be signed in there as somebody else than one thinks.
    response = go(discord.client.start(browser, state, prompt="consent"))
    cookies.on_its_way(response, browser)
    return response


async def go_to_openid(request: Request, flow: Flow) -> Response:
    openid, browser = openid_of(request), flows.new_browser()
    state = await web_of(request).core.flows.begin(browser, flow)
    response = go(await openid.start(browser, state))
    cookies.on_its_way(response, browser)
    return response


async def back_from_discord(request: Request, answer: Answer) -> tuple[Flow, Person]:
    """Who signed in. NotAllowed where nobody did."""
    discord = discord_of(request)
    flow, browser = await _back(request, answer, Step.DISCORD)
    try:
        _check(answer, discord.client)
        return flow, await discord.person(answer.code, browser, answer.state)
    except Untrusted as wrong:
        raise in_words(wrong, "Discord") from None


async def back_from_openid(request: Request, answer: Answer) -> tuple[Flow, Identity]:
    openid = openid_of(request)
    flow, browser = await _back(request, answer, Step.OPENID)
    try:
        _check(answer, await openid.client())
        return flow, await openid.identity(answer.code, browser, answer.state)
    except Untrusted as wrong:
        raise in_words(wrong, openid.name) from None


async def enter(request: Request, response: Response, user: int, name: str, guilds: tuple[int, ...] = ()) -> None:
    """Somebody proved who they are: a session of a new secret. What this browser was signed in with before ends."""
    sessions = web_of(request).core.sessions
    if before := request.cookies.get(COOKIE, ""):
        await sessions.sign_out(before)
    secret = await sessions.begin(user, name, guilds, request.headers.get("user-agent", ""))
    cookies.signed_in(response, secret)
    request.state.user = user
    log.info("signed in", user=user)


def go(address: str) -> Response:
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})


async def _back(request: Request, answer: Answer, step: Step) -> tuple[Flow, str]:
    """What was begun in this browser, once, and its cookie."""
    browser = cookies.browser_of(request)
    flow = await web_of(request).core.flows.take(browser, answer.state, step) if browser and answer.state else None
    if flow is None:
        log.warning("sign-in refused", provider=step, why="no such sign-in in this browser")
        raise NotOnItsWay
    return flow, browser


def _check(answer: Answer, client: Client) -> None:
    client.check_issuer(answer.iss)
    if answer.error is not None:
        log.info("sign-in declined")
        raise NotAllowed("signin.declined")
    if not answer.code:
        raise Untrusted("no code")
