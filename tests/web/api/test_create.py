"""Making a server over the API: once, however often it is asked for with the same key."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from licensed import license_meadow
from webface import Face

from core import once
from core.accounts.scopes import ALL
from tests.conftest import ADA, BO, CY, GUILD, House

POND = {"guild": str(GUILD), "game": "meadow", "name": "Pond"}


async def make(face: Face, key: str | None = None, body: dict[str, Any] = POND, **given: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    given.setdefault("token", await face.token(ADA))
    return await face.post("/api/v1/servers", json=body, headers=headers, **given)


async def servers(house: House) -> list[str]:
    return [view.id for view in await house.servers.lookup.list(ADA, mine=False)]


async def test_a_server_is_made_and_starts(house: House, face: Face) -> None:
    got = await make(face)
    assert (got.status, got.json["name"], got.json["desired"]) == (201, "Pond", "running")
    assert got.headers["Location"] == f"/api/v1/servers/{got.json['id']}"
    await house.phase(got.json["id"], "running")


async def test_the_same_key_makes_one_server_and_gives_the_same_answer(house: House, face: Face) -> None:
    first = await make(face, "a")
    await house.phase(first.json["id"], "running")
    again = await make(face, "a")
    assert (again.status, again.json, again.headers["Location"]) == (201, first.json, first.headers["Location"])
    assert await servers(house) == [first.json["id"]]


async def test_many_at_once_with_one_key_make_one_server(house: House, face: Face) -> None:
    token = await face.token(ADA)
    got = await asyncio.gather(*(make(face, "a", token=token) for _ in range(5)))
    assert {each.status for each in got} == {201}
    assert {each.json["id"] for each in got} == set(await servers(house))


async def test_it_is_made_once_although_nobody_could_keep_the_answer(
    house: House, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the process dies between the effect and the answer."""

    async def dies(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(once.Keys, "keep", dies)
    assert (await make(face, "a")).status == 500
    [server] = await servers(house)
    again = await make(face, "a")
    assert (again.status, again.json["id"]) == (201, server)
    assert await servers(house) == [server]


async def test_a_key_stands_for_one_request(house: House, face: Face) -> None:
    await make(face, "a")
    got = await make(face, "a", POND | {"name": "Brook"})
    assert (got.status, got.json["type"]) == (422, "urn:dormouse:web.key_reused")
    other = await make(face, "a", POND | {"name": "Lake"}, token=await face.token(BO))
    assert other.status == 201, "everybody's keys are their own"


async def test_what_was_refused_can_be_asked_for_again(house: House, face: Face) -> None:
    await house.create("Pond", BO)
    assert (await make(face, "a")).status == 422
    await house.servers.removal.delete(BO, "Pond", "Pond")
    assert (await make(face, "a")).status == 201


async def test_a_licence_comes_first_and_then_the_server(house: House, face: Face) -> None:
    license_meadow(house.core)
    got = await make(face, "a")
    licence = got.json["licence"]
    assert (got.status, got.json["type"], licence["game"]) == (409, "urn:dormouse:licence.needed", "Meadow")
    answer = {"guild": str(GUILD), "question": licence["question"]}
    made = [await face.post("/api/v1/licences", json=answer, token=await face.token(ADA)) for _ in range(2)]
    assert [each.status for each in made] == [201, 201]
    assert {each.json["id"] for each in made} == set(await servers(house))


async def test_only_admins_name_a_channel(house: House, face: Face) -> None:
    """The bot may write where a member may not."""
    body = POND | {"channel": "4711"}
    refused = await make(face, body=body)
    assert (refused.status, refused.json["type"]) == (403, "urn:dormouse:create.channel")
    made = await make(face, body=body, token=await face.token(CY))
    assert (await house.row(made.json["id"])).channel == 4711


async def test_what_is_wrong_is_said_field_by_field_in_the_callers_language(face: Face) -> None:
    body = {"guild": str(GUILD), "name": "Pond", "colour": "red", "channel": "general"}
    got = await make(face, body=body)
    assert got.status == 422
    why = {each["field"]: each["why"] for each in got.json["fields"]}
    assert why == {
        "game": "it is missing",
        "colour": "there is no such field",
        "channel": "it does not look like one",
    }
    german = await face.post(
        "/api/v1/servers", json=body, token=await face.token(ADA), headers={"Accept-Language": "de"}
    )
    assert {each["why"] for each in german.json["fields"]} >= {"fehlt", "so ein Feld gibt es nicht"}


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', '{"guild": 700}', "null", '{"guild": "9999999999999999999"}'])
async def test_no_body_is_a_bug(face: Face, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    got = await face.post("/api/v1/servers", data=body, headers=headers, token=await face.token(ADA, ALL))
    assert (got.status, got.headers["Content-Type"]) == (422, "application/problem+json")
