"""Somebody who walks into a meadow, at the address on a server's card."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from reading import texts

COLUMN, ROW, KIND = 3, 4, "d"
"""A daisy, and where it grows."""


def address(card: dict[str, Any]) -> str:
    found = re.search(r"[\d.]+:\d+", texts(card["components"]))
    assert found is not None, "there is no address on the card"
    return found[0]


@asynccontextmanager
async def visit(card: dict[str, Any], name: str = "Bo") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """On a cluster a port may refuse for some milliseconds after Ready, until the packet rules follow."""
    async with aiohttp.ClientSession() as web:
        async with asyncio.timeout(30):
            while True:
                try:
                    player = await web.ws_connect(f"http://{address(card)}/play?name={name}")
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)
        async with player:
            yield player


async def heard(player: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """The next message of that kind that the meadow sends."""
    async with asyncio.timeout(60):
        while (said := await player.receive_json())["t"] != kind:
            pass
    return dict(said)


async def plant(card: dict[str, Any]) -> None:
    """Walk in and plant the daisy."""
    async with visit(card) as player:
        await heard(player, "hello")
        await player.send_json({"t": "plant", "cells": [[COLUMN, ROW, KIND]]})
        await heard(player, "plant")


async def finds_daisy(card: dict[str, Any]) -> bool:
    async with visit(card) as player:
        return bool((await heard(player, "hello"))["rows"][ROW][COLUMN] == KIND)
