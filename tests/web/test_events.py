"""Events and servers as streams: what programs and pages hear without asking again."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import structlog
from webface import Face, present, serving

from bot.web.api import events
from bot.web.callers import COOKIE
from core.feed import reader
from core.guilds.access import Actor
from core.servers.sharing import Target
from core.words import Sharer, ShareRole
from tests.conftest import ADA, BO, CY, GUILD, House


@dataclass
class Heard:
    """One event of a stream."""

    event: str = ""
    id: str = ""
    data: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.data)


@dataclass
class Stream:
    got: aiohttp.ClientResponse
    lines: list[str] = field(default_factory=list)

    async def next(self) -> Heard:
        """The next event that has data."""
        heard = Heard()
        async with asyncio.timeout(20):
            while line := (await self.got.content.readline()).decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if not name:
                    if heard.data:
                        return heard
                    continue
                if name in ("event", "id", "data"):
                    setattr(heard, name, value)
        return Heard("closed")

    async def until(self, event: str) -> Heard:
        while (heard := await self.next()).event not in (event, "closed"):
            pass
        return heard


@asynccontextmanager
async def opened(face: Face, path: str, token: str, last: str | None = None, **given: Any) -> AsyncIterator[Stream]:
    headers = {"Authorization": f"Bearer {token}"} | ({} if last is None else {"Last-Event-ID": last})
    async with face.http.get(f"{face.url}/api/v1{path}", headers=headers, **given) as got:
        assert got.status == 200, await got.text()
        assert got.headers["Content-Type"].startswith("text/event-stream")
        await got.content.readuntil(b"\n\n")  # it has begun
        yield Stream(got)


async def test_a_program_hears_of_what_happens(house: House, face: Face) -> None:
    async with opened(face, "/events", await face.token(BO), "0") as stream:
        server = await house.create("Pond")
        heard = await stream.next()
    assert heard.event == "created"
    assert heard.json["server"] == {"id": server, "name": "Pond"}
    assert (heard.json["guild"], heard.json["by"], heard.json["id"]) == (str(GUILD), str(ADA.user), int(heard.id))
    assert heard.json["data"] == {"game": "meadow", "name": "Pond", "size": "small"}


async def test_who_comes_back_has_missed_nothing(house: House, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there is more than one page of it."""
    monkeypatch.setattr(reader, "PAGE", 3)
    server = await house.create("Pond")
    await house.phase(server, "running")
    async with opened(face, "/events?kind=created&kind=kept", await face.token(BO), "0") as stream:
        first = await stream.next()
    for hours in range(1, 9):
        await house.servers.power.keep(ADA, server, hours)
    async with opened(face, "/events?kind=created&kind=kept", await face.token(BO), first.id) as stream:
        heard = [await stream.next() for _ in range(8)]
    assert [each.event for each in heard] == ["kept"] * 8
    numbers = [int(each.id) for each in heard]
    assert numbers == sorted(numbers)


async def test_who_comes_back_on_the_line_misses_nothing_in_between(house: House, face: Face) -> None:
    """Events are written while the stream reads what was before."""
    server = await house.create("Pond")
    await house.phase(server, "running")

    async def keeps() -> None:
        for hours in range(1, 9):
            await house.servers.power.keep(ADA, server, hours)

    async with opened(face, "/events?kind=kept", await face.token(BO), "0") as stream:
        keeping = asyncio.create_task(keeps())
        heard = [int((await stream.next()).id) for _ in range(8)]
        await keeping
    assert heard == sorted(set(heard))


async def test_a_stream_has_what_its_caller_may_know_and_nothing_else(house: House, face: Face) -> None:
    """Who may use a console is told of its lines, and admins of the guild's rules."""
    server = await house.create("Pond")
    async with (
        opened(face, "/events", await face.token(BO)) as bo,
        opened(face, "/events", await face.token(ADA)) as ada,
        opened(face, "/events", await face.token(CY)) as cy,
    ):
        await house.servers.sharing.share(ADA, server, Target(99, Sharer.MEMBER), ShareRole.MANAGER)
        await house.guilds.setup(CY, {"idle_after": 600})
        await house.servers.removal.delete(ADA, server, "Pond")
        for stream, kinds in (
            (bo, ["deleted"]),
            (ada, ["shared", "deleted"]),
            (cy, ["shared", "guild_set", "deleted"]),
        ):
            heard = []
            while heard[-1:] != ["deleted"]:
                heard.append((await stream.next()).event)
            assert [each for each in heard if each in ("shared", "guild_set", "deleted")] == kinds


async def test_another_guilds_events_are_not_heard(house: House, face: Face) -> None:
    elsewhere = Actor(user=9, guild=GUILD + 1, name="Eve")
    token = await face.token(BO)
    async with opened(face, "/events", token, "0") as stream:
        await house.create("Lake", elsewhere)
        await house.create("Pond")
        first = await stream.next()
        assert (first.event, first.json["server"]["name"]) == ("created", "Pond")


async def test_who_is_in_no_guild_gets_no_stream(house: House, face: Face) -> None:
    token = await face.token(BO)
    house.membership.gone.add(BO.user)
    for path in ("/events", "/live", f"/events?guild={GUILD}", f"/live?guild={GUILD}", "/events?server=abcdefghijkl"):
        assert (await face.get(f"/api/v1{path}", token=token)).status == 404
    house.membership.gone.clear()
    house.membership.unknown.add(BO.user)
    house.pass_time(timedelta(minutes=1))  # type: ignore[attr-defined]
    for path in ("/events", "/live"):
        assert (await face.get(f"/api/v1{path}", token=token)).status == 503


async def test_who_leaves_the_guild_hears_no_more_of_it(house: House, face: Face) -> None:
    server = await house.create("Pond")
    await house.phase(server, "running")
    async with opened(face, f"/events?guild={GUILD}", await face.token(BO)) as stream:
        house.membership.gone.add(BO.user)
        house.pass_time(timedelta(minutes=1))  # type: ignore[attr-defined]
        await house.servers.power.keep(ADA, server)
        assert (await stream.next()).json == {"why": "rights"}


async def test_a_token_that_is_revoked_ends_its_streams(
    house: House, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "RECHECK", 0.0)
    monkeypatch.setattr(events, "BEAT", 0.1)
    token = await face.token(BO)
    async with opened(face, "/events", token) as stream, opened(face, "/live", token) as live:
        await house.core.tokens.revoke(BO.user, "test")
        for each in (stream, live):
            assert (await each.until("end")).json == {"why": "rights"}


async def test_a_silent_stream_says_that_it_is_there_and_from_where_to_come_back(
    face: Face, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "BEAT", 0.1)
    await house.create("Pond")
    async with opened(face, "/events?kind=crashed", await face.token(BO)) as stream:
        seen = [(await stream.got.content.readline()).decode().strip() for _ in range(6)]
    newest = (await house.events(await house.create("Lake")))[0].id or 0
    assert seen[0] == ":"
    assert 0 < int(seen[1].removeprefix("id: ")) < newest


async def test_a_client_that_does_not_keep_up_is_told_so(
    house: House, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "KEPT", 2)
    server = await house.create("Pond")
    await house.phase(server, "running")
    wanted = reader.Wanted(frozenset({GUILD}))
    async with (
        house.core.feed.follow(wanted) as slow,
        opened(face, "/events?kind=kept", await face.token(BO)) as stream,
    ):
        await house.servers.power.keep(ADA, server)
        await slow.next(10)
        for hours in range(2, 6):
            await house.servers.power.keep(ADA, server, hours)
            await stream.next()
        with pytest.raises(reader.TooSlow):
            await slow.next(10)


async def test_one_caller_has_so_many_streams_and_no_more(
    house: House, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face.web.streams, "of_one", 1)
    token = await face.token(BO)
    async with opened(face, "/events", token):
        refused = await face.get("/api/v1/live", token=token)
        assert (refused.status, refused.json["detail"]) == (
            409,
            "You have 1 streams open already. End one of them, then try again.",
        )
        async with opened(face, "/live", await face.token(ADA)):
            pass
    async with asyncio.timeout(10):
        while len(face.web.streams):
            await asyncio.sleep(0)
    async with opened(face, "/live", token):
        pass


async def test_a_page_sees_a_server_whenever_it_changes(house: House, face: Face) -> None:
    """A browser, by its session."""
    server = await house.create("Pond")
    cookie = {"Cookie": f"{COOKIE}={await face.session(ADA)}"}
    async with face.http.get(f"{face.url}/api/v1/servers/{server}/live", headers=cookie) as got:
        stream = Stream(got)
        seen = await stream.next()
        assert (seen.event, seen.json["id"], seen.json["name"]) == ("server", server, "Pond")
        while seen.json["phase"] != "running":
            seen = await stream.next()
        await house.servers.editing.edit(ADA, server, {"description": "quiet"})
        while (seen := await stream.next()).json["description"] != "quiet":
            pass
        shown = await face.get(f"/api/v1/servers/{server}", session=await face.session(ADA))
        assert seen.json.keys() == shown.json.keys()


async def test_a_list_sees_all_its_servers_and_those_that_come(house: House, face: Face) -> None:
    pond = await house.create("Pond")
    async with opened(face, f"/live?guild={GUILD}", await face.token(BO)) as stream:
        assert (await stream.next()).json["id"] == pond
        lake = await house.create("Lake")
        while (await stream.next()).json["id"] != lake:
            pass
        await house.servers.removal.delete(ADA, pond, "Pond")
        while (seen := (await stream.next()).json)["id"] != pond or seen["desired"] != "deleted":
            pass


async def test_a_bug_in_a_stream_ends_it_and_is_in_the_log(
    house: House, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(events._Stream, "still", broken)
    with structlog.testing.capture_logs() as lines:
        headers = {"Authorization": f"Bearer {await face.token(ADA)}"}
        async with asyncio.timeout(30), face.http.get(f"{face.url}/api/v1/live", headers=headers) as answer:
            with contextlib.suppress(aiohttp.ClientPayloadError):
                await answer.read()
    (bug,) = (each for each in lines if each["event"] == "bug")
    assert (bug["route"], str(bug["exc_info"])) == ("live_servers", "planted")


async def test_a_process_that_ends_ends_its_streams(house: House) -> None:
    house.membership.present[BO.user] = present(BO)
    async with aiohttp.ClientSession() as http:
        async with serving(house.core) as face:
            headers = {"Authorization": f"Bearer {await face.token(BO)}"}
            opened = [await http.get(f"{face.url}/api/v1{path}", headers=headers) for path in ("/events", "/live")]
        for got in opened:
            assert (await Stream(got).until("end")).json == {"why": "stopping"}
