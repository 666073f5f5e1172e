"""Servers over the API: what Discord shows and does, by the same rules."""

from __future__ import annotations

from webface import Face

from core.accounts.scopes import READ
from tests.conftest import ADA, BO, House


async def test_a_program_lists_what_its_member_may_see(house: House, face: Face) -> None:
    server = await house.create("Pond")
    got = await face.get("/api/v1/servers", token=await face.token(BO))
    assert got.status == 200
    assert [(each["id"], each["name"], each["game"]) for each in got.json["items"]] == [(server, "Pond", "meadow")]


async def test_a_paused_server_is_resumed(house: House, face: Face) -> None:
    server = await house.create("Pond")
    await house.phase(server, "running")
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    got = await face.post(f"/api/v1/servers/{server}/resume", token=await face.token(BO))
    assert (got.status, got.json["desired"]) == (202, "running")
    await house.phase(server, "running")


async def test_a_refusal_is_the_sentence_that_discord_shows(house: House, face: Face) -> None:
    got = await face.get("/api/v1/servers/abcdefghijkl", token=await face.token(BO))
    assert (got.status, got.headers["Content-Type"]) == (404, "application/problem+json")
    assert got.json["detail"] == "There is no such server here."
    german = await face.get(
        "/api/v1/servers/abcdefghijkl", token=await face.token(BO), headers={"Accept-Language": "de"}
    )
    assert german.json["detail"] == "So einen Server gibt es hier nicht."


async def test_a_token_reaches_no_further_than_its_scopes(house: House, face: Face) -> None:
    server = await house.create("Pond")
    got = await face.post(f"/api/v1/servers/{server}/resume", token=await face.token(ADA, READ))
    assert got.status == 403
    assert 'scope="servers:power"' in got.headers["WWW-Authenticate"]


async def test_nobody_gets_in_without_a_token_or_a_session(face: Face) -> None:
    for headers in ({}, {"Authorization": "Bearer dormouse_abcdefghijkl_x"}, {"Authorization": "Basic QTpi"}):
        got = await face.get("/api/v1/servers", headers=headers)
        assert (got.status, got.headers["WWW-Authenticate"]) == (401, 'Bearer realm="dormouse"')


async def test_a_browser_in_which_somebody_signed_in_gets_in(house: House, face: Face) -> None:
    server = await house.create("Pond")
    got = await face.get(f"/api/v1/servers/{server}", session=await face.session(ADA))
    assert (got.status, got.json["name"]) == (200, "Pond")
    assert got.headers["ETag"] == f'"{got.json["version"]}"'


async def test_who_left_the_guild_sees_nothing_of_it(house: House, face: Face) -> None:
    server = await house.create("Pond")
    token = await face.token(BO)
    house.membership.gone.add(BO.user)
    gone = await face.get(f"/api/v1/servers/{server}", token=token)
    never = await face.get("/api/v1/servers/abcdefghijkl", token=token)
    assert gone.status == never.status == 404
    assert {**gone.json, "instance": ""} == {**never.json, "instance": ""}


async def test_what_somebody_chose_comes_before_what_their_program_says(house: House, face: Face) -> None:
    await house.core.accounts.edit(ADA, {"language": "de"})
    got = await face.get("/api/v1/servers/abcdefghijkl", token=await face.token(ADA), headers={"Accept-Language": "en"})
    assert got.json["detail"] == "So einen Server gibt es hier nicht."
