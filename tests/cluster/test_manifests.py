"""What is put into a cluster, as plain objects: nothing here needs one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any
from xml.etree import ElementTree

import kube
import pytest

from core.agent.pod.places import UP
from core.agent.wire import AGENT_PORT
from core.cluster.kubernetes import names
from core.cluster.kubernetes.addresses import Exposure, TrafficPolicy, port_name
from core.cluster.kubernetes.manifests import disruption_budget, manifests
from core.cluster.kubernetes.manifests_job import files_job, job
from core.cluster.kubernetes.manifests_pod import WORK
from core.cluster.kubernetes.manifests_policy import files_policy, jobs_policy
from core.cluster.kubernetes.reduced import reduce_service
from core.cluster.port import ServerSpec
from core.games.catalogue import BUILT_IN, Catalogue
from core.games.form.saving import Stop
from core.worlds.store.place import StorePlace

CATALOGUE = Catalogue.load(BUILT_IN)
GAMES = [game.id for game in CATALOGUE]
Raw = dict[str, Any]


def spec(game: str = "meadow", **given: Any) -> ServerSpec:
    found = CATALOGUE.get(game)
    assert found is not None
    return kube.make_spec("aaaaaaaaaaaa", game=found, **given)


def made(wanted: ServerSpec, exposure: Exposure = Exposure.LOADBALANCER, **given: Any) -> dict[str, Raw]:
    return dict(manifests(wanted, kube.site(exposure, **given)))


def pod(wanted: ServerSpec, exposure: Exposure = Exposure.LOADBALANCER, **given: Any) -> Raw:
    found: Raw = made(wanted, exposure, **given)["statefulsets"]["spec"]["template"]["spec"]
    return found


def container(pod: Raw, name: str) -> Raw:
    found: Raw = next(each for each in pod["initContainers"] + pod["containers"] if each["name"] == name)
    return found


@pytest.mark.parametrize("game", GAMES)
def test_every_object_says_whose_it_is(game: str) -> None:
    for manifest in made(spec(game)).values():
        labels = manifest["metadata"]["labels"]
        assert labels[names.INSTALLATION] == "test"
        assert (labels[names.SERVER], labels[names.GUILD], labels[names.OWNER]) == ("aaaaaaaaaaaa", "1", "2")
        assert labels["app.kubernetes.io/managed-by"] == "dormouse"


@pytest.mark.parametrize("game", GAMES)
def test_every_container_is_locked_down(game: str) -> None:
    found = pod(spec(game))
    assert found["automountServiceAccountToken"] is False
    assert found["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for each in found["initContainers"] + found["containers"]:
        assert each["securityContext"]["allowPrivilegeEscalation"] is False
        assert each["securityContext"]["capabilities"]["drop"] == ["ALL"]
        limits, requests = each["resources"]["limits"], each["resources"]["requests"]
        assert limits["memory"] == requests["memory"]
        assert limits["ephemeral-storage"]
        assert limits["cpu"]


@pytest.mark.parametrize("game", ["meadow", "minecraft-java", "factorio"])
def test_games_that_can_run_without_root_do(game: str) -> None:
    uid = {"meadow": 10001, "minecraft-java": 1000, "factorio": 845}[game]
    found = pod(spec(game))
    assert found["securityContext"]["fsGroup"] == uid
    for each in found["initContainers"] + found["containers"]:
        assert (each["securityContext"]["runAsNonRoot"], each["securityContext"]["runAsUser"]) == (True, uid)


def test_a_game_that_starts_as_root_has_the_capabilities_of_its_entry_and_its_agent_is_not_root() -> None:
    found = pod(spec("valheim"))
    game = container(found, "game")["securityContext"]
    assert "runAsUser" not in game
    assert set(game["capabilities"]["add"]) == {"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"}
    assert container(found, "agent")["securityContext"]["runAsUser"] == 10001


@pytest.mark.parametrize(
    ("game", "group"),
    [
        ("ark-se", 1000),
        ("dont-starve-together", 1000),
        ("enshrouded", 4711),
        ("project-zomboid", 1000),
        ("seven-days-to-die", 1000),
        ("valheim", 1000),
    ],
)
def test_an_agent_is_of_the_group_that_an_image_gives_its_data_to(game: str, group: int) -> None:
    found = pod(spec(game))
    assert found["securityContext"]["fsGroup"] == group
    assert container(found, "agent")["securityContext"]["runAsGroup"] == group
    assert "runAsUser" not in container(found, "game")["securityContext"]


def test_no_secret_stands_anywhere_but_in_the_secret() -> None:
    hidden = spec("meadow", settings={"password": "opensesame"}, console_secret="c0" * 16, agent_secret="a9" * 16)
    found = made(hidden)
    secret = found.pop("secrets")["stringData"]
    assert (secret["agent"], secret["console"]) == ("a9" * 16, "c0" * 16)
    assert secret["env.MEADOW_PASSWORD"] == "opensesame"
    rest = json.dumps(found)
    assert "opensesame" not in rest
    assert "c0" * 16 not in rest
    assert "a9" * 16 not in rest


def test_what_a_member_types_is_never_read_as_a_reference() -> None:
    env = container(pod(spec("meadow", settings={"greeting": "$(MEADOW_PASSWORD)"})), "game")["env"]
    greeting = next(each["value"] for each in env if each["name"] == "MEADOW_GREETING")
    assert greeting == "$$(MEADOW_PASSWORD)"


def test_a_name_cannot_break_out_of_a_json_file() -> None:
    found = made(spec("factorio", name='Po"nd\\'))["secrets"]["stringData"]
    written = json.loads(json.loads(found["files"])["config/server-settings.json"])
    assert written["name"] == 'Po"nd\\'


def before_stop(wanted: ServerSpec) -> list[str]:
    return list(container(pod(wanted), "game")["lifecycle"]["preStop"]["exec"]["command"])


def test_a_command_of_the_game_is_run_before_its_signal() -> None:
    shell, flag, script, name, *words = before_stop(spec("satisfactory"))
    assert (shell, flag, name, words[:2]) == ("sh", "-c", "stop", ["sh", "-c"])
    assert script == '"$@"; kill -INT 1; sleep 120'


def test_a_console_line_is_sent_after_the_command() -> None:
    game = kube.TINY.model_copy(update={"stop": Stop(console="quit", command=("save", "{data}", "{name}"), grace=7)})
    script, _, *words = before_stop(kube.make_spec(game=game))[2:]
    assert script.startswith('"$@"; exec 3<>')
    assert script.endswith("sleep 7")
    assert words == ["save", "/data", "Pond"]


def test_a_version_that_is_another_image_is_that_image() -> None:
    assert container(pod(spec("factorio")), "game")["image"] == "factoriotools/factorio:stable"
    newer = spec("factorio", settings={"version": "experimental"})
    assert container(pod(newer), "game")["image"] == "factoriotools/factorio:latest"


def test_a_game_is_told_settings_in_its_own_words() -> None:
    env = container(pod(spec("enshrouded")), "game")["env"]
    assert {"name": "SERVER_ENABLE_TEXT_CHAT", "value": "true"} in env
    env = container(pod(spec("palworld", settings={"death_penalty": "items"})), "game")["env"]
    assert {"name": "DEATH_PENALTY", "value": "Item"} in env


def test_lists_in_files_are_lists() -> None:
    files = json.loads(made(spec("factorio", settings={"admins": 'Ada, "Bo'}))["secrets"]["stringData"]["files"])
    assert json.loads(files["config/server-adminlist.json"]) == ["Ada", '"Bo']
    token = {"admins": "KU_a,KU_b", "token": "t"}
    files = json.loads(made(spec("dont-starve-together", settings=token))["secrets"]["stringData"]["files"])
    assert files["DoNotStarveTogether/Cluster_1/adminlist.txt"] == "KU_a\nKU_b"


def test_a_name_cannot_break_out_of_an_xml_file() -> None:
    name = 'Po"nd & <b>'
    files = json.loads(made(spec("seven-days-to-die", name=name))["secrets"]["stringData"]["files"])
    root = ElementTree.fromstring(files["dormouse.xml"].strip())
    assert root.find("property[@name='ServerName']").get("value") == name  # type: ignore[union-attr]


def test_the_operators_key_to_curseforge_stands_in_the_secret_alone() -> None:
    mods = Catalogue.load(BUILT_IN, keys={"curseforge"}).find("minecraft-java")
    found = made(kube.make_spec("aaaaaaaaaaaa", game=mods, curseforge_key="planted-key"))
    assert found.pop("secrets")["stringData"]["env.CF_API_KEY"] == "planted-key"
    assert "planted-key" not in json.dumps(found)


def test_without_a_key_to_curseforge_a_game_is_told_nothing_of_it() -> None:
    found = made(spec("minecraft-java"))
    assert "CURSEFORGE" not in json.dumps(found)
    assert "CF_API_KEY" not in json.dumps(found)


@pytest.mark.parametrize("game", GAMES)
def test_no_game_ends_without_having_saved(game: str) -> None:
    """What is stopped by a signal has it as the first process, or a script that passes it on; see the game's file."""
    found = CATALOGUE.get(game)
    assert found is not None
    waits = pod(spec(game))["terminationGracePeriodSeconds"]
    assert waits >= found.stop.grace
    if found.stop.console or found.stop.command or found.stop.signal != "SIGTERM":
        assert before_stop(spec(game))


def test_run_volume_and_fingerprint_are_stamped() -> None:
    wanted = spec(run=4, volume=2, trace="beef")
    found = made(wanted)["statefulsets"]
    stamps = found["metadata"]["annotations"]
    assert (stamps[names.RUN], stamps[names.VOLUME], stamps[names.TRACE]) == ("4", "2", "beef")
    template = found["spec"]["template"]
    assert template["metadata"]["annotations"][names.RUN] == "4"
    assert template["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == "data-aaaaaaaaaaaa-2"


def test_pausing_and_tracing_change_no_template() -> None:
    template: Callable[[ServerSpec], Raw] = lambda wanted: made(wanted)["statefulsets"]["spec"]["template"]  # noqa: E731
    wanted = spec()
    assert template(wanted) == template(replace(wanted, replicas=0, trace="beef"))


def test_the_set_replaces_no_pod_by_itself_and_has_one_at_most() -> None:
    found = made(spec(replicas=0))["statefulsets"]["spec"]
    assert (found["replicas"], found["updateStrategy"], found["revisionHistoryLimit"]) == (0, {"type": "OnDelete"}, 1)


def test_the_console_of_a_game_is_closed_to_the_network() -> None:
    wanted = spec("factorio")
    found = made(wanted)
    opened = [port for rule in found["networkpolicies"]["spec"]["ingress"] for port in rule["ports"]]
    assert {(each["port"], each["protocol"]) for each in opened} == {(34197, "UDP"), (AGENT_PORT, "TCP")}
    assert [port["targetPort"] for port in found["services"]["spec"]["ports"]] == [34197]


def test_only_the_bots_namespace_reaches_the_agent() -> None:
    inside = replace(kube.site(), bot_namespace="dormouse")
    policy = dict(manifests(spec(), inside))["networkpolicies"]["spec"]
    [rule] = [rule for rule in policy["ingress"] if rule["ports"][0]["port"] == AGENT_PORT]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "dormouse"}}}]


def reaches(policy: Raw, address: str, port: int, protocol: str = "TCP") -> bool:
    """As the documentation of NetworkPolicy has it, for peers that are address blocks."""
    ip = ip_address(address)

    def within(peer: Raw) -> bool:
        block = peer.get("ipBlock")
        return block is not None and (
            ip in ip_network(block["cidr"]) and not any(ip in ip_network(each) for each in block.get("except", ()))
        )

    def through(each: Raw) -> bool:
        return each["protocol"] == protocol and each["port"] <= port <= each.get("endPort", each["port"])

    return any(any(map(within, rule["to"])) and any(map(through, rule["ports"])) for rule in policy["spec"]["egress"])


@pytest.mark.parametrize("address", ["198.51.100.7", "2600:1f18::7", "64:ff9b::198.51.100.7"])
def test_a_game_reaches_the_internet(address: str) -> None:
    policy = made(spec())["networkpolicies"]
    assert reaches(policy, address, 443)
    assert reaches(policy, address, 27015, "UDP")


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "127.0.0.1", "224.0.0.1", "255.255.255.255"),
        *("fd00::1", "fe80::1", "ff02::1", "64:ff9b::10.0.0.1", "2002:a00:1::1"),
    ],
)
def test_a_game_reaches_nothing_inside(address: str) -> None:
    policy = made(spec())["networkpolicies"]
    assert not reaches(policy, address, 443)
    assert not reaches(policy, address, 8125, "UDP")


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("169.254.169.254", id="most clouds"),
        pytest.param("168.63.129.16", id="Azure's WireServer"),
        pytest.param("192.0.0.192", id="Oracle"),
        pytest.param("100.100.100.200", id="Alibaba"),
        pytest.param("fd00:ec2::254", id="Amazon over IPv6"),
        pytest.param("fd20:ce::254", id="Google over IPv6"),
        pytest.param("64:ff9b::a9fe:a9fe", id="169.254.169.254 by NAT64"),
        pytest.param("64:ff9b::a83f:8110", id="168.63.129.16 by NAT64"),
    ],
)
@pytest.mark.parametrize("port", [80, 443, 32526])
def test_a_game_reaches_no_metadata_service(address: str, port: int) -> None:
    assert not reaches(made(spec())["networkpolicies"], address, port)


@pytest.mark.parametrize("address", ["198.51.100.7", "2600:1f18::7"])
def test_a_game_sends_no_mail(address: str) -> None:
    policy = made(spec())["networkpolicies"]
    assert [port for port in (24, 25, 26) if reaches(policy, address, port)] == [24, 26]


def test_a_job_reaches_what_a_game_does_and_no_more() -> None:
    job, game = jobs_policy(kube.site()), made(spec())["networkpolicies"]
    assert job["spec"]["egress"] == game["spec"]["egress"]


def test_a_game_asks_names_of_the_cluster() -> None:
    names_of_hosts = made(spec())["networkpolicies"]["spec"]["egress"][1]
    assert {port["port"] for port in names_of_hosts["ports"]} == {53}
    assert reaches(made(spec())["networkpolicies"], "169.254.20.10", 53, "UDP")


def test_a_balancer_shares_a_static_address_in_the_words_of_metallb_and_azure() -> None:
    service = made(spec(), static=("203.0.113.7",))["services"]
    assert service["metadata"]["annotations"] == {
        "metallb.io/loadBalancerIPs": "203.0.113.7",
        "metallb.io/allow-shared-ip": "dormouse-test",
        "service.beta.kubernetes.io/azure-load-balancer-ipv4": "203.0.113.7",
    }
    assert (service["spec"]["type"], service["spec"]["externalTrafficPolicy"]) == ("LoadBalancer", "Cluster")


@pytest.mark.parametrize(
    ("exposure", "given", "policy"),
    [
        (Exposure.LOADBALANCER, {}, "Local"),
        (Exposure.LOADBALANCER, {"static": ("203.0.113.7",)}, "Cluster"),  # MetalLB shares an address only so
        (Exposure.LOADBALANCER, {"public_host": "play.example"}, "Cluster"),  # which may lead to any node
        (Exposure.LOADBALANCER, {"static": ("203.0.113.7",), "traffic": TrafficPolicy.LOCAL}, "Local"),  # on Azure
        (Exposure.NODEPORT, {}, "Local"),  # members are told the pod's own node
        (Exposure.NODEPORT, {"public_host": "play.example"}, "Cluster"),
        (Exposure.NODEPORT, {"public_host": "play.example", "traffic": TrafficPolicy.LOCAL}, "Local"),
        (Exposure.HOSTPORT, {}, None),
    ],
)
def test_a_game_sees_players_own_addresses_where_the_exposure_allows(
    exposure: Exposure, given: Raw, policy: str | None
) -> None:
    assert made(spec(), exposure, **given)["services"]["spec"].get("externalTrafficPolicy") == policy


def test_a_paused_server_keeps_no_load_balancer_of_its_own() -> None:
    paused = made(spec(replicas=0))["services"]["spec"]
    assert paused["type"] == "ClusterIP"
    assert made(spec(replicas=1))["services"]["spec"]["type"] == "LoadBalancer"


@pytest.mark.parametrize(
    ("exposure", "given"),
    [(Exposure.LOADBALANCER, {"static": ("203.0.113.7",)}), (Exposure.NODEPORT, {}), (Exposure.HOSTPORT, {})],
)
def test_pausing_changes_nothing_where_the_address_is_not_the_servers_alone(exposure: Exposure, given: Raw) -> None:
    wanted = spec()
    paused = made(replace(wanted, replicas=0), exposure, **given)["services"]
    assert paused == made(wanted, exposure, **given)["services"]


def test_a_server_stays_on_its_address_of_several() -> None:
    addresses = kube.site(Exposure.LOADBALANCER, static=("203.0.113.7", "203.0.113.8")).addresses
    assert len({addresses.address("aaaaaaaaaaaa") for _ in range(3)}) == 1
    assert {addresses.address(f"server{number}") for number in range(20)} == {"203.0.113.7", "203.0.113.8"}


def test_a_node_port_is_the_servers_port() -> None:
    wanted = spec()
    [port] = made(wanted, Exposure.NODEPORT)["services"]["spec"]["ports"]
    assert (port["nodePort"], port["targetPort"]) == (wanted.ports[0].host, 8400)


def test_host_ports_are_on_the_pod_and_the_service_has_no_address() -> None:
    wanted = spec()
    assert made(wanted, Exposure.HOSTPORT)["services"]["spec"]["clusterIP"] == "None"
    assert container(pod(wanted, Exposure.HOSTPORT), "game")["ports"][0]["hostPort"] == wanted.ports[0].host


BY_NAME = {"exposure": Exposure.ROUTER, "domain": "play.example.org"}


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("Pond", "pond-aaaa.play.example.org"),
        ("Bo's Größe 2", "bo-s-groe-2-aaaa.play.example.org"),
        ("Пруд", "server-aaaa.play.example.org"),
        ("x" * 32, f"{'x' * 32}-aaaa.play.example.org"),
    ],
)
def test_a_router_leads_players_to_minecraft_by_the_name_that_they_type(name: str, host: str) -> None:
    wanted = replace(spec("minecraft-java"), name=name)
    service = made(wanted, **BY_NAME)["services"]
    assert service["metadata"]["annotations"] == {"mc-router.itzg.me/externalServerName": host}
    assert service["spec"]["type"] == "ClusterIP"
    [port] = service["spec"]["ports"]
    assert (port["name"], port["port"], port["targetPort"]) == ("mc-router", 25565, 25565)
    seen = reduce_service(service | {"metadata": service["metadata"] | {"uid": "1", "resourceVersion": "1"}})
    assert seen.hostname == host


def test_what_a_router_cannot_lead_to_gets_a_load_balancer() -> None:
    service = made(spec("meadow"), static=("203.0.113.7",), **BY_NAME)["services"]
    assert service["spec"]["type"] == "LoadBalancer"
    assert "mc-router.itzg.me/externalServerName" not in service["metadata"]["annotations"]
    addresses = kube.site(**BY_NAME).addresses
    assert addresses.public("aaaaaaaaaaaa", node="10.0.0.1", balancer="198.51.100.1") == "198.51.100.1"


@pytest.mark.parametrize(
    ("exposure", "given", "node", "balancer", "address"),
    [
        (Exposure.LOADBALANCER, {"static": ("203.0.113.7",)}, "10.0.0.1", "", "203.0.113.7"),
        (Exposure.LOADBALANCER, {}, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (Exposure.LOADBALANCER, {"public_host": "play.example"}, "10.0.0.1", "198.51.100.1", "play.example"),
        (Exposure.NODEPORT, {}, "10.0.0.1", "", "10.0.0.1"),
        (Exposure.NODEPORT, {"public_host": "play.example"}, "10.0.0.1", "", "play.example"),
        (Exposure.HOSTPORT, {"public_host": "play.example"}, "10.0.0.1", "", "10.0.0.1"),
        (Exposure.HOSTPORT, {}, "", "", ""),
    ],
)
def test_the_address_that_members_get(exposure: Exposure, given: Raw, node: str, balancer: str, address: str) -> None:
    addresses = kube.site(exposure, **given).addresses
    assert addresses.public("aaaaaaaaaaaa", node=node, balancer=balancer) == address


@pytest.mark.parametrize(
    ("exposure", "ports", "given", "word"),
    [
        (Exposure.NODEPORT, range(25500, 26000), {}, "DORMOUSE_PORTS"),
        (Exposure.HOSTPORT, range(25500, 26000), {"static": ("203.0.113.7",)}, "DORMOUSE_ADDRESSES"),
        (
            Exposure.LOADBALANCER,
            range(25500, 26000),
            {"static": ("203.0.113.7", "203.0.113.8"), "public_host": "play.example"},
            "DORMOUSE_PUBLIC_HOST",
        ),
        (Exposure.HOSTPORT, range(25500, 26000), {"traffic": TrafficPolicy.LOCAL}, "DORMOUSE_TRAFFIC_POLICY"),
        (Exposure.ROUTER, range(25500, 26000), {"domain": "203.0.113.7"}, "DORMOUSE_PUBLIC_HOST"),
        (Exposure.ROUTER, range(25500, 26000), {}, "DORMOUSE_PUBLIC_HOST"),
    ],
)
def test_what_cannot_work_is_said(exposure: Exposure, ports: range, given: Raw, word: str) -> None:
    [said] = kube.site(exposure, **given).addresses.mistakes(ports)
    assert word in said


@pytest.mark.parametrize("name", ["game", "query_port", "a-very-long-name-of-a-port", "a__b", "x-"])
def test_every_port_of_the_catalogue_has_a_name_that_kubernetes_takes(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?", port_name(name))
    assert "--" not in port_name(name)


def test_a_game_with_a_console_reads_it_from_a_pipe_that_never_ends() -> None:
    command = container(pod(spec()), "game")["command"]
    assert command[:3] == ["sh", "-c", 'exec "$0" "$@" <>/run/dormouse/console']
    assert command[3:] == ["python", "-m", "bot.demo.meadow"]


def test_a_game_sees_the_agents_pipes_and_can_put_nothing_in_their_place() -> None:
    made = pod(spec())
    [beside] = [each for each in container(made, "game")["volumeMounts"] if each["mountPath"] == "/run/dormouse"]
    assert beside["readOnly"] is True
    assert not {"/volume", "/work"} & {each["mountPath"] for each in container(made, "game")["volumeMounts"]}


def test_where_sigterm_saves_nothing_the_game_is_told_before() -> None:
    tiny = kube.TINY
    by_console = tiny.model_copy(update={"stop": tiny.stop.model_copy(update={"console": "stop"})})
    by_signal = tiny.model_copy(update={"stop": tiny.stop.model_copy(update={"signal": "SIGINT"})})

    def before(game: Any) -> str:
        hook: str = container(pod(kube.make_spec(game=game)), "game")["lifecycle"]["preStop"]["exec"]["command"][-1]
        return hook

    assert before(by_console) == "exec 3<>/run/dormouse/stop; echo >&3; sleep 5"
    assert before(by_signal) == "kill -INT 1; sleep 5"
    assert "lifecycle" not in container(pod(kube.make_spec()), "game")


def test_readiness_is_the_agents_word_and_nothing_kills_a_game_that_hangs() -> None:
    game = container(pod(spec("minecraft-java")), "game")
    for probe, path in (("startupProbe", "/v1/started"), ("readinessProbe", "/v1/ready")):
        assert game[probe]["httpGet"] == {"path": path, "port": AGENT_PORT}
    assert game["startupProbe"]["periodSeconds"] * game["startupProbe"]["failureThreshold"] == 3600
    assert "livenessProbe" not in game


def test_a_disruption_budget_covers_one_server() -> None:
    budget = disruption_budget("aaaaaaaaaaaa", kube.site())
    assert budget["spec"]["maxUnavailable"] == 0
    assert budget["spec"]["selector"]["matchLabels"][names.SERVER] == "aaaaaaaaaaaa"


def test_a_game_that_puts_its_secret_on_the_command_line_is_refused() -> None:
    assert kube.TINY.image is not None
    leaky = kube.TINY.model_copy(
        update={"image": kube.TINY.image.model_copy(update={"command": ("x", "{secret.console}")})}
    )
    with pytest.raises(KeyError):
        manifests(kube.make_spec(game=leaky), kube.site())


STORE = StorePlace("b2:worlds/guild", {"DORMOUSE_B2_KEY": "planted-key"}, every=300)


def test_only_the_helpers_come_to_the_store_and_only_they_have_room_for_it() -> None:
    found = pod(spec(), store=STORE)
    for name in (names.VOLUME_CONTAINER, names.AGENT_CONTAINER):
        each = container(found, name)
        assert each["envFrom"] == [{"secretRef": {"name": "store-aaaaaaaaaaaa"}}]
        assert each["resources"]["limits"]["memory"] == "256Mi"
    game = container(found, names.GAME_CONTAINER)
    assert "envFrom" not in game
    assert "/work" not in [mount["mountPath"] for mount in game["volumeMounts"]]
    assert "planted-key" not in json.dumps(made(spec(), store=STORE))


def test_with_a_store_the_last_snapshot_has_time_within_the_grace() -> None:
    with_store, without = pod(spec(), store=STORE), pod(spec())
    longer = with_store["terminationGracePeriodSeconds"] - without["terminationGracePeriodSeconds"]
    env = {each["name"]: each.get("value") for each in container(with_store, names.AGENT_CONTAINER)["env"]}
    assert (env["DORMOUSE_LAST_WITHIN"], env["DORMOUSE_SNAPSHOT_EVERY"]) == (str(longer), "300")


def test_a_volume_that_was_finished_is_told_apart_from_a_new_one() -> None:
    def told(**given: Any) -> tuple[Any, Any]:
        env = pod(spec(source="000001-000001-000001-x", **given))["initContainers"][0]["env"]
        values = {each["name"]: each.get("value") for each in env}
        return values["DORMOUSE_MADE"], values["DORMOUSE_SOURCE"]

    assert told() == ("", "000001-000001-000001-x")
    assert told(made=True) == ("1", "")


def test_a_volume_that_was_finished_needs_no_container_of_its_own() -> None:
    def helpers(**given: Any) -> list[str]:
        return [each["name"] for each in pod(spec(**given))["initContainers"]]

    assert helpers() == [names.VOLUME_CONTAINER, names.AGENT_CONTAINER]
    assert helpers(made=True) == [names.AGENT_CONTAINER]


def test_the_game_waits_until_the_agent_is_up() -> None:
    agent = container(pod(spec()), names.AGENT_CONTAINER)
    (_, _, waits) = agent["lifecycle"]["postStart"]["exec"]["command"]
    assert waits == f"until [ -e {WORK}/{UP} ]; do sleep 0.05; done"


def test_a_job_is_as_locked_down_as_a_game_and_not_taken_for_one() -> None:
    world = made(spec("factorio"))["statefulsets"]["metadata"]["annotations"][names.WORLD]
    found = job("seal", "aaaaaaaaaaaa", 2, 7, world, kube.site(store=STORE), note="$(HOME)", verify=True)
    template = found["spec"]["template"]
    assert template["metadata"]["labels"] == {names.JOB: "seal"}
    (each,) = template["spec"]["containers"]
    assert (each["securityContext"]["runAsUser"], template["spec"]["securityContext"]["fsGroup"]) == (845, 845)
    assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert set(each["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
    env = {one["name"]: one["value"] for one in each["env"]}
    assert (env["DORMOUSE_VOLUME"], env["DORMOUSE_RUN"], env["DORMOUSE_NOTE"]) == ("2", "7", "$$(HOME)")
    assert json.loads(env["DORMOUSE_SAVE"])["exclude"] == ["config/rconpw", "config/server-settings.json"]


def test_a_job_that_answers_for_files_has_no_key_to_the_store_and_hears_the_bot_alone() -> None:
    world = made(spec("factorio"))["statefulsets"]["metadata"]["annotations"][names.WORLD]
    site = replace(kube.site(store=STORE), bot_namespace="bots")
    template = files_job("files", "aaaaaaaaaaaa", 2, world, site)["spec"]["template"]
    (each,) = template["spec"]["containers"]
    assert "envFrom" not in each
    assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert (each["securityContext"]["runAsUser"], template["spec"]["securityContext"]["fsGroup"]) == (845, 845)
    token = {"name": "DORMOUSE_AGENT_TOKEN", "valueFrom": {"secretKeyRef": {"name": "aaaaaaaaaaaa", "key": "agent"}}}
    assert token in each["env"]
    policy = files_policy(site)["spec"]
    assert names.FILES in template["metadata"]["labels"]
    assert names.JOB in template["metadata"]["labels"]
    assert policy["podSelector"] == {"matchExpressions": [{"key": names.FILES, "operator": "Exists"}]}
    (way,) = policy["ingress"]
    assert way["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "bots"}}}]
