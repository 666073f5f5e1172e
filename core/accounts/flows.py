"""Sign-ins on their way to a provider and back, in the database: any process may answer when somebody returns.

Each is bound to the browser that began it, by a cookie of which only the hash is stored, and to its step, and is used
once. What the provider must be told and never lies in the database (PKCE's verifier, the nonce) is derived from the
cookie, so that whoever reads the database can finish nobody's sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete
from sqlmodel import col, func, select

from core.accounts.claims import Identity
from core.data.database import Database
from core.data.tables import FlowRow
from core.errors import TryAgain

LASTS = timedelta(minutes=10)
MOST = 20_000
"""On their way at once: who begins one is nobody yet, and cannot be told from others."""


class Step(StrEnum):
    """What is waited for: one of the providers, or the person's own yes."""

    DISCORD = "discord"
    OPENID = "openid"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Flow:
    """`linking`: it goes on until an identity is linked to `user`. `then`: where the browser goes afterwards."""

    step: Step
    linking: bool
    then: str
    user: int | None = None
    identity: Identity | None = None


class Flows:
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def begin(self, browser: str, flow: Flow) -> str:
        """Gives the state. `browser`: what its cookie holds. TryAgain where too many are on their way."""
        state, now = secrets.token_urlsafe(32), self._now()
        row = FlowRow(
            key=_hash(state),
            browser=_hash(browser),
            step=flow.step,
            linking=flow.linking,
            then=flow.then,
            user=flow.user,
            told=_json(flow.identity),
            created_at=now,
        )
        async with self._database.begin() as session:
            over = (col(FlowRow.created_at) < now - LASTS) | (col(FlowRow.created_at) > now + LASTS)
            await (await session.connection()).execute(delete(FlowRow).where(over))
            if (await session.exec(select(func.count()).select_from(FlowRow))).one() >= MOST:
                raise TryAgain("signin.busy")
            session.add(row)
        return state

    async def take(self, browser: str, state: str, step: Step) -> Flow | None:
        """Once. None where none of this state is on its way, or another browser began it, or it waits for something
        else: then it is over, too."""
        async with self._database.begin() as session:
            row = await session.get(FlowRow, _hash(state), with_for_update=True)
            if row is None or not hmac.compare_digest(row.browser, _hash(browser)):
                return None
            await session.delete(row)
            return _flow(row) if row.step == step and self._holds(row) else None

    async def look(self, browser: str, state: str, step: Step) -> Flow | None:
        """Without using it."""
        async with self._database.session() as session:
            row = await session.get(FlowRow, _hash(state))
        if row is None or row.step != step or not hmac.compare_digest(row.browser, _hash(browser)):
            return None
        return _flow(row) if self._holds(row) else None

    def _holds(self, row: FlowRow) -> bool:
        return abs(self._now() - row.created_at) < LASTS


def new_browser() -> str:
    """For the cookie of a browser in which somebody begins."""
    return secrets.token_urlsafe(32)


def verifier(browser: str, state: str) -> str:
    """PKCE's (RFC 7636, 4.1): 43 characters."""
    return _derived(browser, "verifier", state)


def nonce(browser: str, state: str) -> str:
    return _derived(browser, "nonce", state)


def _derived(browser: str, purpose: str, state: str) -> str:
    made = hmac.digest(browser.encode(), f"{purpose} {state}".encode(), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _json(identity: Identity | None) -> dict[str, object]:
    if identity is None:
        return {}
    plain: dict[str, object] = {key: getattr(identity, key) for key in ("issuer", "subject", "name", "organisation")}
    return plain | {"roles": sorted(identity.roles), "groups": sorted(identity.groups)}


def _flow(row: FlowRow) -> Flow:
    told = row.told and {**row.told, "roles": frozenset(row.told["roles"]), "groups": frozenset(row.told["groups"])}
    return Flow(Step(row.step), row.linking, row.then, row.user, Identity(**told) if told else None)
