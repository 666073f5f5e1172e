"""Signing in with this Discord: OAuth2 by authorization code, as its documentation has it.

https://discord.com/developers/docs/topics/oauth2: `/oauth2/authorize` asks the person, `/api/oauth2/token` gives a
token for a code, which holds once, for a minute, for one redirect address and one verifier (PKCE, RFC 7636); with that
token `/users/@me` and `/users/@me/guilds` answer for the person. Here the page asks who one is: there are no passwords.
"""

import base64
import hashlib
import hmac
import html
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import BasicAuth, web

from bot.demo.guild import cast, objects
from bot.demo.guild.bodies import answer
from bot.demo.guild.errors import Json, unauthorized
from bot.demo.guild.world import World

CLIENT_SECRET = "demo"
CALLBACK = "/auth/discord/callback"
"""The one path, on a loopback address, to which people are sent back: what one registers at Discord."""
SCOPES = frozenset({"identify", "guilds"})
CODE_HOLDS, TOKEN_HOLDS = 60.0, 604_800.0
"""Seconds. Discord's tokens hold a week."""


@dataclass(frozen=True, slots=True)
class _Code:
    person: str
    redirect: str
    scopes: tuple[str, ...]
    challenge: str
    made_at: float


@dataclass(frozen=True, slots=True)
class _Token:
    person: str
    scopes: tuple[str, ...]
    made_at: float


class _Refused(Exception):
    """As RFC 6749, 5.2 has it."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}
        self.status = status


class OAuth:
    def __init__(self, world: World) -> None:
        self._world = world
        self._codes: dict[str, _Code] = {}
        self._tokens: dict[str, _Token] = {}

    def routes(self) -> Iterator[web.RouteDef]:
        yield web.get("/oauth2/authorize", self._ask)
        yield web.post("/oauth2/authorize", self._allow)
        for path in ("/oauth2/token", "/api/oauth2/token"):
            yield web.post(path, self._exchange)

    def person(self, request: web.Request, scope: str) -> str | None:
        """For whom a request to the REST API asks, None for the bot. Raises where a token does not hold, or not for
        this."""
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            return None
        token = self._tokens.get(sent.strip())
        if token is None or scope not in token.scopes or self._now() - token.made_at > TOKEN_HOLDS:
            raise unauthorized()
        return token.person

    def me(self, person: str) -> Json:
        return self._world.user(person) | {"locale": "en-US", "mfa_enabled": False, "premium_type": 0}

    def guilds(self, person: str) -> list[Json]:
        permissions = objects.bits(self._world.permissions(person))
        owner = person == cast.OWNER
        mine: Json = {"id": cast.GUILD, "name": cast.GUILD_NAME, "icon": None, "owner": owner, "features": []}
        return [mine | {"permissions": permissions}]

    async def _ask(self, request: web.Request) -> web.Response:
        try:
            self._check(request.query)
        except _Refused as wrong:
            return _page("This cannot go on", f"<p>{html.escape(str(wrong))}</p>", 400)
        asked = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in request.query.items()
        )
        people = "".join(
            f'<button name="person" value="{person}"><b>{html.escape(str(self._world.user(person)["global_name"]))}</b>'
            f"<span>{html.escape(cast.NOTES[person])}</span></button>"
            for person in cast.PEOPLE
        )
        where = html.escape(urlsplit(request.query["redirect_uri"]).netloc)
        return _page(
            "Who are you?",
            f"<p>Dormouse at <b>{where}</b> asks who you are, and in which guilds. There are no passwords in this "
            f'demo: choose somebody.</p><form method="post">{asked}{people}'
            '<button name="person" value="">Nobody</button></form>',
        )

    async def _allow(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            redirect, scopes = self._check(form)
        except _Refused as wrong:
            return _page("This cannot go on", f"<p>{html.escape(str(wrong))}</p>", 400)
        back = {"state": form["state"]} if "state" in form else {}
        if (person := form.get("person", "")) not in cast.PEOPLE:
            back |= {"error": "access_denied", "error_description": "The resource owner denied the request"}
        else:
            code = secrets.token_urlsafe(24)
            self._codes[code] = _Code(person, redirect, scopes, form.get("code_challenge", ""), self._now())
            back |= {"code": code}
        raise web.HTTPFound(f"{redirect}?{urlencode(back)}")

    async def _exchange(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            return answer(self._token(request, form))
        except _Refused as wrong:
            return answer(wrong.body, wrong.status)

    def _token(self, request: web.Request, form: dict[str, str]) -> Json:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if header := request.headers.get("Authorization"):
            try:
                client, secret = BasicAuth.decode(header)[:2]
            except ValueError:
                raise _Refused("invalid_client", "This header is none of Basic authentication.", 401) from None
        if client != cast.APPLICATION or not hmac.compare_digest(secret.encode(), CLIENT_SECRET.encode()):
            raise _Refused("invalid_client", "There is no such application, or this is not its secret.", 401)
        if form.get("grant_type") != "authorization_code":
            raise _Refused("unsupported_grant_type", "Only authorization_code is.")
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or self._now() - code.made_at > CODE_HOLDS or form.get("redirect_uri") != code.redirect:
            raise _Refused("invalid_grant", 'Invalid "code" in request.')
        if code.challenge and not hmac.compare_digest(_s256(form.get("code_verifier", "")), code.challenge):
            raise _Refused("invalid_grant", 'Invalid "code_verifier" in request.')
        access = secrets.token_urlsafe(24)
        self._tokens[access] = _Token(code.person, code.scopes, self._now())
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": int(TOKEN_HOLDS),
            "refresh_token": secrets.token_urlsafe(24),
            "scope": " ".join(code.scopes),
        }

    def _check(self, given: Any) -> tuple[str, tuple[str, ...]]:
        """The address to go back to, and the scopes."""
        if given.get("client_id") != cast.APPLICATION:
            raise _Refused("invalid_client", "There is no such application.")
        redirect = given.get("redirect_uri", "")
        parts = urlsplit(redirect)
        if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost", "::1") or parts.path != CALLBACK:
            raise _Refused("invalid_request", f"Only a loopback address with {CALLBACK} is registered.")
        if parts.query or parts.fragment:
            raise _Refused("invalid_request", "The redirect address is not the one that is registered.")
        if given.get("response_type") != "code":
            raise _Refused("unsupported_response_type", "Only code is.")
        scopes = tuple(given.get("scope", "").split())
        if not scopes or not SCOPES.issuperset(scopes):
            raise _Refused("invalid_scope", f"There are: {' '.join(sorted(SCOPES))}.")
        if given.get("code_challenge") and given.get("code_challenge_method") != "S256":
            raise _Refused("invalid_request", "Only S256 is taken as code_challenge_method.")
        return redirect, scopes

    def _now(self) -> float:
        return self._world.clock()


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _page(title: str, body: str, status: int = 200) -> web.Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="dark">'
        f"<title>{title}</title>"
        '<link rel="stylesheet" href="/page/static/base.css">'
        '<link rel="stylesheet" href="/page/static/oauth.css"></head>'
        f'<body class="oauth"><main><h1>{title}</h1>{body}</main></body></html>'
    )
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)
