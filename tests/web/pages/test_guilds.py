"""A guild's page: its name, and what its admins set there."""

from __future__ import annotations

from webface import Face, serving

from core.guilds.access import Actor
from tests.conftest import ADA, CY, GUILD, House

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
