"""When pods of a namespace came, became Ready and went, by one watch that is neither side's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from types import TracebackType
from typing import Any, Self

import aiohttp

from core.cluster.kubernetes import names
from core.cluster.kubernetes.api import Api, configuration

WITHIN = 120.0
"""Seconds that anything may take."""


class Pods:
    """Moments are of `time.perf_counter`; pods go by what their server is called, which the manifests note on them."""

    def __init__(self, kubeconfig: str, namespace: str) -> None:
        self._kubeconfig, self._namespace = kubeconfig, namespace
        self._came: dict[str, float] = {}
        self._ready: dict[str, float] = {}
        self._gone: set[str] = set()
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def forget(self, name: str) -> None:
        """What is known of its last pod; the next one is awaited."""
        self._came.pop(name, None)
        self._ready.pop(name, None)
        self._gone.discard(name)

    async def ready(self, name: str) -> tuple[float, float]:
        """When it came, and when it became Ready."""
        async with asyncio.timeout(WITHIN), self._news:
            await self._news.wait_for(lambda: name in self._ready)
            return self._came[name], self._ready[name]

    async def gone(self, name: str) -> None:
        async with asyncio.timeout(WITHIN), self._news:
            await self._news.wait_for(lambda: name in self._gone)

    async def _follow(self) -> None:
        api = Api(await configuration(self._kubeconfig), self._namespace)
        await api.open()
        try:
            within = aiohttp.ClientTimeout(sock_connect=5)
            async with api.stream("pods", {"timeoutSeconds": "7200"}, within=within) as stream:
                rest = b""
                async for data in stream.iter_any():
                    *lines, rest = (rest + data).split(b"\n")
                    for line in lines:
                        await self._take(json.loads(line))
        finally:
            await api.close()

    async def _take(self, event: dict[str, Any]) -> None:
        now, pod = time.perf_counter(), event["object"]
        name = (pod["metadata"].get("annotations") or {}).get(names.NAME, "")
        conditions = pod.get("status", {}).get("conditions") or ()
        is_ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
        async with self._news:
            self._came.setdefault(name, now)
            if event["type"] == "DELETED":
                self._gone.add(name)
            elif is_ready:
                self._ready.setdefault(name, now)
            self._news.notify_all()
