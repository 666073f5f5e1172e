"""The one table of rights, tried on the API: every operation, as every kind of person and with every kind of token.

What `judge` says (tests/guilds/test_access.py has its table) is what a program is told, and nothing else happens; a
server of another guild is answered as one that does not exist, to the byte.
"""

from __future__ import annotations

import pytest
from apihouse import GUILD, OWNER, PEOPLE, PLAYERS, ApiHouse
from apipage import EXAMPLES, Call, calls
from sqlmodel import func, select
from webface import Got

from bot.web import rights
from bot.web.words import said
from core.accounts.scopes import READ
from core.data.tables import EventRow
from core.errors import NotFound, Refusal
from core.guilds.access import Do, DoInGuild, Owned, Rules, Share, judge

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLS = {call.name: call for call in calls()}
NOBODYS = "abcdefghijkl"
SHARES = (Share(PEOPLE["manager"].user, "member", "manager"), Share(PLAYERS, "role", "player"))
REFUSED = {
    "server.not_allowed",
    "server.not_shared",
    "server.not_found",
    "guild.not_found",
    "guild.admin_only",
    "web.scope",
    "web.operators",
    "transfer.another",
}
BY_OFFER = ("decline_server", "take_server")
"""Who may is in the offer, not in the table."""


async def ask(api: ApiHouse, call: Call, token: str | None, server: str) -> Got:
    values = {"SERVER": server, "GUILD": str(GUILD), "NAME": "Pond"}
    method, address, given = call.filled(values)
    given["headers"].pop("Idempotency-Key", None)
    return await api.face.ask(method.upper(), address, token=token, **given)


def refusal(who: str, call: Call, name: str) -> Refusal | None:
    """What the table says."""
    actor, verb = PEOPLE[who], rights.of(call.name).verb
    if isinstance(verb, Do):
        return judge(actor, verb, Rules(), Owned(GUILD, OWNER.user, name, OWNER.name, SHARES))
    if "{guild}" in call.path or "$GUILD" in str(call.example):
        if actor.guild != GUILD:
            return NotFound("guild.not_found")
        return judge(actor, verb, Rules()) if isinstance(verb, DoInGuild) else None
    return None


async def events(api: ApiHouse) -> int:
    async with api.core.database.session() as session:
        return int((await session.exec(select(func.count()).select_from(EventRow))).one())


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("name", [name for name in CALLS if name != "get_host"])
async def test_the_table_holds(api: ApiHouse, name: str, who: str) -> None:
    call, server = CALLS[name], await api.server(EXAMPLES[name].state)
    before = await events(api)
    got = await ask(api, call, await api.token(who), server)
    assert got.status < 500, got.text
    kind = (got.json or {}).get("type", "").removeprefix("urn:dormouse:") if got.status >= 400 else ""
    refused = refusal(who, call, await api.name(server))
    if refused is None:
        assert kind not in REFUSED or name in BY_OFFER, got.text
        return
    assert (got.status, got.json["detail"]) == (404 if isinstance(refused, NotFound) else 403, said(refused, "en"))
    assert await events(api) == before


@pytest.mark.parametrize("who", PEOPLE)
async def test_how_the_host_is_only_its_operators_see(api: ApiHouse, who: str) -> None:
    got = await api.face.get("/api/v1/host", token=await api.token(who))
    assert got.status == (200 if who == "operator" else 403)


@pytest.mark.parametrize("name", [name for name in CALLS if rights.of(name).scope not in READ])
async def test_who_may_read_alone_changes_nothing(api: ApiHouse, name: str) -> None:
    server = await api.server(EXAMPLES[name].state)
    before = await events(api)
    got = await ask(api, CALLS[name], await api.token("owner", READ), server)
    assert (got.status, got.json["type"]) == (403, "urn:dormouse:web.scope")
    assert await events(api) == before


@pytest.mark.parametrize("name", [name for name in CALLS if rights.of(name).scope is not None])
async def test_nobody_gets_in_without_saying_who_they_are(api: ApiHouse, name: str) -> None:
    assert (await ask(api, CALLS[name], None, NOBODYS)).status in (401, 429)


@pytest.mark.parametrize("name", [name for name in CALLS if "{server}" in CALLS[name].path])
async def test_another_guilds_server_is_answered_as_one_that_does_not_exist(api: ApiHouse, name: str) -> None:
    server, token = await api.server(EXAMPLES[name].state), await api.token("stranger")
    theirs, nobodys = [await ask(api, CALLS[name], token, each) for each in (server, NOBODYS)]
    assert theirs.status == nobodys.status == 404
    ids = [each.headers["X-Request-Id"] for each in (theirs, nobodys)]
    assert theirs.text.replace(ids[0], "") == nobodys.text.replace(ids[1], "")
    alike = [{k: v for k, v in each.headers.items() if k.lower() not in _CHANGES} for each in (theirs, nobodys)]
    assert alike[0] == alike[1]


_CHANGES = {"x-request-id", "ratelimit-remaining", "ratelimit-reset", "date"}
