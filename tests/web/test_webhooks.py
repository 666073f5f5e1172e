"""Webhooks over the API: an admin's, and no other guild's."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator

import pytest
from webface import Face, present, serving

from core.accounts.scopes import READ
from core.guilds.access import Actor
from core.servers.audit import Asked
from core.webhooks.post import Post, Reach
from core.webhooks.registry import Webhooks
from tests.conftest import ADA, BO, CY, GUILD, House

PATH = f"/api/v1/guilds/{GUILD}/webhooks"
URL = "https://example.org/hidden"
DEE = Actor(user=4, guild=GUILD + 1, name="Dee", manages_guild=True)


@pytest.fixture
async def face(house: House) -> AsyncIterator[Face]:
    """Every name is a public address here."""
    house.membership.present = {each.user: present(each) for each in (ADA, BO, CY)}
    core, post = house.core, Post(Reach(lambda host, port: ["192.0.2.1"]))
    webhooks = Webhooks(core.database, core.parts.passwords, core.feed, post, core.now)
    async with serving(dataclasses.replace(core, webhooks=webhooks)) as face:
        yield face


async def test_an_admin_registers_one_and_sees_its_secret_once(house: House, face: Face) -> None:
    token = await face.token(CY)
    made = await face.post(PATH, token=token, json={"url": URL, "kinds": ["phase"], "description": "Our status page"})
    assert made.status == 201
    secret = made.json["secret"]
    assert secret.startswith("whsec_")
    shown = await face.get(f"{PATH}/{made.json['id']}", token=token)
    assert shown.json == {name: value for name, value in made.json.items() if name != "secret"}
    assert (shown.json["url"], shown.json["kinds"], shown.json["on"]) == (URL, ["phase"], True)
    assert (await face.get(PATH, token=token)).json == [shown.json]
    other = await face.post(f"{PATH}/{made.json['id']}/rotate", token=token)
    assert other.json["secret"] not in ("", secret)
    audit = await house.core.audit.read(CY, Asked(kind="guild"))
    told = [(each.event.change, each.event.host) for each in audit.entries]  # type: ignore[union-attr]
    assert told == [("rotated", "example.org"), ("added", "example.org")]


async def test_nobody_else_has_to_do_with_them(house: House, face: Face) -> None:
    made = await face.post(PATH, token=await face.token(CY), json={"url": URL})
    one = f"{PATH}/{made.json['id']}"
    asked = [
        ("GET", PATH),
        ("POST", PATH),
        ("GET", one),
        ("PATCH", one),
        ("DELETE", one),
        ("POST", f"{one}/rotate"),
        ("POST", f"{one}/ping"),
        ("GET", f"{one}/deliveries"),
        ("POST", f"{one}/deliveries/{'0' * 24}/redeliver"),
    ]
    bo = await face.token(BO)
    house.membership.gone.add(DEE.user)
    dee = await face.token(DEE)
    reading = await face.token(CY, READ)
    for method, path in asked:
        body = {"json": {"url": URL}} if method in ("POST", "PATCH") else {}
        assert (await face.ask(method, path, token=bo, **body)).status == 403
        assert (await face.ask(method, path, token=dee, **body)).status == 404
        if method != "GET":
            assert (await face.ask(method, path, token=reading, **body)).status == 403
    assert len((await face.get(PATH, token=reading)).json) == 1


async def test_another_guilds_webhook_is_not_there(house: House, face: Face) -> None:
    made, _ = await face.web.core.webhooks.add(DEE, URL)
    got = await face.get(f"{PATH}/{made.id}", token=await face.token(CY))
    assert (got.status, got.json["detail"]) == (404, "There is no such webhook here.")


async def test_one_is_changed_switched_off_and_removed(house: House, face: Face) -> None:
    token = await face.token(CY)
    one = f"{PATH}/{(await face.post(PATH, token=token, json={'url': URL})).json['id']}"
    changed = await face.ask("PATCH", one, token=token, json={"kinds": ["crashed"], "on": False})
    assert (changed.json["kinds"], changed.json["on"], changed.json["off_why"]) == (["crashed"], False, "asked")
    assert (await face.post(f"{one}/ping", token=token)).status == 409
    on = await face.ask("PATCH", one, token=token, json={"on": True})
    assert on.json["on"] is True
    ping = await face.post(f"{one}/ping", token=token)
    assert (ping.status, ping.json["kind"], ping.json["event"]) == (202, "ping", None)
    again = await face.post(f"{one}/deliveries/{ping.json['id']}/redeliver", token=token)
    assert (again.status, again.json["id"]) == (202, ping.json["id"])
    listed = await face.get(f"{one}/deliveries", token=token)
    assert [each["id"] for each in listed.json["items"]] == [ping.json["id"]]
    assert (await face.ask("DELETE", one, token=token)).status == 204
    assert (await face.get(one, token=token)).status == 404


async def test_what_cannot_be_registered_is_said_in_words(house: House, face: Face) -> None:
    token = await face.token(CY)
    for wrong in ("http://example.org", "https://ada:secret@example.org", "ftp://example.org"):
        got = await face.post(PATH, token=token, json={"url": wrong})
        assert got.status == 422
        assert got.json["detail"].startswith("A webhook has an https address")
    got = await face.post(PATH, token=token, json={"url": URL, "kinds": ["collected"]})
    assert (got.status, got.json["detail"]) == (422, "There are no events of these kinds for programs: collected.")
    for _ in range(10):
        assert (await face.post(PATH, token=token, json={"url": URL})).status == 201
    assert (await face.post(PATH, token=token, json={"url": URL})).status == 409


async def test_a_private_address_is_refused(house: House) -> None:
    house.membership.present = {CY.user: present(CY)}
    async with serving(house.core) as face:
        got = await face.post(PATH, token=await face.token(CY), json={"url": "https://127.0.0.1/"})
    assert got.json["detail"].startswith("127.0.0.1 is no public address")


async def test_a_page_of_deliveries_leads_to_the_next(
    house: House, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.webhooks.registry.SHOWN", 2)
    token = await face.token(CY)
    one = f"{PATH}/{(await face.post(PATH, token=token, json={'url': URL})).json['id']}"
    sent = [(await face.post(f"{one}/ping", token=token)).json["id"] for _ in range(3)]
    first = (await face.get(f"{one}/deliveries", token=token)).json
    rest = (await face.get(f"{one}/deliveries?cursor={first['next']}", token=token)).json
    assert [each["id"] for each in first["items"] + rest["items"]] == sent[::-1]
    assert rest["next"] is None
