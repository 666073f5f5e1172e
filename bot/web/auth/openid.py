"""An OpenID provider, by discovery (OpenID Connect Discovery 1.0): its addresses, its keys, and what its tokens say."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt
import structlog
from jwt import PyJWK

from bot.settings import Settings, is_private_address
from bot.web.auth.asking import ask
from bot.web.auth.oauth import Client
from core.accounts import flows
from core.accounts.claims import (
    Identity,
    Trusted,
    Untrusted,
    check_nonce,
    identity_of,
    scopes_told,
)
from core.accounts.scopes import Scope
from core.errors import TryAgain

log = structlog.get_logger()

PATH = "/auth/oidc/callback"
ALGORITHM = "RS256"
FRESH, STALE = 3600.0, 24 * 3600.0
"""Seconds: so long nobody asks for what a provider told, and so long it holds where the provider is away."""
AGAIN = 60.0
"""Seconds before its keys are asked for once more, whatever keys strangers name."""
MOST_KEYS = 100
SMALLEST_KEY = 2048  # bits
LEEWAY = 60  # seconds by which clocks may differ
LONGEST_TOKEN = 16 * 1024
_ELSEWHERE = ("jwk", "jku", "x5u", "x5c", "crit", "b64")
"""Headers by which a token would bring its own key, or rules. A key comes from the provider alone (RFC 8725, 3.10)."""


@dataclass(frozen=True, slots=True)
class Metadata:
    authorize: str
    token: str
    keys: str
    basic: bool
    says_issuer: bool


@dataclass(slots=True)
class _Kept:
    """What was asked for last, and when, by `clock`."""

    value: Any = None
    at: float = -STALE
    tried: float = -STALE
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class OpenId:
    def __init__(
        self, settings: Settings, trusted: Trusted, public_url: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.trusted = trusted
        self.name = "Microsoft" if trusted.is_entra else (urlsplit(trusted.issuer).hostname or trusted.issuer)
        self._id = settings.oidc_client_id or ""
        secret = settings.oidc_client_secret
        self._secret = secret.get_secret_value() if secret is not None else ""
        self._audience = settings.oidc_audience
        self._redirect = public_url + PATH if public_url else ""
        self._clock = clock
        self._metadata, self._keys = _Kept(), _Kept()

    @classmethod
    def of(cls, settings: Settings, public_url: str) -> OpenId | None:
        """None: there is no provider."""
        if not settings.oidc_issuer:
            return None
        return cls(settings, Trusted(settings.oidc_issuer, frozenset(settings.oidc_tenants)), public_url)

    @property
    def signs_in(self) -> bool:
        """Whether people can sign in there with a browser."""
        return bool(self._id and self._secret and self._redirect)

    async def client(self) -> Client:
        """TryAgain where the provider is away."""
        found = await self._found()
        return Client(
            issuers=self.trusted.issuers,
            authorize=found.authorize,
            token=found.token,
            id=self._id,
            secret=self._secret,
            redirect=self._redirect,
            scope="openid profile",
            basic=found.basic,
            says_issuer=found.says_issuer,
        )

    async def start(self, browser: str, state: str) -> str:
        """People see with which account they sign in: a browser may be signed in with several."""
        asked = {"nonce": flows.nonce(browser, state), "prompt": "select_account" if self.trusted.is_entra else "login"}
        return (await self.client()).start(browser, state, **asked)

    async def identity(self, code: str, browser: str, state: str) -> Identity:
        """Who signed in."""
        token = (await (await self.client()).redeem(code, browser, state)).get("id_token")
        if not isinstance(token, str):
            raise Untrusted("no id token")
        claims = await self._claims(token, self._id)
        check_nonce(claims, flows.nonce(browser, state), self._id)
        return identity_of(claims, self.trusted)

    async def bearer(self, token: str) -> tuple[Identity, frozenset[Scope]]:
        """Whom an access token of a program stands for, and how far it reaches. Untrusted where none are taken."""
        if not self._audience:
            raise Untrusted("no audience is set")
        claims = await self._claims(token, self._audience)
        scopes = scopes_told(claims)
        return identity_of(claims, self.trusted), scopes

    async def _claims(self, token: str, audience: str) -> dict[str, Any]:
        """Of a token that the provider signed for this audience, and that holds now."""
        try:
            if len(token) > LONGEST_TOKEN:
                raise Untrusted("too long")
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM:
                raise Untrusted("alg")
            if any(name in header for name in _ELSEWHERE):
                raise Untrusted("a key of its own")
            key = await self._key(header.get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=audience,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except jwt.PyJWTError as wrong:
            raise Untrusted(type(wrong).__name__) from None
        return claims

    async def _key(self, kid: object) -> PyJWK:
        """Untrusted where the provider has no such key. Asks for its keys anew at most once in AGAIN."""
        if not isinstance(kid, str):
            raise Untrusted("kid")
        kept = self._keys
        if kid not in (kept.value or {}) or self._clock() - kept.at >= FRESH:
            async with kept.lock:
                now = self._clock()
                missing = kid not in (kept.value or {})
                if (missing or now - kept.at >= FRESH) and now - kept.tried >= AGAIN:
                    kept.tried = now
                    await self._read_keys()
        if self._clock() - kept.at >= STALE:
            raise TryAgain("signin.away")
        if (key := kept.value.get(kid)) is None:
            raise Untrusted("unknown kid")
        found: PyJWK = key
        return found

    async def _read_keys(self) -> None:
        """Those that are known stay where the provider is away."""
        try:
            status, told = await ask("GET", (await self._found()).keys)
        except TryAgain:
            return
        listed = told.get("keys") if status == 200 and isinstance(told, dict) else None
        if not isinstance(listed, list):
            log.warning("provider away", issuer=self.trusted.issuer, why="no keys")
            return
        self._keys.value = {each["kid"]: key for each in listed[:MOST_KEYS] if (key := _usable(each)) is not None}
        self._keys.at = self._clock()

    async def _found(self) -> Metadata:
        kept = self._metadata
        if self._clock() - kept.at >= FRESH:
            async with kept.lock:
                if self._clock() - kept.at >= FRESH:
                    try:
                        kept.value, kept.at = await self._discover(), self._clock()
                    except TryAgain:
                        if self._clock() - kept.at >= STALE:
                            raise
        found: Metadata = kept.value
        return found

    async def _discover(self) -> Metadata:
        issuer = self.trusted.issuer
        status, told = await ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if status != 200 or not isinstance(told, dict) or not self._is_itself(told.get("issuer")):
            log.error("provider not usable", issuer=issuer, why="issuer")
            raise TryAgain("signin.away")
        places = [told.get(key) for key in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(isinstance(each, str) and is_private_address(each.partition("?")[0]) for each in places):
            log.error("provider not usable", issuer=issuer, why="addresses")
            raise TryAgain("signin.away")
        methods = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        authorize, token, keys = map(str, places)
        return Metadata(
            authorize,
            token,
            keys,
            basic="client_secret_basic" in methods,
            says_issuer=told.get("authorization_response_iss_parameter_supported") is True,
        )

    def _is_itself(self, said: object) -> bool:
        """Entra ID's issuer for several tenants names none (`/{tenantid}/v2.0`)."""
        issuer = self.trusted.issuer
        if self.trusted.is_entra:
            return said in (issuer, re.sub(r"/[^/]+/v2\.0$", "/{tenantid}/v2.0", issuer))
        return said == issuer


def _usable(key: object) -> PyJWK | None:
    if not isinstance(key, dict) or key.get("kty") != "RSA" or not isinstance(key.get("kid"), str):
        return None
    if key.get("use", "sig") != "sig" or key.get("alg", ALGORITHM) != ALGORITHM:
        return None
    try:
        found = PyJWK(key, ALGORITHM)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return found if getattr(found.key, "key_size", 0) >= SMALLEST_KEY else None
