"""What the local cluster keeps in a server's folder, and how: the contract between the bot's side and the agent.

    <server id>/
      spec.json            what is wanted (0600: it holds the server's secrets); written before anything is done
      store.json           where its world is kept, and the keys to it (0600)
      saved.json           the newest snapshot that is known to exist
      made.json            which incarnations were ever made: one of them that is missing is lost, and not made anew
      pod/lock             held by the agent for as long as it lives: free means that no agent is or can be coming
      pod/pod.json         what the current pod runs (0600); gone once the pod has ended
      pod/agent.json       where its agent listens
      pod/state.json       what its agent saw last
      pod/log              output of this run of the game; pod/log.previous of the one before
      pod/agent.log        what the agent itself had to say
      volumes/<n>/data/    the game's working directory
      volumes/<n>/volume.json   the marker: written last, says that `data` is incarnation n
      volumes/<n>/restoring/    what becomes `data` once all of it is there; thrown away after a crash
      volumes/<n>/restored.json what becomes the marker once `restoring` has become `data`
      volumes/<n>/lock     held by the agent and by the game: two games never run on one volume

Only the standard library is imported here: the agent has to stay small.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

LAST_WITHIN = 300.0
"""Seconds that the snapshot after a game's end may take: it is best effort, for the volume stays."""

LOG_CAP = 1024 * 1024
"""Bytes that one log may take; the oldest half goes when it is full."""
DROPPED = b"(what was before this line was dropped: the log was full)"
"""The first line of a log whose oldest half is gone."""


@dataclass(frozen=True, slots=True)
class ServerFolder:
    """The paths of one server."""

    root: Path

    @property
    def spec(self) -> Path:
        return self.root / "spec.json"

    @property
    def store(self) -> Path:
        return self.root / "store.json"

    @property
    def saved(self) -> Path:
        return self.root / "saved.json"

    @property
    def made(self) -> Path:
        return self.root / "made.json"

    @property
    def pod(self) -> Path:
        return self.root / "pod"

    @property
    def pod_lock(self) -> Path:
        return self.pod / "lock"

    @property
    def pod_file(self) -> Path:
        return self.pod / "pod.json"

    @property
    def agent_file(self) -> Path:
        return self.pod / "agent.json"

    @property
    def state_file(self) -> Path:
        return self.pod / "state.json"

    @property
    def agent_log(self) -> Path:
        return self.pod / "agent.log"

    @property
    def log(self) -> Path:
        return self.pod / "log"

    @property
    def previous_log(self) -> Path:
        return self.pod / "log.previous"

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    def volume(self, number: int) -> Path:
        return self.volumes / str(number)

    def data(self, number: int) -> Path:
        return self.volume(number) / "data"

    def restoring(self, number: int) -> Path:
        return self.volume(number) / "restoring"

    def restored(self, number: int) -> Path:
        return self.volume(number) / "restored.json"

    def marker(self, number: int) -> Path:
        return self.volume(number) / "volume.json"

    def volume_lock(self, number: int) -> Path:
        return self.volume(number) / "lock"


class _File:
    """A dataclass kept as JSON. Reading skips what it does not know: bot and agent may differ in age."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        known = {each.name for each in fields(cls)}  # type: ignore[arg-type]
        return cls(**{key: value for key, value in values.items() if key in known})

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """None where it is missing or not readable as such: half of a file is no file."""
        values = read_json(path)
        if values is None:
            return None
        try:
            return cls.of(values)
        except TypeError:
            return None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True, slots=True)
class PodFile(_File):
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
    query: dict[str, str]  # kind, port, path, online, max, names
    console: str  # "none" | "stdin" | "rcon"
    stop_signal: str
    stop_console: str
    grace: float  # seconds
    probe_every: float  # seconds between looks at a game that is up
    save: dict[str, Any] = field(default_factory=dict)  # core.games.catalogue.Save


@dataclass(frozen=True, slots=True)
class StoreFile(_File):
    """Where worlds are kept, for the processes that go there: the settings STORE, B2_* and SNAPSHOT_EVERY."""

    place: str  # core.worlds.store.open_store
    secrets: dict[str, str] = field(default_factory=dict, repr=False)  # environment variables
    every: float | None = None  # seconds; None: as often as it is cheap

    @property
    def folder(self) -> Path | None:
        """Where it is a folder of this machine; pods do not reach that. None: a bucket on B2."""
        kind, _, rest = self.place.partition(":")
        return Path(rest) if kind == "folder" else None

    @property
    def env(self) -> dict[str, str]:
        """For a child process: neither is to be on a command line."""
        return {"DORMOUSE_STORE": self.place, **self.secrets}


@dataclass(frozen=True, slots=True)
class SavedFile(_File):
    """A receipt: core.worlds.snapshot.Receipt, as far as people are told of it. Sizes in bytes."""

    name: str
    saved_at: str  # ISO 8601
    size: int
    new_bytes: int = 0
    stored: int = 0  # all that the store holds of this server
    checked: bool = False
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class AgentFile(_File):
    uid: str
    pid: int
    identity: str  # see local_process.identity
    port: int


@dataclass(frozen=True, slots=True)
class State(_File):
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
    not_saved: str = ""  # why the last try gave none; for logs


def read_json(path: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def write_json(path: Path, values: Mapping[str, Any], *, durable: bool = True) -> None:
    """Replace `path` at once, mode 0600. `durable` also survives a power cut; what a reboot voids needs none."""
    new = path.with_name(path.name + ".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        json.dump(values, file, ensure_ascii=False, separators=(",", ":"))
        if durable:
            file.flush()
            os.fsync(file.fileno())
    os.replace(new, path)
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems refuse to sync a folder
            os.fsync(handle)
    finally:
        os.close(handle)


def take_lock(path: Path) -> int | None:
    """An open file that holds the lock `path` until it and all inherited copies are closed; None if it is taken."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    handle = take_lock(path)
    if handle is None:
        return True
    os.close(handle)
    return False


def throw_away(folder: Path) -> None:
    """Also where the world has folders that nobody may write to."""
    with contextlib.suppress(FileNotFoundError):
        try:
            shutil.rmtree(folder)
        except PermissionError:
            _open_up(folder)
            shutil.rmtree(folder)


def _open_up(folder: Path) -> None:
    folder.chmod(0o700)
    for _, below, _, at in os.fwalk(folder):
        for name in below:
            if stat.S_ISDIR(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
                os.chmod(name, 0o700, dir_fd=at)
