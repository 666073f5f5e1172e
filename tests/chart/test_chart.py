"""The Helm chart as dictionaries: what it makes of values, and what it refuses. No cluster is asked."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from bot.check import kubernetes as check_kubernetes
from bot.check.kubernetes import quantity
from bot.settings import PREFIX, SECRETS, Settings, load
from core.cluster.kubernetes.api import CLUSTER_PERMISSIONS, GROUPS, METRICS_PERMISSIONS, PERMISSIONS
from core.cluster.kubernetes.pod_settings import PodOptions, PodSettings, Toleration, read
from core.games.catalogue import Catalogue

DEPLOY = Path(__file__).parents[2] / "deploy"
PAGE = (DEPLOY.parent / "docs" / "kubernetes.md").read_text("utf-8")
HELM = DEPLOY.parent / ".helm" / "helm"
TOKEN = "planted-token"
LEAST: dict[str, Any] = {
    "image": "registry.example.org/dormouse:1",
    "secret": {"existing": "dormouse"},
    "addresses": ["192.0.2.10"],
    "publicHost": "play.example.org",
}
HOSTPORT = {"exposure": "hostport", "addresses": []}
NODEPORT = {"exposure": "nodeport", "addresses": []}
POSTGRESQL = {"database": "postgresql", "persistence": {"enabled": False}}
TWO = POSTGRESQL | {"replicas": 2}
PODS = {
    "selector": {"example.org/pool": "games"},
    "tolerations": [{"key": "example.org/games", "value": "yes", "effect": "NoExecute", "toleration_seconds": 300}],
    "storage_class": "fast",
    "priority": "games",
    "pull_secrets": ["registry"],
    "annotations": {"example.org/team": 'games "& co."'},
    "labels": {"team": "games"},
    "spot": {"selector": {"example.org/capacity": "spot"}, "tolerations": [{"operator": "Exists"}]},
}
GAME = (Path(__file__).parents[2] / "core" / "games" / "catalogue" / "factorio.toml").read_text("utf-8")
NAMED = {"secret": {"discordToken": TOKEN, "masterKey": "planted-key-0123456789", "b2Key": "planted-b2"}}
OWN = {"games": {"files": {"factorio.toml": GAME}, "pods": PODS}}
DISK = {"scratch": {"disk": True, "storageClass": "fast"}}
WEB = {
    "web": {
        "enabled": True,
        "publicUrl": "https://dormouse.example.org",
        "discordClientId": "80351110224678912",
        "oidc": {
            "issuer": "https://login.example.org/t/v2.0",
            "clientId": "c",
            "tenants": ["72f988bf-86f1-41af-91ab-2d7cd011db47"],
            "audience": "api://d",
        },
        "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "dormouse-tls"},
    }
}
VARIANTS = [{}, WEB, HOSTPORT, NODEPORT, POSTGRESQL, TWO, NAMED, OWN, DISK, {"createBotNamespace": True}]

if not HELM.exists():
    if os.environ.get("CI"):
        pytest.fail("CI needs Helm: make helm", pytrace=False)
    pytest.skip("Helm is not here: make helm", allow_module_level=True)


def helm(*arguments: str, values: dict[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(HELM), *arguments] + ["--values", "-"] * (values is not None)
    return subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, timeout=60)


def rendered(**values: Any) -> list[dict[str, Any]]:
    """Every object that comes of the least values and these."""
    ended = helm("template", "dormouse", str(DEPLOY / "helm"), "-n", "bots", values=LEAST | values)
    assert ended.returncode == 0, ended.stderr
    return [each for each in yaml.safe_load_all(ended.stdout) if each]


def refused(**values: Any) -> str:
    ended = helm("template", "dormouse", str(DEPLOY / "helm"), "-n", "bots", values=LEAST | values)
    assert ended.returncode != 0
    return ended.stderr


def one(objects: list[dict[str, Any]], kind: str, name: str = "") -> dict[str, Any]:
    (found,) = (each for each in objects if each["kind"] == kind and name in each["metadata"]["name"])
    return found


def settings_of(**values: Any) -> dict[str, str]:
    (data,) = (
        each["data"]
        for each in rendered(**values)
        if each["kind"] == "ConfigMap" and each["metadata"]["name"] == "dormouse"
    )
    assert isinstance(data, dict)
    return data


def volume_of(name: str, **values: Any) -> dict[str, Any]:
    pod = one(rendered(**values), "Deployment")["spec"]["template"]["spec"]
    (found,) = (each for each in pod["volumes"] if each["name"] == name)
    assert isinstance(found, dict)
    return found


def granted(role: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    return {
        (group, resource): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def asked(*tables: Any, **groups: str) -> dict[tuple[str, str], set[str]]:
    known = {**GROUPS, **groups}
    return {(known.get(each, ""), each): set(verbs) for table in tables for each, verbs in table.items()}


# as it is


@pytest.mark.parametrize("values", VARIANTS)
def test_lint_finds_nothing(values: dict[str, Any]) -> None:
    ended = helm("lint", "--strict", str(DEPLOY / "helm"), values=LEAST | values)
    assert ended.returncode == 0, ended.stdout


def test_the_role_is_what_the_adapter_and_the_check_ask_for() -> None:
    role = one(rendered(), "Role")
    measured = {("metrics.k8s.io", "pods"): set(METRICS_PERMISSIONS["pods.metrics.k8s.io"])}
    assert granted(role) == asked(PERMISSIONS, check_kubernetes.LOOKS) | measured
    assert role["metadata"]["namespace"] == "dormouse-servers"


def test_the_role_has_no_right_to_read_secrets() -> None:
    verbs = granted(one(rendered(), "Role"))["", "secrets"]
    assert verbs == {"create", "patch", "delete"}


def test_the_cluster_role_is_optional_and_only_looks() -> None:
    role = granted(one(rendered(), "ClusterRole"))
    groups = {"storageclasses": "storage.k8s.io", "priorityclasses": "scheduling.k8s.io"}
    assert role == asked(CLUSTER_PERMISSIONS, check_kubernetes.CLUSTER_LOOKS, **groups)
    assert set().union(*role.values()) <= {"get", "list", "watch"}
    without = rendered(clusterRole={"create": False})
    assert not [each for each in without if each["kind"].startswith("ClusterRole")]


@pytest.mark.parametrize("values", VARIANTS)
def test_the_pod_is_what_pod_security_restricted_wants(values: dict[str, Any]) -> None:
    pod = one(rendered(**values), "Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(container["resources"]["limits"]) == {"memory", "ephemeral-storage"}
        mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
        assert mounts == ["/data", "/data/work", "/etc/dormouse/games", "/etc/dormouse/pods", "/tmp"]


@pytest.mark.parametrize(("exposure", "level"), [({}, "baseline"), (NODEPORT, "baseline"), (HOSTPORT, "privileged")])
def test_the_games_namespace_is_as_open_as_the_exposure_needs(exposure: dict[str, Any], level: str) -> None:
    namespace = one(rendered(**exposure), "Namespace", "dormouse-servers")["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == level
    assert namespace["annotations"]["helm.sh/resource-policy"] == "keep"  # the worlds are in it


def test_the_bots_namespace_is_restricted() -> None:
    namespace = one(rendered(createBotNamespace=True), "Namespace", "bots")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("values", VARIANTS)
def test_secrets_stand_in_the_secret_only(values: dict[str, Any]) -> None:
    for each in rendered(**values):
        assert ("planted" in json.dumps(each)) == (each["kind"] == "Secret"), each["kind"]
    (container,) = one(rendered(**values), "Deployment")["spec"]["template"]["spec"]["containers"]
    assert {each["name"].removeprefix(PREFIX) for each in container["env"]} == set(SECRETS)
    assert all("secretKeyRef" in each["valueFrom"] for each in container["env"])


def test_what_must_be_in_an_existing_secret() -> None:
    def required(**values: Any) -> set[str]:
        (container,) = one(rendered(**values), "Deployment")["spec"]["template"]["spec"]["containers"]
        references = [each["valueFrom"]["secretKeyRef"] for each in container["env"]]
        return {each["key"] for each in references if not each.get("optional")}

    assert required() == {"discord-token"}
    assert required(**POSTGRESQL) == {"discord-token", "database-url", "master-key"}


def test_every_setting_that_the_chart_writes_is_known_to_the_bot() -> None:
    discord = {"apiUrl": "http://10.0.0.1:8300/api/v10", "gatewayUrl": "ws://10.0.0.1:8300/gateway"}
    given = {**WEB, "discord": discord, "settings": {"IDLE_AFTER": 1800}, "externalTrafficPolicy": "Local"}
    written = settings_of(**given)
    assert {name.removeprefix(PREFIX).lower() for name in written} <= set(Settings.model_fields)
    assert written["DORMOUSE_IDLE_AFTER"] == "1800"
    assert written["DORMOUSE_CLUSTER"] == "kubernetes"
    assert written["DORMOUSE_TRAFFIC_POLICY"] == "local"
    load(written | {"DORMOUSE_DISCORD_TOKEN": TOKEN}, None)


@pytest.mark.parametrize(("exposure", "ports"), [({}, "25500-25999"), (NODEPORT, "30000-32767")])
def test_ports_that_fit_the_exposure(exposure: dict[str, Any], ports: str) -> None:
    assert settings_of(**exposure)["DORMOUSE_PORTS"] == ports


def test_a_changed_setting_makes_a_new_pod() -> None:
    def annotations(**values: Any) -> dict[str, str]:
        annotations = one(rendered(**values), "Deployment")["spec"]["template"]["metadata"]["annotations"]
        assert isinstance(annotations, dict)
        return annotations

    assert annotations() == annotations()
    assert annotations() != annotations(settings={"IDLE_AFTER": 60})
    assert annotations() != annotations(games={"files": {"factorio.toml": GAME}})
    assert annotations() != annotations(games={"pods": PODS})


def test_two_pods_never_share_the_data_folder() -> None:
    objects = rendered()
    assert one(objects, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    assert one(objects, "PersistentVolumeClaim")["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    spread = rendered(**POSTGRESQL)
    assert one(spread, "Deployment")["spec"]["strategy"] == {"type": "RollingUpdate"}
    assert not [each for each in spread if each["kind"] == "PersistentVolumeClaim"]
    assert one(rendered(**POSTGRESQL, strategy="Recreate"), "Deployment")["spec"]["strategy"] == {"type": "Recreate"}


def test_two_bots_take_over_from_each_other_on_postgresql() -> None:
    objects = rendered(**TWO)
    deployment = one(objects, "Deployment")["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (2, {"type": "RollingUpdate"})
    budget = one(objects, "PodDisruptionBudget")["spec"]
    assert (budget["maxUnavailable"], budget["selector"]) == (1, deployment["selector"])
    assert "podAntiAffinity" in deployment["template"]["spec"]["affinity"]


def test_one_bot_needs_no_disruption_budget() -> None:
    assert not [each for each in rendered() if each["kind"] == "PodDisruptionBudget"]
    assert one(rendered(), "Deployment")["spec"]["replicas"] == 1


# room for downloads and imports


@pytest.mark.parametrize("values", [{}, POSTGRESQL, DISK, {"scratch": {"size": "24Gi"}}])
def test_a_pod_that_fills_its_scratch_is_not_evicted(values: dict[str, Any]) -> None:
    """Kubelet adds up the emptyDirs on the node's disk, and ends a pod that writes more than its containers' limits."""
    pod = one(rendered(**values), "Deployment")["spec"]["template"]["spec"]
    sizes = [each["emptyDir"]["sizeLimit"] for each in pod["volumes"] if "emptyDir" in each]
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        assert quantity(container["resources"]["limits"]["ephemeral-storage"]) > sum(map(quantity, sizes))


@pytest.mark.parametrize("values", [{}, POSTGRESQL])
def test_scratch_is_neither_the_databases_volume_nor_without_a_limit(values: dict[str, Any]) -> None:
    pod = one(rendered(**values), "Deployment")["spec"]["template"]["spec"]
    (scratch,) = (each for each in pod["volumes"] if each["name"] == "scratch")
    assert scratch["emptyDir"] == {"sizeLimit": "8Gi"}
    assert [each for each in pod["volumes"] if each.get("emptyDir") == {}] == []
    assert settings_of(**values)["DORMOUSE_SCRATCH"] == "8"


def test_scratch_may_be_a_disk_of_its_own_that_goes_with_the_pod() -> None:
    scratch = volume_of("scratch", scratch={"size": "24Gi", "disk": True, "storageClass": "fast"})
    assert scratch["ephemeral"]["volumeClaimTemplate"]["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "24Gi"}},
    }
    assert settings_of(scratch={"size": "24Gi", "disk": True})["DORMOUSE_SCRATCH"] == "24"


# games


def config_map(tmp_path: Path, name: str, **values: Any) -> Path:
    """As a folder: so it is mounted."""
    for file, content in one(rendered(**values), "ConfigMap", name)["data"].items():
        (tmp_path / file).write_text(content, "utf-8")
    return tmp_path


def test_games_of_your_own_come_by_the_values(tmp_path: Path) -> None:
    folder = config_map(tmp_path, "dormouse-games", games={"files": {"factorio.toml": GAME}})
    assert [game.id for game in Catalogue.load(folder)] == ["factorio"]
    assert (folder / "factorio.toml").read_text("utf-8") == GAME


def test_without_any_the_folder_of_games_is_there_and_empty(tmp_path: Path) -> None:
    assert list(Catalogue.load(config_map(tmp_path, "dormouse-games"))) == []


def test_where_and_how_pods_run_comes_by_the_values(tmp_path: Path) -> None:
    folder = config_map(tmp_path, "dormouse-pods", games={"pods": PODS})
    found = read(folder / Path(settings_of()["DORMOUSE_POD_FILE"]).name)
    assert found.usual == PodOptions(
        selector={"example.org/pool": "games"},
        tolerations=(Toleration("example.org/games", "Equal", "yes", "NoExecute", 300),),
        storage_class="fast",
        priority="games",
        pull_secrets=("registry",),
        annotations={"example.org/team": 'games "& co."'},
        labels={"team": "games"},
    )
    assert found.spot == PodOptions({"example.org/capacity": "spot"}, (Toleration(operator="Exists"),))


def test_without_any_the_file_of_pods_says_nothing(tmp_path: Path) -> None:
    assert read(config_map(tmp_path, "dormouse-pods") / "pod.toml") == PodSettings()


def test_the_bots_pod_has_a_priority_and_labels() -> None:
    template = one(rendered(priorityClassName="high", podLabels={"team": "bots"}), "Deployment")["spec"]["template"]
    assert template["spec"]["priorityClassName"] == "high"
    assert template["metadata"]["labels"]["team"] == "bots"


def test_the_schema_of_postgresql_is_brought_up_to_date_before_the_start() -> None:
    def before(**values: Any) -> list[list[str]]:
        pod = one(rendered(**values), "Deployment")["spec"]["template"]["spec"]
        return [each["args"] for each in pod.get("initContainers", [])]

    assert before() == []
    assert before(**POSTGRESQL) == [["migrate"]]
    assert before(**POSTGRESQL, migrate=False) == []


def test_nobody_connects_to_the_bot_unless_told() -> None:
    assert one(rendered(), "NetworkPolicy")["spec"]["ingress"] == []
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    (rule,) = one(rendered(networkPolicy={"metricsFrom": [peer]}), "NetworkPolicy")["spec"]["ingress"]
    assert rule == {"from": [peer], "ports": [{"port": "health"}]}


def test_the_http_face_is_reached_by_its_public_name() -> None:
    objects = rendered(**WEB)
    (rule,) = one(objects, "Ingress")["spec"]["rules"]
    assert rule["host"] == "dormouse.example.org"
    service = one(objects, "Service")
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == service["metadata"]["name"]
    (container,) = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert service["spec"]["ports"][0]["targetPort"] in {each["name"] for each in container["ports"]}
    assert one(objects, "NetworkPolicy")["spec"]["ingress"] == [{"ports": [{"port": "web"}]}]


def test_without_the_http_face_nothing_of_it_is_there() -> None:
    assert not {"Service", "Ingress"} & {each["kind"] for each in rendered()}
    assert not {"DORMOUSE_WEB", "DORMOUSE_PUBLIC_URL"} & settings_of().keys()


@pytest.mark.parametrize(("values", "ports"), [({}, [443, 6443]), (POSTGRESQL, [443, 6443, 5432])])
def test_the_bot_reaches_what_it_needs(values: dict[str, Any], ports: list[int]) -> None:
    names, wide, games = one(rendered(**values), "NetworkPolicy")["spec"]["egress"]
    assert {each["port"] for each in names["ports"]} == {53}
    assert [each["port"] for each in wide["ports"]] == ports
    (games,) = games["to"]
    assert games["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "dormouse-servers"}


def test_a_quota_for_all_games() -> None:
    quota = one(rendered(games={"quota": {"requests.memory": "64Gi", "pods": 20}}), "ResourceQuota")
    assert quota["metadata"]["namespace"] == "dormouse-servers"
    assert quota["spec"]["hard"] == {"requests.memory": "64Gi", "pods": 20}


# what it refuses


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"image": ""}, "image: name the image that the Dockerfile made"),
        ({"secret": {"existing": ""}}, "give secret.discordToken, or in secret.existing"),
        ({"secret": {"existing": "a", "b2Key": "b"}}, "secret.b2Key: put it into the Secret a"),
        ({"addresses": ["192.0.2.1", "192.0.2.2"]}, "publicHost: it is one name"),
        ({"exposure": "hostport"}, "only exposures loadbalancer and router use them"),
        ({"exposure": "router", "publicHost": ""}, "publicHost: exposure router needs a domain"),
        (NODEPORT | {"publicHost": ""}, "publicHost: exposure nodeport needs the name or address of a node"),
        (NODEPORT | {"ports": "25000-26000"}, "with exposure nodeport they lie within 30000-32767"),
        ({"ports": "26000-25000"}, "ports: 26000-25000 begins after its end"),
        ({"strategy": "RollingUpdate"}, "strategy: RollingUpdate needs database postgresql"),
        ({"persistence": {"enabled": False}}, "SQLite lives in the volume"),
        ({"replicas": 2}, "replicas: more than one needs database postgresql and persistence.enabled false"),
        ({"replicas": 2, "database": "postgresql"}, "two pods cannot share the data volume"),
        (TWO | {"strategy": "Recreate"}, "strategy: Recreate ends all replicas at once"),
        ({"replicas": 0}, "'/replicas': minimum"),
        ({"scratch": {"size": "512Mi"}}, "'/scratch/size': '512Mi' does not match pattern"),
        ({"scratch": {"storageClass": "fast"}}, "scratch.storageClass: it is for a volume: set scratch.disk to true"),
        (
            {"resources": {"limits": {"ephemeral-storage": "1Gi"}}},
            "resources.limits.ephemeral-storage: leave it out: it follows from scratch.size",
        ),
        ({"web": {"ingress": {"enabled": True}}}, "web.ingress.enabled: it needs web.enabled"),
        (WEB | {"secret": {"discordToken": TOKEN}}, "secret.discordClientSecret: sign-in with Discord needs it"),
        (WEB | {"secret": {"discordToken": TOKEN}}, "secret.oidcClientSecret: sign-in with the provider needs it"),
        ({"settings": {"WEB": "0.0.0.0:80"}}, "settings.WEB: set the value web.enabled instead"),
        (HOSTPORT | {"externalTrafficPolicy": "Local"}, "externalTrafficPolicy: leave it empty with hostport"),
        ({"games": {"files": {"factorio.yaml": "x"}}}, "'factorio.yaml' does not match pattern"),
        ({"games": {"pods": {"nodeSelector": {}}}}, "additional properties 'nodeSelector' not allowed"),
        ({"settings": {"GAMES_DIR": "/games"}}, "settings.GAMES_DIR: set the value games.files instead"),
        ({"settings": {"POD_FILE": "/pod"}}, "settings.POD_FILE: set the value games.pods instead"),
        ({"settings": {"SCRATCH": 5}}, "settings.SCRATCH: set the value scratch.size instead"),
        (
            {"database": "postgresql", "secret": {"existing": "", "discordToken": "t"}},
            "secret.databaseUrl: database is postgresql, so give its address",
        ),
        ({"games": {"namespace": "bots"}}, "games need a namespace of their own"),
        ({"settings": {"DORMOUSE_IDLE_AFTER": 60}}, "leave DORMOUSE_ away: IDLE_AFTER"),
        ({"settings": {"DISCORD_TOKEN": TOKEN}}, "settings.DISCORD_TOKEN: secrets belong into the Secret"),
        ({"settings": {"B2_KEY_FILE": "/x"}}, "settings.B2_KEY_FILE: secrets belong into the Secret"),
        ({"settings": {"EXPOSURE": "hostport"}}, "settings.EXPOSURE: set the value exposure instead"),
        ({"settings": {"CLUSTER": "local"}}, "settings.CLUSTER: the chart sets this one"),
        ({"exposure": "ingress"}, "value must be one of 'loadbalancer', 'nodeport', 'hostport'"),
        ({"exposures": "hostport"}, "additional properties 'exposures' not allowed"),
        ({"settings": {"OPERATORS": 123456789012345678}}, "'/settings/OPERATORS': maximum"),
        ({"settings": {"idle": 1}}, "'idle' does not match pattern"),
        ({"ports": "many"}, "'/ports': 'many' does not match pattern"),
        ({"persistence": {"size": "2"}}, "'/persistence/size': '2' does not match pattern"),
    ],
)
def test_values_that_do_not_work_are_refused_in_words(values: dict[str, Any], words: str) -> None:
    said = refused(**values)
    assert words in said
    assert TOKEN not in said


def test_everything_that_is_wrong_is_said_at_once() -> None:
    ended = helm("template", "dormouse", str(DEPLOY / "helm"), values={})
    assert re.findall(r"^  - (\w+):", ended.stderr, re.MULTILINE) == ["image", "secret"]


# docs/kubernetes.md as it is written


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_values_of_every_step_work_one_after_the_other(tmp_path: Path) -> None:
    values: dict[str, Any] = {}
    steps = map(yaml.safe_load, examples("yaml"))
    for step in steps:
        values |= step
        ended = helm("template", "dormouse", str(DEPLOY / "helm"), "-n", "dormouse", values=values)
        assert ended.returncode == 0, ended.stderr
    (written,) = (
        each["data"]
        for each in yaml.safe_load_all(ended.stdout)
        if each and each["kind"] == "ConfigMap" and each["metadata"]["name"] == "dormouse"
    )
    secrets = {"DORMOUSE_DISCORD_TOKEN": TOKEN, "DORMOUSE_B2_KEY": "key", "DORMOUSE_DATABASE_URL": "postgresql://u@h/d"}
    settings, unknown = load(written | secrets, None)
    assert (settings.store_place.place, unknown) == ("b2:my-bucket/dormouse", [])
    assert settings.idle_after == 1800


def test_the_key_that_the_page_puts_into_the_secret_is_the_one_that_the_pod_reads() -> None:
    (put,) = re.findall(r"""patch secret dormouse --patch '(.*)'""", PAGE)
    (container,) = one(rendered(), "Deployment")["spec"]["template"]["spec"]["containers"]
    keys = {each["valueFrom"]["secretKeyRef"]["key"] for each in container["env"]}
    assert set(json.loads(put)["stringData"]) == {"b2-key"} <= keys


def test_the_file_of_pods_on_the_page_is_one(tmp_path: Path) -> None:
    (said,) = examples("toml")
    (tmp_path / "pod.toml").write_text(said, "utf-8")
    found = read(tmp_path / "pod.toml")
    assert (found.usual.priority, found.usual.tolerations[0].effect) == ("games", "NoSchedule")
    assert found.spot is not None


# without Helm


def test_the_plain_manifests_are_what_the_chart_makes(tmp_path: Path) -> None:
    subprocess.run([str(DEPLOY / "make-manifests"), str(tmp_path)], check=True, capture_output=True, timeout=60)
    made, kept = (
        {each.name: each.read_text() for each in folder.glob("*.yaml") if each.name != "kustomization.yaml"}
        for folder in (tmp_path, DEPLOY / "manifests")
    )
    assert made == kept, "make manifests"


def test_the_kustomization_names_every_manifest() -> None:
    kustomization = yaml.safe_load((DEPLOY / "manifests" / "kustomization.yaml").read_text())
    files = {each.name for each in (DEPLOY / "manifests").glob("*.yaml")}
    assert {*kustomization["resources"], "kustomization.yaml"} == files


def test_no_plain_manifest_has_a_secret_or_a_trace_of_helm() -> None:
    for file in (DEPLOY / "manifests").glob("*.yaml"):
        for each in yaml.safe_load_all(file.read_text()):
            assert each["kind"] != "Secret"
            assert "app.kubernetes.io/managed-by" not in each.get("metadata", {}).get("labels", {})
