"""What stands around every request: an id, a limit, headers for browsers, one line in the log."""

from __future__ import annotations

import json

import pytest
import structlog
from webface import Face

from bot.web.api.cursors import after
from bot.web.words import said
from core.errors import Refusal
from tests.conftest import ADA, CY, GUILD, House


async def test_every_answer_has_its_id_and_tells_browsers_to_be_careful(face: Face) -> None:
    for path in ("/api/v1/servers", "/api/v1/openapi.json", "/nowhere"):
        got = await face.get(path)
        assert len(got.headers["X-Request-Id"]) == 32
        assert "default-src 'self'" in got.headers["Content-Security-Policy"]
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in got.headers


async def test_the_description_of_the_api_is_served(face: Face) -> None:
    got = await face.get("/api/v1/openapi.json")
    assert (got.status, got.json["openapi"]) == (200, "3.1.0")


async def test_what_is_refused_names_the_request(face: Face) -> None:
    got = await face.get("/nowhere")
    assert (got.status, got.json["instance"]) == (404, got.headers["X-Request-Id"])


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_has_a_limit_whether_it_says_its_length_or_not(face: Face, chunked: bool) -> None:
    async def parts():  # type: ignore[no-untyped-def]
        for _ in range(3):
            yield b"x" * 512 * 1024

    data = parts() if chunked else b"x" * (1024 * 1024 + 1)
    got = await face.ask("POST", "/api/v1/servers/abcdefghijkl/resume", token=await face.token(ADA), data=data)
    assert got.status in (404, 413)  # nobody has to read a body that nobody wants


async def test_a_body_beyond_it_is_said_to_be_so(face: Face) -> None:
    large, kind = b'{"name": "' + b"x" * 1024 * 1024, {"Content-Type": "application/json"}
    got = await face.post("/api/v1/servers", token=await face.token(ADA), data=large, headers=kind)
    assert (got.status, got.json["type"]) == (413, "urn:dormouse:web.too_large")
    form = {"name": "x" * 1024 * 1024}
    got = await face.post("/account/tokens", session=await face.session(ADA), data=form)
    assert (got.status, got.json["type"]) == (413, "urn:dormouse:web.too_large")


async def test_a_number_that_no_database_has_is_refused_in_words(face: Face) -> None:
    audit = f"guilds/{GUILD}/audit"
    page = await face.get(f"/{audit}?before={2**63}", session=await face.session(CY, GUILD))
    cursor = after([2**63])
    part = await face.get(f"/api/v1/{audit}?cursor={cursor}", token=await face.token(CY))
    assert (page.status, part.status, part.json["type"]) == (422, 422, "urn:dormouse:web.cursor")


async def test_what_nobody_can_type_is_refused_in_words(face: Face) -> None:
    """PostgreSQL takes it in no text."""
    ada = await face.session(ADA, GUILD)
    for form, field in (("tokens", "name"), ("tokens/revoke", "token"), ("sessions/end", "session")):
        got = await face.post(f"/account/{form}", session=ada, data={field: "a\0b", "scopes": "servers:read"})
        assert (got.status, got.json["type"]) == (422, "urn:dormouse:web.typed")
    hook = {"url": "https://example.org/x", "description": "a\0b"}
    got = await face.post(f"/api/v1/guilds/{GUILD}/webhooks", token=await face.token(CY), json=hook)
    assert (got.status, got.json["type"]) == (422, "urn:dormouse:web.invalid")


async def test_a_bug_is_our_fault_and_shows_nothing_of_itself(
    house: House, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("planted-secret")

    monkeypatch.setattr(type(house.servers.lookup), "list", broken)
    with structlog.testing.capture_logs() as lines:
        got = await face.get("/api/v1/servers?guild=700", token=await face.token(ADA))
    assert (got.status, got.json["type"]) == (500, "urn:dormouse:bug")
    assert "planted-secret" not in got.text
    (bug,) = (each for each in lines if each["event"] == "bug")
    assert bug["code"] in got.json["detail"]
    assert "**" not in got.json["detail"]


async def test_a_request_is_one_line_without_its_secrets(face: Face) -> None:
    token = await face.token(ADA)
    with structlog.testing.capture_logs() as lines:
        await face.get("/api/v1/servers/abcdefghijkl", token=token)
        await face.get("/exports/abcdefghijkl/x/Pond.zip?expires=1&signature=planted-secret")
    asked, download = (each for each in lines if each["event"] == "request")
    assert (asked["route"], asked["status"], asked["user"]) == ("get_server", 404, ADA.user)
    assert (asked["refused"], download["route"]) == ("server.not_found", "export")
    assert not any(secret in json.dumps(lines, default=str) for secret in (token, "planted-secret"))


def test_what_people_typed_is_said_as_typed_and_the_marks_around_it_go() -> None:
    assert said(Refusal("vote.off", name="**Pond** `x`"), "en").startswith(
        "Nobody is asked whether to keep **Pond** `x` open"
    )
    assert "Keep alive on its card" in said(Refusal("vote.off", name="Pond"), "en")
