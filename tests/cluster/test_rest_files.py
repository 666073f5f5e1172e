"""The files of a volume at rest on Kubernetes: whom the token goes to, and who gives way when the server starts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import kube
import pytest
from aiohttp import web

from core.agent.file_wire import FileAnswer, FileDo, FileOrder
from core.cluster.kubernetes import cluster as cluster_module
from core.cluster.kubernetes import names, rest_files
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.kubernetes.reduced import ClaimRecord, Held
from core.errors import ClusterError
from core.words import VolumePhase
from tests.cluster.test_jobs import SET
from tests.cluster.test_receipts import SERVER

LIST = FileOrder(FileDo.LIST)


class Api:
    """A cluster in which a job has a pod at `address` as soon as it is there."""

    def __init__(self) -> None:
        self.jobs: set[str] = set()
        self.address = "127.0.0.1"
        self.began = asyncio.Event()
        self.replicas = 0  # what another process applied, and nobody here saw yet
        self.applied: Callable[[str], None] = lambda resource: None
        self.held_up: asyncio.Event | None = None  # whoever applies anything but a job waits for it

    async def open(self) -> None:
        pass

    close = open

    async def everything(self, resource: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        if resource == "jobs":
            return [{"metadata": {"name": name}} for name in sorted(self.jobs)]
        if resource == "statefulsets":
            return [{"spec": {"replicas": self.replicas}}]
        if resource == "pods" and self.jobs:
            return [{"status": {"podIP": self.address, "containerStatuses": [{"ready": True}]}}]
        return []

    async def apply(self, resource: str, manifest: dict[str, Any]) -> dict[str, Any]:
        self.applied(resource)
        if resource == "jobs":
            self.jobs.add(manifest["metadata"]["name"])
            self.began.set()
        elif self.held_up is not None:
            await self.held_up.wait()
        return manifest

    async def delete(self, resource: str, name: str) -> bool:
        self.jobs.discard(name)
        return True


class Agents:
    """Agents at addresses of this machine, and what they were asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.foreign: set[str] = set()
        self.came = asyncio.Event()
        self.hold: asyncio.Event | None = None

    async def answer(self, request: web.Request) -> web.Response:
        address = request.transport.get_extra_info("sockname")[0] if request.transport else ""
        self.asked.append(address)
        self.came.set()
        if self.hold is not None:
            await self.hold.wait()
        if address in self.foreign:
            return web.json_response({"error": "the token is missing or wrong"}, status=401)
        return web.json_response(FileAnswer(size=7).to_json())


@pytest.fixture
async def agents(monkeypatch: pytest.MonkeyPatch) -> Any:
    agents, app = Agents(), web.Application()
    app.router.add_post("/v1/files", agents.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    first = web.TCPSite(runner, "127.0.0.1", 0)
    await first.start()
    port = runner.addresses[0][1]
    await web.TCPSite(runner, "127.0.0.2", port).start()
    monkeypatch.setattr(cluster_module, "AGENT_PORT", port)
    yield agents
    await runner.cleanup()


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(rest_files, "LOOK_EVERY", 0.0)
    return Api()


@pytest.fixture
async def cluster(api: Api, monkeypatch: pytest.MonkeyPatch) -> Any:
    cluster = KubernetesCluster(api, kube.site(), lambda server: "token")  # type: ignore[arg-type]
    cluster._holdings.followers.clear()
    held = Held(SERVER, set=SET)
    held.claims[names.claim(SERVER, SET.volume)] = ClaimRecord(
        "data", SERVER, 1, "", "", False, volume=2, phase=VolumePhase.BOUND
    )
    monkeypatch.setattr(cluster._holdings, "of", lambda server: held)
    await cluster.start()
    yield cluster
    await cluster.close()


async def test_a_pod_that_has_the_address_by_now_and_is_not_ours_is_passed_over(
    cluster: KubernetesCluster, api: Api, agents: Agents
) -> None:
    assert (await cluster.files(SERVER, LIST)).size == 7
    agents.foreign.add("127.0.0.1")
    api.address = "127.0.0.2"
    assert (await cluster.files(SERVER, LIST)).size == 7
    assert agents.asked == ["127.0.0.1", "127.0.0.1", "127.0.0.2"]


async def test_where_only_a_foreign_pod_answers_nothing_is_said_to_be_refused(
    cluster: KubernetesCluster, agents: Agents
) -> None:
    agents.foreign.add("127.0.0.1")
    with pytest.raises(ClusterError, match="nobody answers"):
        await cluster.files(SERVER, LIST)


async def test_an_address_that_was_known_for_a_while_gets_no_token_before_its_pod_was_looked_for(
    cluster: KubernetesCluster, api: Api, agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cluster.files(SERVER, LIST)
    api.address = "127.0.0.2"
    monkeypatch.setattr(rest_files, "KNOWN_FOR", -1.0)
    await cluster.files(SERVER, LIST)
    assert agents.asked == ["127.0.0.1", "127.0.0.2"]


async def test_a_server_that_is_to_start_gets_no_job_for_its_files_again(
    cluster: KubernetesCluster, api: Api, agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cluster.files(SERVER, LIST)
    ended, go_on = asyncio.Event(), asyncio.Event()
    api.applied = lambda resource: ended.set() if resource != "jobs" else None
    api.held_up = go_on
    starting = asyncio.create_task(cluster.ensure(kube.make_spec(SERVER, volume=SET.volume)))
    await ended.wait()  # between the end of its job and its StatefulSet
    with pytest.raises(ClusterError, match="coming up"):
        await cluster.files(SERVER, LIST)
    assert api.jobs == set()
    starting.cancel()


async def test_a_start_waits_for_what_is_being_done_to_files(
    cluster: KubernetesCluster, api: Api, agents: Agents
) -> None:
    agents.hold = asyncio.Event()
    asked = asyncio.create_task(cluster.files(SERVER, LIST))
    await agents.came.wait()
    ending = asyncio.create_task(cluster._rest_files.end(SERVER))
    await asyncio.sleep(0)
    assert api.jobs
    agents.hold.set()
    assert (await asked).size == 7
    await ending
    assert api.jobs == set()


async def test_a_start_does_not_wait_for_a_pod_that_comes_up_for_files(
    cluster: KubernetesCluster, api: Api, agents: Agents
) -> None:
    api.address = ""  # it does not come up
    asked = asyncio.create_task(cluster.files(SERVER, LIST))
    await api.began.wait()
    api.held_up = asyncio.Event()
    starting = asyncio.create_task(cluster.ensure(kube.make_spec(SERVER, volume=SET.volume)))
    with pytest.raises(ClusterError, match="coming up"):
        await asked
    starting.cancel()


async def test_a_server_that_another_process_started_just_now_keeps_its_volume_to_itself(
    cluster: KubernetesCluster, api: Api, agents: Agents
) -> None:
    api.replicas = 1
    with pytest.raises(ClusterError):
        await cluster.files(SERVER, LIST)
    assert (api.jobs, agents.asked) == (set(), [])


async def test_a_job_that_another_process_began_while_the_server_started_is_ended(
    cluster: KubernetesCluster, api: Api
) -> None:
    api.applied = lambda resource: api.jobs.add(f"{SERVER}-files-2") if resource == "statefulsets" else None
    await cluster.ensure(kube.make_spec(SERVER, volume=SET.volume))
    assert api.jobs == set()
