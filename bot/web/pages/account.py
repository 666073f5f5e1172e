"""`/account`: what somebody set for themselves, whom they are linked to, tokens of their programs, and browsers in
which they are signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from bot.web.auth import cookies
from bot.web.callers import Caller
from bot.web.context import web_of
from bot.web.pages.forms import Sent
from bot.web.pages.render import Viewing, know, marks_of, render
from bot.web.problems import language_of
from core.accounts.scopes import READ, Scope, scopes_of
from core.accounts.tokens import DAYS, DEFAULT_DAYS, LONGEST_NAME
from core.errors import BadInput
from core.guilds.access import Actor
from core.text import languages, name_of
from core.zones import COMMON_ZONES

router = APIRouter(include_in_schema=False)

UNSET = ""
_DONE = ("saved", "revoked", "ended")


@router.get("/account", operation_id="page_account")
async def account(request: Request, caller: Viewing, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    said = marks_of(request).say(f"page.account.{done}") if done in _DONE else ""
    return await _page(request, caller, said=said)


@router.post("/account", operation_id="page_account_save")
async def save(
    request: Request, caller: Sent, time_zone: Annotated[str, Form()] = "", language: Annotated[str, Form()] = ""
) -> Response:
    await web_of(request).core.accounts.edit(
        themselves(caller), {"time_zone": time_zone.strip() or None, "language": language or None}
    )
    return RedirectResponse("/account?done=saved", 303)


@router.post("/account/tokens", operation_id="page_token_make")
async def make_token(request: Request, caller: Sent) -> Response:
    """The one page on which it can be read."""
    form = await request.form()
    scopes = scopes_of(" ".join(str(each) for each in form.getlist("scopes")))
    days = str(form.get("days") or DEFAULT_DAYS)
    if not (days.isascii() and days.isdigit() and len(days) < 5):
        raise BadInput("token.days", low=DAYS[0], high=DAYS[-1])
    tokens = web_of(request).core.tokens
    _, secret = await tokens.make(themselves(caller), str(form.get("name") or ""), scopes, int(days))
    await know(request, caller)
    return await _page(request, caller, secret=secret)


@router.post("/account/tokens/revoke", operation_id="page_token_revoke")
async def revoke_token(request: Request, caller: Sent, token: Annotated[str, Form(max_length=60)]) -> Response:
    await web_of(request).core.tokens.revoke(caller.user, token)
    return RedirectResponse("/account?done=revoked", 303)


@router.post("/account/sessions/end", operation_id="page_session_end")
async def end_session(request: Request, caller: Sent, session: Annotated[str, Form(max_length=80)]) -> Response:
    await web_of(request).core.sessions.end(caller.user, session)
    return RedirectResponse("/account?done=ended", 303)


@router.post("/account/unlink", operation_id="page_unlink")
async def unlink(request: Request, caller: Sent) -> Response:
    """Nobody is signed in on the page that says so."""
    linked = await web_of(request).core.identities.unlink(caller.user)
    response = render(request, "unlinked.html", linked=linked)
    cookies.signed_out(response)
    return response


def themselves(caller: Caller) -> Actor:
    """In no guild: what is theirs everywhere."""
    return Actor(user=caller.user, guild=0, name=caller.name)


async def _page(request: Request, caller: Caller, *, said: str = "", secret: str = "") -> Response:
    core, language = web_of(request).core, language_of(request)
    here = await core.sessions.read(caller.secret) if caller.secret else None
    return render(
        request,
        "account.html",
        caller,
        profile=await core.accounts.show(themselves(caller)),
        tokens=await core.tokens.list(caller.user),
        sessions=await core.sessions.list(caller.user),
        here=here.key if here else "",
        linked=await core.identities.of(caller.user),
        linkable=bool(web_of(request).settings.link_url),
        zones=COMMON_ZONES,
        spoken=[(each, name_of(each, language)) for each in languages()],
        scopes=[(each, each in READ) for each in Scope],
        longest=LONGEST_NAME,
        days=DEFAULT_DAYS,
        most_days=DAYS[-1],
        said=said,
        secret=secret,
    )
