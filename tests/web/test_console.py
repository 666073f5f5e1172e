"""A game's console and its log over the API, as they come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from fakecluster import Run
from webface import Face, present, serving

from core.accounts.scopes import ALL, Scope
from core.games.query.port import LogPart
from core.guilds.access import Actor
from core.servers import live_log
from core.servers.sharing import Target
from core.words import Sharer, ShareRole, Unknown
from tests.conftest import ADA, BO, House

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def server(house: House) -> str:
    made = await house.create("Pond")
    await house.phase(made, "running")
    return made


@asynccontextmanager
async def watching(face: Face, server: str, actor: Actor = ADA) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """Its events by name and data; comments have the name `:`."""
    headers = {"Authorization": f"Bearer {await face.token(actor)}"}
    url = f"{face.url}/api/v1/servers/{server}/log"
    async with asyncio.timeout(60), face.http.get(url, headers=headers) as answer:
        assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (200, "text/event-stream")
        events = _events(answer)
        assert await anext(events) == (":", None)
        yield events


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    while block := await answer.content.readuntil(b"\n\n"):
        if block.startswith(b":"):
            yield ":", None
            continue
        name, data = block.decode().strip().split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def lines(events: AsyncIterator[tuple[str, Any]], until: str) -> list[str]:
    found: list[str] = []
    async for name, data in events:
        if name == "lines":
            found += data["lines"]
        if until in found:
            break
    return found


async def test_a_line_is_sent_and_answered(
    house: House, face: Face, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.cluster, "heard", lambda server, line: f"heard {line}")
    console = f"/api/v1/servers/{server}/console"
    got = await face.post(console, token=await face.token(ADA), json={"line": "list"})
    assert (got.status, got.json) == (200, {"line": "list", "answer": "heard list"})
    assert (await face.post(console, token=await face.token(BO), json={"line": "list"})).status == 403
    narrow = await face.token(ADA, ALL - {Scope.CONSOLE})
    assert (await face.post(console, token=narrow, json={"line": "list"})).status == 403
    two = await face.post(console, token=await face.token(ADA), json={"line": "list\nstop"})
    assert two.status == 422


async def test_the_newest_lines_are_read(house: House, face: Face, server: str) -> None:
    house.cluster.say(server, "frog joined")
    got = await face.get(f"/api/v1/servers/{server}/logs?lines=1", token=await face.token(ADA))
    assert (got.status, got.json["lines"]) == (200, ["frog joined"])


async def test_the_log_comes_as_it_is_written_for_several_by_one_follower(
    house: House, face: Face, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow, followed = house.core.live_logs._follow, []
    monkeypatch.setattr(house.core.live_logs, "_follow", lambda server: followed.append(server) or follow(server))
    async with watching(face, server) as one, watching(face, server) as two:
        assert await anext(one) == await anext(two) == ("begin", {})
        assert await anext(one) == ("lines", {"lines": ["the last words"], "missed": 0})
        house.cluster.say(server, "\x1b[31m<script>alert(1)</script>\x1b[0m")
        assert await anext(one) == ("lines", {"lines": ["<script>alert(1)</script>"], "missed": 0})
        assert (await lines(two, "<script>alert(1)</script>"))[-1] == "<script>alert(1)</script>"
    assert followed == [server]
    while house.core.live_logs._followed:  # nobody watches, and nothing is followed
        await asyncio.sleep(0)


async def test_a_log_ends_with_its_run_and_goes_on_with_the_next(
    house: House, face: Face, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_log, "AGAIN", 0.01)
    async with watching(face, server) as events:
        await lines(events, "the last words")
        await house.servers.power.pause(ADA, server)
        assert await anext(events) == ("end", {})
        await house.phase(server, "paused")
        await house.servers.power.resume(ADA, server)
        assert await anext(events) == ("begin", {})
        await lines(events, "the last words")


async def test_a_log_that_the_cluster_still_has_of_a_paused_server_is_of_a_run_that_is_over(
    house: House, face: Face, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def follow(_: str) -> AsyncIterator[LogPart]:
        yield LogPart(("goodbye",), True)
        await asyncio.Event().wait()

    monkeypatch.setattr(house.core.live_logs, "_follow", follow)
    await house.servers.power.pause(ADA, server)
    async with watching(face, server) as events:
        told = [await anext(events) for _ in range(3)]
        assert told == [("begin", {}), ("lines", {"lines": ["goodbye"], "missed": 0}), ("end", {})]


async def test_no_secret_is_seen_whatever_colours_stand_in_it(house: House, face: Face, server: str) -> None:
    secret = house.parts.projections.secrets(await house.row(server))[-1]
    async with watching(face, server) as events:
        await lines(events, "the last words")
        house.cluster.say(server, f"token {secret[:9]}\x1b[1m{secret[9:]} is mine")
        house.cluster.say(server, "x" * (live_log.LONGEST_LINE - 8) + secret)
        house.cluster.say(server, "end")
        seen = "\n".join(await lines(events, "end"))
        assert "token •••• is mine" in seen
        assert secret[:8] not in seen


async def _restarted(house: House, server: str) -> None:
    before = (await house.row(server)).run
    await house.servers.power.restart(ADA, server)
    await house.until(server, lambda row: row.run == before + 1 and row.ready_at is not None)


async def test_a_log_that_may_tell_an_earlier_password_is_not_streamed(house: House, face: Face, server: str) -> None:
    await house.servers.editing.edit(ADA, server, {"password": "open sesame"})
    await _restarted(house, server)
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    async with watching(face, server):
        pass  # what the last run knew is known still
    house.cluster._runs[server] = [Run(["open sesame"], ended=True)]
    await house.servers.editing.edit(ADA, server, {"password": "another"})
    for path in ("log", "logs"):
        got = await face.get(f"/api/v1/servers/{server}/{path}", token=await face.token(ADA))
        assert (got.status, got.json["type"]) == (409, "urn:dormouse:logs.earlier")


async def test_while_a_server_starts_with_another_password_the_log_of_before_is_not_shown(
    house: House, face: Face, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_log, "AGAIN", 0.01)
    delete_pod, goes_on = house.cluster.delete_pod, asyncio.Event()

    async def slowly(server: str, uid: str) -> None:
        await goes_on.wait()
        await delete_pod(server, uid)

    await house.servers.editing.edit(ADA, server, {"password": "open sesame"})
    await _restarted(house, server)
    house.cluster.say(server, "open sesame")
    monkeypatch.setattr(house.cluster, "delete_pod", slowly)
    await house.servers.editing.edit(ADA, server, {"password": "another"})
    await house.servers.power.restart(ADA, server)
    async with watching(face, server) as events:
        got = await face.get(f"/api/v1/servers/{server}/logs", token=await face.token(ADA))
        assert (got.status, got.json["type"]) == (409, "urn:dormouse:logs.earlier")
        goes_on.set()
        assert await anext(events) == ("begin", {})
        assert await anext(events) == ("lines", {"lines": ["the last words"], "missed": 0})


async def test_who_reads_slower_than_the_game_writes_is_told_what_they_missed(
    house: House, face: Face, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_log, "KEPT", 5)
    for number in range(20):
        house.cluster.say(server, f"line {number}")
    async with watching(face, server) as events:
        assert await anext(events) == ("begin", {})
        name, data = await anext(events)
        assert (name, data["missed"], data["lines"]) == ("lines", 16, [f"line {number}" for number in range(15, 20)])


async def test_nobody_watches_longer_than_they_may(
    house: House, face: Face, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_log, "RIGHTS_EVERY", 0.05)
    monkeypatch.setattr(live_log, "HEARTBEAT", 0.02)
    manager = Target(BO.user, Sharer.MEMBER)
    await house.servers.sharing.share(ADA, server, manager, ShareRole.MANAGER)
    async with watching(face, server, BO) as events:
        await lines(events, "the last words")
        await house.servers.sharing.share(ADA, server, manager, None)
        names = [name async for name, data in _until_refused(events)]
        assert names[-1] == "refused"


async def test_who_watches_goes_on_while_nobody_can_tell_whether_they_may(
    house: House, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_log, "RIGHTS_EVERY", 0.0)
    asked = asyncio.Event()

    async def unknown(guild: int, user: int) -> Unknown:
        asked.set()
        return Unknown("Discord is away for a moment")

    house.membership.present = {ADA.user: present(ADA)}
    async with serving(house.core, burst=1) as face, watching(face, server) as events:
        await lines(events, "the last words")
        monkeypatch.setattr(house.membership, "of", unknown)
        house.core.members._known.clear()
        house.cluster.say(server, "one")
        await lines(events, "one")
        await asked.wait()
        house.cluster.say(server, "two")
        await lines(events, "two")
        monkeypatch.setattr(live_log, "UNKNOWN_FOR", 0.0)
        house.cluster.say(server, "three")
        told = [each async for each in _until_refused(events)]
        assert told[-1][0] == "refused"


async def _until_refused(events: AsyncIterator[tuple[str, Any]]) -> AsyncIterator[tuple[str, Any]]:
    async for each in events:
        yield each
        if each[0] == "refused":
            return


async def test_one_person_watches_so_many_logs_at_once(
    face: Face, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_log, "MOST_EACH", 1)
    async with watching(face, server):
        got = await face.get(f"/api/v1/servers/{server}/log", token=await face.token(ADA))
        assert (got.status, got.json["type"]) == (409, "urn:dormouse:logs.watched")


async def test_who_may_not_gets_an_answer_and_no_stream(face: Face, server: str) -> None:
    got = await face.get(f"/api/v1/servers/{server}/log", token=await face.token(BO))
    assert (got.status, got.headers["Content-Type"]) == (403, "application/problem+json")
