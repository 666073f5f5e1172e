"""The shipped bot with its servers in a namespace of a real cluster, and games of a test's own."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import kube
from shipped import Shipped, shipped

HERE = Path(__file__).parent


@contextlib.asynccontextmanager
async def on_kubernetes(
    namespace: kube.Namespace,
    folder: Path,
    *,
    ports: str,
    kubeconfig: str | Path | None = None,
    changes: dict[str, float] | None = None,
    **settings: str,
) -> AsyncIterator[Shipped]:
    """A started bot that may do what its Role says. `changes` as `impatient.run` takes them; `ports` are node ports
    that no other test has."""
    (folder / ".kube").mkdir()
    shutil.copy(kubeconfig or namespace.kubeconfig, folder / ".kube" / "config")
    told = {
        "CLUSTER": "kubernetes",
        "NAMESPACE": namespace.name,
        "IMAGE": kube.IMAGE,
        "EXPOSURE": "nodeport",
        "PORTS": ports,
        "IDLE_AFTER": "0",
    }
    start = f"import sys; sys.path.insert(0, {str(HERE)!r}); import impatient; impatient.run(**{changes})"
    command = [sys.executable, "-c", start] if changes else None
    async with shipped(folder, command=command, **told | settings) as house:
        yield house


def write_game(folder: Path, name: str, source: str, more: str = "", table: str = "") -> str:
    """A folder for GAMES_DIR with one small game in Dormouse's image: a Python program that answers /status on port
    8400. `more` are lines for its [image], `table` more tables."""
    games = folder / "games"
    games.mkdir()
    (games / f"{name}.toml").write_text(
        f"""id = "{name}"
name = "{name.capitalize()}"
[image]
ref = "dormouse"
uid = 10001
command = ["python", "-c", {json.dumps(source)}]
{more}
[[ports]]
name = "game"
container = 8400
[query]
kind = "http"
path = "/status"
[stop]
grace = 5
[[sizes]]
id = "small"
cpu = 50
memory = 64
{table}
"""
    )
    return str(games)
