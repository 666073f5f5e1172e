"""Pure: the pod of one server, as a plain object: what makes its volume, the agent beside the game, the game."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from core.agent.pod.places import UP
from core.agent.wire import AGENT_PORT, PodSpec
from core.children import Program, command
from core.cluster.image import env_of, image_of, name_of, values_of
from core.cluster.kubernetes import names
from core.cluster.kubernetes.addresses import port_name
from core.cluster.kubernetes.site import Site
from core.cluster.port import PortSpec, ServerSpec
from core.games.form.image import Image
from core.games.form.placeholders import fill

Raw = dict[str, Any]

OWN_UID = 10001
"""The user of Dormouse's image, and of the agent beside games whose image starts as root."""
SHARED = "/run/dormouse"
WORK = "/work"
"""Scratch of the agent and of jobs; a game never sees it."""
GRACE_FOR_SNAPSHOT = 60
"""Seconds of a pod's grace that are for the snapshot after the game's end: it may take as long, and no longer."""
"""The agent's pipes. A game sees the folder read-only, so that it can use them and put nothing in their place."""
CONSOLE = f"{SHARED}/console"
_UNTIL_UP = f"until [ -e {WORK}/{UP} ]; do sleep 0.05; done"
"""The game is started when this has ended. A probe would do the same, up to a second later."""
_TOKEN = [{"key": "agent", "path": "agent"}]
PROBE_TIMEOUT = 5  # seconds; the agent asks the game for at most 3
MARGIN = 5  # seconds beyond the game's grace that the agent has to end: both share one period
AT_WORK = "256Mi"
"""Memory of a helper that brings or saves a world: 150 MB for one of 10 GiB."""
HELPERS_CPU = "1"
"""What a helper takes at most. A quota on CPU limits refuses a pod that has one container without."""


def literal(text: str) -> str:
    """Kubernetes reads `$(NAME)` in commands and values; what members typed must not be read so."""
    return text.replace("$", "$$")


def pod_of(spec: ServerSpec, site: Site) -> Raw:
    image = image_of(spec)
    group = image.gid or image.uid or OWN_UID
    volumes: list[Raw] = [
        {"name": "data", "persistentVolumeClaim": {"claimName": names.claim(spec.server, spec.volume)}},
        {"name": "shared", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "512Mi"}},
        {"name": "work", "emptyDir": {"sizeLimit": "128Mi"}},
        # Follows the Secret, as an environment does not. Without one the environment says what is missing.
        {"name": "token", "secret": {"secretName": spec.server, "optional": True, "items": _TOKEN}},
        *({"name": f"extra-{port_name(m.name)}", "emptyDir": {}} for m in image.mounts if not m.keep),
    ]
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": spec.game.stop.grace + (GRACE_FOR_SNAPSHOT if site.store else 0) + MARGIN,
        "securityContext": {
            "fsGroup": group,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [*([] if spec.made else [_prepare(spec, site)]), _agent(spec, site)],
        "containers": [_game(spec, site)],
        "volumes": volumes,
        **site.pods.usual.pod(),
    }


def _helper(spec: ServerSpec, site: Site, name: str, memory: str) -> Raw:
    """A container of Dormouse's image. It runs as the game's user, so that it can read what the game wrote. `memory`
    is what it takes at rest; bringing and saving a world takes more."""
    image = image_of(spec)
    most = AT_WORK if site.store else memory
    mode = "volume" if name == names.VOLUME_CONTAINER else "pod"
    store: Raw = {"envFrom": [{"secretRef": {"name": names.store_secret(spec.server)}}]} if site.store else {}
    return {
        "name": name,
        "image": site.image,
        "imagePullPolicy": "IfNotPresent",
        "command": command(Program.AGENT, mode, python="python"),
        "workingDir": "/",
        **store,
        "securityContext": locked(image.uid or OWN_UID, image.gid, read_only=True),
        "resources": {
            "requests": {"cpu": "10m", "memory": memory, "ephemeral-storage": "16Mi"},
            "limits": {"cpu": HELPERS_CPU, "memory": most, "ephemeral-storage": "128Mi"},
        },
        "volumeMounts": [
            {"name": "data", "mountPath": "/volume"},
            {"name": "shared", "mountPath": SHARED},
            {"name": "work", "mountPath": WORK},
        ],
    }


def _prepare(spec: ServerSpec, site: Site) -> Raw:
    return _helper(spec, site, names.VOLUME_CONTAINER, "128Mi") | {"env": _volume_env(spec)}


def _volume_env(spec: ServerSpec) -> list[Raw]:
    """What the volume has to be."""
    folders = ["data", *(mount.name for mount in image_of(spec).mounts if mount.keep)]
    return [
        {"name": "DORMOUSE_SERVER", "value": spec.server},
        {"name": "DORMOUSE_VOLUME", "value": str(spec.volume)},
        {"name": "DORMOUSE_MADE", "value": "1" if spec.made else ""},
        {"name": "DORMOUSE_SOURCE", "value": "" if spec.made else spec.source or ""},
        {"name": "DORMOUSE_FOLDERS", "value": ",".join(folders)},
        _from_secret("DORMOUSE_FILES", spec.server, "files"),
    ]


def _agent(spec: ServerSpec, site: Site) -> Raw:
    env = [
        {"name": "DORMOUSE_POD", "value": literal(json.dumps(asdict(pod_spec(spec)), separators=(",", ":")))},
        {"name": "DORMOUSE_LAST_WITHIN", "value": str(GRACE_FOR_SNAPSHOT if site.store else 0)},
        {"name": "DORMOUSE_SNAPSHOT_EVERY", "value": _seconds(site.store.every if site.store else None)},
        _from_secret("DORMOUSE_AGENT_TOKEN", spec.server, "agent"),
        _from_secret("DORMOUSE_CONSOLE_SECRET", spec.server, "console"),
    ]
    helper = _helper(spec, site, names.AGENT_CONTAINER, "64Mi")
    return helper | {
        "restartPolicy": "Always",
        "volumeMounts": [*helper["volumeMounts"], {"name": "token", "mountPath": "/run/token", "readOnly": True}],
        "env": [*env, *(_volume_env(spec) if spec.made else ())],
        "ports": [{"name": "dormouse-agent", "containerPort": AGENT_PORT, "protocol": "TCP"}],
        "lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", _UNTIL_UP]}}},
    }


def pod_spec(spec: ServerSpec) -> PodSpec:
    """What the agent in a pod has to know; its secrets come by another way."""
    game = spec.game
    return PodSpec(
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
        console_rule={name: str(value) for name, value in game.console.model_dump().items()},
        stop_signal=game.stop.signal,
        stop_console=game.stop.console,
        grace=game.stop.grace,
        probe_every=2.0,
        save=game.save.model_dump(mode="json"),
    )


def _game(spec: ServerSpec, site: Site) -> Raw:
    image, game = image_of(spec), spec.game
    plain, hidden = env_of(spec)
    memory = f"{spec.size.memory}Mi"
    own = image.ref == "dormouse"
    made: Raw = {
        "name": names.GAME_CONTAINER,
        "image": name_of(image, site.image, game.values(spec.settings)),
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
        words = [literal(fill(word, values_of(spec, secret=False))) for word in image.command]
        made["command"] = _with_console(words) if game.console.kind == "stdin" else words
    if (before := _before_stop(spec)) is not None:
        words = [fill(word, values_of(spec, secret=False)) for word in game.stop.command]
        made["lifecycle"] = {
            "preStop": {"exec": {"command": ["sh", "-c", before, *(["stop", *words] if words else [])]}}
        }
    return made


def _with_console(words: list[str]) -> list[str]:
    """The game in the shell's place, its stdin a pipe with both ends open, so that it never ends by itself."""
    return ["sh", "-c", f'exec "$0" "$@" <>{CONSOLE}', *words]


def _before_stop(spec: ServerSpec) -> str | None:
    """Where SIGTERM alone does not save: a command of the game's, its console's line by the agent, or its own signal.
    A hook ends with the game's container; then, or when its time is up, SIGTERM follows."""
    stop = spec.game.stop
    steps = ['"$@"'] if stop.command else []
    if stop.console:
        # Open to read too, so that nothing waits for an agent that is away, and held, so that it still hears of it.
        steps.append(f"exec 3<>{SHARED}/stop; echo >&3; sleep {stop.grace}")
    elif stop.signal != "SIGTERM":
        steps.append(f"kill -{stop.signal.removeprefix('SIG')} 1; sleep {stop.grace}")
    return "; ".join(steps) or None


def _probes(within: int) -> Raw:
    """The agent asks the game itself on loopback. No liveness: a game that hangs is a person's to judge."""
    probe = {"httpGet": {"path": "/v1/ready", "port": AGENT_PORT}, "timeoutSeconds": PROBE_TIMEOUT}
    started = {"httpGet": {"path": "/v1/started", "port": AGENT_PORT}, "timeoutSeconds": PROBE_TIMEOUT}
    return {
        "startupProbe": started | {"periodSeconds": 1, "failureThreshold": max(1, within)},
        "readinessProbe": probe | {"periodSeconds": 5, "failureThreshold": 3},
    }


def _mounts(image: Image) -> list[Raw]:
    return [
        {"name": "data", "mountPath": image.data, "subPath": "data"},
        {"name": "shared", "mountPath": SHARED, "readOnly": True},
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
