"""Pure: one server's spec as the plain objects that Kubernetes is to hold.

Order matters: what a pod needs comes before the StatefulSet that makes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.cluster import names
from core.cluster.addresses import Addresses, port_name
from core.cluster.local_files import PodFile, StoreFile
from core.cluster.port import PortSpec, ServerSpec, fingerprint
from core.games.catalogue import Image, fill, placeholders

Raw = dict[str, Any]

OWN_UID = 10001
"""The user of Dormouse's image, and of the agent beside games whose image starts as root."""
SHARED = "/run/dormouse"
WORK = "/work"
"""Scratch of the agent and of jobs; a game never sees it."""
LAST_WITHIN = 60
"""Seconds that the snapshot after a game's end may take. They are part of the grace, which the game shares."""
CONSOLE = f"{SHARED}/console"
PROBE_TIMEOUT = 5  # seconds; the agent asks the game for at most 3
MARGIN = 5  # seconds beyond the game's grace that the agent has to end: both share one period
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
AT_WORK = "256Mi"
"""Memory of a helper that brings or saves a world: 150 MB for one of 10 GiB."""
LOCAL_DNS = "169.254.20.10/32"  # NodeLocal DNSCache's address


@dataclass(frozen=True, slots=True)
class Site:
    """What all servers of this installation have in common. `bot_namespace` None: the bot runs outside the cluster."""

    installation: str
    image: str
    addresses: Addresses
    bot_namespace: str | None = None
    store: StoreFile | None = None  # where worlds are saved; None: nowhere


def manifests(spec: ServerSpec, site: Site, access: str = "") -> list[tuple[str, Raw]]:
    """Resource and object, in the order in which they are to be applied.

    `access`: the mark of how the server's pods come to the store. Raises `KeyError` for a placeholder that the spec has
    no value for, `ValueError` for a game without an image.
    """
    return [
        ("secrets", _secret(spec, site)),
        ("networkpolicies", _policy(spec, site)),
        ("persistentvolumeclaims", _claim(spec, site)),
        ("services", _service(spec, site)),
        ("statefulsets", _stateful_set(spec, site, access)),
    ]


def store_secret(server: str, site: Site, env: Mapping[str, str]) -> Raw:
    """Environment variables of the agent and of jobs; never of a game."""
    labels = {names.INSTALLATION: site.installation, names.SERVER: server}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": names.store_secret(server), "labels": labels},
        "stringData": dict(env),
    }


def disruption_budget(server: str, site: Site) -> Raw:
    """While somebody plays, a drained node waits; for idle servers there must be none, or upgrades hang."""
    labels = {names.INSTALLATION: site.installation, names.SERVER: server}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": server, "labels": labels},
        "spec": {"maxUnavailable": 0, "selector": {"matchLabels": labels}},
    }


def _image(spec: ServerSpec) -> Image:
    if spec.game.image is None:
        raise ValueError(f"{spec.game.id} has no image")
    return spec.game.image


def _selector(spec: ServerSpec, site: Site) -> dict[str, str]:
    return {names.INSTALLATION: site.installation, names.SERVER: spec.server}


def _meta(name: str, spec: ServerSpec, site: Site, **annotations: str) -> Raw:
    return {
        "name": name,
        "labels": _selector(spec, site)
        | {
            names.GUILD: str(spec.guild),
            names.OWNER: str(spec.owner),
            names.GAME: spec.game.id,
            "app.kubernetes.io/name": spec.game.id,
            "app.kubernetes.io/instance": spec.server,
            "app.kubernetes.io/component": "game-server",
            "app.kubernetes.io/part-of": "dormouse",
            "app.kubernetes.io/managed-by": "dormouse",
        },
        "annotations": annotations,
    }


# values


def _values(spec: ServerSpec, *, secret: bool) -> dict[str, str]:
    """What placeholders stand for. Without `secret`, those that are secret are missing."""
    image = _image(spec)
    values = placeholders(
        name=spec.name,
        host="0.0.0.0",
        data=image.data,
        memory=spec.size.memory,
        ports={port.name: port.container for port in spec.ports},
        settings=spec.game.values(spec.settings),
        console_secret=spec.console_secret,
        python="python",
    )
    hidden = {"secret.console", *(f"setting.{each.id}" for each in spec.game.settings if each.type == "secret")}
    return values if secret else {key: value for key, value in values.items() if key not in hidden}


def _env(spec: ServerSpec) -> tuple[dict[str, str], dict[str, str]]:
    """The game's environment: what may be read by whoever may read pods, and what may not."""
    plain, hidden = {}, {}
    for name, template in {**spec.game.env, **_image(spec).env}.items():
        try:
            plain[name] = fill(template, _values(spec, secret=False))
        except KeyError:
            hidden[name] = fill(template, _values(spec, secret=True))
    return plain, hidden


def literal(text: str) -> str:
    """Kubernetes reads `$(NAME)` in commands and values; what members typed must not be read so."""
    return text.replace("$", "$$")


def _files(spec: ServerSpec) -> dict[str, str]:
    values = _values(spec, secret=True)
    escaped = {key: json.dumps(value, ensure_ascii=False)[1:-1] for key, value in values.items()}
    return {
        file.path: fill(file.content, escaped if file.path.endswith(".json") else values) for file in _image(spec).files
    }


def _secret(spec: ServerSpec, site: Site) -> Raw:
    data = {"agent": spec.agent_secret, "console": spec.console_secret, "files": json.dumps(_files(spec))}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _meta(spec.server, spec, site),
        "stringData": data | {f"env.{name}": value for name, value in _env(spec)[1].items()},
    }


# around the pod


def _claim(spec: ServerSpec, site: Site) -> Raw:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _meta(names.claim(spec.server, spec.volume), spec, site, **{names.VOLUME: str(spec.volume)}),
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": str(spec.volume_bytes)}},
        },
    }


def _service(spec: ServerSpec, site: Site) -> Raw:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _meta(spec.server, spec, site, **site.addresses.annotations(spec.server)),
        "spec": {"selector": _selector(spec, site), **site.addresses.service(spec)},
    }


def _policy(spec: ServerSpec, site: Site) -> Raw:
    """In: the game's public ports from anywhere, the agent's from the bot. Out: the internet and names."""
    public = [
        {"port": port.container, "protocol": port.protocol.upper()} for port in spec.ports if port.host is not None
    ]
    bot: Raw = {"ports": [{"port": names.AGENT_PORT, "protocol": "TCP"}]}
    if site.bot_namespace is not None:
        bot["from"] = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": site.bot_namespace}}}]
    dns = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
    system = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    internet = [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE)}},
        {"ipBlock": {"cidr": "::/0", "except": ["fc00::/7", "fe80::/10"]}},
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _meta(spec.server, spec, site),
        "spec": {
            "podSelector": {"matchLabels": _selector(spec, site)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"ports": public}, bot],
            "egress": [{"to": internet}, {"to": [system, {"ipBlock": {"cidr": LOCAL_DNS}}], "ports": dns}],
        },
    }


# the pod


def _stateful_set(spec: ServerSpec, site: Site, access: str) -> Raw:
    stamps = {names.RUN: str(spec.run), names.VOLUME: str(spec.volume), names.NAME: spec.name}
    ports = json.dumps({port.name: port.container for port in spec.ports})
    pod = {names.PORTS: ports, names.WITHIN: str(spec.game.ready.within)}
    source = {names.SOURCE: spec.source} if spec.source and not spec.made else {}
    template = _meta(spec.server, spec, site, **stamps, **source, **pod)
    del template["name"]
    own = {names.FINGERPRINT: fingerprint(spec), names.TRACE: spec.trace, names.WORLD: _world(spec)}
    own |= {names.MADE: "true"} if spec.made else {}
    own |= {names.STORE: access} if access else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": _meta(spec.server, spec, site, **stamps, **own),
        "spec": {
            "replicas": spec.replicas,
            "serviceName": spec.server,
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "OnDelete"},
            "revisionHistoryLimit": 1,
            "selector": {"matchLabels": _selector(spec, site)},
            "template": {"metadata": template, "spec": _pod(spec, site)},
        },
    }


def _pod(spec: ServerSpec, site: Site) -> Raw:
    image = _image(spec)
    group = image.gid or image.uid or OWN_UID
    volumes: list[Raw] = [
        {"name": "data", "persistentVolumeClaim": {"claimName": names.claim(spec.server, spec.volume)}},
        {"name": "shared", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "512Mi"}},
        {"name": "work", "emptyDir": {"sizeLimit": "128Mi"}},
        *({"name": f"extra-{port_name(m.name)}", "emptyDir": {}} for m in image.mounts if not m.keep),
    ]
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": spec.game.stop.grace + (LAST_WITHIN if site.store else 0) + MARGIN,
        "securityContext": {
            "fsGroup": group,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [_prepare(spec, site), _agent(spec, site)],
        "containers": [_game(spec, site)],
        "volumes": volumes,
    }


def _helper(spec: ServerSpec, site: Site, name: str, memory: str) -> Raw:
    """A container of Dormouse's image. It runs as the game's user, so that it can read what the game wrote. `memory`
    is what it takes at rest; bringing and saving a world takes more."""
    image = _image(spec)
    most = AT_WORK if site.store else memory
    store: Raw = {"envFrom": [{"secretRef": {"name": names.store_secret(spec.server)}}]} if site.store else {}
    return {
        "name": name,
        "image": site.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-m", "core.worlds.agent", "volume" if name == names.VOLUME_CONTAINER else "pod"],
        "workingDir": "/",
        **store,
        "securityContext": locked(image.uid or OWN_UID, image.gid, read_only=True),
        "resources": {
            "requests": {"cpu": "10m", "memory": memory, "ephemeral-storage": "16Mi"},
            "limits": {"memory": most, "ephemeral-storage": "128Mi"},
        },
        "volumeMounts": [
            {"name": "data", "mountPath": "/volume"},
            {"name": "shared", "mountPath": SHARED},
            {"name": "work", "mountPath": WORK},
        ],
    }


def _prepare(spec: ServerSpec, site: Site) -> Raw:
    folders = ["data", *(mount.name for mount in _image(spec).mounts if mount.keep)]
    env = [
        {"name": "DORMOUSE_SERVER", "value": spec.server},
        {"name": "DORMOUSE_VOLUME", "value": str(spec.volume)},
        {"name": "DORMOUSE_MADE", "value": "1" if spec.made else ""},
        {"name": "DORMOUSE_SOURCE", "value": "" if spec.made else spec.source or ""},
        {"name": "DORMOUSE_FOLDERS", "value": ",".join(folders)},
        _from_secret("DORMOUSE_FILES", spec.server, "files"),
    ]
    return _helper(spec, site, names.VOLUME_CONTAINER, "128Mi") | {"env": env}


def _agent(spec: ServerSpec, site: Site) -> Raw:
    env = [
        {"name": "DORMOUSE_POD", "value": literal(json.dumps(asdict(pod_file(spec)), separators=(",", ":")))},
        {"name": "DORMOUSE_RCON_PORT", "value": str(_rcon_port(spec) or "")},
        {"name": "DORMOUSE_LAST_WITHIN", "value": str(LAST_WITHIN if site.store else 0)},
        {"name": "DORMOUSE_SNAPSHOT_EVERY", "value": _seconds(site.store.every if site.store else None)},
        _from_secret("DORMOUSE_AGENT_TOKEN", spec.server, "agent"),
        _from_secret("DORMOUSE_CONSOLE_SECRET", spec.server, "console"),
    ]
    alive = {"httpGet": {"path": "/v1/alive", "port": names.AGENT_PORT}, "periodSeconds": 1, "failureThreshold": 60}
    return _helper(spec, site, names.AGENT_CONTAINER, "64Mi") | {
        "restartPolicy": "Always",
        "env": env,
        "ports": [{"name": "dormouse-agent", "containerPort": names.AGENT_PORT, "protocol": "TCP"}],
        "startupProbe": alive,
    }


def pod_file(spec: ServerSpec) -> PodFile:
    """What the agent in a pod has to know; its secrets come by another way."""
    game = spec.game
    return PodFile(
        server=spec.server,
        uid="",
        run=spec.run,
        volume=spec.volume,
        token="",
        command=[],
        env={},
        host="0.0.0.0",
        ports={port.name: port.container for port in spec.ports},
        udp=[port.name for port in spec.ports if port.protocol == "udp"],
        ready=game.ready.kind,
        ready_log=game.ready.log,
        ready_within=game.ready.within,
        query={name: str(value) for name, value in game.query.model_dump().items()},
        console=game.console.kind,
        stop_signal=game.stop.signal,
        stop_console=game.stop.console,
        grace=game.stop.grace,
        probe_every=2.0,
        save=game.save.model_dump(mode="json"),
    )


def _rcon_port(spec: ServerSpec) -> int | None:
    rule = spec.game.console
    return next((port.container for port in spec.ports if rule.kind == "rcon" and port.name == rule.port), None)


def _game(spec: ServerSpec, site: Site) -> Raw:
    image, game = _image(spec), spec.game
    plain, hidden = _env(spec)
    memory = f"{spec.size.memory}Mi"
    own = image.ref == "dormouse"
    made: Raw = {
        "name": names.GAME_CONTAINER,
        "image": site.image if own else f"{image.ref}@{image.digest}" if image.digest else image.ref,
        "imagePullPolicy": "IfNotPresent",
        "env": [
            *({"name": name, "value": literal(value)} for name, value in sorted(plain.items())),
            *(_from_secret(name, spec.server, f"env.{name}") for name in sorted(hidden)),
        ],
        "ports": [_container_port(port, site) for port in spec.ports],
        "securityContext": locked(
            image.uid, image.gid, read_only=image.read_only or own, capabilities=image.capabilities
        ),
        "resources": {
            "requests": {"cpu": f"{spec.size.cpu}m", "memory": memory, "ephemeral-storage": "64Mi"},
            "limits": {"cpu": f"{2 * spec.size.cpu}m", "memory": memory, "ephemeral-storage": "2Gi"},
        },
        "volumeMounts": _mounts(image),
        **_probes(game.ready.within),
    }
    if image.command:
        words = [literal(fill(word, _values(spec, secret=False))) for word in image.command]
        made["command"] = _with_console(words) if game.console.kind == "stdin" else words
    if (before := _before_stop(spec)) is not None:
        made["lifecycle"] = {"preStop": {"exec": {"command": ["sh", "-c", before]}}}
    return made


def _with_console(words: list[str]) -> list[str]:
    """The game in the shell's place, its stdin a pipe with both ends open, so that it never ends by itself."""
    return ["sh", "-c", f'exec "$0" "$@" <>{CONSOLE}', *words]


def _before_stop(spec: ServerSpec) -> str | None:
    """Where SIGTERM alone does not save: the game's own signal, or its console's line, by the agent. A hook ends with
    the game's container; then, or when its time is up, SIGTERM follows."""
    if spec.game.stop.console:
        return f"touch {SHARED}/stop; sleep {spec.game.stop.grace}"
    if spec.game.stop.signal != "SIGTERM":
        return f"kill -{spec.game.stop.signal.removeprefix('SIG')} 1; sleep {spec.game.stop.grace}"
    return None


def _probes(within: int) -> Raw:
    """The agent asks the game itself on loopback. No liveness: a game that hangs is a person's to judge."""
    probe = {"httpGet": {"path": "/v1/ready", "port": names.AGENT_PORT}, "timeoutSeconds": PROBE_TIMEOUT}
    every = 1 if within <= 60 else 2
    return {
        "startupProbe": probe | {"periodSeconds": every, "failureThreshold": max(1, within // every)},
        "readinessProbe": probe | {"periodSeconds": 5, "failureThreshold": 3},
    }


def _mounts(image: Image) -> list[Raw]:
    return [
        {"name": "data", "mountPath": image.data, "subPath": "data"},
        {"name": "shared", "mountPath": SHARED},
        {"name": "tmp", "mountPath": "/tmp"},
        *(
            {"name": "data", "mountPath": mount.path, "subPath": mount.name}
            if mount.keep
            else {"name": f"extra-{port_name(mount.name)}", "mountPath": mount.path}
            for mount in image.mounts
        ),
    ]


def _container_port(port: PortSpec, site: Site) -> Raw:
    made: Raw = {"name": port_name(port.name), "containerPort": port.container, "protocol": port.protocol.upper()}
    host = site.addresses.host_port(port)
    return made | ({"hostPort": host} if host is not None else {})


def locked(uid: int | None, gid: int | None, *, read_only: bool, capabilities: tuple[str, ...] = ()) -> Raw:
    made: Raw = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": read_only,
        "capabilities": {"drop": ["ALL"], **({"add": list(capabilities)} if capabilities else {})},
    }
    if uid is not None:
        made |= {"runAsUser": uid, "runAsGroup": gid or uid} | ({"runAsNonRoot": True} if uid else {})
    return made


def _from_secret(name: str, secret: str, key: str) -> Raw:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _world(spec: ServerSpec) -> str:
    """What a job has to know of a server whose game's entry may be gone by then."""
    image = _image(spec)
    save = {name: value for name, value in spec.game.save.model_dump(mode="json").items() if name in _SAVED_BY}
    return json.dumps({"uid": image.uid or OWN_UID, "gid": image.gid, "save": save}, separators=(",", ":"))


_SAVED_BY = ("include", "exclude")
