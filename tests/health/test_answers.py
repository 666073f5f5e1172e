"""What the health address answers, and when it cannot be had."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import aiohttp
import pytest

from bot.web.health import HealthServer, Probes
from core.errors import Misconfigured

FREE = ("127.0.0.1", 0)


def probes(live: Mapping[str, str] | None = None, ready: Mapping[str, str] | None = None) -> Probes:
    async def is_ready() -> Mapping[str, str]:
        return ready or {}

    async def metrics() -> bytes:
        return b"a 1\n"

    return Probes(live=lambda: live or {}, ready=is_ready, metrics=metrics)


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as web, web.get(url) as response:
        return response.status, await response.text()


async def test_all_is_well() -> None:
    async with HealthServer(FREE, probes()) as health:
        assert await get(f"{health.url}/healthz") == (200, '{"live": true, "missing": {}}')
        assert await get(f"{health.url}/readyz") == (200, '{"ready": true, "missing": {}}')
        assert await get(f"{health.url}/metrics") == (200, "a 1\n")


async def test_what_is_missing_is_said() -> None:
    async with HealthServer(FREE, probes({"controller": "stuck"}, {"discord": "not connected"})) as health:
        assert await get(f"{health.url}/healthz") == (503, '{"live": false, "missing": {"controller": "stuck"}}')
        assert await get(f"{health.url}/readyz") == (503, '{"ready": false, "missing": {"discord": "not connected"}}')


async def test_nothing_else_is_there() -> None:
    async with HealthServer(FREE, probes()) as health:
        assert (await get(f"{health.url}/"))[0] == 404


async def test_a_port_in_use_is_said_in_words() -> None:
    with socket.socket() as other:
        other.bind(FREE)
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Misconfigured) as wrong:
            await HealthServer(("127.0.0.1", port), probes()).__aenter__()
    assert wrong.value.lines == [
        f"DORMOUSE_HEALTH: 127.0.0.1:{port} cannot be listened on (Address already in use): "
        "choose another port, or off."
    ]


async def test_off_listens_nowhere() -> None:
    async with HealthServer(None, probes()) as health:
        assert health.url == ""
