"""From what is wanted to what a pod runs: `ServerSpec` as JSON, and the `PodSpec` made of it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.agent.local.folder import ServerFolder
from core.agent.wire import Container, PodSpec
from core.authority import family
from core.children import minimal_env
from core.cluster.local.container import Engine, Places, container_name, start_of
from core.cluster.port import NOT_TOLD, PortSpec, ServerSpec
from core.errors import ClusterError
from core.games.form.game import Game
from core.games.form.placeholders import fill, placeholders
from core.games.form.setting import Size
from core.words import Problem


def to_json(spec: ServerSpec) -> dict[str, Any]:
    values = {name: getattr(spec, name) for name in ServerSpec.__slots__}
    return values | {
        "game": spec.game.model_dump(mode="json", exclude=NOT_TOLD),
        "size": spec.size.model_dump(mode="json"),
        "ports": [
            {"name": port.name, "protocol": port.protocol, "container": port.container, "host": port.host}
            for port in spec.ports
        ],
        "settings": dict(spec.settings),
    }


def from_json(values: Mapping[str, Any]) -> ServerSpec:
    """Raises `ValueError` or `TypeError` where another version of the program wrote it differently."""
    made = dict(values) | {
        "game": Game.model_validate(values.get("game")),
        "size": Size.model_validate(values.get("size")),
        "ports": tuple(PortSpec(**port) for port in values.get("ports", ())),
    }
    return ServerSpec(**made)


def pod_spec(spec: ServerSpec, folder: ServerFolder, *, uid: str, host: str, probe_every: float) -> PodSpec:
    """What one pod runs. Here the container's port *is* the host's; a port that stays closed gets any free one."""
    game, local = spec.game, spec.game.local
    if local is None:
        raise ClusterError(f"{game.id} cannot run on this machine", problem=Problem.CANNOT_APPLY)
    ports = {port.name: port.host or _free_port(host) for port in spec.ports}
    data = str(folder.volume(spec.volume).data.resolve())
    values = placeholders(
        name=spec.name,
        host=host,
        data=data,
        memory=spec.size.memory,
        ports=ports,
        settings=game.told(spec.settings),
        console_secret=spec.console_secret,
        curseforge_key=spec.curseforge_key,
    )
    try:
        command = [fill(word, values) for word in local.command]
        named = {name: fill(text, values) for name, text in game.env.items()}
    except KeyError as missing:
        raise ClusterError(f"nothing is known of {missing}", problem=Problem.CANNOT_APPLY) from missing
    env = minimal_env(data, python=any("{python}" in word for word in local.command)) | named
    return _pod(spec, uid=uid, host=host, probe_every=probe_every, ports=ports, command=command, env=env)


def container_spec(
    spec: ServerSpec,
    folder: ServerFolder,
    engine: Engine,
    *,
    uid: str,
    host: str,
    probe_every: float,
    env: Mapping[str, str],
    mark: str,
    own: str,
    user: str,
) -> PodSpec:
    """Likewise, in a container (core/cluster/local/container.py). `env` is what the engine's client needs. Ports that
    stay closed are on loopback."""
    assert spec.game.image is not None
    mounts, volume = spec.game.image.mounts, folder.volume(spec.volume)
    ports = {port.name: port.host or _free_port("127.0.0.1") for port in spec.ports}
    places = Places(
        volume.data.resolve(),
        {mount.name: volume.root.resolve() / mount.name for mount in mounts if mount.keep},
        {mount.name: folder.extra.path.resolve() / mount.name for mount in mounts if not mount.keep},
    )
    start = start_of(spec, engine, places, uid=uid, mark=mark, ports=ports, address=_address(host), own=own, user=user)
    container = Container(
        engine=[engine.program],
        name=container_name(spec.server, uid),
        env=dict(env),
        files=start.files,
        folders=list(places.kept),
        emptied=list(places.emptied),
        owner=list(start.owner or ()),
        ports={port.name: port.container for port in spec.ports},
        opened=[str(each) for each in (places.data, *places.kept.values())] if start.opens else [],
        stop_command=start.stop_command,
    )
    if clash := sorted(start.secret.keys() & env.keys()):
        raise ClusterError(f"the game's {clash[0]} would be the engine's own", problem=Problem.CANNOT_APPLY)
    pod = _pod(
        spec,
        uid=uid,
        host=host,
        probe_every=probe_every,
        ports=ports,
        command=start.command,
        env=dict(env) | start.secret,
    )
    closed = [port.name for port in spec.ports if port.host is None]
    return replace(pod, closed=closed, container=container.to_json())


def _pod(
    spec: ServerSpec,
    *,
    uid: str,
    host: str,
    probe_every: float,
    ports: dict[str, int],
    command: list[str],
    env: dict[str, str],
) -> PodSpec:
    game = spec.game
    return PodSpec(
        server=spec.server,
        uid=uid,
        run=spec.run,
        volume=spec.volume,
        token=spec.agent_secret,
        command=command,
        env=env,
        host=host,
        ports=ports,
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
        probe_every=probe_every,
        save=game.save.model_dump(mode="json"),
        secret=spec.console_secret,
    )


def _address(host: str) -> str:
    """Engines publish ports on an address, not on a name."""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as wrong:
        raise ClusterError(f"{host} is no address of this machine: {wrong}", problem=Problem.CANNOT_APPLY) from wrong


def _free_port(host: str) -> int:
    with socket.socket(family(host)) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
