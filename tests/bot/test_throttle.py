"""What is asked of Discord by all together: not too much, nothing while it refuses us, and answers at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from discord.http import Route

from bot.throttle import BURST, AddressBlocked, Throttle
from cogs.posting import MAY_WAIT


class Front:
    """What stands in front of Discord: it answers what `says` says, and counts what reaches it."""

    def __init__(self) -> None:
        self.says: list[web.Response] = []
        self.met: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.met.append(request.path.removeprefix("/api"))
        return self.says.pop(0) if self.says else web.Response()


def refusal(**headers: str) -> web.Response:
    return web.Response(status=429, text="<!doctype html>", headers={"Retry-After": "30", **headers})


@pytest.fixture
async def front(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    front, app = Front(), web.Application()
    app.router.add_route("*", "/{path:.*}", front.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    monkeypatch.setattr(Route, "BASE", f"http://127.0.0.1:{port}/api")
    yield front
    await runner.cleanup()


@pytest.fixture
async def throttle() -> Throttle:
    return Throttle()


@pytest.fixture
async def session(throttle: Throttle) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(trace_configs=[throttle.trace]) as session:
        yield session


async def get(session: aiohttp.ClientSession, path: str) -> int:
    async with session.get(Route.BASE + path) as response:
        return response.status


async def test_after_a_refusal_of_the_address_nothing_is_sent(
    front: Front, throttle: Throttle, session: aiohttp.ClientSession
) -> None:
    front.says = [refusal()]
    assert await get(session, "/channels/1") == 429
    with pytest.raises(AddressBlocked) as blocked:
        await get(session, "/channels/2")
    assert 29 < blocked.value.retry_after <= 30
    assert front.met == ["/channels/1"]


@pytest.mark.parametrize("path", ["/interactions/1/token/callback", "/webhooks/1/token/messages/@original"])
async def test_answers_are_sent_all_the_same(
    front: Front, throttle: Throttle, session: aiohttp.ClientSession, path: str
) -> None:
    front.says = [refusal()]
    await get(session, "/channels/1")
    assert await get(session, path) == 200


async def test_a_rate_limit_of_a_route_is_no_refusal_of_the_address(
    front: Front, throttle: Throttle, session: aiohttp.ClientSession
) -> None:
    front.says = [refusal(Via="1.1 google")]
    await get(session, "/channels/1")
    assert await get(session, "/channels/2") == 200


async def test_what_is_no_request_of_discords_api_is_let_through(
    front: Front, throttle: Throttle, session: aiohttp.ClientSession
) -> None:
    front.says = [refusal()]
    await get(session, "/channels/1")
    async with session.get(Route.BASE.removesuffix("/api") + "/elsewhere") as response:
        assert response.status == 200


async def test_more_than_discord_takes_waits_its_turn(
    front: Front, throttle: Throttle, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr("bot.throttle.asyncio.sleep", noted)
    await asyncio.gather(*(get(session, f"/channels/{number}") for number in range(4 * int(BURST))))
    assert waited


async def test_what_waits_while_the_address_is_refused_is_not_sent_afterwards(
    front: Front, throttle: Throttle, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, over = asyncio.Event(), asyncio.Event()

    async def wait(seconds: float) -> None:
        waits.set()
        await over.wait()

    with monkeypatch.context() as crowd:
        crowd.setattr("bot.throttle.asyncio.sleep", wait)
        throttle._next = asyncio.get_running_loop().time() + 60
        waiting = asyncio.create_task(get(session, "/channels/1"))
        await waits.wait()
    throttle._next, front.says = 0.0, [refusal()]
    assert await get(session, "/channels/2") == 429
    over.set()
    with pytest.raises(AddressBlocked):
        await waiting
    assert front.met == ["/channels/2"]


async def test_it_says_whether_requests_wait(front: Front, throttle: Throttle, session: aiohttp.ClientSession) -> None:
    assert not throttle.crowded
    asked = [asyncio.create_task(get(session, f"/channels/{number}")) for number in range(5 * int(BURST))]
    while not throttle.crowded:
        await asyncio.sleep(0)
    await asyncio.gather(*asked)
    assert not throttle.crowded


async def get_when_nobody_else_does(session: aiohttp.ClientSession, path: str) -> int:
    MAY_WAIT.set(True)
    return await get(session, path)


async def notice_in_a_flood_of_cards(front: Front, session: aiohttp.ClientSession) -> int:
    """Before how many of the cards that came after it a notice got there."""
    many = int(BURST) * 3
    before = [asyncio.create_task(get(session, f"/channels/{number}")) for number in range(many)]
    await asyncio.sleep(0)  # they stand in the line
    notice = asyncio.create_task(get_when_nobody_else_does(session, "/channels/notice"))
    await asyncio.sleep(0)
    after = [asyncio.create_task(get(session, f"/channels/later/{number}")) for number in range(many)]
    await asyncio.gather(*before, notice, *after)
    return len(front.met) - 1 - front.met.index("/channels/notice")


async def test_what_may_wait_takes_what_others_leave(
    front: Front, throttle: Throttle, session: aiohttp.ClientSession
) -> None:
    assert await notice_in_a_flood_of_cards(front, session) == 0


async def test_what_may_wait_does_not_wait_for_ever(
    front: Front, throttle: Throttle, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.throttle.PATIENCE", 0.0)
    assert await notice_in_a_flood_of_cards(front, session) > 0
