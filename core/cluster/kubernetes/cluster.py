"""Servers on Kubernetes: the `Cluster` port's adapter for the real thing.

Kubernetes does the orchestration: this module applies what is wanted (manifests.py), and tells what is (holdings.py,
reduced.py). It keeps nothing that a restart would miss.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
import structlog

from core.agent.file_wire import FileAnswer, FileOrder, FileRefused, FileTrouble, answer_of
from core.agent.wire import AGENT_PORT, receipt_of
from core.authority import authority
from core.cluster.kubernetes import names
from core.cluster.kubernetes.addresses import allocated
from core.cluster.kubernetes.api import Api, Expired, configuration
from core.cluster.kubernetes.applied import Applier
from core.cluster.kubernetes.broadcast import Broadcast
from core.cluster.kubernetes.holdings import Holdings
from core.cluster.kubernetes.jobs import Jobs
from core.cluster.kubernetes.keys import Keys
from core.cluster.kubernetes.manifests import disruption_budget, manifests
from core.cluster.kubernetes.manifests_policy import files_policy, jobs_policy
from core.cluster.kubernetes.metrics import in_use
from core.cluster.kubernetes.pod_logs import PodLogs
from core.cluster.kubernetes.reasons import Reasons
from core.cluster.kubernetes.receipts import Receipts
from core.cluster.kubernetes.reduced import Held, NodeRecord, ObjectRecord, SetRecord, look_again, observe, reduce_node
from core.cluster.kubernetes.reduced_pod import PodRecord
from core.cluster.kubernetes.rest_files import NobodyThere, RestFiles
from core.cluster.kubernetes.site import Site
from core.cluster.kubernetes.watch import Follower, Timing
from core.cluster.port import Cluster, InUse, News, Observed, ServerSpec
from core.errors import ClusterAway, ClusterError
from core.games.query.port import LogPart
from core.words import PodPhase, Problem
from core.worlds.failures import Failure
from core.worlds.receipt import Receipt
from core.worlds.store.access import StoreAccess

log = structlog.get_logger()
AGENT_PATIENCE = aiohttp.ClientTimeout(total=10)
GREETING, GREETED_AT_ONCE = aiohttp.ClientTimeout(total=2), 50
FILES_PATIENCE = aiohttp.ClientTimeout(total=120, sock_connect=5)
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
        self._pods = site.pods.usual.mark
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
        self._rest_files = RestFiles(api, site, self._ask_at_rest)
        self._reasons = Reasons(api, self._holdings.of, no_pod=self._timing.no_pod, no_mount=self._timing.no_mount)
        self._access = access
        self._receipts: Receipts | None = None
        self._keys: Keys | None = None
        self._jobs: Jobs | None = None
        if access is not None:
            self._receipts = Receipts(api, access, self._ask_agent, self._changed, now)
            self._keys = Keys(api, site, access, self._holdings, self._hand_keys)
            self._jobs = Jobs(api, site, self._keys)
        self._config_told: dict[str, str] = {}  # UID of the pod that waited for a Secret when it was written again
        self._gave_back: set[str] = set()  # servers told to; a Service that is not as it was applied is told once only
        self._refused_by: dict[str, str] = {}  # UID of the pod whose agent refuses our token
        self._known_by: dict[str, str] = {}  # UID of the pod whose agent took it; where nothing else asks agents
        self._starting: set[str] = set()  # servers that are made to run just now: nobody begins on their volumes
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
        if spec.replicas:
            self._starting.add(spec.server)
        try:
            await self._ensure(spec)
        finally:  # by now its StatefulSet says so, or it is tried again
            self._starting.discard(spec.server)

    async def _ensure(self, spec: ServerSpec) -> None:
        held = self._holdings.of(spec.server)
        claim = held.claims.get(names.claim(spec.server, spec.volume))
        if held.set is not None and held.set.ending:
            raise ClusterError(f"what there is of {spec.server} is still going")
        if spec.made and spec.replicas and claim is None and self._broadcast.fresh:
            raise ClusterError(f"volume {spec.volume} was there and is gone", problem=Problem.VOLUME_LOST)
        from_rest = held.pod is None and held.set is not None and not held.set.replicas
        if spec.replicas and from_rest:
            await self._rest_files.end(spec.server)
        source = None if spec.made else spec.source
        access = self._access.mark(spec.server, source) if self._access else ""
        try:
            wanted = manifests(spec, self._site, access)
        except (KeyError, ValueError) as wrong:
            raise ClusterError(f"{spec.game.id} cannot run here: {wrong}", problem=Problem.CANNOT_APPLY) from wrong
        lacks_secret = held.pod is not None and held.pod.lacks_secret
        if self._keys and spec.replicas and (held.set is None or held.set.store != access or lacks_secret):
            await self._keys.give(spec.server, source, alone=held.pod is None or lacks_secret)
        carried: dict[str, ObjectRecord | None]
        carried = {"statefulsets": held.set, "services": held.service, "networkpolicies": held.policy}
        for resource, manifest in wanted:
            if resource == "secrets":  # written blind: nobody here may read one
                await self._api.apply(resource, manifest)
                continue
            if resource == "persistentvolumeclaims" and (claim.ending if claim is not None else spec.made):
                continue  # it goes once its pod has; then it is missed, and applied anew if nothing was on it
            if resource == "persistentvolumeclaims":
                made = await self._applier.apply_claim(manifest, claim)
            else:
                record = carried[resource]
                try:
                    made = await self._applier.apply(resource, manifest, known=record.told if record else "")
                except ClusterError as refused:
                    if taken := allocated(refused.detail, spec):
                        raise ClusterError(refused.detail, problem=Problem.PORT_TAKEN, taken=taken) from refused
                    raise
            self._holdings.learn(resource, made)
        if spec.replicas and from_rest:  # another process may have begun before it could see that
            await self._rest_files.end(spec.server)
        if spec.replicas:
            self._gave_back.discard(spec.server)
        else:
            self._gave_back.add(spec.server)
        if held.pod is not None and (lacks_secret or self._refused_by.get(spec.server) == held.pod.uid):
            # Now that it was: what failed is tried again.
            self._config_told[spec.server] = held.pod.uid
        self._changed(spec.server)

    async def delete_pod(self, server: str, uid: str) -> None:
        await self._api.delete("pods", names.pod(server), uid=uid)

    async def release_volume(self, server: str, volume: int) -> None:
        await self._api.delete("persistentvolumeclaims", names.claim(server, volume))

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
        for told in (self._config_told, self._refused_by, self._known_by):
            told.pop(server, None)

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

    async def snapshot(self, server: str, *, note: str = "", full: bool = False) -> Receipt:
        held = self._holdings.of(server)
        if self._receipts is None or held.set is None:
            return await super().snapshot(server, note=note, full=full)
        pod = held.pod
        if pod is None:
            saved = await self._save_at_rest(held, held.set.volume, f"save-{secrets.token_hex(4)}", note=note)
            if saved is None:
                raise ClusterError("there is no world yet", problem=Problem.VOLUME_LOST)
        elif pod.ip and pod.volume_done:
            try:
                saved = await self._save_beside_game(server, pod, {"note": note, "full": full})
            except ClusterError as wrong:
                if self._observe(server).away is not None:
                    wrong.problem = Problem.NODE_AWAY
                raise
        else:
            raise ClusterError("the server is coming up", problem=Problem.CANNOT_APPLY)
        self._receipts.learn(server, saved)
        return saved

    async def _save_beside_game(self, server: str, pod: PodRecord, wish: dict[str, Any]) -> Receipt:
        try:
            return receipt_of(await self._ask_agent(server, pod, "/v1/snapshot", SNAPSHOT_PATIENCE, body=wish))
        except ClusterError as wrong:
            if wrong.failure != Failure.KEY or self._keys is None:
                raise
            log.warning("the store does not take a server's key", server=server, detail=wrong.detail)
            await self._keys.renew(server, pod)
        return receipt_of(await self._ask_agent(server, pod, "/v1/snapshot", SNAPSHOT_PATIENCE, body=wish))

    async def _hand_keys(self, server: str, pod: PodRecord, env: Mapping[str, str]) -> None:
        said = await self._ask_agent(server, pod, "/v1/store", AGENT_PATIENCE, body=dict(env))
        if said:
            why = f"the agent takes no new key before the next start: {said.get('error', '')}"
            raise ClusterError(why, problem=Problem.STORE_REFUSED, failure=Failure.KEY)

    async def files(self, server: str, order: FileOrder) -> FileAnswer:
        if (pod := self._holdings.of(server).pod) is None:
            return await self._rest_files.files(server, lambda: self._at_rest(server), order)
        if not pod.ip or not pod.volume_done:
            raise ClusterError("the server is coming up", problem=Problem.CANNOT_APPLY)
        return answer_of(await self._ask_agent(server, pod, "/v1/files", FILES_PATIENCE, body=order.to_json()))

    def _at_rest(self, server: str) -> SetRecord:
        held = self._holdings.of(server)
        if held.set is None or names.claim(server, held.set.volume) not in held.claims:
            raise FileRefused(FileTrouble.NO_WORLD, "there is no volume")
        if held.set.replicas or held.pod is not None or server in self._starting:
            raise ClusterError("the server is coming up", problem=Problem.CANNOT_APPLY)
        return held.set

    async def _ask_at_rest(self, server: str, address: str, order: FileOrder) -> dict[str, Any]:
        assert self._agents is not None, "start() first"
        url = f"http://{authority(address, AGENT_PORT)}/v1/files"
        headers = {"Authorization": f"Bearer {self._agent_secret(server)}"}
        try:
            async with self._agents.post(url, json=order.to_json(), headers=headers, timeout=FILES_PATIENCE) as answer:
                if answer.status != 200:  # whoever has this address by now does not know our token
                    raise NobodyThere(f"{address} answers {answer.status}")
                said: dict[str, Any] = await answer.json()
                return said
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as wrong:
            raise NobodyThere(str(wrong)) from wrong
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as wrong:
            raise ClusterError(f"the helper does not answer: {wrong}", problem=Problem.CANNOT_APPLY) from wrong

    async def tidy_keys(self) -> None:
        if self._keys is not None and self._broadcast.fresh:
            await self._keys.tidy()

    async def seal(self, server: str, volume: int) -> Receipt | None:
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
    ) -> Receipt | None:
        if held.set is None or names.claim(held.server, volume) not in held.claims:
            return None
        assert self._jobs is not None
        await self._rest_files.end(held.server)  # it may be on another node, where the volume is then
        return await self._jobs.save(held.set, volume, name=f"{held.server}-{name}", note=note, verify=verify)

    async def disband(self) -> None:
        for policy in (jobs_policy(self._site), files_policy(self._site)):
            await self._api.delete("networkpolicies", policy["metadata"]["name"])

    async def usage(self, server: str) -> InUse | None:
        pod = self._holdings.of(server).pod
        measured = await self._api.metrics(pod.name) if pod is not None else None
        return None if measured is None else in_use(measured)

    async def usage_of_all(self, servers: Collection[str]) -> Mapping[str, InUse]:
        pods = {pod.name: server for server in servers if (pod := self._holdings.of(server).pod) is not None}
        query = {"labelSelector": f"{names.INSTALLATION}={self._site.installation}"}
        used: dict[str, InUse] = {}
        for raw in await self._api.metrics_of_all(query):
            server, each = pods.get(str((raw.get("metadata") or {}).get("name"))), in_use(raw)
            if server is not None and each is not None:
                used[server] = each
        return used

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
            node=self._node(held),
            node_gone=self._is_gone(held),
            refused_by=self._refused_by.get(server),
            config_told=self._config_told.get(server),
            pods=self._pods,
            address=self._address(held),
            gives_back=not self._site.addresses.kept and server not in self._gave_back,
            saved=self._receipts.saved(server) if self._receipts else None,
            last_save=self._receipts.last_save(server) if self._receipts else None,
            progress=self._receipts.progress(server) if self._receipts else None,
        )

    def _address(self, held: Held) -> str:
        """The host that members use; empty where it is the same for all (`Host.public_host`)."""
        node = held.pod.node_ip if held.pod else ""
        balancer = held.service.balancer if held.service else ""
        hostname = held.service.hostname if held.service else ""
        return self._site.addresses.public(held.server, node=node, balancer=balancer, hostname=hostname)

    def _node(self, held: Held) -> NodeRecord | None:
        return self._nodes.records.get(held.pod.node) if held.pod and self._nodes.fresh else None

    def _is_gone(self, held: Held) -> bool:
        """Whether a node that had the pod is no more. A pod may be seen before its node is: kubelet's word counts."""
        pod = held.pod
        was_there = pod is not None and bool(pod.node_ip)
        return was_there and pod is not None and self._nodes.fresh and pod.node not in self._nodes.records

    def _node_changed(self, before: NodeRecord | None, after: NodeRecord | None) -> None:
        """Nodes tell every few seconds that they live: only whether they answer counts."""
        node = after or before
        answers = after is not None and after.answers
        if node is None or answers == (before is None or before.answers):
            return
        concerned = [server for server in self._holdings if self._is_on(server, node.name)]
        for server in concerned:
            self._broadcast.changed(server)
        if answers:
            log.info("node answers again", node=node.name, servers=len(concerned))
        else:
            log.warning("node does not answer", node=node.name, gone=after is None, servers=len(concerned))

    def _is_on(self, server: str, node: str) -> bool:
        pod = self._holdings.of(server).pod
        return pod is not None and pod.node == node

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
                if self._receipts is None:
                    await self._greet()
            except ClusterAway:
                continue
            except (ClusterError, Expired) as wrong:
                log.warning("events cannot be had", detail=str(wrong))

    async def _greet(self) -> None:
        """Where no world is kept nobody asks agents all the time: whether they know us is asked of each pod once, and
        again while it refuses."""
        new = []
        for server in self._holdings:
            pod = self._holdings.of(server).pod
            if pod is not None and pod.phase is PodPhase.READY and pod.ip and self._known_by.get(server) != pod.uid:
                new.append((server, pod))
        asked = (self._ask_agent(server, pod, "/v1/status", GREETING) for server, pod in new[:GREETED_AT_ONCE])
        await asyncio.gather(*asked, return_exceptions=True)

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
        """GET, with a body POST. Raises `ClusterError` where there is no answer, or the agent does not take our token;
        any other refusal is an answer."""
        assert self._agents is not None, "start() first"
        url = f"http://{authority(pod.ip, AGENT_PORT)}{path}"
        headers = {"Authorization": f"Bearer {self._agent_secret(server)}"}
        try:
            async with self._agents.request(
                "GET" if body is None else "POST", url, json=body, headers=headers, timeout=within
            ) as answer:
                said, status = await answer.json(), answer.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as wrong:
            raise ClusterError(f"the agent does not answer: {wrong}") from wrong
        self._was_refused(server, pod, status in (401, 403))
        if status in (401, 403):
            raise ClusterError("the agent refuses our token", problem=Problem.AGENT_REFUSES)
        if not isinstance(said, dict):
            raise ClusterError("the agent does not speak our language")
        return said

    def _was_refused(self, server: str, pod: PodRecord, refused: bool) -> None:
        """Each pod is told of once. Its Secret is written again then (`_fingerprint`), and its agent reads it."""
        before = self._refused_by.get(server) == pod.uid
        if refused and not before:
            log.warning("agent refuses our token", server=server, pod=pod.uid, why="its Secret was edited")
            self._refused_by[server] = pod.uid
        elif before and not refused:
            log.info("agent takes our token again", server=server, pod=pod.uid)
            del self._refused_by[server]
        if not refused:
            self._known_by[server] = pod.uid
        if refused != before:
            self._changed(server)
