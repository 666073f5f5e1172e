"""What a game on Kubernetes uses, from a small metrics API: never more than a nicety."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration

from core.cluster.kubernetes import api as module
from core.cluster.kubernetes.api import Api
from core.cluster.kubernetes.metrics import in_use, quantity
from core.cluster.port import InUse

MEASURED = {
    "containers": [
        {"name": "agent", "usage": {"cpu": "1m", "memory": "30Mi"}},
        {"name": "game", "usage": {"cpu": "12345678n", "memory": "62464Ki"}},
    ]
}


class Metrics:
    """Answers with `status`, after `wait` is set; remembers what was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.wait = asyncio.Event()
        self.wait.set()
        self.items: list[Any] | None = None
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path_qs}")
        await self.wait.wait()
        if "metrics" not in request.path:
            return web.json_response({"items": []})
        measured = MEASURED if self.items is None else {"items": self.items}
        return web.json_response(measured if self.status == 200 else {"message": "no"}, status=self.status)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def api(metrics: Metrics) -> AsyncIterator[Api]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", metrics.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{runner.addresses[0][1]}"
    api = Api(configuration, "games")
    await api.open()
    yield api
    metrics.wait.set()
    await api.close()
    await runner.cleanup()


async def test_it_is_the_games_container_that_counts(api: Api, metrics: Metrics) -> None:
    measured = await api.metrics("pond-0")
    assert measured is not None
    assert in_use(measured) == InUse(cpu=12, memory=61 << 20)
    assert metrics.asked == ["GET /apis/metrics.k8s.io/v1beta1/namespaces/games/pods/pond-0"]


async def test_all_are_asked_in_one_request(api: Api, metrics: Metrics) -> None:
    metrics.items = [{"metadata": {"name": "pond-0"}, "containers": [{"name": "game"}]}, "nonsense"]
    found = await api.metrics_of_all({"labelSelector": "a=b"})
    assert [each["metadata"]["name"] for each in found] == ["pond-0"]
    assert metrics.asked == ["GET /apis/metrics.k8s.io/v1beta1/namespaces/games/pods?labelSelector=a%3Db"]
    metrics.status = 403
    assert await api.metrics_of_all({}) == []


@pytest.mark.parametrize("status", [403, 404, 500, 503])
async def test_where_nobody_measures_nothing_is_said_and_nothing_else_suffers(
    api: Api, metrics: Metrics, status: int
) -> None:
    metrics.status = status
    assert await api.metrics("pond-0") is None
    assert await api.everything("pods", {}) == []  # the breaker is closed


async def test_one_that_hangs_is_not_waited_for(api: Api, metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_METRICS_PATIENCE", module.aiohttp.ClientTimeout(total=0.05))
    metrics.wait.clear()
    assert await api.metrics("pond-0") is None
    metrics.wait.set()
    assert await api.everything("pods", {}) == []


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"containers": [{"name": "agent", "usage": {"cpu": "1", "memory": "1"}}]},
        {"containers": [{"name": "game", "usage": {"cpu": "1"}}]},
        {"containers": [{"name": "game", "usage": {"cpu": "many", "memory": "1Mi"}}]},
        {"containers": [{"name": "game", "usage": {"cpu": "0", "memory": "0"}}]},
    ],
)
def test_what_is_not_measured_yet_is_not_made_up(raw: dict[str, Any]) -> None:
    assert in_use(raw) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("250m", 0.25),
        ("1500000n", 0.0015),
        ("2", 2),
        ("0.5", 0.5),
        ("61Mi", 61 << 20),
        ("62464Ki", 61 << 20),
        ("3M", 3e6),
    ],
)
def test_quantities(text: str, number: float) -> None:
    assert float(quantity(text)) == number
