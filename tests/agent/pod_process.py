"""The agent's processes as a pod starts them, on folders of a test instead of mounts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.children import Program, command
from core.worlds.listing import Snapshot, listing
from core.worlds.store.folder import FolderStore
from tests.worlds.around import SERVER

ROOT = Path(__file__).parents[2]


class Pod:
    def __init__(self, folder: Path) -> None:
        self.store_folder = folder / "store"
        self.volume, self.work, self.shared = folder / "volume", folder / "work", folder / "shared"
        for each in (self.volume, self.work, self.shared):
            each.mkdir(parents=True)
        self.say = folder / "last-words"
        self.python = sys.executable
        self.env = {
            "PATH": os.environ["PATH"],
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DORMOUSE_SERVER": SERVER,
            "DORMOUSE_VOLUME": "1",
            "DORMOUSE_STORE": f"folder:{self.store_folder}",
            "DORMOUSE_VOLUME_DIR": str(self.volume),
            "DORMOUSE_WORK_DIR": str(self.work),
            "DORMOUSE_SHARED_DIR": str(self.shared),
            "DORMOUSE_SAY_FILE": str(self.say),
        }

    @property
    def data(self) -> Path:
        return self.volume / "data"

    def command(self, what: str) -> list[str]:
        return command(Program.AGENT, what, python=self.python)

    def run(self, what: str, **env: str) -> subprocess.CompletedProcess[str]:
        """To its end."""
        self.say.unlink(missing_ok=True)
        return subprocess.run(
            self.command(what),
            cwd="/",
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextmanager
    def start(self, what: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
        """It is killed at the end, if it has not ended."""
        process = subprocess.Popen(
            self.command(what), cwd="/", env=self.env | env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        with process:
            try:
                yield process
            finally:
                die(process.pid)

    def last_words(self) -> str:
        return self.say.read_text() if self.say.exists() else ""

    def marker(self) -> dict[str, Any] | None:
        path = self.volume / "volume.json"
        return dict(json.loads(path.read_text())) if path.exists() else None

    def seal(self, **env: str) -> tuple[int, dict[str, Any]]:
        """The exit code and the last words."""
        code = self.run("seal", **{"DORMOUSE_RUN": "1", "DORMOUSE_SAVE": "{}", "DORMOUSE_NOTE": ""} | env).returncode
        return code, json.loads(self.last_words())

    def snapshots(self) -> list[Snapshot]:
        return listing(FolderStore(self.store_folder), SERVER)


def die(pid: int) -> None:
    """As when a container is killed: the process and all that it started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for each in (pid, *map(int, children)):
        os.kill(each, signal.SIGKILL)
