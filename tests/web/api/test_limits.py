"""What every request meets: how fast one may ask, how long it may take, what is not known, parts of a list."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest
from webface import Face, present, serving

from bot.web import guard
from core.accounts.scopes import ALL, Scope
from tests.conftest import ADA, BO, House


async def test_who_asks_too_fast_is_told_how_long_to_wait(house: House) -> None:
    house.membership.present = {ADA.user: present(ADA), BO.user: present(BO)}
    async with serving(house.core, burst=3) as face:
        token = await face.token(ADA)
        got = [await face.get("/api/v1/servers", token=token) for _ in range(4)]
        assert [each.status for each in got] == [200, 200, 200, 429]
        assert [each.headers["RateLimit-Remaining"] for each in got] == ["2", "1", "0", "0"]
        assert {each.headers["RateLimit-Limit"] for each in got} == {"3"}
        assert int(got[-1].headers["Retry-After"]) >= 1
        assert (await face.get("/api/v1/servers", token=await face.token(BO))).status == 200, "others go on"


async def test_who_guesses_tokens_is_slowed_down(face: Face) -> None:
    got = [(await face.get("/api/v1/servers", token="dormouse_guess")).status for _ in range(70)]
    assert got[0] == 401
    assert got[-1] == 429
    assert (await face.get("/api/v1/servers", token=await face.token(ADA))).status == 200, "who has one gets in"


async def test_what_takes_too_long_is_given_up_in_words(
    house: House, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    token = await face.token(ADA)
    monkeypatch.setattr(guard, "LONGEST", 0.2)
    monkeypatch.setattr(type(house.servers.lookup), "list", never)
    got = await face.get("/api/v1/servers", token=token)
    assert (got.status, got.json["type"], got.json["title"]) == (504, "urn:dormouse:web.slow", "Gateway Timeout")


async def test_a_list_comes_in_parts(house: House, face: Face) -> None:
    made = {await house.create(name, actor) for name, actor in (("Pond", ADA), ("brook", ADA), ("Lake", BO))}
    token, found, cursor = await face.token(ADA), [], None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        part = (await face.get("/api/v1/servers", params=query, token=token)).json
        found += part["items"]
        if (cursor := part["next"]) is None:
            break
    assert [each["name"] for each in found] == ["brook", "Lake", "Pond"]
    assert {each["id"] for each in found} == made


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "W10", "WzEsMiwzXQ", "ß", "%00", "W1tbW1tbW1tb"])
async def test_a_cursor_that_is_none_is_said(face: Face, cursor: str) -> None:
    got = await face.get("/api/v1/servers", params={"cursor": cursor}, token=await face.token(ADA))
    assert (got.status, got.json["type"]) == (422, "urn:dormouse:web.cursor")


async def test_a_query_that_nobody_knows_is_refused(face: Face) -> None:
    got = await face.get("/api/v1/servers", params={"mien": "true"}, token=await face.token(ADA))
    assert (got.status, got.json["fields"]) == (422, [{"field": "mien", "why": "there is no such field"}])


async def test_no_other_site_is_let_in(face: Face) -> None:
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    for method in ("OPTIONS", "GET"):
        got = await face.ask(method, "/api/v1/servers", headers=headers)
        assert not [name for name in got.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 202),
        ({"Sec-Fetch-Site": "same-origin"}, 202),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://example.org"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_another_site_makes_a_browser_change_nothing(
    house: House, face: Face, headers: dict[str, str], status: int
) -> None:
    path = f"/api/v1/servers/{await house.create()}/pause"
    assert (await face.post(path, session=await face.session(ADA), headers=headers)).status == status


async def test_a_token_makes_none_that_outlives_it(face: Face) -> None:
    maker, token = await face.web.core.tokens.make(ADA, "maker", ALL, days=2)
    for days, outlives in ((1, False), (365, True)):
        body = {"name": "another", "scopes": ["servers:read"], "days": days}
        made = await face.post("/api/v1/account/tokens", json=body, token=token)
        ends_at = datetime.fromisoformat(made.json["ends_at"])
        assert (ends_at == maker.ends_at) if outlives else (ends_at < maker.ends_at)


async def test_a_token_makes_none_that_reaches_further(face: Face) -> None:
    few = frozenset({Scope.ACCOUNT_WRITE, Scope.SERVERS_READ})
    token = await face.token(ADA, few)
    for scopes, status in ((["servers:read"], 201), (["servers:read", "servers:power"], 403)):
        body = {"name": "another", "scopes": scopes}
        assert (await face.post("/api/v1/account/tokens", json=body, token=token)).status == status
    token = await face.token(ADA, frozenset({Scope.SERVERS_READ, Scope.ACCOUNT_READ}))
    got = await face.post("/api/v1/account/tokens", json={"name": "another", "scopes": ["servers:read"]}, token=token)
    assert (got.status, got.headers["WWW-Authenticate"].count("account:write")) == (403, 1)
