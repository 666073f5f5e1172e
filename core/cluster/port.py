"""The port to where servers run: a local machine (local/) or Kubernetes (kubernetes/).

The model is Kubernetes': a server is a *spec* (a template with `replicas` 0 or 1) that the cluster works towards by
itself, also while the bot is away; a *pod* is one run of it, with a UID; a *volume* has an incarnation number and
outlives pods. `tests/contracts/cluster.py` is the contract as a suite; every adapter passes it.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.agent.file_wire import FileAnswer, FileOrder
from core.errors import ClusterError
from core.games.form.game import Game
from core.games.form.setting import Size
from core.games.query.port import Endpoint, LogPart
from core.words import Exit, Lack, PodPhase, Problem, Step, VolumePhase
from core.worlds.failures import refusal_of
from core.worlds.receipt import Receipt


@dataclass(frozen=True, slots=True)
class PortSpec:
    """One port of the game. `host` is what members use (from the pool); None for ports that stay closed."""

    name: str
    protocol: str  # "tcp" | "udp"
    container: int
    host: int | None


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """All that a cluster has to know to run one server; a pure function of the row, the game and the settings."""

    server: str  # 12 characters, see core.words.new_server_id
    guild: int
    owner: int
    name: str  # as typed; for humans with kubectl only
    game: Game
    size: Size
    run: int
    volume: int
    replicas: int  # 0 or 1
    ports: tuple[PortSpec, ...]
    settings: Mapping[str, str]  # resolved values of the game's settings
    console_secret: str  # derived; kept only where the cluster keeps secrets (local: a 0600 file)
    agent_secret: str  # bearer token of the agent, likewise
    volume_bytes: int
    source: str | None = None  # what volume `volume` is made from, if it has no marker yet (see core.worlds.source)
    made: bool = False  # volume `volume` was finished once: if it is not there it is lost, and not to be made anew
    trace: str = ""
    curseforge_key: str = ""  # the operator's, where the game can make use of it; kept as the other secrets


def fingerprint(spec: ServerSpec) -> str:
    """Changes with everything in `spec` that a cluster has to be told: all but `replicas` and `trace`.

    Compare it and `replicas` with what is `Observed`: if one differs, apply again. `replicas` stands apart because
    pausing changes no template; `trace` because it changes nothing that runs. Defaults of the game's entry are left
    out, so that a new version of the program that adds one does not make every server look changed. It contains
    256 bits of derived secret, therefore short settings cannot be guessed from it.
    """
    template = {
        name: getattr(spec, name)
        for name in ServerSpec.__slots__
        if name not in ("replicas", "trace", "game", "size", "ports", "settings", "made", "curseforge_key")
    } | {
        "game": _dumped(spec.game),
        "size": _dumped(spec.size),
        "ports": [[port.name, port.protocol, port.container, port.host] for port in spec.ports],
        "settings": dict(spec.settings),
        **({"made": True} if spec.made else {}),
        **({"curseforge_key": spec.curseforge_key} if spec.curseforge_key else {}),
    }
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()


NOT_TOLD = {"licence", "chat", "names", "facts"}
"""What of a game's entry is for people, or for checks."""

_known: dict[int, tuple[Game | Size, dict[str, Any]]] = {}
_MOST_KNOWN = 1000


def _dumped(model: Game | Size) -> dict[str, Any]:
    """Kept by identity: entries of the catalogue never change, and dumping one takes longer than all the rest."""
    known = _known.get(id(model))
    if known is None or known[0] is not model:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        known = _known[id(model)] = model, model.model_dump(mode="json", exclude_defaults=True, exclude=NOT_TOLD)
    return known[1]


@dataclass(frozen=True, slots=True)
class Restored:
    """Volume `volume` was made from snapshot `name`, which shows the world as it was `at`."""

    volume: int
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LastSave:
    """How this pod's last try to save the world went. `failure`: of core.worlds.failures; empty: it gave a snapshot.
    `why` is for logs."""

    failure: str = ""
    why: str = ""

    @property
    def problem(self) -> Problem | None:
        return Problem(refusal_of(self.failure, self.why).problem or Problem.CANNOT_APPLY) if self.failure else None


@dataclass(frozen=True, slots=True)
class RestoreProgress:
    """Of what `step` says; in bytes. `total` 0: not known yet."""

    done: int
    total: int
    since: datetime


@dataclass(frozen=True, slots=True)
class NodeAway:
    """The machine with this name does not answer. The cluster waits for it, and then does what has to be done."""

    node: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Observed:
    """One server as the cluster reports it now.

    `run`, `restarts`, `last_exit`, `ready_since` and `endpoints` are the current pod's. `restarts` counts exits of the
    game within this pod (UID), so a delta per UID counts crashes; what ends because the cluster ends its pod is none.
    While its node is `away`, `pod` is what it was last. `template_run` and `replicas` are what the cluster
    was last told (None: it has no spec), `volume` is the state of incarnation `volume_number`, the one in the spec.
    """

    server: str
    pod: PodPhase = PodPhase.NONE
    uid: str | None = None
    run: int = 0
    restarts: int = 0
    last_exit: Exit | None = None
    ready_since: datetime | None = None
    step: Step | None = None
    detail: str = ""  # the cluster's own words about a pod that does not come up; for logs, not for members
    problem: str | None = None  # a core.words.Problem value where the cluster names a cause
    lacks: Lack | None = None  # with NO_PLACE: what it is that lacks, where it is one thing
    taken: tuple[str, ...] = ()  # with PORT_TAKEN: names of the server's ports that something else uses
    volume: VolumePhase = VolumePhase.NONE
    volume_number: int = 0
    template_run: int | None = None
    replicas: int | None = None
    fingerprint: str = ""  # of the spec the cluster holds (see `fingerprint`); differs = apply again
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)  # by port name, and "agent"
    volumes: tuple[int, ...] = ()  # incarnations that exist
    claim: int = 0  # bytes that the volume holds of the cluster's disks, used or not; 0: there is none, or nobody tells
    saved: Receipt | None = None  # the newest snapshot that the cluster knows of
    last_save: LastSave | None = None  # None: not known, or this pod has not tried yet
    restored: Restored | None = None  # where volume `volume_number` came from
    progress: RestoreProgress | None = None
    holds_address: bool = False  # it is paused, and holds an address that paused servers give back
    address: str = ""  # the host that members use, where it is this server's own; empty: the installation's
    by_name: bool = False  # members type the address alone: a router knows the port
    away: NodeAway | None = None  # the node of the pod

    @property
    def exists(self) -> bool:
        """Whether any object of this server exists, so that delete has something left to remove."""
        return self.replicas is not None or self.pod is not PodPhase.NONE or bool(self.volumes)


@dataclass(frozen=True, slots=True)
class InUse:
    """What a game uses now, with all that it started. `cpu` is in millicores (1000 is one core), `memory` in bytes."""

    cpu: int
    memory: int


@dataclass(frozen=True, slots=True)
class Listed:
    """The start of a (new) full list: `observed` is all there is; servers not in it have no objects."""

    observed: tuple[Observed, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """One server changed. An `Observed` whose `exists` is False says that its last object went."""

    observed: Observed


@dataclass(frozen=True, slots=True)
class Stale:
    """The cluster stopped answering: what was observed is no longer fresh, until the next `Listed`."""

    why: str


News = Listed | Changed | Stale


class Cluster(ABC):
    """Every method is idempotent and may be repeated after a crash at any point.

    Raises `ClusterAway` where the cluster does not answer, `ClusterError` where it refuses.
    """

    async def start(self) -> None:  # noqa: B027 - adapters without set-up need none
        """Take up what exists (adopt, never double)."""

    async def close(self) -> None:  # noqa: B027
        """Let go. Servers go on running."""

    async def protect(self, playing: Collection[str]) -> None:  # noqa: B027 - for adapters whose machines are drained
        """Exactly these servers keep the machine they are on from being emptied for maintenance."""

    @abstractmethod
    def watch(self) -> AsyncIterator[News]:
        """Begins with `Listed`, then never ends: `Changed` as it happens, `Stale` and a new `Listed` around a gap.

        Changes may be coalesced; the last state always arrives.
        """

    @abstractmethod
    async def ensure(self, spec: ServerSpec) -> None:
        """Make the cluster hold exactly this spec, with volume `spec.volume` (made if missing, never overwritten).

        A port that something else uses is never shared: the game does not start, and `Observed.taken` names the port,
        or `ClusterError.taken` where the cluster refuses the spec for it.

        Returns when the cluster has accepted it, not when it is done. A running pod of an older template goes on
        until `delete_pod`; the next pod takes the newest template. `replicas=0` ends the pod with the game's stop
        signal and grace, and keeps the volumes.
        """

    @abstractmethod
    async def delete_pod(self, server: str, uid: str) -> None:
        """End this very pod (signal, grace, kill). Nothing happens if the current pod has another UID.

        While the spec has `replicas=1` the cluster starts another pod by itself, once this one has ended.
        """

    @abstractmethod
    async def release_volume(self, server: str, volume: int) -> None:
        """Delete one incarnation for good. Waits for no pod: the caller has made sure that none uses it."""

    @abstractmethod
    async def remove(self, server: str) -> None:
        """Remove every object of this server, volumes included, also half-made ones. Pods get signal and grace."""

    @abstractmethod
    async def logs(self, server: str, *, lines: int = 100, previous: bool = False) -> str:
        """The newest `lines` lines of the game's output, at most 64 KiB; of the run before the last exit if
        `previous`. Empty where there is none."""

    @abstractmethod
    def follow(self, server: str) -> AsyncIterator[LogPart]:
        """The output of the game's current run: first all there is, then more as it comes. Ends with the run, or when
        its beginning is dropped; raises `ClusterError` where there is none or the line breaks."""

    @abstractmethod
    async def console(self, server: str, line: str) -> str:
        """Send one line to the game's console by the agent; the lines it printed within a second, at most 4 KiB.

        Raises `ClusterError` where the game has no console or is not up.
        """

    async def snapshot(self, server: str, *, note: str = "", full: bool = False) -> Receipt:
        """Take a snapshot now, of a game that runs (quieted meanwhile) or of the volume at rest. Takes minutes.

        `full` reads every file. A server whose own key to the store is not taken any more gets a new one. Raises
        `ClusterError` whose `problem` says why there is none; nothing was changed then.
        VOLUME_LOST: there is nothing to take one of.
        """
        raise ClusterError("snapshots are not taken on this cluster yet", problem=Problem.STORE_REFUSED)

    async def files(self, server: str, order: FileOrder) -> FileAnswer:
        """One thing with the files of the server's world (core/agent/world_files.py), whether its game runs or its
        volume is at rest; a game that is to start meanwhile waits for it.

        Raises `FileRefused` where it was not done, and `ClusterError` where nobody knows whether it was, or nobody can
        get at the volume now: DISK_FULL, NODE_AWAY and the like where the cause is known, VOLUME_LOST where there is no
        world. All but PART may be repeated.
        """
        raise ClusterError("files cannot be reached on this cluster yet")

    async def seal(self, server: str, volume: int) -> Receipt | None:
        """A full snapshot of a volume at rest, every chunk of it read back: after that the volume may be released.

        None where there is no such volume, or nothing on it that counts as a world. Raises as `snapshot`.
        """
        raise ClusterError("snapshots are not taken on this cluster yet", problem=Problem.STORE_REFUSED)

    async def listenable(self, ports: Sequence[int], most: int) -> list[int]:
        """The first `most` of these ports on which a game could listen now, by TCP and by UDP. Where servers do not
        share one machine's ports nobody can tell beforehand, and each could be."""
        return list(ports[:most])

    async def tidy_keys(self) -> None:  # noqa: B027 - for adapters whose servers have keys of their own to the store
        """End the keys to the store that no server uses: what a crash left of their making, and of servers that are
        gone. Raises `ClusterError` where the store does not let us."""

    async def disband(self) -> None:  # noqa: B027 - for adapters whose servers have something in common
        """Remove what is there for all servers of this installation together. Only once none is left."""

    async def usage(self, server: str) -> InUse | None:
        """What the game uses now; None where there is no pod or the cluster does not tell. Asked while a member waits:
        takes well under a second where all is well, and the caller gives up after that."""
        return None

    async def usage_of_all(self, servers: Collection[str]) -> Mapping[str, InUse]:
        """What the games of these servers use now, asked by the clock: of those of which the cluster tells it cheaply,
        without one request for each. Raises `ClusterError`."""
        return {}
