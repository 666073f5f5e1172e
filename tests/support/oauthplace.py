"""A small stand-in for Discord's sign-in on loopback. Without a browser, a test says who says yes at its address."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from yarl import URL

CLIENT, SECRET = "4711", "the secret of the client"


@dataclass
class Place:
    """`people`: by the code that they come back with. A code is taken once, with the verifier of its challenge."""

    url: str = ""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    guilds: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False
    says_yes: tuple[int, str] | None = None
    _challenges: dict[str, str] = field(default_factory=dict)
    _tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        return {
            "discord_client_id": CLIENT,
            "discord_client_secret": SECRET,
            "discord_oauth_url": self.url,
            "discord_api_url": f"{self.url}/api/v10",
        }

    def signs_in(self, address: str, user: int, name: str) -> dict[str, str]:
        """Somebody says yes at the address to which a browser was sent: what the browser brings back."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.people[code] = {"id": str(user), "username": name.lower(), "global_name": name}
        self._challenges[code] = asked["code_challenge"]
        return {"code": code, "state": asked["state"]}

    async def authorize(self, request: web.Request) -> web.Response:
        """For a real browser: whoever `says_yes` does so at once."""
        assert self.says_yes is not None
        answer = self.signs_in(str(request.url), *self.says_yes)
        raise web.HTTPFound(str(URL(request.query["redirect_uri"]).with_query(answer)))

    async def token(self, request: web.Request) -> web.Response:
        sent = await request.post()
        if self.away:
            return web.json_response({}, status=503)
        basic = base64.b64decode(request.headers["Authorization"].split()[1]).decode()
        digest = hashlib.sha256(str(sent["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        person = self.people.pop(str(sent["code"]), None)
        if (
            person is None
            or challenge != self._challenges[str(sent["code"])]
            or basic != f"{CLIENT}:{SECRET.replace(' ', '+')}"
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = secrets.token_urlsafe(8)
        self._tokens[token] = person
        return web.json_response({"access_token": token, "token_type": "Bearer", "scope": "guilds identify"})

    async def me(self, request: web.Request) -> web.Response:
        person = self._tokens.get(request.headers["Authorization"].removeprefix("Bearer "))
        return web.json_response(person or {}, status=200 if person else 401)

    async def guilds_of(self, request: web.Request) -> web.Response:
        return web.json_response(self.guilds)


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    made, app = Place(), web.Application()
    app.add_routes(
        [
            web.get("/oauth2/authorize", made.authorize),
            web.post("/oauth2/token", made.token),
            web.get("/api/v10/users/@me", made.me),
            web.get("/api/v10/users/@me/guilds", made.guilds_of),
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
