"""What several watchers of a cluster are told: the newest state of each server, coalesced, and the gaps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

from core.cluster.port import Changed, Listed, News, Observed, Stale

_AT_ONCE = 200  # servers looked at before the loop gets its turn


class Broadcast:
    """`everything` gives the servers there are, `observe` the state of one."""

    def __init__(self, everything: Callable[[], Iterable[str]], observe: Callable[[str], Observed]) -> None:
        self._everything = everything
        self._observe = observe
        self._readers: set[_Reader] = set()
        self._why: str | None = "not listed yet"

    @property
    def fresh(self) -> bool:
        return self._why is None

    def changed(self, server: str) -> None:
        for reader in self._readers:
            reader.put(server)

    def went_stale(self, why: str) -> None:
        if self._why is None:
            self._why = why
            for reader in self._readers:
                reader.gap()

    def became_fresh(self) -> None:
        if self._why is not None:
            self._why = None
            for reader in self._readers:
                reader.gap()

    async def read(self) -> AsyncIterator[News]:
        """As `Cluster.watch`: begins with a list once there is one."""
        reader = _Reader()
        self._readers.add(reader)
        last: dict[str, Observed] = {}
        listed = told_stale = False
        try:
            while True:
                if self._why is not None:
                    if listed and not told_stale:
                        told_stale = True
                        yield Stale(self._why)
                    await reader.wait()
                elif reader.gaps or not listed:
                    reader.gaps = False
                    reader.servers.clear()
                    last = await self._list()
                    if self._why is None:
                        listed, told_stale = True, False
                        yield Listed(tuple(last.values()))
                elif reader.servers:
                    server = reader.next()
                    observed = self._observe(server)
                    if observed.exists and last.get(server) != observed:
                        last[server] = observed
                        yield Changed(observed)
                    elif not observed.exists and last.pop(server, None) is not None:
                        yield Changed(observed)
                else:
                    await reader.wait()
        finally:
            self._readers.discard(reader)

    async def _list(self) -> dict[str, Observed]:
        found = {}
        for number, server in enumerate(list(self._everything()), start=1):
            observed = self._observe(server)
            if observed.exists:
                found[server] = observed
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return found


class _Reader:
    """Which servers one reader has not looked at since they changed, in the order of the changes."""

    def __init__(self) -> None:
        self.servers: dict[str, None] = {}
        self.gaps = False
        self._news = asyncio.Event()

    def put(self, server: str) -> None:
        self.servers[server] = None
        self._news.set()

    def gap(self) -> None:
        self.gaps = True
        self._news.set()

    def next(self) -> str:
        server = next(iter(self.servers))
        del self.servers[server]
        return server

    async def wait(self) -> None:
        self._news.clear()
        await self._news.wait()
