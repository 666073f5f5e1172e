"""Playing, over real sockets with the real process."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

import aiohttp
import pytest

if TYPE_CHECKING:
    from tests.meadow.conftest import Starter

pytestmark = pytest.mark.process


async def test_what_one_plants_the_other_sees(start: Starter) -> None:
    meadow = await start()
    ada, _ = await meadow.join("Ada")
    bo, hello = await meadow.join("Bo")
    assert [player["name"] for player in hello["players"]] == ["Ada"]
    assert (await ada.next("join"))["player"]["name"] == "Bo"
    await ada.plant((4, 5, "d"), (5, 5, "~"))
    assert (await bo.next("plant"))["cells"] == [[4, 5, "d"], [5, 5, "~"]]
    _, hello = await meadow.join("Cy")
    assert hello["rows"][5].startswith("....d~....")


async def test_moves_and_words_reach_the_others(start: Starter) -> None:
    meadow = await start()
    ada, hello = await meadow.join("Ada", animal="frog")
    bo, _ = await meadow.join("Bo")
    await ada.send({"t": "move", "x": 3.25, "y": 4})
    assert (await bo.next("moves"))["places"] == [[hello["you"]["id"], 3.25, 4]]
    await ada.send({"t": "chat", "text": "hello"})
    assert (await bo.next("chat"))["text"] == "hello"


async def test_the_status_counts_joined_players_by_name(start: Starter) -> None:
    meadow = await start(title="Pond", max_players="5", password="")
    ada, _ = await meadow.join("Ada")
    await meadow.join("Ada")
    status = await meadow.status()
    assert status["title"] == "Pond"
    assert status["players"] == {"online": 2, "max": 5, "names": ["Ada", "Ada 2"]}
    await ada.socket.close()
    await meadow.expect("Ada left")
    assert (await meadow.status())["players"]["names"] == ["Ada 2"]


async def test_a_full_meadow_refuses_in_words(start: Starter) -> None:
    meadow = await start(max_players="1")
    await meadow.join("Ada")
    bo = await meadow.knock("Bo")
    assert "full" in (await bo.next("refused"))["why"]
    assert await bo.closed() == 4002
    assert (await meadow.status())["players"]["online"] == 1


async def test_only_the_password_lets_in_and_it_is_never_logged(start: Starter) -> None:
    meadow = await start(password="hazel nut")
    for wrong in ({}, {"password": "oak"}, {"password": "hazel nuté"}):
        bo = await meadow.knock("Bo", **wrong)
        await bo.next("refused")
        assert await bo.closed() == 4001
    await meadow.join("Ada", password="hazel nut")
    assert (await meadow.status())["players"]["names"] == ["Ada"]
    assert await meadow.terminate() == 0
    assert not any("hazel" in line for line in meadow.lines)


async def test_hostile_messages_change_nothing(start: Starter) -> None:
    meadow = await start()
    ada, _ = await meadow.join("Ada\n\x1b[2JMallory joined")
    for text in ("", "{", "[" * 4000, '{"t":"plant","cells":[[1e9,0,"d"]]}', '{"t":"move","x":NaN,"y":0}', '"\\ud800"'):
        await ada.socket.send_str(text)
    await ada.socket.send_bytes(b"\xff" * 100)
    await ada.plant((1, 1, "d"))
    await ada.next("plant")
    status = await meadow.status()
    assert status["world"]["revision"] == 1
    assert status["players"]["names"] == ["Ada [2JMallory joined"]


async def test_a_message_that_is_too_big_ends_the_connection(start: Starter) -> None:
    meadow = await start()
    ada, _ = await meadow.join("Ada")
    await ada.socket.send_str(json.dumps({"t": "chat", "text": "x" * 5000}))
    assert await ada.closed() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    await meadow.expect("Ada left")


async def test_a_flood_of_messages_ends_the_connection(start: Starter) -> None:
    meadow = await start()
    ada, _ = await meadow.join("Ada")
    with contextlib.suppress(ConnectionError):
        for _ in range(500):
            await ada.socket.send_str("{}")
    assert await ada.closed() == 4004


async def test_cells_beyond_the_allowance_are_given_back(start: Starter) -> None:
    meadow = await start()
    ada, _ = await meadow.join("Ada")
    for row in range(30):
        await ada.plant(*((x, row, "d") for x in range(60)))
    while (message := await ada.next("plant"))["id"] != 0:
        pass
    assert {letter for _, _, letter in message["cells"]} == {"."}


async def test_a_silent_connection_is_dropped(start: Starter) -> None:
    meadow = await start(ping_every="0.1")
    _, writer = await asyncio.open_connection("127.0.0.1", meadow.port)
    writer.write(
        b"GET /play?name=Ghost HTTP/1.1\r\nHost: meadow\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await meadow.expect("Ghost joined")
    await meadow.expect("Ghost left")
    assert (await meadow.status())["players"]["online"] == 0
    writer.close()


async def test_the_page_is_served_and_needs_nothing_from_elsewhere(start: Starter) -> None:
    meadow = await start()
    async with aiohttp.ClientSession() as client:
        async with client.get(meadow.url) as answer:
            assert answer.content_type == "text/html"
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert "https://" not in await answer.text()
        async with client.get(meadow.url + "page/main.js") as answer:
            assert answer.content_type == "text/javascript"
        async with client.get(meadow.url + "page/..%2fserver.py") as answer:
            assert answer.status == 404
