"""A guild's rules over the API."""

from __future__ import annotations

import pytest
from webface import Face

from tests.conftest import ADA, CY, GUILD

SETTINGS = f"/api/v1/guilds/{GUILD}/settings"


async def test_an_admin_says_what_the_provider_stands_for(face: Face) -> None:
    token = await face.token(CY)
    before = (await face.get(SETTINGS, token=token)).json
    assert (before["link_to_create"], before["entra_admin"], before["entra_create"]) == (False, [], [])
    asked = {"link_to_create": True, "entra_admin": ["Keepers", "contoso/Staff"], "entra_create": ["Makers of it"]}
    got = await face.patch(SETTINGS, json=asked, token=token)
    assert (got.status, got.json) == (200, before | asked)
    got = await face.patch(SETTINGS, json={"entra_admin": None, "language": "de"}, token=token)
    assert got.json == before | asked | {"entra_admin": [], "language": "de"}, "what is not given stays"
    assert (await face.get(SETTINGS, token=await face.token(ADA))).status == 403


@pytest.mark.parametrize("wrong", [["x"] * 21, ["x" * 301], [""], "Keepers", [1]])
async def test_what_no_provider_could_name_is_refused_with_its_field(face: Face, wrong: object) -> None:
    got = await face.patch(SETTINGS, json={"entra_create": wrong}, token=await face.token(CY))
    assert (got.status, got.json["fields"][0]["field"].split(".")[0]) == (422, "entra_create")
