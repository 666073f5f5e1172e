"""Access tokens of the OpenID provider, sent by programs: everything but a right one of a linked person is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from openidplace import OID, OTHER, TENANT, OpenIdPlace, key, public_jwk, public_pem, unsigned
from structlog.testing import capture_logs

from core.accounts.claims import Identity
from tests.conftest import House
from tests.web.auth.browsing import Browser


@pytest.fixture
async def ada(house: House) -> None:
    await house.core.identities.link(1, "Ada", Identity(TENANT, OID, "Ada", "contoso.example"))


@pytest.mark.usefixtures("ada")
async def test_a_program_acts_as_the_linked_person(house: House, browser: Browser, entra: OpenIdPlace) -> None:
    server = await house.create("Pond")
    got = await browser.face.get(f"/api/v1/servers/{server}", token=entra.sign(entra.access()))
    assert (got.status, got.json["name"]) == (200, "Pond")


@pytest.mark.usefixtures("ada")
async def test_it_reaches_as_far_as_its_scopes(house: House, browser: Browser, entra: OpenIdPlace) -> None:
    server = await house.create("Pond")
    token = entra.sign(entra.access(scp="servers.read offline_access"))
    assert (await browser.face.get(f"/api/v1/servers/{server}", token=token)).status == 200
    got = await browser.face.post(f"/api/v1/servers/{server}/resume", token=token)
    assert (got.status, got.json["type"]) == (403, "urn:dormouse:web.scope")


@pytest.mark.usefixtures("ada")
async def test_it_makes_no_token(house: House, browser: Browser, entra: OpenIdPlace) -> None:
    """That would outlive it, and whatever the provider takes back."""
    body, token = {"name": "another", "scopes": ["servers:read"]}, entra.sign(entra.access())
    got = await browser.face.post("/api/v1/account/tokens", json=body, token=token)
    assert (got.status, got.json["type"]) == (403, "urn:dormouse:token.lent")
    assert await house.core.tokens.list(1) == []


def hs_with_the_public_key(entra: OpenIdPlace) -> str:
    """HS256 keyed with what everybody can read: PyJWT refuses to make it, so it is made by hand."""
    import hashlib
    import hmac

    head = unsigned(entra.access(), {"alg": "HS256", "kid": "first", "typ": "JWT"}).rstrip(".")
    mac = hmac.digest(public_pem("first"), head.encode(), hashlib.sha256)
    return f"{head}.{jwt.utils.base64url_encode(mac).decode()}"


FORGED: dict[str, tuple[Callable[[OpenIdPlace], str], str]] = {
    "alg none": (lambda it: unsigned(it.access(), {"alg": "none", "kid": "first"}), "alg"),
    "alg None": (lambda it: unsigned(it.access(), {"alg": "None", "kid": "first"}), "alg"),
    "no signature": (lambda it: unsigned(it.access(), {"alg": "RS256", "kid": "first"}), "InvalidSignatureError"),
    "HS256 with the public key": (hs_with_the_public_key, "alg"),
    "RS512": (lambda it: jwt.encode(it.access(), key("first"), "RS512", {"kid": "first"}), "alg"),
    "another key under the same kid": (lambda it: it.sign(it.access(), by="eve", kid="first"), "InvalidSignatureError"),
    "unknown kid": (lambda it: it.sign(it.access(), by="eve"), "unknown kid"),
    "kid with a path": (lambda it: it.sign(it.access(), kid="../../../dev/null"), "unknown kid"),
    "embedded jwk": (lambda it: it.sign(it.access(), by="eve", jwk=public_jwk("eve")), "a key of its own"),
    "jku": (lambda it: it.sign(it.access(), by="eve", jku="https://evil.example/keys"), "a key of its own"),
    "x5u": (lambda it: it.sign(it.access(), by="eve", x5u="https://evil.example/c"), "a key of its own"),
    "wrong issuer": (lambda it: it.sign(it.access(iss="https://evil.example")), "iss"),
    "wrong audience": (lambda it: it.sign(it.access(aud="somebody")), "InvalidAudienceError"),
    "an ID token": (lambda it: it.sign(it.person()), "InvalidAudienceError"),
    "expired": (lambda it: it.sign(it.access(exp=1_600_000_000)), "ExpiredSignatureError"),
    "without an end": (lambda it: it.sign(it.access(exp=None)), "MissingRequiredClaimError"),
    "not yet valid": (lambda it: it.sign(it.access(nbf=4_000_000_000)), "ImmatureSignatureError"),
    "tenant that its issuer does not name": (lambda it: it.sign(it.access(tid=OTHER)), "iss"),
    "too long": (lambda it: it.sign(it.access(name="a" * 20_000)), "too long"),
    "no token": (lambda _: "e30.e30.e30", "alg"),
}


@pytest.mark.usefixtures("ada")
async def test_a_token_that_is_not_right_lets_nobody_in(browser: Browser, entra: OpenIdPlace) -> None:
    for how, (make, why) in FORGED.items():
        with capture_logs() as logs:
            got = await browser.face.get("/api/v1/servers", token=make(entra))
        assert (how, got.status, got.json["type"]) == (how, 401, "urn:dormouse:signin.bearer")
        assert (how, [line["why"] for line in logs if line["event"] == "sign-in refused"]) == (how, [why])


@pytest.mark.usefixtures("ada")
async def test_who_is_nobody_here_is_told_why(browser: Browser, entra: OpenIdPlace) -> None:
    nobodies: list[tuple[dict[str, Any], str]] = [
        ({"tid": OTHER, "iss": f"{entra.url}/{OTHER}/v2.0"}, "tenant"),
        ({"scp": None, "roles": ["Everything"], "idtyp": "app"}, "app_only"),
        ({"scp": None}, "app_only"),
        ({"oid": OID.replace("66f3", "66f4")}, "unlinked"),
    ]
    for claims, kind in nobodies:
        with capture_logs() as logs:
            got = await browser.face.get("/api/v1/servers", token=entra.sign(entra.access(**claims)))
        assert (got.status, got.json["type"]) == (403, f"urn:dormouse:signin.{kind}")
        assert "sign-in refused" in [line["event"] for line in logs]


@pytest.mark.usefixtures("ada")
async def test_strangers_cannot_make_it_ask_for_keys_all_the_time(browser: Browser, entra: OpenIdPlace) -> None:
    assert (await browser.face.get("/api/v1/servers", token=entra.sign(entra.access()))).status == 200
    for number in range(5):
        await browser.face.get("/api/v1/servers", token=entra.sign(entra.access(), by="eve", kid=f"k{number}"))
    assert entra.asked == 1


@pytest.mark.usefixtures("ada")
async def test_keys_that_are_known_hold_while_the_provider_is_away(browser: Browser, entra: OpenIdPlace) -> None:
    token = entra.sign(entra.access())
    assert (await browser.face.get("/api/v1/servers", token=token)).status == 200
    entra.away = True
    assert (await browser.face.get("/api/v1/servers", token=token)).status == 200


@pytest.mark.usefixtures("ada")
async def test_a_provider_that_was_always_away_lets_nobody_in(browser: Browser, entra: OpenIdPlace) -> None:
    entra.away = True
    got = await browser.face.get("/api/v1/servers", token=entra.sign(entra.access()))
    assert (got.status, got.headers["Retry-After"]) == (503, "5")


@pytest.mark.usefixtures("ada")
async def test_small_and_foreign_keys_are_left_alone(browser: Browser, entra: OpenIdPlace) -> None:
    entra.keys = [public_jwk("first", use="enc"), {"kty": "oct", "k": "c2VjcmV0", "kid": "first"}, {"kid": 7}]
    assert (await browser.face.get("/api/v1/servers", token=entra.sign(entra.access()))).status == 401
