"""Servers as child processes of this machine, or in its containers: the `Cluster` port's adapter for one host, the demo
and most tests.

It plays StatefulSet controller (a keeper a server); the agent, a process of its own that outlives the bot, plays
kubelet. core/agent/local/folder.py says what stands in a server's folder.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path

import aiohttp

from core.agent.file_wire import FileAnswer, FileOrder
from core.agent.files import read_record
from core.agent.local.folder import ServerFolder
from core.agent.wire import PodSpec
from core.authority import listen_error
from core.cluster.local.containers import Containers
from core.cluster.local.keeper import Keeper
from core.cluster.local.log import follow
from core.cluster.local.usage import Reading, in_use, read
from core.cluster.local.volumes import Volumes
from core.cluster.port import Changed, Cluster, InUse, Listed, News, Observed, ServerSpec
from core.errors import ClusterError
from core.games.query.port import LogPart
from core.games.terminal import plain
from core.nofollow import Spot
from core.words import Problem, is_server_id
from core.worlds.receipt import Receipt
from core.worlds.store.place import StorePlace
from core.worlds.turns import Turns

LOG_MOST = 64 * 1024


class LocalCluster(Cluster):
    """`folder` has one folder a server; `host` is the address that games listen on; `store` is where worlds are kept,
    without which none is saved. Worlds come back in one of the `turns`. With `containers`, games are started from
    their images where they have one."""

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        store: StorePlace | None = None,
        turns: Turns | None = None,
        containers: Containers | None = None,
    ) -> None:
        self._folder = folder
        self._turns = turns or Turns()
        self._store = store
        self._host = host
        self._containers = containers
        self._cleaning: asyncio.Task[None] | None = None
        self._keepers: dict[str, Keeper] = {}
        self._readings: dict[str, Reading] = {}  # of what each used when somebody asked last
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._watchers: list[_Watcher] = []
        self._session: aiohttp.ClientSession | None = None

    async def start(self, *, halted: bool = False) -> None:
        """Take up every server there is. `halted`: start no pod, only see what runs."""
        self._folder.mkdir(parents=True, exist_ok=True)
        connector = aiohttp.TCPConnector(limit=0)  # each keeper holds one long-poll
        self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=10))
        for each in sorted(self._folder.iterdir()):
            if is_server_id(each.name) and Spot.of(each).kind() == "folder":
                self._keep(each.name, halted=halted)
        if self._containers is not None:
            self._cleaning = asyncio.create_task(self._containers.end_strangers(self._runs), name="containers")

    def _runs(self, server: str, uid: str) -> bool:
        """Whether the container of this pod is somebody's: its agent's, or its keeper's that cleans up after it."""
        if not is_server_id(server) or not uid:
            return False
        pod = read_record(PodSpec, ServerFolder(self._folder / server).pod_file)
        return pod is not None and pod.uid.startswith(uid)

    async def close(self) -> None:
        tasks = [*self._tasks.values(), *([self._cleaning] if self._cleaning else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._containers is not None:
            await self._containers.close()
        if self._session is not None:
            await self._session.close()

    async def halt(self, within: float) -> list[str]:
        """End every pod, saved, and leave the specs as they are: the next `start` goes on where it was.

        Returns after `within` seconds at the latest, with the servers whose games have not ended by then.
        """
        for keeper in self._keepers.values():
            keeper.halted = True
            keeper.gone.clear()
            keeper.wake()
        waits = {asyncio.create_task(keeper.gone.wait()): server for server, keeper in self._keepers.items()}
        if not waits:
            return []
        _, late = await asyncio.wait(waits, timeout=within)
        for task in late:
            task.cancel()
        return [waits[task] for task in late]

    async def watch(self) -> AsyncIterator[News]:
        watcher = _Watcher()
        self._watchers.append(watcher)
        try:
            yield Listed(tuple(keeper.observe() for keeper in self._keepers.values()))
            while True:
                yield Changed(await watcher.next())
        finally:
            self._watchers.remove(watcher)

    async def ensure(self, spec: ServerSpec) -> None:
        if spec.game.local is None and not (self._containers and self._containers.runs(spec.game)):
            raise ClusterError(f"{spec.game.id} cannot run on this machine", problem=Problem.CANNOT_APPLY)
        keeper = self._keep(spec.server)
        try:
            keeper.write_spec(spec)
        except OSError as wrong:
            raise ClusterError(f"the spec cannot be written: {wrong}", problem=Problem.CANNOT_APPLY) from wrong
        keeper.wake()

    async def delete_pod(self, server: str, uid: str) -> None:
        keeper = self._keepers.get(server)
        if keeper is not None and keeper.observe().uid == uid:
            keeper.delete = uid
            keeper.wake()

    async def release_volume(self, server: str, volume: int) -> None:
        await Volumes(ServerFolder(self._folder / server), self._store).release(volume)
        if (keeper := self._keepers.get(server)) is not None:
            keeper.wake()

    async def remove(self, server: str) -> None:
        keeper = self._keepers.get(server)
        if keeper is None:
            return
        keeper.removing = True
        ServerFolder(self._folder / server).spec.remove()
        keeper.gone.clear()
        keeper.wake()
        await keeper.gone.wait()
        whole = ServerFolder(self._folder / server).spot
        while whole.kind() is not None:
            with contextlib.suppress(OSError):  # something is written there just now
                await asyncio.to_thread(whole.remove)
            await asyncio.sleep(0.05)
        self._tasks.pop(server).cancel()
        del self._keepers[server]
        self._tell(Observed(server))

    async def logs(self, server: str, *, lines: int = 100, previous: bool = False) -> str:
        folder = ServerFolder(self._folder / server)
        try:
            text = (folder.previous_log if previous else folder.log).tail(LOG_MOST)
        except OSError:
            return ""
        kept = plain(text.decode(errors="replace")).splitlines()[-lines:]
        return "\n".join(kept)

    def follow(self, server: str) -> AsyncIterator[LogPart]:
        return follow(ServerFolder(self._folder / server).log)

    async def console(self, server: str, line: str) -> str:
        keeper = self._keepers.get(server)
        if keeper is None:
            raise ClusterError("there is no such server")
        return await keeper.console(line)

    async def snapshot(self, server: str, *, note: str = "", full: bool = False) -> Receipt:
        return await self._known(server).snapshot(note=note, full=full)

    async def seal(self, server: str, volume: int) -> Receipt | None:
        return await self._known(server).seal(volume)

    async def files(self, server: str, order: FileOrder) -> FileAnswer:
        return await self._known(server).files(order)

    def _known(self, server: str) -> Keeper:
        keeper = self._keepers.get(server)
        if keeper is None:
            raise ClusterError("there is no such server", problem=Problem.CANNOT_APPLY)
        return keeper

    async def usage(self, server: str) -> InUse | None:
        keeper = self._keepers.get(server)
        game = keeper.game() if keeper is not None else None
        now = None if game is None else await read(*game)
        if now is None:
            self._readings.pop(server, None)
            return None
        before = self._readings.get(server)
        if before is None or before.who != now.who or now.at - before.at >= 1.0:
            self._readings[server] = now
        return in_use(now, before)

    async def usage_of_all(self, servers: Collection[str]) -> Mapping[str, InUse]:
        used = {server: await self.usage(server) for server in servers}
        return {server: each for server, each in used.items() if each is not None}

    async def listenable(self, ports: Sequence[int], most: int) -> list[int]:
        def find() -> list[int]:
            found: list[int] = []
            for port in ports:
                if len(found) >= most:
                    break
                if not any(listen_error(self._host, port, udp=udp) for udp in (False, True)):
                    found.append(port)
            return found

        return await asyncio.to_thread(find)

    def _keep(self, server: str, *, halted: bool = False) -> Keeper:
        if (known := self._keepers.get(server)) is not None:
            return known
        assert self._session is not None, "start() first"
        keeper = Keeper(
            ServerFolder(self._folder / server),
            self._session,
            self._tell,
            host=self._host,
            turns=self._turns,
            store=self._store,
            containers=self._containers,
        )
        keeper.halted = halted
        self._keepers[server] = keeper
        self._tasks[server] = asyncio.create_task(keeper.run(), name=f"keep {server}")
        return keeper

    def _tell(self, observed: Observed) -> None:
        for watcher in self._watchers:
            watcher.put(observed)


class _Watcher:
    """The newest state of each server that the reader has not taken yet, in the order of the changes."""

    def __init__(self) -> None:
        self._news: dict[str, Observed] = {}
        self._last: dict[str, Observed] = {}
        self._there = asyncio.Event()

    def put(self, observed: Observed) -> None:
        if self._last.get(observed.server) == observed:
            return
        self._last[observed.server] = observed
        self._news[observed.server] = observed
        self._there.set()

    async def next(self) -> Observed:
        while not self._news:
            self._there.clear()
            await self._there.wait()
        return self._news.pop(next(iter(self._news)))
