"""A small OpenID provider on loopback that signs whatever a test wants, rightly or not. The real one is in oidc.mjs."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

TENANT, OTHER = "72f988bf-86f1-41af-91ab-2d7cd011db47", "11111111-2222-3333-4444-555555555555"
CLIENT, API = "our-client", "api://dormouse"
OID = "00000000-0000-0000-66f3-3332eca7ea81"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """One for each name, made once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(name: str) -> bytes:
    return key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_jwk(name: str, **more: Any) -> dict[str, Any]:
    return RSAAlgorithm.to_jwk(key(name).public_key(), as_dict=True) | {"kid": name, "use": "sig", **more}


@dataclass
class OpenIdPlace:
    """`claims`: of the ID token that is given for a code. `keys`: what it publishes. `asked`: how often for keys."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public_jwk("first")])
    signed_by: str = "first"
    asked: int = 0
    away: bool = False

    @property
    def issuer(self) -> str:
        return f"{self.url}/{TENANT}/v2.0"

    def settings(self) -> dict[str, Any]:
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": "hush",
            "oidc_audience": API,
        }

    def person(self, **changed: Any) -> dict[str, Any]:
        """Claims of Ada's ID token; None leaves one out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "exp": now + 600,
            "iat": now,
            "nbf": now,
            "ver": "2.0",
            "tid": TENANT,
            "oid": OID,
            "sub": "pairwise",
            "name": "Ada Lovelace",
            "preferred_username": "ada@contoso.example",
        } | changed
        return {name: value for name, value in claims.items() if value is not None}

    def access(self, **changed: Any) -> dict[str, Any]:
        """Likewise of her access token."""
        return self.person(**{"aud": API, "scp": "access_as_user", **changed})

    def sign(self, claims: dict[str, Any], *, by: str | None = None, **header: Any) -> str:
        name = by or self.signed_by
        return jwt.encode(claims, key(name), "RS256", {"kid": name, **header})

    def signs_in(self, address: str, **changed: Any) -> dict[str, str]:
        """Ada says yes at the address to which a browser was sent: what the browser brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.claims = self.person(**{"nonce": asked["nonce"], **changed})
        return {"code": "code", "state": asked["state"]}

    async def discovery(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            },
            status=503 if self.away else 200,
        )

    async def published(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({"keys": self.keys}, status=503 if self.away else 200)

    async def token(self, _: web.Request) -> web.Response:
        given = {"access_token": "x", "token_type": "Bearer", "id_token": self.sign(self.claims)}
        return web.json_response(given)


@asynccontextmanager
async def openid_place() -> AsyncIterator[OpenIdPlace]:
    made, app = OpenIdPlace(), web.Application()
    app.add_routes(
        [
            web.get(f"/{TENANT}/v2.0/.well-known/openid-configuration", made.discovery),
            web.get("/keys", made.published),
            web.post("/token", made.token),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


def unsigned(claims: dict[str, Any], header: dict[str, Any]) -> str:
    """With a header of any kind, and no signature."""
    parts = [jwt.utils.base64url_encode(json.dumps(each).encode()).decode() for each in (header, claims)]
    return ".".join([*parts, ""])
