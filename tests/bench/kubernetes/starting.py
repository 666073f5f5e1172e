"""One start on a namespace that is full of servers: `python starting.py dormouse|kinds|typed NAMESPACE`, prints JSON.

`dormouse` is the adapter as the bot starts it, until it has told all servers; `kinds` is the same kind by kind, to see
what each costs; `typed` is the client's own lists, kind by kind, which keep the models they give. What is idle is the
same before: an empty list was had in the same way. KUBECONFIG names the API server.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from measuring import TICK, Memory

from core.cluster.kubernetes import names
from core.cluster.kubernetes.addresses import Addresses, Exposure
from core.cluster.kubernetes.api import Api, configuration
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.kubernetes.holdings import Holdings
from core.cluster.kubernetes.site import Site
from core.cluster.port import Listed

INSTALLATION = "bench"
KINDS = ("statefulsets", "pods", "persistentvolumeclaims", "services", "networkpolicies")
NOBODY = "nobody"
"""An installation without servers."""
PAGE = 500  # of the typed client: what kubectl and client-go ask for


@dataclass(slots=True)
class Start:
    """Seconds and MiB. `block` is the longest time that the event loop did not come round; `own_block` counts only
    what this process computed meanwhile, which other programs on the machine do not lengthen."""

    servers: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    block: float = 0.0
    own_block: float = 0.0
    idle: float = 0.0
    above_idle: float = 0.0
    by_kind: dict[str, float] = field(default_factory=dict)


class Turns:
    """The longest turn of the loop, by the wall's clock and by this process' own."""

    def __init__(self) -> None:
        self.wall = self.own = 0.0

    async def watch(self) -> None:
        while True:
            wall, own = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK)
            self.wall = max(self.wall, time.perf_counter() - wall - TICK)
            self.own = max(self.own, time.process_time() - own)


async def measured(start: Start, work: Callable[[], Awaitable[None]]) -> None:
    gc.collect()
    gc.freeze()  # as the bot does before it runs
    start.idle = Memory.of().rss
    turns = Turns()
    ticking = asyncio.create_task(turns.watch())
    await asyncio.sleep(0.05)
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    start.wall, start.cpu = time.perf_counter() - wall, time.process_time() - cpu
    await asyncio.sleep(2 * TICK)
    ticking.cancel()
    start.block, start.own_block = turns.wall, turns.own
    start.above_idle = Memory.of().rss - start.idle


async def dormouse(namespace: str) -> Start:
    async def listed(installation: str) -> tuple[KubernetesCluster, int]:
        site = Site(installation, "", Addresses(Exposure.HOSTPORT, installation))
        cluster = KubernetesCluster(Api(await configuration(), namespace), site, lambda _: "")
        await cluster.start()
        async for news in cluster.watch():
            assert isinstance(news, Listed)
            return cluster, len(news.observed)
        raise AssertionError("the watch ended")

    start = Start()
    opened = [(await listed(NOBODY))[0]]

    async def work() -> None:
        cluster, start.servers = await listed(INSTALLATION)
        opened.append(cluster)

    await measured(start, work)
    for cluster in opened:
        await cluster.close()
    return start


async def kinds(namespace: str) -> Start:
    api = Api(await configuration(), namespace)
    await api.open()
    start = Start()

    async def one(holdings: Holdings, kind: str) -> None:
        follower, before = holdings.followers[kind], time.process_time()
        running = asyncio.create_task(follower.run())
        while not follower.fresh:
            await asyncio.sleep(0.001)
        start.by_kind[kind] = time.process_time() - before
        running.cancel()

    def holdings(installation: str) -> Holdings:
        return Holdings(api, installation, changed=lambda _: None, freshness=lambda: None)

    for kind in KINDS:
        await one(holdings(NOBODY), kind)
    held = holdings(INSTALLATION)

    async def work() -> None:
        for kind in KINDS:
            await one(held, kind)

    await measured(start, work)
    start.servers = len(list(held))
    await api.close()
    return start


async def typed(namespace: str) -> Start:
    from kubernetes.aio import client

    made: Any = client
    api = made.ApiClient(await configuration())
    core, apps, networking = made.CoreV1Api(api), made.AppsV1Api(api), made.NetworkingV1Api(api)
    lists = {
        "statefulsets": apps.list_namespaced_stateful_set,
        "pods": core.list_namespaced_pod,
        "persistentvolumeclaims": core.list_namespaced_persistent_volume_claim,
        "services": core.list_namespaced_service,
        "networkpolicies": networking.list_namespaced_network_policy,
    }

    async def everything(kind: str, installation: str) -> list[Any]:
        found: list[Any] = []
        more: dict[str, Any] = {}
        while True:
            page = await lists[kind](
                namespace, label_selector=f"{names.INSTALLATION}={installation}", limit=PAGE, **more
            )
            found += page.items
            if not page.metadata._continue:
                return found
            more = {"_continue": page.metadata._continue}

    start = Start()
    kept = {kind: await everything(kind, NOBODY) for kind in KINDS}

    async def work() -> None:
        for kind in KINDS:
            before = time.process_time()
            kept[kind] = await everything(kind, INSTALLATION)
            start.by_kind[kind] = time.process_time() - before

    await measured(start, work)
    start.servers = len(kept["pods"])
    await api.close()
    return start


if __name__ == "__main__":
    how = {"dormouse": dormouse, "kinds": kinds, "typed": typed}[sys.argv[1]]
    print(json.dumps(asdict(asyncio.run(how(sys.argv[2])))))
