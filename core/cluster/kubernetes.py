"""Servers on Kubernetes: the `Cluster` port's adapter for the real thing.

Kubernetes does the orchestration: this module applies what is wanted (manifests.py), and tells what is (holdings.py,
reduced.py). It keeps nothing that a restart would miss.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, datetime
from typing import Any

import aiohttp
import structlog

from core.cluster import names
from core.cluster.api import Api, Expired, configuration
from core.cluster.applied import Applier
from core.cluster.broadcast import Broadcast
from core.cluster.holdings import Holdings
from core.cluster.jobs import Jobs
from core.cluster.local_files import SavedFile
from core.cluster.local_volumes import refusal_of, saved_of
from core.cluster.manifests import disruption_budget, manifests, store_secret
from core.cluster.metrics import in_use
from core.cluster.pod_logs import PodLogs
from core.cluster.port import Cluster, InUse, LogPart, News, Observed, Saved, ServerSpec
from core.cluster.reasons import Reasons
from core.cluster.receipts import Receipts
from core.cluster.reduced import Held, NodeRecord, look_again, observe, reduce_node
from core.cluster.reduced_pod import PodRecord
from core.cluster.site import Site
from core.cluster.store_access import StoreAccess
from core.cluster.watch import Follower, Timing
from core.errors import ClusterAway, ClusterError
from core.words import Problem

log = structlog.get_logger()
AGENT_PATIENCE = aiohttp.ClientTimeout(total=10)
SNAPSHOT_PATIENCE = aiohttp.ClientTimeout(total=3600, sock_connect=5)


class KubernetesCluster(Cluster):
    """`agent_secret` gives the bearer token of a server's agent; `api` is opened and closed here."""

    def __init__(
        self,
        api: Api,
        site: Site,
        agent_secret: Callable[[str], str],
        *,
        access: StoreAccess | None = None,
        timing: Timing | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._api = api
        self._site = site
        self._agent_secret = agent_secret
        self._now = now
        self._timing = timing or Timing()
        self._holdings = Holdings(
            api, site.installation, changed=self._changed, freshness=self._freshness, timing=self._timing
        )
        self._nodes: Follower[NodeRecord] = Follower(
            api,
            "nodes",
            {},
            lambda raw, _: reduce_node(raw),
            changed=lambda before, after: self._node_changed(before, after),
            freshness=lambda: None,
            timing=self._timing,
            optional=True,
        )
        self._broadcast = Broadcast(lambda: self._holdings, self._observe)
        self._applier = Applier(api)
        self._logs = PodLogs(api)
        self._reasons = Reasons(api, self._holdings.of, patience=self._timing.no_pod)
        self._access = access
        self._receipts: Receipts | None = None
        self._jobs: Jobs | None = None
        if access is not None:
            self._receipts = Receipts(api, access, self._ask_agent, self._changed, now)
            self._jobs = Jobs(api, site, access)
        self._config_told: dict[str, str] = {}  # UID of the pod that waited for a Secret when it was written again
        self._soon: dict[str, datetime] = {}  # servers that time alone changes, and when
        self._protected: set[str] | None = None  # by a PodDisruptionBudget; None: not looked yet
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._agents: aiohttp.ClientSession | None = None

    @classmethod
    async def connect(
        cls,
        namespace: str,
        site: Site,
        agent_secret: Callable[[str], str],
        *,
        access: StoreAccess | None = None,
        kubeconfig: str | None = None,
    ) -> KubernetesCluster:
        """In-cluster, else by KUBECONFIG. Raises `ClusterError` where there is neither."""
        return cls(Api(await configuration(kubeconfig), namespace), site, agent_secret, access=access)

    async def start(self) -> None:
        """Returns at once; an API that is away is waited for by `watch`."""
        await self._api.open()
        # Each server's agent is asked by a long-poll of its own.
        self._agents = aiohttp.ClientSession(timeout=AGENT_PATIENCE, connector=aiohttp.TCPConnector(limit=0))
        for follower in (*self._holdings.followers.values(), self._nodes):
            self._tasks.append(asyncio.create_task(follower.run(), name=f"follow {follower.resource}"))
        self._tasks.append(asyncio.create_task(self._tick(), name="cluster ticks"))

    async def close(self) -> None:
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._receipts is not None:
            await self._receipts.close()
        if self._agents is not None:
            await self._agents.close()
        await self._api.close()

    def watch(self) -> AsyncIterator[News]:
        return self._broadcast.read()

    async def ensure(self, spec: ServerSpec) -> None:
        held = self._holdings.of(spec.server)
        claim = held.claims.get(names.claim(spec.server, spec.volume))
        if held.set is not None and held.set.ending:
            raise ClusterError(f"what there is of {spec.server} is still going")
        if spec.made and spec.replicas and claim is None and self._broadcast.fresh:
            raise ClusterError(f"volume {spec.volume} was there and is gone", problem=Problem.VOLUME_LOST)
        source = None if spec.made else spec.source
        access = self._access.mark(spec.server, source) if self._access else ""
        try:
            wanted = manifests(spec, self._site, access)
        except (KeyError, ValueError) as wrong:
            raise ClusterError(f"{spec.game.id} cannot run here: {wrong}", problem=Problem.CANNOT_APPLY) from wrong
        lacks_secret = held.pod is not None and held.pod.config_missing
        if held.pod is not None and lacks_secret:
            self._config_told[spec.server] = held.pod.uid
        if spec.replicas and (held.set is None or held.set.store != access or lacks_secret):
            await self._give_access(spec.server, source, alone=held.pod is None or lacks_secret)
        carried = {"statefulsets": held.set, "services": held.service, "networkpolicies": held.policy}
        for resource, manifest in wanted:
            if resource == "secrets":  # written blind: nobody here may read one
                await self._api.apply(resource, manifest)
                continue
            if resource == "persistentvolumeclaims" and (claim.ending if claim is not None else spec.made):
                continue  # it goes once its pod has; then it is missed, and applied anew if nothing was on it
            record = carried.get(resource, claim)
            made = await self._applier.apply(resource, manifest, known=record.told if record else "")
            self._holdings.learn(resource, made)
        self._changed(spec.server)

    async def delete_pod(self, server: str, uid: str) -> None:
        await self._api.delete("pods", names.pod(server), uid=uid)

    async def release_volume(self, server: str, volume: int) -> None:
        await self._api.delete("persistentvolumeclaims", names.claim(server, volume))

    async def _give_access(self, server: str, source: str | None, *, alone: bool) -> None:
        """`alone`: nobody uses the keys of before."""
        if self._access is None:
            return
        env = await self._access.give(server, source)
        await self._api.apply("secrets", store_secret(server, self._site, env))
        if alone:
            await self._access.trim(server, env)

    async def remove(self, server: str) -> None:
        """First what would make pods again, then all the rest at once."""
        if self._access is not None:
            await self._access.forget(server)  # while there is still something by which this is tried again
        query = {"labelSelector": f"{names.INSTALLATION}={self._site.installation},{names.SERVER}={server}"}
        resources = ("statefulsets", "pods", "services", "networkpolicies", "poddisruptionbudgets")
        for resource in (*resources, "jobs", "persistentvolumeclaims"):
            for raw in await self._api.everything(resource, query):
                await self._api.delete(resource, raw["metadata"]["name"])
        for secret in (names.store_secret(server), server):
            await self._api.delete("secrets", secret)
        self._config_told.pop(server, None)

    async def logs(self, server: str, *, lines: int = 100, previous: bool = False) -> str:
        pod = self._holdings.of(server).pod
        return await self._logs.newest(pod, lines, previous=previous) if pod is not None else ""

    async def follow(self, server: str) -> AsyncIterator[LogPart]:
        pod = self._holdings.of(server).pod
        if pod is None:
            raise ClusterError("there is no pod")
        async for part in self._logs.follow(pod):
            yield part

    async def console(self, server: str, line: str) -> str:
        pod = self._holdings.of(server).pod
        if pod is None or not pod.ip:
            raise ClusterError("the game is not up")
        return await self._logs.after(pod, lambda: self._tell_agent(server, pod, line))

    async def snapshot(self, server: str, *, note: str = "", full: bool = False) -> Saved:
        held = self._holdings.of(server)
        if self._receipts is None or held.set is None:
            return await super().snapshot(server, note=note, full=full)
        pod = held.pod
        if pod is None:
            saved = await self._save_at_rest(held, held.set.volume, f"save-{secrets.token_hex(4)}", note=note)
            if saved is None:
                raise ClusterError("there is no world yet", problem=Problem.VOLUME_LOST)
        elif pod.ip and pod.volume_done:
            said = await self._ask_agent(
                server, pod, "/v1/snapshot", SNAPSHOT_PATIENCE, body={"note": note, "full": full}
            )
            taken = saved_of(SavedFile.of(said.get("saved") or {})) if said.get("saved") else None
            if taken is None:
                raise refusal_of(str(said.get("kind", "failed")), str(said.get("error", "")))
            saved = taken
        else:
            raise ClusterError("the server is coming up", problem=Problem.CANNOT_APPLY)
        self._receipts.learn(server, saved)
        return saved

    async def seal(self, server: str, volume: int) -> Saved | None:
        held = self._holdings.of(server)
        if self._receipts is None:
            return await super().seal(server, volume)
        if held.pod is not None:
            raise ClusterError(f"volume {volume} is in use", problem=Problem.CANNOT_APPLY)
        # Between two pods of one run nobody writes: the name stands for one state.
        run = held.set.run if held.set else 0
        saved = await self._save_at_rest(held, volume, f"seal-{volume}-{run}", verify=True)
        if saved is not None:
            self._receipts.learn(server, saved)
        return saved

    async def _save_at_rest(
        self, held: Held, volume: int, name: str, *, note: str = "", verify: bool = False
    ) -> Saved | None:
        if held.set is None or names.claim(held.server, volume) not in held.claims:
            return None
        assert self._jobs is not None
        return await self._jobs.save(held.set, volume, name=f"{held.server}-{name}", note=note, verify=verify)

    async def usage(self, server: str) -> InUse | None:
        pod = self._holdings.of(server).pod
        measured = await self._api.metrics(pod.name) if pod is not None else None
        return None if measured is None else in_use(measured)

    async def protect(self, playing: Collection[str]) -> None:
        if self._protected is None:
            query = {"labelSelector": f"{names.INSTALLATION}={self._site.installation}"}
            found = await self._api.everything("poddisruptionbudgets", query)
            self._protected = {raw["metadata"]["labels"][names.SERVER] for raw in found}
        for server in set(playing) - self._protected:
            await self._api.apply("poddisruptionbudgets", disruption_budget(server, self._site))
            self._protected.add(server)
        for server in self._protected - set(playing):
            await self._api.delete("poddisruptionbudgets", server)
            self._protected.discard(server)

    def orphans(self, known: Collection[str]) -> list[str]:
        """Servers of this installation that there are objects of although nobody knows them. Only while `fresh`:
        empty otherwise. `remove` them if that is what they are; Secrets on their own do not show."""
        return sorted(set(self._holdings) - set(known)) if self._broadcast.fresh else []

    # what is seen

    def _observe(self, server: str) -> Observed:
        held = self._holdings.of(server)
        return observe(
            held,
            self._now(),
            tolerated=self._applier.tolerated,
            node_lost=self._is_lost(held),
            config_told=self._config_told.get(server),
            address=self._address(held),
            saved=self._receipts.saved(server) if self._receipts else None,
            progress=self._receipts.progress(server) if self._receipts else None,
        )

    def _address(self, held: Held) -> str:
        """The host that members use; empty where it is the same for all (`Host.public_host`)."""
        node = held.pod.node_ip if held.pod else ""
        balancer = held.service.balancer if held.service else ""
        return self._site.addresses.public(held.server, node=node, balancer=balancer)

    def _is_lost(self, held: Held) -> bool:
        node = self._nodes.records.get(held.pod.node) if held.pod else None
        return node is not None and not node.answers

    def _node_changed(self, before: NodeRecord | None, after: NodeRecord | None) -> None:
        """Nodes tell every few seconds that they live: only whether they answer counts."""
        if before is not None and after is not None and before.answers != after.answers:
            for server in self._holdings:
                if (pod := self._holdings.of(server).pod) is not None and pod.node == after.name:
                    self._broadcast.changed(server)

    def _changed(self, server: str) -> None:
        held = self._holdings.of(server)
        if (at := look_again(held, self._now())) is not None:
            self._soon[server] = at
        self._reasons.follow(held)
        if self._receipts is not None and not self._closing:
            self._receipts.follow(held)
        self._broadcast.changed(server)

    def _freshness(self) -> None:
        why = self._holdings.why_stale
        if why is None:
            self._broadcast.became_fresh()
        else:
            self._broadcast.went_stale(why)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._timing.tick)
            now = self._now()
            for server in [server for server, at in self._soon.items() if at <= now]:
                del self._soon[server]
                self._broadcast.changed(server)
            try:
                for server in await self._reasons.look():
                    self._broadcast.changed(server)
            except ClusterAway:
                continue
            except (ClusterError, Expired) as wrong:
                log.warning("events cannot be had", detail=str(wrong))

    async def _tell_agent(self, server: str, pod: PodRecord, line: str) -> str | None:
        """What the game answered; None where only its log has it."""
        said = await self._ask_agent(server, pod, "/v1/console", AGENT_PATIENCE, body={"line": line})
        if "output" not in said:
            raise ClusterError(str(said.get("error", "refused")))
        return None if said["output"] is None else str(said["output"])[:4096]

    async def _ask_agent(
        self,
        server: str,
        pod: PodRecord,
        path: str,
        within: aiohttp.ClientTimeout,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """GET, with a body POST. Raises `ClusterError` where there is no answer; a refusal is one."""
        assert self._agents is not None, "start() first"
        url = f"http://{pod.ip}:{names.AGENT_PORT}{path}"
        headers = {"Authorization": f"Bearer {self._agent_secret(server)}"}
        try:
            async with self._agents.request(
                "GET" if body is None else "POST", url, json=body, headers=headers, timeout=within
            ) as answer:
                said = await answer.json()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as wrong:
            raise ClusterError(f"the agent does not answer: {wrong}") from wrong
        if not isinstance(said, dict):
            raise ClusterError("the agent does not speak our language")
        return said
