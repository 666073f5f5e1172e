"""Asking a game over HTTP who plays: whatever it answers is Empty, Occupied or Unknown, never an exception."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from core.games.form.reached import Query as Rule
from core.games.query.adapters import make_queries
from core.games.query.http import LARGEST
from core.games.query.port import Endpoint, Players
from core.words import Empty, Occupied, Unknown

RULE = Rule(kind="http", path="/status", online="players.online", max="players.max", names="players.names")

Ask = Callable[..., Awaitable[Players]]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Ask a game that answers `text` with `status`."""
    answer = web.Response()

    async def status(request: web.Request) -> web.Response:
        return answer

    app = web.Application()
    app.router.add_get("/status", status)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint = Endpoint("127.0.0.1", int(runner.addresses[0][1]))

    async def ask(text: str, code: int = 200) -> Players:
        nonlocal answer
        headers = {"Location": "/status"} if code == 302 else None
        answer = web.Response(text=text, status=code, headers=headers)
        return await make_queries(session)["http"].players(endpoint, RULE)

    async with aiohttp.ClientSession() as session:
        yield ask
    await runner.cleanup()


async def test_nobody_is_on(ask: Ask) -> None:
    assert await ask('{"players": {"online": 0, "max": 16, "names": []}}') == Players(Empty(), 16)


async def test_two_are_on(ask: Ask) -> None:
    seen = await ask('{"players": {"online": 2, "max": 16, "names": ["Ada", "Bo"]}}')
    assert seen == Players(Occupied(("Ada", "Bo"), 2), 16)


async def test_a_number_alone_is_enough(ask: Ask) -> None:
    assert await ask('{"players": {"online": 3}}') == Players(Occupied((), 3), 0)


@pytest.mark.parametrize("online", ["null", "true", "-1", '"2"', "{}", "1.5"])
async def test_no_number_of_players_is_unknown_and_never_empty(ask: Ask, online: str) -> None:
    assert isinstance((await ask(f'{{"players": {{"online": {online}}}}}')).evidence, Unknown)


@pytest.mark.parametrize("text", ["", "hello", "[]", "7", '{"players": []}', "[" * 50_000])
async def test_another_shape_is_unknown(ask: Ask, text: str) -> None:
    assert isinstance((await ask(text)).evidence, Unknown)


@pytest.mark.parametrize("code", [204, 302, 404, 500])
async def test_another_status_is_unknown(ask: Ask, code: int) -> None:
    assert isinstance((await ask("", code)).evidence, Unknown)


async def test_too_large_an_answer_is_unknown(ask: Ask) -> None:
    text = '{"players": {"online": 0}, "more": "' + "x" * LARGEST + '"}'
    assert isinstance((await ask(text)).evidence, Unknown)


async def test_a_game_that_does_not_listen_is_unknown() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = Endpoint("127.0.0.1", closed.getsockname()[1])
        async with aiohttp.ClientSession() as session:
            seen = await make_queries(session)["http"].players(endpoint, RULE)
    assert isinstance(seen.evidence, Unknown)
