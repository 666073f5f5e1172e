"""Where things are in a pod: the agent's processes are told by their environment."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from core.agent.volume import Volume
from core.agent.wire import AGENT_PORT
from core.nofollow import Spot

UP = "up"
TOLD_TO_STOP = 143
"""The exit code of a container that ended because of SIGTERM, as a shell says it."""

_FOR_CHILDREN = "PATH", "LANG", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "SSL_CERT_FILE"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Places:
    root: Path  # where the volume is mounted
    work: Path  # scratch, which a game never sees; it lives as long as the pod
    shared: Spot  # with the game, which only reads and writes the pipes that are there
    token: Path  # the agent's, as its Secret has it now; a game never sees it
    say: Path  # what Kubernetes shows as the container's last words, 4,096 bytes
    host: str  # where the agent listens
    port: int

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Places:
        host, _, port = environ.get("DORMOUSE_AGENT_LISTEN", f"0.0.0.0:{AGENT_PORT}").rpartition(":")
        return cls(
            root=Path(environ.get("DORMOUSE_VOLUME_DIR", "/volume")),
            work=Path(environ.get("DORMOUSE_WORK_DIR", "/work")),
            shared=Spot(Path(environ.get("DORMOUSE_SHARED_DIR", "/run/dormouse"))),
            token=Path(environ.get("DORMOUSE_TOKEN_FILE", "/run/token/agent")),
            say=Path(environ.get("DORMOUSE_SAY_FILE", "/dev/termination-log")),
            host=host,
            port=int(port),
        )

    def volume(self, number: int) -> Volume:
        return Volume(Spot(self.root), number, shared=True)

    @property
    def receipt(self) -> Path:
        """The newest snapshot that this pod took."""
        return self.work / "saved.json"

    @property
    def up(self) -> Path:
        """It exists once this pod's agent was up, and the game may have been started. The pod's template knows it."""
        return self.work / UP

    @property
    def since(self) -> Path:
        """Its change time is when this pod's agent first started."""
        return self.work / "since"


def child_env(environ: Mapping[str, str], work: Path) -> dict[str, str]:
    """For a child process: none of the agent's secrets."""
    own = {name: environ[name] for name in _FOR_CHILDREN if name in environ}
    return {**own, "HOME": str(work), "TMPDIR": str(work), "PYTHONSAFEPATH": "1"}


def run_or_stop(work: Coroutine[Any, Any, _T]) -> _T:
    """`asyncio.run`, cancelled by SIGTERM: the first process of a container has to see to that itself."""

    async def run() -> _T:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await work

    return asyncio.run(run())
