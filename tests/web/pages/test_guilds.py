"""A guild's page: its name, and what its admins set there."""

from __future__ import annotations

import re

import pytest
from webface import Face, serving

from core.guilds.access import Actor
from core.servers.audit import KINDS
from core.servers.sharing import Target
from core.words import GuildSetting, Sharer, ShareRole
from tests.conftest import ADA, BO, CY, GUILD, House

SIGN_IN = {
    "web": "127.0.0.1:0",
    "public_url": "https://dormouse.example",
    "oidc_issuer": "https://id.example",
    "oidc_client_id": "dormouse",
    "discord_client_id": "1",
}
pytestmark = [
    pytest.mark.usefixtures("face"),  # with it, everybody is in the guild
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
HTML = {"Accept": "text/html"}
PAGES = ("/", f"/guilds/{GUILD}", f"/guilds/{GUILD}/activity", f"/guilds/{GUILD}/audit")


async def shown(face: Face, path: str, actor: Actor, language: str = "en") -> str:
    headers = HTML | {"Accept-Language": language}
    got = await face.get(path, session=await face.session(actor, GUILD), headers=headers)
    assert got.status == 200, got.text
    return got.text


async def test_a_guild_has_the_name_that_discord_told(house: House, face: Face) -> None:
    await house.create("Pond")
    async with serving(house.core, known={"guild_name": {GUILD: "Frogs & <b>Co</b>"}.get}) as named:
        for path in PAGES:
            page = await shown(named, path, CY)
            assert "<bdi>Frogs &amp; &lt;b&gt;Co&lt;/b&gt;</bdi>" in page, path
            assert f"Discord server {GUILD}" not in page, path
    for path in PAGES:
        assert f"Discord server <bdi>{GUILD}</bdi>" in await shown(face, path, CY), "where Discord told nothing yet"


async def test_the_name_of_a_guild_is_its_pages_title(house: House) -> None:
    async with serving(house.core, known={"guild_name": {GUILD: "Frogs"}.get}) as named:
        assert "<title>Frogs · Dormouse</title>" in await shown(named, f"/guilds/{GUILD}", ADA)


async def test_an_admin_says_what_roles_of_the_organisation_stand_for(house: House) -> None:
    async with serving(house.core, **SIGN_IN) as face:
        assert 'name="entra_admin"' in await shown(face, f"/guilds/{GUILD}", CY)
        form = {"link_to_create": "true", "entra_admin": "Dormouse.Admin\r\n0f-11", "entra_create": "Dormouse.Create"}
        path = f"/guilds/{GUILD}/organisation"
        await face.post(path, session=await face.session(CY, GUILD), data=form)
        rules = await house.core.guilds.look(CY)
        assert rules.link_to_create
        assert (rules.entra_admin, rules.entra_create) == (("Dormouse.Admin", "0f-11"), ("Dormouse.Create",))
        assert "Dormouse.Admin\n0f-11</textarea>" in await shown(face, f"/guilds/{GUILD}", CY)
        got = await face.post(path, session=await face.session(ADA, GUILD), data={}, headers=HTML)
        assert got.status == 403
        assert (await house.core.guilds.look(CY)).link_to_create, "a member changes nothing"


async def test_where_nobody_can_be_linked_nothing_is_asked_about_it(house: House, face: Face) -> None:
    assert 'name="entra_admin"' not in await shown(face, f"/guilds/{GUILD}", CY)
    await house.core.guilds.setup(CY, {GuildSetting.LINK_TO_CREATE: True})
    assert 'name="entra_admin"' in await shown(face, f"/guilds/{GUILD}", CY), "what is set can be taken back"


async def test_the_audit_says_what_was_done_with_the_values_before_and_after(house: House, face: Face) -> None:
    server = await house.create("Pond")
    await house.create("Den", BO)
    await house.servers.editing.edit(ADA, server, {"name": "Lake", "description": "<b>kind</b>"})
    await house.guilds.setup(CY, {GuildSetting.LANGUAGE: "de", GuildSetting.ADMIN_ROLE: 5})
    await house.servers.sharing.share(ADA, server, Target(BO.user, Sharer.MEMBER), ShareRole.MANAGER)
    page = await shown(face, f"/guilds/{GUILD}/audit", CY)
    assert "<bdi>name</bdi>: <bdi>Pond</bdi> → <bdi>Lake</bdi>" in page
    assert "<bdi>description</bdi>: – → <bdi>&lt;b&gt;kind&lt;/b&gt;</bdi>" in page
    assert "Language in the channels: default → <bdi>de</bdi>" in page
    assert "default → a role" in page
    assert re.search(r"<bdi>Bo</bdi>[^<]*→", page), "whoever is named has a name"
    german = await shown(face, f"/guilds/{GUILD}/audit", CY, "de")
    assert "Sprache in den Kanälen: Standard → <bdi>de</bdi>" in german


async def test_each_kind_of_the_audit_has_its_page(house: House, face: Face) -> None:
    await house.create("Pond")
    assert "Created" in await shown(face, f"/guilds/{GUILD}/audit?kind=servers", CY)
    for kind in KINDS:
        await shown(face, f"/guilds/{GUILD}/audit?kind={kind}", CY)
