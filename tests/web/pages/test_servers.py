"""My servers, a server's page and its buttons: what Discord's card says and does, as HTML."""

from __future__ import annotations

import re

import pytest
from webface import Face, present, serving

from core.data.tables import ServerRow
from tests.conftest import ADA, BO, GUILD, House


async def page(face: Face, path: str, who: str, **given: str) -> str:
    got = await face.get(path, session=who, headers={"Accept": "text/html", **given})
    assert got.status == 200, got.text
    return got.text


async def test_who_is_not_signed_in_sees_what_this_is_and_where_to_sign_in(face: Face) -> None:
    got = await face.get("/", headers={"Accept": "text/html"})
    assert (got.status, "/auth/sign-in" in got.text) == (200, True)


async def test_who_is_not_signed_in_is_led_there_and_back(face: Face) -> None:
    got = await face.get("/servers/abcdefghijkl", headers={"Accept": "text/html"})
    assert (got.status, got.headers["Location"]) == (303, "/auth/sign-in?then=%2Fservers%2Fabcdefghijkl")


async def test_my_servers_are_there_with_phase_and_buttons(house: House, face: Face) -> None:
    server = await house.create("Pond")
    await house.phase(server, "running")
    shown = await page(face, "/", await face.session(ADA, GUILD))
    assert "<bdi>Pond</bdi>" in shown
    assert "<strong>Running</strong>" in shown
    assert f'action="/servers/{server}/pause"' in shown


async def test_a_button_that_is_not_mine_is_not_there(house: House, face: Face) -> None:
    server = await house.create("Pond")
    await house.phase(server, "running")
    shown = await page(face, f"/servers/{server}", await face.session(BO, GUILD))
    assert f'action="/servers/{server}/keep"' in shown
    assert f'action="/servers/{server}/pause"' not in shown
    assert "only <bdi>Ada</bdi> (owner) or an admin can do that" in shown


async def test_a_button_works_without_a_script(house: House, face: Face) -> None:
    server = await house.create("Pond")
    await house.phase(server, "running")
    ada = await face.session(ADA, GUILD)
    got = await face.post(f"/servers/{server}/pause", session=ada, data={})
    assert (got.status, got.headers["Location"]) == (303, f"/servers/{server}?done=pause")
    assert "Done: <bdi>Pause</bdi>." in await page(face, got.headers["Location"], ada)
    await house.phase(server, "paused")


async def test_with_a_script_the_card_comes_back_and_what_was_done_is_said(house: House, face: Face) -> None:
    server = await house.create("Pond")
    await house.phase(server, "running")
    ada = await face.session(ADA, GUILD)
    got = await face.post(f"/servers/{server}/pause", session=ada, data={}, headers={"HX-Request": "true"})
    assert got.status == 200
    assert f'id="server-{server}"' in got.text
    assert "<html" not in got.text
    assert "saves its world" in got.text


async def test_a_refusal_is_said_on_the_page_in_the_readers_language(house: House, face: Face) -> None:
    server = await house.create("Pond")
    await house.phase(server, "running")
    bo = await face.session(BO, GUILD)
    headers = {"Accept": "text/html", "Accept-Language": "de"}
    got = await face.post(f"/servers/{server}/pause", session=bo, data={}, headers=headers)
    assert got.status == 403
    assert '<html lang="de">' in got.text
    assert "kann Pond pausieren" in got.text
    part = await face.post(f"/servers/{server}/pause", session=bo, data={}, headers={"HX-Request": "true"})
    assert (part.status, "<html" in part.text) == (403, False)
    assert 'role="alert"' in part.text


async def test_a_form_of_another_site_does_nothing(house: House, face: Face) -> None:
    server = await house.create("Pond")
    await house.phase(server, "running")
    ada = await face.session(ADA, GUILD)
    got = await face.post(f"/servers/{server}/pause", session=ada, data={"mark": "0" * 64})
    assert got.status == 403
    assert (await house.row(server)).desired == "running"


async def test_what_people_typed_is_text(house: House, face: Face) -> None:
    server = await house.create("Pond")
    await house.phase(server, "running")
    async with house.database.begin() as session:  # nobody can type that as a name; a page does not rely on it
        row = await session.get_one(ServerRow, server)
        row.name = "<script>x</script>"
        session.add(row)
    await house.servers.editing.edit(
        ADA, server, {"description": '"><img src=x onerror=alert(1)> \u202eabc **b** <@1>'}
    )
    for path in ("/", f"/servers/{server}", f"/servers/{server}/card"):
        shown = await page(face, path, await face.session(ADA, GUILD))
        assert "<bdi>&lt;script&gt;x&lt;/script&gt;</bdi>" in shown or path.endswith("card")
        assert "<img src=x" not in shown
        assert "\u202e" not in shown
        assert "**b** &lt;@1&gt;" in shown, "and no mark of ours is looked for in it"
        assert re.findall(r"<script(?! src=)", shown) == []


async def test_another_guilds_server_is_none(house: House, face: Face) -> None:
    server = await house.create("Pond")
    house.membership.gone.add(BO.user)
    got = await face.get(f"/servers/{server}", session=await face.session(BO), headers={"Accept": "text/html"})
    assert (got.status, "There is no such server here." in got.text) == (404, True)


async def test_who_is_signed_in_is_so_on_the_page_of_a_problem_too(house: House, face: Face) -> None:
    ada, headers = await face.session(ADA, GUILD), {"Accept": "text/html"}
    for path in ("/servers/abcdefghijkl", "/nowhere", f"/guilds/{GUILD}/audit"):
        got = await face.get(path, session=ada, headers=headers)
        assert got.status in (403, 404), path
        assert "/auth/sign-out" in got.text, path
    stranger = await face.get("/nowhere", headers=headers)
    assert (stranger.status, "/auth/sign-out" in stranger.text) == (404, False)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_presses_and_looks_too_fast_is_told_to_wait(house: House) -> None:
    house.membership.present = {ADA.user: present(ADA)}
    server = await house.create("Pond")
    async with serving(house.core, burst=3) as face:
        ada = await face.session(ADA, GUILD)
        got = [await face.post(f"/servers/{server}/pause", session=ada, data={"mark": "0"}) for _ in range(2)]
        got += [await face.get("/", session=ada) for _ in range(2)]
        assert [each.status for each in got] == [403, 403, 200, 429]
        assert (await face.post(f"/servers/{server}/pause", session=ada, data={})).status == 429
