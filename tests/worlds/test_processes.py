"""The entry points as the agent and the controller start them: JSON lines, exit codes, a small process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from worldgen import minecraft, picture

from tests.worlds.around import SERVER

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.process


def run(module: str, store: Path | str, *arguments: object) -> tuple[int, list[dict[str, Any]]]:
    place = store if isinstance(store, str) else f"folder:{store}"
    done = subprocess.run(
        [sys.executable, "-m", f"core.worlds.{module}", "--store", place, "--server", SERVER, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def taken(tmp_path: Path, world: Path) -> str:
    name: str = run("snapshot", tmp_path / "s", world, "--volume=1", "--run=1")[1][-1]["result"]["name"]
    return name


def test_a_world_goes_there_is_verified_and_comes_back(world: Path, tmp_path: Path) -> None:
    minecraft(world / "world", 5_000_000)
    (world / "logs").mkdir()
    code, lines = run("snapshot", tmp_path / "s", world, "--volume=2", "--run=7", "--note=by hand", "--exclude=logs")
    assert code == 0
    assert lines[0]["event"] == "progress"
    receipt = lines[-1]["result"]
    assert (lines[-1]["event"], receipt["name"][:21], receipt["checked"]) == ("done", "000002-000007-000001-", True)
    assert receipt["saved_at"].endswith("+00:00")

    code, lines = run("verify", tmp_path / "s", receipt["name"])
    assert (code, lines[-1]["result"]["ok"]) == (0, True)

    (tmp_path / "into").mkdir()
    code, lines = run("restore", tmp_path / "s", receipt["name"], tmp_path / "into")
    assert (code, lines[-1]["result"]["size"]) == (0, receipt["size"])
    (world / "logs").rmdir()
    os.utime(world, ns=(0, (tmp_path / "into").stat().st_mtime_ns))
    assert picture(tmp_path / "into") == picture(world)


@pytest.mark.parametrize(
    ("name", "code", "kind"), [("000001-000001-000001-" + "0" * 32, 66, "missing"), ("nonsense", 66, "missing")]
)
def test_what_is_not_there_is_said_so(tmp_path: Path, name: str, code: int, kind: str) -> None:
    (tmp_path / "into").mkdir()
    assert run("restore", tmp_path / "s", name, tmp_path / "into")[0] == code
    assert run("verify", tmp_path / "s", name)[1][-1]["kind"] == kind


def test_a_folder_that_is_not_empty_is_said_so(world: Path, tmp_path: Path) -> None:
    (world / "a").write_bytes(b"")
    name = taken(tmp_path, world)
    code, lines = run("restore", tmp_path / "s", name, world)
    assert (code, lines[-1]["kind"]) == (73, "not_empty")


def test_damage_is_said_with_its_files(world: Path, tmp_path: Path) -> None:
    (world / "a").write_bytes(os.urandom(1000))
    name = taken(tmp_path, world)
    (path,) = (tmp_path / "s").glob("worlds/*/packs/*/.*")
    path.write_bytes(b"rotten")
    (tmp_path / "into").mkdir()
    code, lines = run("restore", tmp_path / "s", name, tmp_path / "into")
    assert (code, lines[-1]["kind"], lines[-1]["files"]) == (65, "damaged", ["a"])
    code, lines = run("verify", tmp_path / "s", name)
    assert (code, lines[-1]["result"]["ok"]) == (65, False)


def test_a_store_of_no_kind_is_refused_in_words(world: Path) -> None:
    code, lines = run("snapshot", "s3:bucket", world, "--volume=1", "--run=1")
    assert (code, lines[-1]["kind"]) == (77, "refused")
    assert "folder:PATH" in lines[-1]["detail"]


def test_a_world_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    code, lines = run("snapshot", tmp_path / "s", tmp_path / "nowhere", "--volume=1", "--run=1")
    assert (code, lines[-1]["kind"]) == (1, "failed")


def test_a_snapshots_process_imports_little() -> None:
    """It starts beside every game, every two minutes."""
    code = "import sys, core.worlds.snapshot; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"discord", "sqlalchemy", "sqlmodel", "pydantic", "kubernetes", "aiohttp", "asyncio", "b2sdk"}
