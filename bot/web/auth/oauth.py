"""The authorization code flow with PKCE (RFC 6749, 7636, 9700), as messages: oauthlib builds and reads them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from bot.web.auth.asking import ask
from core.accounts import flows
from core.accounts.claims import Untrusted


@dataclass(frozen=True, slots=True)
class Client:
    """Dormouse, as a provider knows it. `issuers`: what the provider calls itself where it says who answers (RFC 9207);
    `says_issuer`: it always does. `basic`: the secret goes into a header, else into the body."""

    issuers: frozenset[str]
    authorize: str
    token: str
    id: str
    secret: str
    redirect: str
    scope: str
    basic: bool = True
    says_issuer: bool = False

    def start(self, browser: str, state: str, **more: str) -> str:
        """Where the browser goes to sign in."""
        challenge = WebApplicationClient(self.id).create_code_challenge(flows.verifier(browser, state), "S256")
        asked = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": self.redirect,
            "scope": self.scope,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address: str = add_params_to_uri(self.authorize, list((asked | more).items()))
        return address

    def check_issuer(self, said: str | None) -> None:
        """Untrusted where another provider answers than the one that was asked (RFC 9207)."""
        if said not in self.issuers and (said is not None or self.says_issuer):
            raise Untrusted("mixed up")

    async def redeem(self, code: str, browser: str, state: str) -> dict[str, Any]:
        """What the provider gives for the code. Untrusted where it does not take it; TryAgain where it is away."""
        client = WebApplicationClient(self.id)
        asked = {
            "client_id": self.id,
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": flows.verifier(browser, state),
            "grant_type": "authorization_code",
        }
        if not self.basic:
            asked["client_secret"] = self.secret
        basic = (quote_plus(self.id), quote_plus(self.secret)) if self.basic else None
        _, answer = await ask("POST", self.token, data=asked, basic=basic)
        if not isinstance(answer, dict):
            raise Untrusted("token answer")
        try:
            found = dict(client.parse_request_body_response(json.dumps(answer)))
        except (OAuth2Error, ValueError, TypeError, AttributeError, OverflowError) as wrong:
            raise Untrusted(f"code not taken: {type(wrong).__name__}") from None
        if str(found.get("token_type", "")).lower() != "bearer" or not isinstance(found["access_token"], str):
            raise Untrusted("token type")
        return found
