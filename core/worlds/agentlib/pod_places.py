"""Where things are in a pod, and how its processes come to the store: by their environment."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from core.cluster.children import ChildFailed
from core.cluster.local_files import StoreFile
from core.cluster.names import (
    AGENT_PORT,
    AWAY_EXIT,
    DAMAGED_EXIT,
    FOREIGN_EXIT,
    FULL_EXIT,
    NO_SNAPSHOT_EXIT,
    REFUSED_EXIT,
)

KEYS = "DORMOUSE_B2_KEY_ID", "DORMOUSE_B2_KEY"
FOREIGN = "not_empty"  # the kind of failure (core/worlds/process.py) that says that a volume is somebody else's
_REALM = "DORMOUSE_B2_REALM"
_FOR_CHILDREN = "PATH", "LANG", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "SSL_CERT_FILE"
_EXITS = {
    "away": AWAY_EXIT,
    "refused": REFUSED_EXIT,
    "damaged": DAMAGED_EXIT,
    "missing": NO_SNAPSHOT_EXIT,
    FOREIGN: FOREIGN_EXIT,
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Places:
    volume: Path
    work: Path  # scratch, which a game never sees; it lives as long as the pod
    shared: Path  # with the game
    say: Path  # what Kubernetes shows as the container's last words, 4,096 bytes
    host: str  # where the agent listens
    port: int

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Places:
        host, _, port = environ.get("DORMOUSE_AGENT_LISTEN", f"0.0.0.0:{AGENT_PORT}").rpartition(":")
        return cls(
            volume=Path(environ.get("DORMOUSE_VOLUME_DIR", "/volume")),
            work=Path(environ.get("DORMOUSE_WORK_DIR", "/work")),
            shared=Path(environ.get("DORMOUSE_SHARED_DIR", "/run/dormouse")),
            say=Path(environ.get("DORMOUSE_SAY_FILE", "/dev/termination-log")),
            host=host,
            port=int(port),
        )

    @property
    def data(self) -> Path:
        """The game's data folder."""
        return self.volume / "data"

    @property
    def marker(self) -> Path:
        """Written last: says which incarnation this volume is."""
        return self.volume / "volume.json"

    @property
    def restoring(self) -> Path:
        """What becomes `data` once all of it is there."""
        return self.volume / "restoring"

    @property
    def restored(self) -> Path:
        """The marker to be: it is there from when `restoring` is whole until `data` has its marker."""
        return self.volume / "restored.json"

    @property
    def receipt(self) -> Path:
        """The newest snapshot that this pod took."""
        return self.work / "saved.json"

    @property
    def since(self) -> Path:
        """Its change time is when this pod's agent first started."""
        return self.work / "since"


def store_of(environ: Mapping[str, str]) -> StoreFile | None:
    place, every = environ.get("DORMOUSE_STORE"), environ.get("DORMOUSE_SNAPSHOT_EVERY")
    if not place:
        return None
    secrets = {name: environ[name] for name in (*KEYS, _REALM) if environ.get(name)}
    return StoreFile(place, secrets, float(every) if every else None)


def child_env(environ: Mapping[str, str], work: Path, store: StoreFile) -> dict[str, str]:
    """For a child process: the store, and none of the agent's other secrets."""
    own = {name: environ[name] for name in _FOR_CHILDREN if name in environ}
    return {**own, "HOME": str(work), "TMPDIR": str(work), "PYTHONSAFEPATH": "1", **store.env}


def exit_of(wrong: ChildFailed) -> int:
    """The exit code that tells the cluster's adapter what a child's failure was."""
    full = any(f"[Errno {number}]" in wrong.detail for number in (errno.ENOSPC, errno.EDQUOT))
    return _EXITS.get(wrong.kind, FULL_EXIT if full else 1)


def read_marker(path: Path) -> dict[str, Any] | None:
    """None where there is none. Raises OSError, and ValueError where it is not readable as such."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    if not isinstance(values, dict):
        raise ValueError(f"{path.name} is no marker")
    return values


def run_or_stop(work: Coroutine[Any, Any, _T]) -> _T:
    """`asyncio.run`, cancelled by SIGTERM: the first process of a container has to see to that itself."""

    async def run() -> _T:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await work

    return asyncio.run(run())


def only_empty(folder: Path) -> bool:
    """A folder, no link, and nothing in it."""
    return folder.is_dir() and not folder.is_symlink() and not any(os.scandir(folder))
