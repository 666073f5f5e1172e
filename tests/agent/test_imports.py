"""The agent stands beside every game, so it stays small: it loads the standard library, and little of the house."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.process


@pytest.mark.parametrize("module", ["local.agent", "pod.sidecar", "pod.prepare", "pod.seal", "pod.files"])
def test_an_agent_loads_the_standard_library_only(module: str) -> None:
    code = f"import sys; before = set(sys.modules); import core.agent.{module}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert {name.split(".")[0] for name in loaded} - sys.stdlib_module_names <= {"core", "coverage"}
    rooms = {name.split(".")[1] for name in loaded if name.startswith("core.")}
    leaves = {"authority", "children", "nofollow", "progress", "record"}
    assert rooms <= leaves | {"agent", "errors", "games", "words", "worlds"}
    other = "pod" if module.startswith("local") else "local"
    assert f"core.agent.{other}" not in loaded
