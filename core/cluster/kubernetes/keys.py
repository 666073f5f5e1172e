"""Each server's own key to the store: given, handed to an agent that runs, and ended once nobody uses it.

A key is known to its Secret only, which nobody here may read, and to the pod. So one that is lost, or that is one of
several, is not looked for: the server gets a new one, and the others end. Whoever dies between making a key, writing
the Secret and ending the others leaves a key too many, which `tidy` ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

import structlog

from core.cluster.kubernetes.api import Api
from core.cluster.kubernetes.holdings import Holdings
from core.cluster.kubernetes.manifests import store_secret
from core.cluster.kubernetes.reduced_pod import PodRecord
from core.cluster.kubernetes.site import Site
from core.errors import ClusterError
from core.words import PodPhase
from core.worlds.store.access import StoreAccess

log = structlog.get_logger()

Hand = Callable[[str, PodRecord, Mapping[str, str]], Awaitable[None]]
"""Gives a server's agent new keys. Raises `ClusterError` where it does not take them."""


class Keys:
    def __init__(self, api: Api, site: Site, access: StoreAccess, holdings: Holdings, hand: Hand) -> None:
        self._api = api
        self._site = site
        self._access = access
        self._holdings = holdings
        self._hand = hand
        self._busy: Counter[str] = Counter()  # servers that are given keys just now

    async def give(self, server: str, source: str | None, *, alone: bool) -> None:
        """New keys into the server's Secret. `alone`: nobody uses those of before."""
        with self.at_work(server):
            env = await self._access.give(server, source)
            await self._api.apply("secrets", store_secret(server, self._site, env))
            if alone:
                await self._access.trim(server, env)

    async def renew(self, server: str, pod: PodRecord) -> None:
        """A new key for a server whose agent is up, in place of all others. Raises `ClusterError`; the next pod has a
        new key also where this agent did not take it."""
        with self.at_work(server):
            env = await self._access.give(server, None)
            await self._api.apply("secrets", store_secret(server, self._site, env))
            await self._hand(server, pod, env)
            await self._access.trim(server, env)
        log.info("a server has a new key to the store", server=server)

    async def tidy(self) -> None:
        for server, count in (await self._access.keys()).items():
            if self._busy[server]:
                continue
            held = self._holdings.of(server)
            if held.set is None:
                if not held.pods:
                    log.info("keys of a server that is gone are ended", server=server)
                    await self._access.forget(server)
                continue
            if count < 2:
                continue
            try:
                if (pod := held.pod) is not None:
                    if pod.phase is PodPhase.READY and pod.ip:
                        await self.renew(server, pod)
                elif held.set.made:  # else it may still need the key to another's world
                    await self.give(server, None, alone=True)
            except ClusterError as wrong:  # another time: a key too many does no harm until then
                log.warning("keys not tidied", server=server, detail=wrong.detail)

    @contextmanager
    def at_work(self, server: str) -> Iterator[None]:
        """What is made of the server's keys meanwhile is not to be tidied."""
        self._busy[server] += 1
        try:
            yield
        finally:
            self._busy[server] -= 1
            if not self._busy[server]:
                del self._busy[server]
