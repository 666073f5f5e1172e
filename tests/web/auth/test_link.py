"""Linking a Discord user to who they are at the OpenID provider, and signing in with that."""

from __future__ import annotations

from typing import Any

import pytest
from oauthplace import Place
from openidplace import OID, OTHER, TENANT, OpenIdPlace
from structlog.testing import capture_logs
from webface import Got

from bot.web.callers import COOKIE
from core.accounts.claims import Identity
from core.errors import NotAllowed
from tests.conftest import House
from tests.web.auth.browsing import Browser, seen, sign_in


async def to_the_question(
    browser: Browser, discord: Place, entra: OpenIdPlace, user: int = 1, name: str = "Ada", **claims: Any
) -> Got:
    """Both sign-ins; gives the page that asks."""
    there = await browser.goes("/auth/link/begin")
    there = await browser.goes("/auth/discord/callback", params=discord.signs_in(there, user, name))
    assert there.startswith(entra.url)
    there = await browser.goes("/auth/oidc/callback", params=entra.signs_in(there, **claims))
    return await browser.get(there)


async def link(browser: Browser, discord: Place, entra: OpenIdPlace, **more: Any) -> Got:
    return await browser.submit(await to_the_question(browser, discord, entra, **more), "/auth/link")


async def test_after_two_sign_ins_and_a_yes_the_two_are_linked(
    house: House, browser: Browser, discord: Place, entra: OpenIdPlace
) -> None:
    asked = await to_the_question(browser, discord, entra)
    assert "Link @Ada to Ada Lovelace of contoso.example?" in seen(asked)
    assert await house.core.identities.of(1) is None
    before = browser.cookies[COOKIE]
    done = await browser.submit(asked, "/auth/link")
    assert "@Ada is linked to Ada Lovelace of contoso.example." in seen(done)
    linked = await house.core.identities.of(1)
    assert linked is not None
    assert browser.cookies[COOKIE] != before


async def test_who_is_linked_signs_in_with_entra_alone(browser: Browser, discord: Place, entra: OpenIdPlace) -> None:
    await link(browser, discord, entra)
    other = browser.another()
    answer = entra.signs_in(await other.goes("/auth/oidc", params={"then": "/servers"}))
    assert await other.goes("/auth/oidc/callback", params=answer) == "/servers"
    assert "signed in as Ada" in seen(await other.get("/auth/sign-in"))


async def test_who_is_not_linked_is_told_what_to_do(browser: Browser, entra: OpenIdPlace) -> None:
    answer = entra.signs_in(await browser.goes("/auth/oidc"))
    got = await browser.get("/auth/oidc/callback", params=answer)
    assert got.status == 403
    assert "/account link" in got.text
    assert COOKIE not in browser.cookies


async def test_an_address_or_a_name_links_nobody(browser: Browser, discord: Place, entra: OpenIdPlace) -> None:
    """Somebody else of the same tenant with Ada's name and address is somebody else."""
    await link(browser, discord, entra)
    answer = entra.signs_in(await browser.goes("/auth/oidc"), oid=OID.replace("66f3", "66f4"))
    assert (await browser.get("/auth/oidc/callback", params=answer)).status == 403


async def test_one_identity_is_one_discord_user(browser: Browser, discord: Place, entra: OpenIdPlace) -> None:
    await link(browser, discord, entra)
    taken = await link(browser.another(), discord, entra, user=2, name="Bo")
    assert (taken.status, "is linked to another Discord account" in taken.text) == (403, True)
    second = await link(browser.another(), discord, entra, oid=OID.replace("66f3", "66f4"))
    assert (second.status, "You are linked to Ada Lovelace" in second.text) == (403, True)
    assert (await link(browser.another(), discord, entra)).status == 200


async def test_a_question_that_somebody_else_was_asked_links_nothing(
    house: House, browser: Browser, discord: Place, entra: OpenIdPlace
) -> None:
    """Neither its address nor its form does anything in another browser, signed in or not."""
    asked = await to_the_question(browser, discord, entra, user=666, name="Eve")
    victim = browser.another()
    await sign_in(victim, discord)
    assert (await victim.submit(asked, "/auth/link")).status == 403
    own = await victim.get("/auth/sign-in")
    ask = asked.text.partition('name="ask" value="')[2].partition('"')[0]
    with capture_logs() as logs:
        forged = await victim.submit(own, "/auth/link", ask=ask)
    assert forged.status == 403
    assert "link refused" in [line["event"] for line in logs]
    assert (await victim.get("/auth/link/confirm", params={"ask": ask})).status == 403
    assert await house.core.identities.of(1) is None


async def test_a_second_sign_in_that_somebody_else_began_links_nothing(
    browser: Browser, discord: Place, entra: OpenIdPlace
) -> None:
    """A forwarded address of the provider: the one who comes back from it is asked nothing, and linked to nobody."""
    eve = browser.another()
    there = await eve.goes("/auth/link/begin")
    there = await eve.goes("/auth/discord/callback", params=discord.signs_in(there, 666, "Eve"))
    forwarded = entra.signs_in(there)
    await sign_in(browser, discord)
    assert (await browser.get("/auth/oidc/callback", params=forwarded)).status == 403


async def test_who_signs_in_as_somebody_else_meanwhile_links_nothing(
    browser: Browser, discord: Place, entra: OpenIdPlace
) -> None:
    there = await browser.goes("/auth/link/begin")
    there = await browser.goes("/auth/discord/callback", params=discord.signs_in(there, 666, "Eve"))
    flow = dict(browser.cookies)
    await sign_in(browser, discord)
    browser.cookies = {**flow, COOKIE: browser.cookies[COOKIE]}
    assert (await browser.get("/auth/oidc/callback", params=entra.signs_in(there))).status == 403


async def test_the_form_needs_its_mark_and_counts_once(
    house: House, browser: Browser, discord: Place, entra: OpenIdPlace
) -> None:
    asked = await to_the_question(browser, discord, entra)
    assert (await browser.submit(asked, "/auth/link", mark="0" * 64)).status == 403
    assert await house.core.identities.of(1) is None
    asked = await to_the_question(browser, discord, entra)
    cookies = dict(browser.cookies)
    assert (await browser.submit(asked, "/auth/link")).status == 200
    browser.cookies = cookies
    assert (await browser.submit(asked, "/auth/link")).status in (401, 403)


async def test_an_answer_of_discord_is_none_of_the_provider(
    browser: Browser, discord: Place, entra: OpenIdPlace
) -> None:
    """Mixed up: the state belongs to one provider, and is over once the other comes with it."""
    answer = discord.signs_in(await browser.goes("/auth/discord"), 1, "Ada")
    assert (await browser.get("/auth/oidc/callback", params=answer)).status == 403
    assert (await browser.get("/auth/discord/callback", params=answer)).status == 403


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"nonce": "another"}, "nonce"),
    ({"iss": "https://evil.example"}, "iss"),
    ({"aud": "somebody-else"}, "InvalidAudienceError"),
    ({"aud": ["our-client", "somebody-else"]}, "azp"),
    ({"exp": 1_600_000_000}, "ExpiredSignatureError"),
    ({"exp": None}, "MissingRequiredClaimError"),
    ({"nbf": 4_000_000_000}, "ImmatureSignatureError"),
    ({"ver": "1.0"}, "ver"),
    ({"tid": OTHER}, "iss"),
    ({"tid": None}, "tid"),
    ({"oid": None}, "subject"),
]


async def test_a_token_that_does_not_fit_signs_nobody_in(browser: Browser, entra: OpenIdPlace) -> None:
    for claims, why in UNFIT:
        answer = entra.signs_in(await browser.goes("/auth/oidc"), **claims)
        with capture_logs() as logs:
            got = await browser.get("/auth/oidc/callback", params=answer)
        assert (got.status, "What Microsoft sent cannot be trusted" in got.text) == (403, True)
        assert [line["why"] for line in logs if line["event"] == "sign-in refused"] == [why]


async def test_another_tenant_is_turned_away_in_words(browser: Browser, entra: OpenIdPlace) -> None:
    answer = entra.signs_in(await browser.goes("/auth/oidc"), tid=OTHER, iss=f"{entra.url}/{OTHER}/v2.0")
    got = await browser.get("/auth/oidc/callback", params=answer)
    assert (got.status, "People of this organisation cannot sign in here" in got.text) == (403, True)


async def test_roles_and_groups_are_those_of_the_last_sign_in(
    house: House, browser: Browser, discord: Place, entra: OpenIdPlace
) -> None:
    await link(browser, discord, entra, roles=["Admins"], groups=["7"])
    assert (await house.core.identities.of(1)).roles == ("Admins",)  # type: ignore[union-attr]
    answer = entra.signs_in(
        await browser.goes("/auth/oidc"),
        groups=["7"],
        _claim_names={"groups": "src1"},
        _claim_sources={"src1": {"endpoint": "https://graph.example"}},
    )
    await browser.goes("/auth/oidc/callback", params=answer)
    linked = await house.core.identities.of(1)
    assert linked is not None
    assert (linked.roles, linked.groups) == ((), 0)


async def test_linking_says_who_is_in_the_way(house: House) -> None:
    await house.core.identities.link(1, "Ada", Identity(TENANT, OID, "Ada"))
    with pytest.raises(NotAllowed, match=r"link\.taken"):
        await house.core.identities.link(2, "Bo", Identity(TENANT, OID, "Ada"))


async def test_who_unlinks_is_signed_out_everywhere(
    house: House, browser: Browser, discord: Place, entra: OpenIdPlace
) -> None:
    """A browser may have come in by an identity that is not theirs any more."""
    await link(browser, discord, entra)
    await house.core.identities.unlink(1)
    assert (await browser.get("/api/v1/servers")).status == 401
    answer = entra.signs_in(await browser.goes("/auth/oidc"))
    assert (await browser.get("/auth/oidc/callback", params=answer)).status == 403


async def test_a_name_with_script_in_it_is_shown_as_text(browser: Browser, discord: Place, entra: OpenIdPlace) -> None:
    evil = "<script>alert(1)</script>"
    asked = await to_the_question(browser, discord, entra, name=evil, preferred_username=f"ada@{evil}")
    assert evil not in asked.text
    assert asked.text.count("&lt;script&gt;") >= 2
