"""What an agent is told and what it tells, on every cluster. Bot and agent may be of different versions: a key of this
JSON is never renamed, only added. Only the standard library is imported here: the agent has to stay small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.record import Record
from core.worlds.failures import refusal_of
from core.worlds.receipt import Receipt

AGENT_PORT = 7300
"""Where the agent in a pod listens. On the local cluster it takes any free port, and says which (`RunningAgent`)."""


@dataclass(frozen=True, slots=True)
class PodSpec(Record):
    """One pod: everything that the agent has to know about the game. Flat, with the catalogue's meanings."""

    server: str
    uid: str
    run: int
    volume: int
    token: str  # bearer token of the agent
    command: list[str]
    env: dict[str, str]
    host: str
    ports: dict[str, int]  # by name: the ports that the game listens on, on this machine
    udp: list[str]  # names of those that are UDP
    ready: str  # "query" | "port" | "log"
    ready_log: str
    ready_within: float  # seconds
    query: dict[str, str]  # the catalogue's [query], as texts
    console: str  # kind of console
    stop_signal: str
    stop_console: str
    grace: float  # seconds
    probe_every: float  # seconds between looks at a game that is up
    save: dict[str, Any] = field(default_factory=dict)  # core.games.form.saving.Save
    console_rule: dict[str, str] = field(default_factory=dict)  # the catalogue's [console], as texts
    secret: str = ""  # the console's; in a pod it comes by another way
    closed: list[str] = field(default_factory=list)  # names of ports that are on loopback alone, whatever `host` is
    container: dict[str, Any] = field(default_factory=dict)  # `Container`; empty: the command is the game itself

    def host_of(self, port: str) -> str:
        """The address that the game's port of this name is on."""
        return "127.0.0.1" if port in self.closed else self.host


@dataclass(frozen=True, slots=True)
class Container(Record):
    """With a game in a container, the command and its environment are those of the engine's client."""

    engine: list[str]  # the program, and what comes before each of its commands
    name: str
    env: dict[str, str]  # of the engine's other commands
    files: dict[str, str] = field(default_factory=dict)  # written below the data folder before each start
    folders: list[str] = field(default_factory=list)  # on the volume, beside the data folder
    emptied: list[str] = field(default_factory=list)  # beside the pod's files, and empty at each start
    owner: list[int] = field(default_factory=list)  # user and group that all of these are given to; none: the agent's
    ports: dict[str, int] = field(default_factory=dict)  # by name: those that the game itself listens on, inside
    opened: list[str] = field(default_factory=list)  # paths of which other users' files are made readable after a run
    stop_command: list[str] = field(default_factory=list)  # run in the container before the game is told to end


@dataclass(frozen=True, slots=True)
class RunningAgent(Record):
    """The agent of a local pod, as a process of this machine, and the port where it answers."""

    uid: str  # the pod's
    pid: int
    identity: str  # core.agent.local.process.identity
    port: int


@dataclass(frozen=True, slots=True)
class State(Record):
    """What an agent reports, by HTTP and in state.json. Times are ISO 8601 in UTC."""

    uid: str
    revision: int = 0  # grows with every change while the agent lives
    phase: str = "starting"  # "starting" | "ready" | "ending" | "saving" | "ended"
    detail: str = ""
    restarts: int = 0  # exits of the game that nobody asked for
    exit_code: int | None = None
    exit_reason: str = ""
    exit_at: str = ""
    ready_since: str = ""
    pid: int | None = None  # the game's
    identity: str = ""
    saving: bool = False  # a snapshot is under way
    saved: str = ""  # name of the newest snapshot; saved.json has the receipt
    not_saved: str = ""  # why the last try gave none, for logs; empty: it gave one, or there was none yet
    not_saved_kind: str = ""  # core.worlds.failures.Failure
    taken: list[str] = field(default_factory=list)  # names of the game's ports that another program uses
    inner_pid: int | None = None  # of a game in a container, whose client `pid` is; None: not known
    inner_identity: str = ""


def receipt_of(said: Mapping[str, Any]) -> Receipt:
    """The snapshot that an agent or a job was asked for: `{"saved": …}`, or `{"kind", "error"}` where there is none.
    Raises `ClusterError` then."""
    try:
        return Receipt.of(said["saved"])
    except (KeyError, ValueError):
        raise refusal_of(str(said.get("kind")), str(said.get("error") or "no reason was given")) from None
