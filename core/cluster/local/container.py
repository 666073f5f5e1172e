"""Pure: how a game is started in a container of this machine, as the command line of podman's or docker's client.

Sources: podman-run(1) of 4.3.1, which was tried, and docker's *container run* reference, which was not. What both have
is preferred. `--userns=keep-id:uid=…` is podman's since 4.3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.authority import authority
from core.cluster.image import env_of, files_of, image_of, name_of, values_of
from core.cluster.port import PortSpec, ServerSpec
from core.errors import ClusterError
from core.games.form.image import Image
from core.games.form.placeholders import fill
from core.words import Problem

SERVER, POD, FOLDER = "dormouse.server", "dormouse.pod", "dormouse.folder"
"""Labels of a container: whose it is, which pod, and of which installation on this machine."""
PIDS = 4096
"""Processes that one container may have with docker, which sets no limit; podman's own is 2048."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What starts containers, as it said of itself, and who uses it. A limit of None: there is none."""

    kind: str  # "podman" | "docker"
    program: str
    uid: int  # the agent's user and group
    gid: int
    limits_memory: bool = True
    limits_cpu: bool = True
    open_files: int | None = None
    processes: int | None = None

    @property
    def maps_users(self) -> bool:
        """Whether a user of the image can be the agent's user outside."""
        return self.kind == "podman" and self.uid != 0


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of this machine that a game's container gets to see."""

    data: Path
    kept: Mapping[str, Path]  # by the mount's name
    emptied: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Start:
    """What the agent runs, and `stop_command`, what it runs inside before it ends the game. `secret`: the client's
    environment besides its own; the container takes it from there, so that no secret is on a command line. `owner`:
    whom the places are given to before; None: they are the agent's. `opens`: what other users of the image write is
    theirs alone, and made readable after each run."""

    command: list[str]
    secret: dict[str, str]
    files: dict[str, str]
    owner: tuple[int, int] | None
    opens: bool
    stop_command: list[str]


def container_name(server: str, uid: str) -> str:
    return f"dormouse-{server}-{uid[:8]}"


def who_of(name: str) -> tuple[str, str]:
    """The server, and the beginning of the pod's UID, of a container with such a name."""
    _, server, uid = (*name.split("-"), "", "", "")[:3]
    return server, uid


def folder_mark(folder: Path) -> str:
    """Which installation a container belongs to: several may run on one machine."""
    return hashlib.sha256(str(folder).encode()).hexdigest()[:16]


def whole(name: str, own: str = "") -> str:
    """The name of an image with its registry: Kubernetes and docker add docker.io where there is none, podman asks its
    configuration. Dormouse's own may be one that was built here."""
    first, slash, _ = name.partition("/")
    if name == own or (slash and (first == "localhost" or "." in first or ":" in first)):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def start_of(
    spec: ServerSpec,
    engine: Engine,
    places: Places,
    *,
    uid: str,
    mark: str,
    ports: Mapping[str, int],
    address: str,
    own: str = "",
    user: str = "",
) -> Start:
    """`ports`: by name, those of this machine. `address`: the IP address that members reach them at; closed ones are on
    loopback. `own`: the name of Dormouse's own image. `user`: what the image says of its user. ClusterError where
    that cannot be."""
    image, game = image_of(spec), spec.game
    runs_as, owner = _user(image, engine, user)
    plain, secret = env_of(spec)
    values = values_of(spec, secret=False)
    try:
        words = [fill(word, values) for word in image.command]
        before_stop = [fill(word, values) for word in game.stop.command]
    except KeyError as missing:
        raise ClusterError(f"a command must not have {missing}", problem=Problem.CANNOT_APPLY) from missing
    return Start(
        [
            engine.program,
            "run",
            "--pull=never",
            "--log-driver=none",
            *(["--http-proxy=false"] if engine.kind == "podman" else []),  # it would hand on its own
            f"--name={container_name(spec.server, uid)}",
            f"--label={SERVER}={spec.server}",
            f"--label={POD}={uid}",
            f"--label={FOLDER}={mark}",
            *_console(spec, engine),
            f"--stop-signal={game.stop.signal}",
            f"--stop-timeout={game.stop.grace}",
            *runs_as,
            *_rights(image),
            *_limits(spec, engine),
            *(_published(address if each.host else "127.0.0.1", ports[each.name], each) for each in spec.ports),
            *_mounts(image, places),
            *(f"--env={name}={value}" for name, value in sorted(plain.items())),
            *(f"--env={name}" for name in sorted(secret)),
            *([f"--entrypoint={words[0]}"] if words else []),
            whole(name_of(image, own, game.values(spec.settings)), own),
            *words[1:],
        ],
        secret,
        files_of(spec),
        owner,
        opens=engine.maps_users and not runs_as,
        stop_command=before_stop,
    )


def _console(spec: ServerSpec, engine: Engine) -> list[str]:
    if spec.game.console.kind != "stdin":
        return []
    # Keys that let go of a container have no place among what members type.
    return ["--interactive", *(["--detach-keys="] if engine.kind == "podman" else [])]


def _user(image: Image, engine: Engine, said: str) -> tuple[list[str], tuple[int, int] | None]:
    """The image's user is the agent's where it can be; else, as root can read everything, its files are its own."""
    wanted = (image.uid, image.gid or image.uid) if image.uid is not None else _numbers(said)
    if engine.maps_users:
        if not wanted or not wanted[0]:
            return [], None  # root in the container is the agent outside
        uid, gid = wanted
        return [f"--userns=keep-id:uid={uid},gid={gid}", f"--user={uid}:{gid}"], None
    if engine.uid != 0:
        if not wanted or not wanted[0]:
            why = f"the image of {image.ref} starts as root, whose files this user could not read: take podman"
            raise ClusterError(why, problem=Problem.CANNOT_APPLY)
        return [f"--user={engine.uid}:{engine.gid}"], None
    if not wanted:
        return [], None
    uid, gid = wanted
    assert uid is not None
    return [f"--user={uid}:{gid}"], (uid, gid or uid) if uid else None


def _numbers(said: str) -> tuple[int, int] | None:
    """Of `USER[:GROUP]` in numbers; None where it is a name, which only the image can tell."""
    user, _, group = said.partition(":")
    return (int(user), int(group or user)) if user.isdigit() and (group or user).isdigit() else None


def _rights(image: Image) -> list[str]:
    """As a pod has them."""
    return [
        "--cap-drop=ALL",
        *(f"--cap-add={each}" for each in image.capabilities),
        "--security-opt=no-new-privileges",
        *(["--read-only", "--tmpfs=/tmp"] if image.read_only else []),
    ]


def _limits(spec: ServerSpec, engine: Engine) -> list[str]:
    """As a pod has them: memory is request and limit, with no swap beyond; CPU may be twice the request, and counts by
    it where there is not enough."""
    made = []
    if engine.limits_memory:
        made += [f"--memory={spec.size.memory}m", f"--memory-swap={spec.size.memory}m"]
    if engine.limits_cpu:
        made += [f"--cpus={2 * spec.size.cpu / 1000:g}", f"--cpu-shares={max(2, spec.size.cpu * 1024 // 1000)}"]
    if engine.kind == "docker":
        return [*made, f"--pids-limit={PIDS}"]
    # podman asks for more than its own user may have, and is refused.
    own = {"nofile": engine.open_files, "nproc": engine.processes}
    return [*made, *(f"--ulimit={name}={most}:{most}" for name, most in own.items() if most is not None)]


def _published(address: str, port: int, each: PortSpec) -> str:
    return f"--publish={authority(address, port)}:{each.container}/{each.protocol}"


def _mounts(image: Image, places: Places) -> list[str]:
    seen = [(places.data, image.data)]
    seen += [((places.kept if each.keep else places.emptied)[each.name], each.path) for each in image.mounts]
    for outside, inside in seen:
        if ":" in f"{outside}{inside}":
            raise ClusterError(f"a folder of a container must have no colon: {outside}", problem=Problem.CANNOT_APPLY)
    return [f"--volume={outside}:{inside}:Z" for outside, inside in seen]
