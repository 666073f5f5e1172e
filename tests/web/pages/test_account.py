"""`/account`: the link to an organisation, tokens of one's programs, and browsers in which one is signed in."""

from __future__ import annotations

import re

import pytest
from webface import Face, serving

from core.accounts.claims import Identity
from tests.conftest import ADA, GUILD, House

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HTML = {"Accept": "text/html"}
SIGN_IN = {
    "web": "127.0.0.1:0",
    "public_url": "https://dormouse.example",
    "oidc_issuer": "https://id.example",
    "oidc_client_id": "dormouse",
    "discord_client_id": "1",
}


async def account(face: Face, who: str) -> str:
    got = await face.get("/account", session=who, headers=HTML)
    assert got.status == 200, got.text
    return got.text


async def test_who_can_be_linked_is_shown_where(house: House, face: Face) -> None:
    async with serving(house.core, **SIGN_IN) as linking:
        shown = await account(linking, await linking.session(ADA, GUILD))
    assert 'href="/auth/link"' in shown
    assert "/account/unlink" not in shown
    assert "/auth/link" not in await account(face, await face.session(ADA, GUILD)), "there is nothing to link to"


async def test_who_is_linked_sees_to_whom_and_ends_it_there(house: House, face: Face) -> None:
    await house.core.identities.link(ADA.user, ADA.name, Identity("https://id.example", "1", "Ada L.", "Contoso"))
    who = await face.session(ADA, GUILD)
    assert "<strong><bdi>Ada L.</bdi></strong> of <strong><bdi>Contoso</bdi></strong>" in await account(face, who)
    got = await face.post("/account/unlink", session=who, data={}, headers=HTML)
    assert (got.status, "no longer linked" in got.text) == (200, True)
    assert await house.core.identities.of(ADA.user) is None
    assert (await face.get("/account", session=who, headers=HTML)).status == 303, "and is signed out"


async def test_a_token_is_made_shown_once_and_revoked(house: House, face: Face) -> None:
    who = await face.session(ADA, GUILD)
    form = {"name": "a script", "days": "7", "scopes": "servers:read"}
    made = await face.post("/account/tokens", session=who, data=form, headers=HTML)
    found = re.search(r'<code id="secret">([^<]+)</code>', made.text)
    assert found is not None, made.text
    assert (await face.get("/api/v1/account", token=found[1])).status != 401
    shown = await account(face, who)
    assert ("a script" in shown, found[1] in shown) == (True, False)
    [token] = await house.core.tokens.list(ADA.user)
    await face.post("/account/tokens/revoke", session=who, data={"token": token.id}, headers=HTML)
    assert (await face.get("/api/v1/account", token=found[1])).status == 401


async def test_another_browser_is_signed_out(face: Face) -> None:
    here, there = await face.session(ADA, GUILD), await face.session(ADA, GUILD)
    found = re.findall(r'name="session" value="([^"]+)"', await account(face, here))
    assert len(found) == 1, "not the one that asks"
    await face.post("/account/sessions/end", session=here, data={"session": found[0]}, headers=HTML)
    assert (await face.get("/account", session=there, headers=HTML)).status == 303
    await account(face, here)
