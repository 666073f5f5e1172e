"""`dormouse check` with Kubernetes, against an API server on loopback that answers as a real one would.

`tests/chart/test_install.py` runs the same check on a real one.
"""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.check.kubernetes import LOOKS, Target, check, quantity
from bot.check.report import Report
from bot.demo.guild.server import Guild
from core.cluster.kubernetes.addresses import Addresses, Exposure, TrafficPolicy
from core.cluster.kubernetes.api import PERMISSIONS
from core.cluster.kubernetes.pod_settings import PodOptions, PodSettings, Toleration
from core.games.catalogue import BUILT_IN, Catalogue

ROOT = Path(__file__).parents[3]
SPACE = "/api/v1/namespaces/games"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
PRIORITIES = "/apis/scheduling.k8s.io/v1/priorityclasses"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
IMAGE = "registry.example.org/dormouse:1"
TOKEN = "planted-token"

Said = tuple[list[str], list[str]]


def status(code: int, message: str = "") -> web.Response:
    return web.json_response({"kind": "Status", "code": code, "message": message}, status=code)


class ApiServer:
    """Where all is well; a test changes what it `has`, `forbids` or answers to a dry run (`refuses`, `warns`)."""

    def __init__(self) -> None:
        self.forbids: set[tuple[str, str]] = {("get", "secrets"), ("list", "secrets")}
        self.token = TOKEN
        self.refuses = self.warns = ""
        self.tried: list[dict[str, Any]] = []
        self.changed: list[str] = []
        node = {
            "spec": {},
            "status": {
                "conditions": [{"type": "Ready", "status": "True"}],
                "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            },
            "metadata": {"name": "node", "labels": {"kubernetes.io/arch": "amd64"}},
        }
        default = {"storageclass.kubernetes.io/is-default-class": "true"}
        self.has: dict[str, Any] = {
            "/version": {"major": "1", "minor": "36+"},
            SPACE: {
                "metadata": {"name": "games", "labels": {"pod-security.kubernetes.io/enforce": "baseline"}},
                "status": {"phase": "Active"},
            },
            f"{SPACE}/resourcequotas": {"items": []},
            f"{SPACE}/pods": {"items": []},
            CLASSES: {
                "items": [{"metadata": {"name": "standard", "annotations": default}, "allowVolumeExpansion": True}]
            },
            PRIORITIES: {"items": [{"metadata": {"name": "games"}}]},
            "/api/v1/nodes": {"items": [node, copy.deepcopy(node)]},
        }

    async def answer(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return status(401)
        if request.path == REVIEWS:
            asked = (await request.json())["spec"]["resourceAttributes"]
            assert asked["namespace"] == "games"
            resource = "/".join(part for part in (asked["resource"], asked["subresource"]) if part)
            return web.json_response({"status": {"allowed": (asked["verb"], resource) not in self.forbids}})
        if request.method == "PATCH" and request.query.get("dryRun") == "All":
            self.tried.append(await request.json())
            if self.refuses:
                return status(403, self.refuses)
            headers = {"Warning": f"299 - {json.dumps(self.warns)}"} if self.warns else {}
            return web.json_response(await request.json(), headers=headers)
        if request.method != "GET":
            self.changed.append(f"{request.method} {request.path}")
        found = self.has.get(request.path)
        if isinstance(found, int):
            return status(found)
        return status(404) if found is None else web.json_response(found)


@pytest.fixture
def api() -> ApiServer:
    return ApiServer()


@pytest.fixture
async def kubeconfig(api: ApiServer, tmp_path: Path) -> AsyncIterator[Path]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    file = write(tmp_path / "kubeconfig", f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield file
    await runner.cleanup()
    assert api.changed == []


def write(file: Path, server: str) -> Path:
    file.write_text(
        json.dumps(
            {
                "clusters": [{"name": "test", "cluster": {"server": server}}],
                "users": [{"name": "test", "user": {"token": TOKEN}}],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
                "current-context": "test",
            }
        )
    )
    return file


def target(exposure: Exposure = Exposure.LOADBALANCER, *static: str, ports: str = "25500-25599") -> Target:
    first, last = map(int, ports.split("-"))
    return Target(
        namespace="games",
        image=IMAGE,
        addresses=Addresses(exposure, "check", static or ("192.0.2.1",) * (exposure is Exposure.LOADBALANCER)),
        ports=range(first, last + 1),
        games=tuple(Catalogue.load(BUILT_IN)),
    )


async def checked(kubeconfig: Path, about: Target | None = None) -> Said:
    report = Report()
    await check(about or target(), report, kubeconfig=str(kubeconfig))
    assert not [line for line in report.mistakes + report.remarks if TOKEN in line]
    return report.mistakes, report.remarks


async def test_a_cluster_where_all_is_well(kubeconfig: Path) -> None:
    mistakes, remarks = await checked(kubeconfig)
    assert mistakes == []
    assert [line for line in remarks if line.startswith("Kubernetes 1.36 answers at http://127.0.0.1:")]
    for said in (
        "It may do all that it has to in games.",
        "The cluster accepts servers as they would be made (tried without making one).",
        "Worlds live on volumes of the StorageClass standard.",
        "Nodes that are ready: 2.",
        "Addresses for 100 ports (loadbalancer, 25500-25599), 0 of them given away.",
        f"Whether the nodes can pull {IMAGE} is seen only when the first server starts.",
    ):
        assert said in remarks


# whether it answers


async def test_an_api_server_that_cannot_be_reached(tmp_path: Path) -> None:
    ((mistake,), _) = await checked(write(tmp_path / "away", "https://127.0.0.1:9"))
    assert mistake == "The Kubernetes API server cannot be reached: https://127.0.0.1:9: connection refused."


async def test_no_cluster_at_all(tmp_path: Path) -> None:
    ((mistake,), _) = await checked(tmp_path / "none")
    assert mistake.startswith("DORMOUSE_CLUSTER=kubernetes: no way to the Kubernetes API")
    assert mistake.endswith("run this in a pod, or set KUBECONFIG to a file.")


async def test_credentials_that_are_another_clusters(kubeconfig: Path, api: ApiServer) -> None:
    api.token = "another"
    ((mistake,), _) = await checked(kubeconfig)
    assert mistake.startswith("Kubernetes does not know who we are (401)")


async def test_something_else_answers(kubeconfig: Path, api: ApiServer) -> None:
    api.has["/version"] = {"name": "a shop"}
    ((mistake,), _) = await checked(kubeconfig)
    assert mistake.endswith("is no Kubernetes API server (200).")


async def test_a_kubernetes_that_is_too_old(kubeconfig: Path, api: ApiServer) -> None:
    api.has["/version"] = {"major": "1", "minor": "28"}
    ((mistake,), _) = await checked(kubeconfig)
    assert mistake == "Kubernetes 1.28 is too old: pods with native sidecars need 1.29 or newer."


# the namespace and what may be done there


async def test_a_namespace_that_is_not_there(kubeconfig: Path, api: ApiServer) -> None:
    api.has[SPACE] = 404
    (mistakes, remarks) = await checked(kubeconfig)
    assert mistakes == ["DORMOUSE_NAMESPACE: there is no namespace games: make it (deploy/ does), or name another."]
    assert "Nodes that are ready: 2." in remarks  # and the rest is looked at all the same


async def test_a_namespace_that_is_being_deleted(kubeconfig: Path, api: ApiServer) -> None:
    api.has[SPACE]["status"]["phase"] = "Terminating"
    ((mistake,), _) = await checked(kubeconfig)
    assert "games is being deleted" in mistake


async def test_host_ports_need_a_privileged_namespace(kubeconfig: Path, api: ApiServer) -> None:
    ((mistake,), _) = await checked(kubeconfig, target(Exposure.HOSTPORT))
    assert mistake.endswith("kubectl label --overwrite namespace games pod-security.kubernetes.io/enforce=privileged")
    api.has[SPACE]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "privileged"
    assert (await checked(kubeconfig, target(Exposure.HOSTPORT)))[0] == []


async def test_restricted_hides_games_that_start_as_root(kubeconfig: Path, api: ApiServer) -> None:
    api.has[SPACE]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "restricted"
    _, remarks = await checked(kubeconfig)
    assert [line for line in remarks if "games whose image starts as root are refused" in line]


@pytest.mark.parametrize(("resource", "verb"), [(each, verb) for each, verbs in PERMISSIONS.items() for verb in verbs])
async def test_each_permission_is_asked_for(kubeconfig: Path, api: ApiServer, resource: str, verb: str) -> None:
    api.forbids.add((verb, resource))
    ((mistake,), _) = await checked(kubeconfig)
    assert mistake == (
        f"In games Dormouse may not {verb} {resource}: install the Role of deploy/ for its service account."
    )


async def test_all_permissions_that_lack_are_said_at_once(kubeconfig: Path, api: ApiServer) -> None:
    api.forbids |= {("create", "services"), ("patch", "services"), ("get", "pods/log")}
    ((mistake,), _) = await checked(kubeconfig)
    assert "may not get pods/log; create, patch services:" in mistake


async def test_a_role_that_reads_secrets_is_more_than_it_needs(kubeconfig: Path, api: ApiServer) -> None:
    api.forbids.clear()
    mistakes, remarks = await checked(kubeconfig)
    assert mistakes == []
    assert "It may read the Secrets of games, which it never does: the Role of deploy/ is enough." in remarks


async def test_what_may_not_be_looked_at_is_said(kubeconfig: Path, api: ApiServer) -> None:
    assert set(LOOKS) == {"namespaces", "resourcequotas"}
    api.has |= dict.fromkeys((SPACE, f"{SPACE}/resourcequotas", CLASSES, "/api/v1/nodes"), 403)
    mistakes, remarks = await checked(kubeconfig)
    assert mistakes == []
    for said in (
        "Whether the namespace games exists cannot be seen, nor its level of Pod Security.",
        "Whether games has a quota cannot be seen.",
        "Cannot be seen: how many nodes there are and whether there is a default StorageClass; "
        "the optional ClusterRole of deploy/ would show it.",
    ):
        assert said in remarks


# whether a server would come up


async def test_an_admission_that_refuses(kubeconfig: Path, api: ApiServer) -> None:
    api.refuses = "admission webhook denied the request: images must be signed."
    ((mistake,), _) = await checked(kubeconfig)
    assert mistake.startswith("The cluster would refuse a server of ")
    assert mistake.endswith(": admission webhook denied the request: images must be signed.")


async def test_pod_security_that_would_refuse(kubeconfig: Path, api: ApiServer) -> None:
    api.warns = 'would violate PodSecurity "baseline:latest": hostPort (container "game" uses hostPort 25500)'
    ((mistake,), _) = await checked(kubeconfig)
    assert mistake.endswith(f": {api.warns}.")


async def test_pod_security_that_only_warns(kubeconfig: Path, api: ApiServer) -> None:
    api.warns = 'would violate PodSecurity "restricted:latest": runAsNonRoot != true'
    assert (await checked(kubeconfig))[0] == []


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([], "mark one, once a provisioner is installed, with the annotation"),
        ([{"metadata": {"name": "fast"}}, {"metadata": {"name": "slow"}}], "mark one of fast and slow with"),
    ],
)
async def test_no_default_storage_class(kubeconfig: Path, api: ApiServer, items: list[Any], words: str) -> None:
    api.has[CLASSES]["items"] = items
    ((mistake,), _) = await checked(kubeconfig)
    assert mistake.startswith("No StorageClass is the default, so volumes would never come")
    assert words in mistake


async def test_a_quota_and_what_it_leaves(kubeconfig: Path, api: ApiServer) -> None:
    quota = {"hard": {"pods": "10", "requests.memory": "64Gi"}, "used": {"pods": "3", "requests.memory": "65000Mi"}}
    api.has[f"{SPACE}/resourcequotas"]["items"] = [{"metadata": {"name": "most"}, "status": quota}]
    mistakes, remarks = await checked(kubeconfig)
    assert mistakes == []
    assert "The quota most is used like this: pods 3 of 10, requests.memory 65000Mi of 64Gi." in remarks


async def test_a_quota_that_is_used_up(kubeconfig: Path, api: ApiServer) -> None:
    quota = {"hard": {"pods": "10", "requests.memory": "1Gi"}, "used": {"pods": "3", "requests.memory": "1024Mi"}}
    api.has[f"{SPACE}/resourcequotas"]["items"] = [{"metadata": {"name": "most"}, "status": quota}]
    ((mistake,), _) = await checked(kubeconfig)
    assert mistake == (
        "The quota most has no requests.memory left: raise it, or no other server can be made or resumed."
    )


def test_quantities() -> None:
    assert quantity("1Gi") == quantity("1024Mi") == 2**30
    assert quantity("500m") == 0.5
    assert quantity("2k") == quantity("2e3") == 2000


def pod(state: dict[str, Any], **more: str) -> dict[str, Any]:
    container = {"name": "agent", "image": IMAGE}
    return {
        "spec": {"containers": [], "initContainers": [container]},
        "status": {"initContainerStatuses": [{"name": "agent", "state": state, **more}]},
    }


async def test_an_image_that_nodes_cannot_pull(kubeconfig: Path, api: ApiServer) -> None:
    waiting = {"reason": "ImagePullBackOff", "message": "not found."}
    api.has[f"{SPACE}/pods"]["items"] = [pod({"waiting": waiting})]
    ((mistake,), _) = await checked(kubeconfig)
    assert mistake.startswith(f"The nodes cannot pull {IMAGE} (not found): see that it is there")


async def test_an_image_that_runs_was_pulled(kubeconfig: Path, api: ApiServer) -> None:
    api.has[f"{SPACE}/pods"]["items"] = [pod({"running": {}}, imageID="sha256:1")]
    _, remarks = await checked(kubeconfig)
    assert f"Nodes have pulled {IMAGE}." in remarks


async def test_no_image(kubeconfig: Path) -> None:
    ((mistake,), _) = await checked(kubeconfig, dataclasses.replace(target(), image=""))
    assert mistake.startswith("DORMOUSE_IMAGE is not set")


async def test_no_node_is_ready(kubeconfig: Path, api: ApiServer) -> None:
    ready, cordoned = api.has["/api/v1/nodes"]["items"]
    ready["status"]["conditions"][0]["status"] = "Unknown"
    cordoned["spec"]["unschedulable"] = True
    ((mistake,), _) = await checked(kubeconfig)
    assert mistake == "No node is ready and open for pods: no server can start."


# what DORMOUSE_POD_FILE says


async def test_pods_that_find_no_node_are_said_once_for_each_cause(kubeconfig: Path, api: ApiServer) -> None:
    taints, room = "0/2 nodes are available: 2 node(s) had untolerated taint(s).", "0/2 nodes: 2 Insufficient memory."
    unbound = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    api.has[f"{SPACE}/pods"]["items"] = [
        waits(name, why) for name, why in (("a-0", taints), ("b-0", taints), ("c-0", room), ("d-0", unbound))
    ]
    mistakes, _ = await checked(kubeconfig)
    assert mistakes == [
        f"No node takes a-0 and b-0: {taints}",
        f"No node has a volume for d-0: {unbound}",
        f"No node has room for c-0: {room}",
    ]


async def test_a_node_that_is_not_ready_is_named(kubeconfig: Path, api: ApiServer) -> None:
    api.has["/api/v1/nodes"]["items"][1]["metadata"]["name"] = "node7"
    api.has["/api/v1/nodes"]["items"][1]["status"]["conditions"][0]["status"] = "Unknown"
    [mistake], _ = await checked(kubeconfig)
    assert mistake == "Not ready: the node node7. Servers on it wait until it is back, or deleted."


def waits(name: str, why: str) -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}
    spec = {"containers": [{"name": "game", "image": IMAGE}]}
    return {"metadata": {"name": name}, "spec": spec, "status": {"conditions": [condition]}}


def with_pods(usual: PodOptions, spot: PodOptions | None = None) -> Target:
    return dataclasses.replace(target(), pods=PodSettings(usual, spot))


async def test_pods_are_tried_as_the_file_says(kubeconfig: Path, api: ApiServer) -> None:
    options = PodOptions(priority="games", storage_class="standard", pull_secrets=("registry",))
    mistakes, remarks = await checked(kubeconfig, with_pods(options))
    assert mistakes == []
    kinds = {each["kind"] for each in api.tried}
    assert {"StatefulSet", "Job", "PersistentVolumeClaim"} <= kinds
    for each in api.tried:
        if each["kind"] in ("StatefulSet", "Job"):
            assert each["spec"]["template"]["spec"]["priorityClassName"] == "games"
    assert "Whether games has the Secret registry cannot be seen: Dormouse reads none." in remarks


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            PodOptions(storage_class="fast"),
            "DORMOUSE_POD_FILE: {at}storage_class: there is no StorageClass fast: make it, or name one of standard.",
        ),
        (
            PodOptions(priority="high"),
            "DORMOUSE_POD_FILE: {at}priority: there is no PriorityClass high: make it, or name one of games.",
        ),
    ],
)
@pytest.mark.parametrize("spot", [False, True])
async def test_what_the_file_names_and_the_cluster_has_not(
    kubeconfig: Path, options: PodOptions, said: str, spot: bool
) -> None:
    about = with_pods(PodOptions(), options) if spot else with_pods(options)
    assert (await checked(kubeconfig, about))[0] == [said.format(at="spot." if spot else "")]


async def test_priority_classes_that_may_not_be_looked_at(kubeconfig: Path, api: ApiServer) -> None:
    api.has[PRIORITIES] = 403
    mistakes, remarks = await checked(kubeconfig, with_pods(PodOptions(priority="high")))
    assert mistakes == []
    assert [line for line in remarks if line.startswith("Cannot be seen: which PriorityClasses there are")]


async def test_no_node_has_the_labels(kubeconfig: Path) -> None:
    _, remarks = await checked(kubeconfig, with_pods(PodOptions(selector={"pool": "games"})))
    assert (
        "DORMOUSE_POD_FILE: selector: no node that is ready has pool=games and lets such pods in. "
        "Servers wait until there is one."
    ) in remarks
    _, remarks = await checked(kubeconfig, with_pods(PodOptions(selector={"kubernetes.io/arch": "amd64"})))
    assert not [line for line in remarks if "Servers wait" in line]


@pytest.mark.parametrize(
    ("tolerations", "waits"),
    [
        ((), True),
        ((Toleration("pool", "Equal", "games"),), False),
        ((Toleration("pool", "Equal", "bots"),), True),
        ((Toleration("pool", "Exists", effect="NoExecute"),), True),
        ((Toleration(operator="Exists"),), False),
    ],
)
async def test_nodes_that_keep_pods_out(
    kubeconfig: Path, api: ApiServer, tolerations: tuple[Toleration, ...], waits: bool
) -> None:
    for node in api.has["/api/v1/nodes"]["items"]:
        node["spec"]["taints"] = [
            {"key": "pool", "value": "games", "effect": "NoSchedule"},
            {"key": "full", "effect": "PreferNoSchedule"},
        ]
    _, remarks = await checked(kubeconfig, with_pods(PodOptions(tolerations=tolerations)))
    assert bool([line for line in remarks if "Servers wait" in line]) is waits


async def test_volumes_that_cannot_grow(kubeconfig: Path, api: ApiServer) -> None:
    del api.has[CLASSES]["items"][0]["allowVolumeExpansion"]
    _, remarks = await checked(kubeconfig)
    assert (
        "Worlds live on volumes of the StorageClass standard; they cannot grow: a larger one comes with a restore only."
    ) in remarks


# as it is typed


@pytest.mark.process
async def test_it_is_part_of_dormouse_check(kubeconfig: Path, tmp_path: Path) -> None:
    guild = Guild(None)
    await guild.start()
    settings = {
        "DISCORD_TOKEN": "planted-token",
        "DISCORD_API_URL": guild.api_url,
        "DATA_DIR": str(tmp_path / "data"),
        "HEALTH": "off",
        "CLUSTER": "kubernetes",
        "NAMESPACE": "games",
        "IMAGE": IMAGE,
        "ADDRESSES": "192.0.2.1",
    }
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "KUBECONFIG": str(kubeconfig)}
    environ |= {f"DORMOUSE_{name}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "check"), cwd=tmp_path, env=environ, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    await guild.stop()
    assert process.returncode == 0
    assert "It may do all that it has to in games." in output.decode()
    assert "Addresses for 500 ports (loadbalancer, 25500-25999)" in output.decode()
    assert output.endswith(b"All is well.\n")


# addresses


async def test_node_ports_have_a_range(kubeconfig: Path) -> None:
    ((mistake,), _) = await checked(kubeconfig, target(Exposure.NODEPORT))
    assert mistake.startswith("DORMOUSE_PORTS: with DORMOUSE_EXPOSURE=nodeport they lie within 30000-32767")
    assert (await checked(kubeconfig, target(Exposure.NODEPORT, ports="30000-30099")))[0] == []


async def test_ports_that_are_all_given_away(kubeconfig: Path) -> None:
    ((mistake,), _) = await checked(kubeconfig, dataclasses.replace(target(), given=100))
    assert mistake == "DORMOUSE_PORTS: all of 25500-25599 are given away: choose a larger range."


async def test_load_balancers_without_static_addresses(kubeconfig: Path) -> None:
    about = dataclasses.replace(target(), addresses=Addresses(Exposure.LOADBALANCER, "check"))
    mistakes, remarks = await checked(kubeconfig, about)
    assert mistakes == []
    assert [line for line in remarks if line.startswith("DORMOUSE_ADDRESSES is not set: each server gets")]


@pytest.mark.parametrize(
    ("addresses", "begins"),
    [
        (Addresses(Exposure.LOADBALANCER, "check", ("192.0.2.1",)), "Games see the nodes' addresses"),
        (
            Addresses(Exposure.LOADBALANCER, "check", ("192.0.2.1",), traffic=TrafficPolicy.LOCAL),
            "DORMOUSE_TRAFFIC_POLICY=local: MetalLB shares no address so",
        ),
        (Addresses(Exposure.LOADBALANCER, "check"), None),
    ],
)
async def test_whose_addresses_games_see(kubeconfig: Path, addresses: Addresses, begins: str | None) -> None:
    _, remarks = await checked(kubeconfig, dataclasses.replace(target(), addresses=addresses))
    said = [line for line in remarks if line.startswith(("Games see", "DORMOUSE_TRAFFIC_POLICY"))]
    assert [line.startswith(begins or "-") for line in said] == ([True] if begins else [])


async def test_nodes_that_members_cannot_reach(kubeconfig: Path, api: ApiServer) -> None:
    api.has[SPACE]["metadata"]["labels"].clear()
    api.has["/api/v1/nodes"]["items"][0]["status"]["addresses"].append({"type": "ExternalIP", "address": "192.0.2.9"})
    _, remarks = await checked(kubeconfig, target(Exposure.HOSTPORT))
    assert "1 of 2 nodes have an external address, at which members connect." in remarks
