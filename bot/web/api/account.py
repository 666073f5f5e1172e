"""What the caller set for themselves, and who may act for them: tokens, and browsers in which they signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from bot.web.api.models import Body, Model, Page, Snowflake, Typed
from bot.web.callers import Called, Caller
from bot.web.context import web_of
from bot.web.problems import ScopeNeeded
from core.accounts.profiles import Profile
from core.accounts.scopes import Scope
from core.accounts.tokens import DAYS, DEFAULT_DAYS, LONGEST_NAME, Token
from core.errors import NotAllowed, NotFound
from core.guilds.access import Actor

router = APIRouter(prefix="/account", tags=["account"])


class Account(Model):
    id: Snowflake
    name: str
    language: str | None
    """null: Discord's, or the browser's."""
    time_zone: str | None
    servers: int
    """That the caller owns, in all guilds."""


class AccountEdit(Body):
    """Only what is given changes; null unsets it."""

    language: Annotated[Typed, Field(examples=["de"])] | None = None
    time_zone: Annotated[Typed, Field(examples=["Europe/Berlin"])] | None = None
    """As people type it."""


class TokenShown(Model):
    id: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    ends_at: datetime
    used_at: datetime | None
    """Within five minutes; null: never."""

    @classmethod
    def of(cls, token: Token) -> TokenShown:
        return cls(
            id=token.id,
            name=token.name,
            scopes=list(token.scopes),
            created_at=token.created_at,
            ends_at=token.ends_at,
            used_at=token.used_at,
        )


class TokenMade(TokenShown):
    secret: str
    """What the program sends. Nobody can read it again."""


class NewToken(Body):
    name: Annotated[Typed, Field(min_length=1, max_length=LONGEST_NAME, examples=["backup script"])]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=50, examples=[["servers:read"]])]
    days: Annotated[int, Field(ge=DAYS[0], le=DAYS[-1])] = DEFAULT_DAYS


class Browser(Model):
    """In which the caller signed in."""

    key: str
    agent: str
    """As it calls itself."""
    created_at: datetime
    seen_at: datetime


@router.get("", operation_id="get_account")
async def get_account(request: Request, caller: Called) -> Account:
    """Who the caller is, and what they set."""
    return _account(caller, await web_of(request).core.accounts.show(_alone(caller)))


@router.patch("", operation_id="edit_account")
async def edit_account(request: Request, caller: Called, body: AccountEdit) -> Account:
    """A language and a time zone, for every guild."""
    changes = {key: getattr(body, key) for key in body.model_fields_set}
    return _account(caller, await web_of(request).core.accounts.edit(_alone(caller), changes))


@router.get("/tokens", operation_id="list_tokens")
async def list_tokens(request: Request, caller: Called) -> Page[TokenShown]:
    """Those that have not ended, the newest first."""
    found = await web_of(request).core.tokens.list(caller.user)
    return Page(items=[TokenShown.of(each) for each in found])


@router.post("/tokens", operation_id="create_token", status_code=201)
async def create_token(request: Request, caller: Called, body: NewToken) -> TokenMade:
    """A token for a program. One that a token makes reaches no further than that one."""
    if caller.lent:  # what it makes would outlive it, and whatever its provider takes back
        raise NotAllowed("token.lent")
    scopes = frozenset(body.scopes)
    if missing := [each for each in body.scopes if not caller.reaches(each)]:
        raise ScopeNeeded(missing[0])
    tokens = web_of(request).core.tokens
    token, secret = await tokens.make(_alone(caller), body.name, scopes, body.days, caller.until)
    return TokenMade(**TokenShown.of(token).model_dump(), secret=secret)


@router.delete("/tokens/{token}", operation_id="revoke_token", status_code=204)
async def revoke_token(
    request: Request,
    caller: Called,
    token: Annotated[str, Path(pattern=r"^[a-z][a-z2-7]{11}$", description="Its id.", examples=["abcdefghijkl"])],
) -> None:
    """It lets nobody in from now on."""
    await web_of(request).core.tokens.revoke(caller.user, token)


@router.get("/sessions", operation_id="list_sessions")
async def list_sessions(request: Request, caller: Called) -> Page[Browser]:
    """Browsers in which the caller is signed in, the one used last first."""
    found = await web_of(request).core.sessions.list(caller.user)
    return Page(
        items=[
            Browser(key=each.key, agent=each.agent, created_at=each.created_at, seen_at=each.seen_at) for each in found
        ]
    )


@router.delete("/sessions/{key}", operation_id="end_session", status_code=204)
async def end_session(
    request: Request,
    caller: Called,
    key: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="Its key.", examples=["0" * 64])],
) -> None:
    """Sign out there."""
    if not await web_of(request).core.sessions.end(caller.user, key):
        raise NotFound("web.no_session")


def _alone(caller: Caller) -> Actor:
    """In no guild."""
    return Actor(user=caller.user, guild=0, name=caller.name)


def _account(caller: Caller, profile: Profile) -> Account:
    return Account(
        id=str(caller.user),
        name=caller.name,
        language=profile.language,
        time_zone=profile.time_zone,
        servers=profile.servers + profile.elsewhere,
    )
