"""Servers on Kubernetes: the `Cluster` port's adapter for the real thing.

Kubernetes does the orchestration: this module applies what is wanted (manifests.py), and tells what is (holdings.py,
reduced.py). It keeps nothing that a restart would miss.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, datetime

import aiohttp
import structlog

from core.cluster import names
from core.cluster.api import Api, Expired, configuration
from core.cluster.applied import Applier
from core.cluster.broadcast import Broadcast
from core.cluster.holdings import Holdings
from core.cluster.manifests import Site, disruption_budget, manifests
from core.cluster.metrics import in_use
from core.cluster.pod_logs import PodLogs
from core.cluster.port import Cluster, InUse, LogPart, News, Observed, ServerSpec
from core.cluster.reasons import Reasons
from core.cluster.reduced import Held, NodeRecord, look_again, observe, reduce_node
from core.cluster.watch import Follower, Timing
from core.errors import ClusterAway, ClusterError
from core.words import Problem

log = structlog.get_logger()
AGENT_PATIENCE = aiohttp.ClientTimeout(total=10)


class KubernetesCluster(Cluster):
    """`agent_secret` gives the bearer token of a server's agent; `api` is opened and closed here."""

    def __init__(
        self,
        api: Api,
        site: Site,
        agent_secret: Callable[[str], str],
        *,
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
        self._config_told: dict[str, str] = {}  # UID of the pod that waited for a Secret when it was written again
        self._soon: dict[str, datetime] = {}  # servers that time alone changes, and when
        self._protected: set[str] | None = None  # by a PodDisruptionBudget; None: not looked yet
        self._tasks: list[asyncio.Task[None]] = []
        self._agents: aiohttp.ClientSession | None = None

    @classmethod
    async def connect(
        cls, namespace: str, site: Site, agent_secret: Callable[[str], str], *, kubeconfig: str | None = None
    ) -> KubernetesCluster:
        """In-cluster, else by KUBECONFIG. Raises `ClusterError` where there is neither."""
        return cls(Api(await configuration(kubeconfig), namespace), site, agent_secret)

    async def start(self) -> None:
        """Returns at once; an API that is away is waited for by `watch`."""
        await self._api.open()
        self._agents = aiohttp.ClientSession(timeout=AGENT_PATIENCE)
        for follower in (*self._holdings.followers.values(), self._nodes):
            self._tasks.append(asyncio.create_task(follower.run(), name=f"follow {follower.resource}"))
        self._tasks.append(asyncio.create_task(self._tick(), name="cluster ticks"))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
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
        try:
            wanted = manifests(spec, self._site)
        except (KeyError, ValueError) as wrong:
            raise ClusterError(f"{spec.game.id} cannot run here: {wrong}", problem=Problem.CANNOT_APPLY) from wrong
        if held.pod is not None and held.pod.config_missing:
            self._config_told[spec.server] = held.pod.uid
        carried = {"statefulsets": held.set, "services": held.service, "networkpolicies": held.policy}
        for resource, manifest in wanted:
            if resource == "secrets":  # written blind: nobody here may read one
                await self._api.apply(resource, manifest)
                continue
            if resource == "persistentvolumeclaims" and claim is not None and claim.ending:
                continue  # it goes once its pod has; then it is missed, and applied anew
            record = carried.get(resource, claim)
            made = await self._applier.apply(resource, manifest, known=record.told if record else "")
            self._holdings.learn(resource, made)
        self._changed(spec.server)

    async def delete_pod(self, server: str, uid: str) -> None:
        await self._api.delete("pods", names.pod(server), uid=uid)

    async def release_volume(self, server: str, volume: int) -> None:
        await self._api.delete("persistentvolumeclaims", names.claim(server, volume))

    async def remove(self, server: str) -> None:
        """First what would make pods again, then all the rest at once."""
        query = {"labelSelector": f"{names.INSTALLATION}={self._site.installation},{names.SERVER}={server}"}
        resources = ("statefulsets", "pods", "services", "networkpolicies", "poddisruptionbudgets")
        for resource in (*resources, "persistentvolumeclaims"):
            for raw in await self._api.everything(resource, query):
                await self._api.delete(resource, raw["metadata"]["name"])
        await self._api.delete("secrets", server)
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
        return await self._logs.after(pod, lambda: self._tell_agent(server, pod.ip, line))

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

    async def _tell_agent(self, server: str, host: str, line: str) -> str | None:
        """What the game answered; None where only its log has it."""
        assert self._agents is not None, "start() first"
        url = f"http://{host}:{names.AGENT_PORT}/v1/console"
        headers = {"Authorization": f"Bearer {self._agent_secret(server)}"}
        try:
            async with self._agents.post(url, json={"line": line}, headers=headers) as answer:
                said = await answer.json()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as wrong:
            raise ClusterError(f"the agent does not answer: {wrong}") from wrong
        if not isinstance(said, dict) or "output" not in said:
            raise ClusterError(str(said.get("error", "refused")) if isinstance(said, dict) else "refused")
        return None if said["output"] is None else str(said["output"])[:4096]
