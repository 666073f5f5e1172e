"""Signing in with the guild on loopback, as with Discord."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bot.demo.guild import cast
from bot.demo.guild.server import Guild

BACK = "http://127.0.0.1:9/auth/discord/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "client_id": cast.APPLICATION,
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": "identify guilds",
    "state": "s1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


async def allow(guild: Guild, person: str, **changed: str) -> dict[str, str]:
    """What comes back when somebody chose who they are."""
    async with aiohttp.ClientSession() as http:
        form = ASKED | changed | {"person": person}
        async with http.post(f"{guild.page_url}/oauth2/authorize", data=form, allow_redirects=False) as got:
            if got.status != 302:
                return {"status": str(got.status)}
            back = urlsplit(got.headers["Location"])
            return {name: values[0] for name, values in parse_qs(back.query).items()}


async def exchange(guild: Guild, code: str, **changed: str) -> tuple[int, dict[str, Any]]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "client_id": cast.APPLICATION,
        "client_secret": "demo",
    }
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{guild.page_url}/api/oauth2/token", data=form | changed) as got,
    ):
        return got.status, await got.json()


async def asked(guild: Guild, path: str, token: str) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(guild.api_url + path, headers={"Authorization": f"Bearer {token}"}) as got,
    ):
        return got.status, await got.json()


async def test_a_person_signs_in(guild: Guild) -> None:
    back = await allow(guild, cast.ADA)
    assert back["state"] == "s1"
    status, token = await exchange(guild, back["code"])
    assert (status, token["token_type"], token["scope"]) == (200, "Bearer", "identify guilds")
    assert (await asked(guild, "/users/@me", token["access_token"]))[1]["username"] == "ada"
    assert [each["id"] for each in (await asked(guild, "/users/@me/guilds", token["access_token"]))[1]] == [cast.GUILD]


async def test_a_persons_token_is_none_of_the_bot(guild: Guild) -> None:
    _, token = await exchange(guild, (await allow(guild, cast.ADA))["code"])
    assert (await asked(guild, f"/guilds/{cast.GUILD}/members", token["access_token"]))[0] == 401


async def test_a_code_holds_once(guild: Guild) -> None:
    code = (await allow(guild, cast.ADA))["code"]
    assert (await exchange(guild, code))[0] == 200
    status, refused = await exchange(guild, code)
    assert (status, refused["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "changed",
    [{"code_verifier": "w" * 43}, {"redirect_uri": BACK + "2"}, {"client_secret": "other"}, {"grant_type": "password"}],
)
async def test_a_code_is_given_to_nobody_else(guild: Guild, changed: dict[str, str]) -> None:
    code = (await allow(guild, cast.ADA))["code"]
    assert (await exchange(guild, code, **changed))[0] in (400, 401)


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "http://example.org/auth/discord/callback"},
        {"redirect_uri": "http://127.0.0.1:9/elsewhere"},
        {"client_id": "1"},
        {"scope": "bot"},
        {"code_challenge_method": "plain"},
    ],
)
async def test_nobody_is_sent_elsewhere(guild: Guild, changed: dict[str, str]) -> None:
    assert await allow(guild, cast.ADA, **changed) == {"status": "400"}


async def test_one_can_say_no(guild: Guild) -> None:
    assert (await allow(guild, ""))["error"] == "access_denied"
