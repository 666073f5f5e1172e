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

from bot import check_kubernetes
from bot.settings import PREFIX, SECRETS, Settings
from core.cluster.api import CLUSTER_PERMISSIONS, GROUPS, METRICS_PERMISSIONS, PERMISSIONS

DEPLOY = Path(__file__).parents[2] / "deploy"
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
POSTGRESQL = {"database": "postgresql", "persistence": {"enabled": False}, "strategy": "RollingUpdate"}
NAMED = {"secret": {"discordToken": TOKEN, "masterKey": "planted-key-0123456789", "b2Key": "planted-b2"}}
VARIANTS = [{}, HOSTPORT, NODEPORT, POSTGRESQL, NAMED, {"createBotNamespace": True}]

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


def test_secrets_cannot_be_read() -> None:
    verbs = granted(one(rendered(), "Role"))["", "secrets"]
    assert verbs == {"create", "patch", "delete"}


def test_the_cluster_role_is_optional_and_only_looks() -> None:
    role = granted(one(rendered(), "ClusterRole"))
    assert role == asked(CLUSTER_PERMISSIONS, check_kubernetes.CLUSTER_LOOKS, storageclasses="storage.k8s.io")
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
        assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/data", "/tmp"]


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
    written = one(rendered(discord=discord, settings={"IDLE_AFTER": 1800}), "ConfigMap")["data"]
    assert {name.removeprefix(PREFIX).lower() for name in written} <= set(Settings.model_fields)
    assert written["DORMOUSE_IDLE_AFTER"] == "1800"
    assert written["DORMOUSE_CLUSTER"] == "kubernetes"


@pytest.mark.parametrize(("exposure", "ports"), [({}, "25500-25999"), (NODEPORT, "30000-32767")])
def test_ports_that_fit_the_exposure(exposure: dict[str, Any], ports: str) -> None:
    assert one(rendered(**exposure), "ConfigMap")["data"]["DORMOUSE_PORTS"] == ports


def test_a_changed_setting_makes_a_new_pod() -> None:
    def annotations(**values: Any) -> dict[str, str]:
        annotations = one(rendered(**values), "Deployment")["spec"]["template"]["metadata"]["annotations"]
        assert isinstance(annotations, dict)
        return annotations

    assert annotations() == annotations()
    assert annotations() != annotations(settings={"IDLE_AFTER": 60})


def test_two_pods_never_share_the_data_folder() -> None:
    objects = rendered()
    assert one(objects, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    assert one(objects, "PersistentVolumeClaim")["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    spread = rendered(**POSTGRESQL)
    assert one(spread, "Deployment")["spec"]["strategy"] == {"type": "RollingUpdate"}
    assert not [each for each in spread if each["kind"] == "PersistentVolumeClaim"]


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
        ({"exposure": "hostport"}, "only exposure loadbalancer uses them"),
        (NODEPORT | {"publicHost": ""}, "publicHost: exposure nodeport needs the name or address of a node"),
        (NODEPORT | {"ports": "25000-26000"}, "with exposure nodeport they lie within 30000-32767"),
        ({"ports": "26000-25000"}, "ports: 26000-25000 begins after its end"),
        ({"strategy": "RollingUpdate"}, "strategy: RollingUpdate needs database postgresql"),
        ({"persistence": {"enabled": False}}, "SQLite lives in the volume"),
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
