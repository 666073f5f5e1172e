"""Games that the agent asks: the bot asks the agent, with its token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from core.games.form.reached import Query as Rule
from core.games.query.adapters import make_queries
from core.games.query.port import Endpoint, Players
from core.words import Empty, Occupied, Unknown

RULE = Rule(kind="a2s")
AGENT = "agent"
Ask = Callable[..., Awaitable[Players]]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Ask an agent that answers so; whoever comes without its token is refused."""
    answer: Any = None

    async def players(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer planted":
            return web.json_response({"error": "token"}, status=401)
        return web.json_response(answer)

    app = web.Application()
    app.router.add_get("/v1/players", players)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint = Endpoint("127.0.0.1", int(runner.addresses[0][1]))

    async with aiohttp.ClientSession() as session:
        query = make_queries(session)[AGENT]
        assert query.by_agent

        async def ask(said: Any, token: str = "planted") -> Players:
            nonlocal answer
            answer = said
            return await query.players(endpoint, RULE, token=token)

        yield ask
    await runner.cleanup()


async def test_somebody_is_on(ask: Ask) -> None:
    assert await ask({"online": 1, "max": 10, "names": ["Ada"]}) == Players(Occupied(("Ada",), 1), 10)


async def test_nobody_is_on_where_the_game_tells_no_maximum(ask: Ask) -> None:
    assert await ask({"online": 0, "max": None, "names": []}) == Players(Empty(), 0)


@pytest.mark.parametrize("said", [{"unknown": "no a2s answer on port 2457"}, ["nonsense"], {"online": "many"}])
async def test_an_agent_that_does_not_know_is_never_empty(ask: Ask, said: Any) -> None:
    assert isinstance((await ask(said)).evidence, Unknown)


async def test_a_wrong_token_tells_nothing(ask: Ask) -> None:
    assert isinstance((await ask({"online": 0}, token="another")).evidence, Unknown)
