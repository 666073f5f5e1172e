"""Signing in with Discord, staying signed in, signing out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from oauthplace import CLIENT, Place
from sqlmodel import select
from structlog.testing import capture_logs
from webface import present, serving

from bot.web.callers import COOKIE
from core.data.tables import FlowRow
from tests.conftest import ADA, GUILD, House
from tests.web.auth.browsing import Browser, seen, sign_in


async def test_who_signs_in_with_discord_is_signed_in(house: House, browser: Browser, discord: Place) -> None:
    discord.guilds = [{"id": str(GUILD), "name": "Home"}]
    server = await house.create("Pond")
    assert await sign_in(browser, discord, then=f"/servers/{server}") == f"/servers/{server}"
    assert (await browser.get(f"/api/v1/servers/{server}")).json["name"] == "Pond"
    assert "signed in as Ada" in seen(await browser.get("/auth/sign-in"))
    (session,) = await house.core.sessions.list(1)
    assert session.guilds == (GUILD,)


async def test_discord_is_asked_for_as_little_as_possible(browser: Browser, discord: Place) -> None:
    address = await browser.goes("/auth/discord")
    assert address.startswith(f"{discord.url}/oauth2/authorize?response_type=code&client_id={CLIENT}&")
    assert "scope=identify+guilds" in address.replace("%20", "+")


async def test_who_signs_out_is_signed_out(house: House, browser: Browser, discord: Place) -> None:
    await sign_in(browser, discord)
    stolen = browser.another()
    stolen.cookies = dict(browser.cookies)
    assert (await browser.submit(await browser.get("/auth/sign-in"), "/auth/sign-out")).status == 303
    assert browser.cookies == {}
    assert (await stolen.get("/api/v1/servers")).status == 401


async def test_each_sign_in_makes_a_new_secret_and_ends_the_old(browser: Browser, discord: Place) -> None:
    """Session fixation: nobody brings a secret along."""
    browser.cookies = {COOKIE: "known-to-somebody-else"}
    await sign_in(browser, discord)
    first = browser.cookies[COOKIE]
    assert first != "known-to-somebody-else"
    await sign_in(browser, discord)
    old = browser.another()
    old.cookies = {COOKIE: first}
    assert (await old.get("/api/v1/servers")).status == 401
    assert (await browser.get("/api/v1/servers")).status == 200


async def test_a_form_of_another_site_signs_nobody_out(browser: Browser, discord: Place) -> None:
    await sign_in(browser, discord)
    page = await browser.get("/auth/sign-in")
    assert (await browser.submit(page, "/auth/sign-out", mark="0" * 64)).status == 403
    forged = await browser.post("/auth/sign-out", headers={"Sec-Fetch-Site": "cross-site"}, data={"mark": "0" * 64})
    assert forged.status == 403
    assert "This form is not from here" in forged.text
    assert (await browser.get("/api/v1/servers")).status == 200


async def test_an_answer_that_somebody_else_began_signs_nobody_in(browser: Browser, discord: Place) -> None:
    """A forwarded or stolen link, and a sign-in with somebody else's Discord."""
    somebody = browser.another()
    forwarded = discord.signs_in(await somebody.goes("/auth/discord"), 666, "Eve")
    await browser.goes("/auth/discord")
    with capture_logs() as logs:
        got = await browser.get("/auth/discord/callback", params=forwarded)
    assert got.status == 403
    assert "This sign-in did not begin in this browser" in got.text
    assert COOKIE not in browser.cookies
    assert [line["why"] for line in logs if line["event"] == "sign-in refused"] == ["no such sign-in in this browser"]


async def test_an_answer_counts_once(browser: Browser, discord: Place) -> None:
    answer = discord.signs_in(await browser.goes("/auth/discord"), 1, "Ada")
    flow = dict(browser.cookies)
    await browser.goes("/auth/discord/callback", params=answer)
    again = browser.another()
    again.cookies = flow
    assert (await again.get("/auth/discord/callback", params=answer)).status == 403


async def test_a_code_with_which_somebody_else_came_is_worth_nothing(browser: Browser, discord: Place) -> None:
    """PKCE: it is bound to the browser that began."""
    theirs = discord.signs_in(await browser.another().goes("/auth/discord"), 666, "Eve")
    mine = discord.signs_in(await browser.goes("/auth/discord"), 1, "Ada")
    with capture_logs() as logs:
        got = await browser.get("/auth/discord/callback", params={"code": theirs["code"], "state": mine["state"]})
    assert got.status == 403
    assert "What Discord sent cannot be trusted" in got.text
    assert [line["why"] for line in logs if line["event"] == "sign-in refused"] == ["code not taken: InvalidGrantError"]


async def test_an_answer_of_another_provider_is_a_mix_up(browser: Browser, discord: Place) -> None:
    answer = discord.signs_in(await browser.goes("/auth/discord"), 1, "Ada")
    got = await browser.get("/auth/discord/callback", params=answer | {"iss": "https://evil.example"})
    assert got.status == 403
    assert COOKIE not in browser.cookies


async def test_nobody_is_sent_to_another_site(browser: Browser, discord: Place) -> None:
    for then in (
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
    ):
        assert await sign_in(browser, discord, then=then) == "/"


async def test_who_says_no_at_discord_is_told_so(browser: Browser, discord: Place) -> None:
    answer = discord.signs_in(await browser.goes("/auth/discord"), 1, "Ada")
    got = await browser.get("/auth/discord/callback", params={"error": "access_denied", "state": answer["state"]})
    assert (got.status, "The sign-in was broken off" in got.text) == (403, True)


async def test_a_sign_in_waits_ten_minutes(house: House, browser: Browser, discord: Place) -> None:
    answer = discord.signs_in(await browser.goes("/auth/discord"), 1, "Ada")
    house.pass_time(timedelta(minutes=11))  # type: ignore[attr-defined]
    assert (await browser.get("/auth/discord/callback", params=answer)).status == 403


async def test_while_discord_is_away_nothing_is_changed(browser: Browser, discord: Place) -> None:
    answer = discord.signs_in(await browser.goes("/auth/discord"), 1, "Ada")
    discord.away = True
    got = await browser.get("/auth/discord/callback", params=answer)
    assert (got.status, "The sign-in service does not answer" in got.text) == (503, True)


async def test_no_log_line_has_a_secret(browser: Browser, discord: Place) -> None:
    with capture_logs() as logs:
        address = await browser.goes("/auth/discord")
        answer = discord.signs_in(address, 1, "Ada")
        flow = set(browser.cookies.values())
        await browser.goes("/auth/discord/callback", params=answer)
    for secret in (*answer.values(), *browser.cookies.values(), *flow):
        assert secret not in str(logs)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_one_address_begins_only_so_many_sign_ins(house: House, discord: Place) -> None:
    house.membership.present = {ADA.user: present(ADA)}
    async with serving(house.core, public_url="http://127.0.0.1:1", open_burst=3, **discord.settings()) as face:
        browser = Browser(face)
        address = await browser.goes("/auth/discord")
        for _ in range(2):
            await Browser(face).goes("/auth/discord")
        for path in ("/auth/discord", "/auth/sign-in", "/auth/link/begin"):
            got = await Browser(face).get(path)
            assert (got.status, int(got.headers["Retry-After"]) >= 1) == (429, True)
            assert "That was a lot in a short time. Try again in" in got.text
        async with house.database.session() as session:
            assert len(list(await session.exec(select(FlowRow)))) == 3
        back = discord.signs_in(address, ADA.user, ADA.name)
        assert (await browser.get("/auth/discord/callback", params=back)).status == 429
        face.web.open._paid_at.clear()  # a while later
        assert await browser.goes("/auth/discord/callback", params=back) == "/", "what was begun goes on"
        assert (await browser.get("/api/v1/servers")).status == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_open_to_everybody_is_asked_so_often_by_an_address(house: House) -> None:
    async with serving(house.core, open_burst=2) as face:
        got = [(await face.get("/api/v1/openapi.json")).status for _ in range(3)]
        assert got == [200, 200, 429]
        assert (await face.get("/api/v1/servers", token=await face.token(ADA))).status != 429
