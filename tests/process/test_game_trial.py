"""`dormouse games test` at a shell: a whole life of one server, beside a bot that runs, and nothing is left of it."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest
from ports import ports
from reading import server_of
from shipped import shipped
from trial import STEPS, steps, trial

from core.games.catalogue import BUILT_IN

pytestmark = pytest.mark.process


def environ(folder: Path, **settings: str) -> dict[str, str]:
    own = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    own |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return own | {"DORMOUSE_DATA_DIR": str(folder / "bot"), "DORMOUSE_PORTS": ports()} | settings


def processes_in(folder: Path) -> list[str]:
    """Those whose working directory lies there: agents and games."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if each.readlink().is_relative_to(folder):
                found.append(each.parent.name)
    return found


async def test_beside_a_running_bot_a_game_is_tried_and_nothing_is_left(tmp_path: Path) -> None:
    async with shipped(tmp_path, IDLE_AFTER="0") as house:
        server = server_of(await house.create())
        games = processes_in(tmp_path / "bot" / "servers")
        before = sorted(each.name for each in (tmp_path / "bot").iterdir())
        async with trial(house.environ, "meadow") as run:
            code = await run.end()
        assert code == 0, run.said
        assert steps(run.said) == list(STEPS)
        assert "0 of 16 playing" in run.said
        assert "console took: say Hello from Dormouse" in run.said
        assert "Meadow passes." in run.said
        assert processes_in(tmp_path / "bot" / "servers") == games
        assert processes_in(tmp_path / "bot" / "trials") == []
        assert sorted(each.name for each in (tmp_path / "bot").iterdir()) == before
        assert [each.name for each in (tmp_path / "bot" / "servers").iterdir()] == [server]
        assert len(await house.cards()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_who_stops_it_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    async with trial(environ(tmp_path), "meadow") as run:
        await run.until("console took")
        run.process.send_signal(number)
        assert await run.end() == 128 + number
    assert "What was made is removed" in run.said
    assert "Traceback" not in run.said
    assert processes_in(tmp_path) == []
    assert not (tmp_path / "bot").exists()


async def test_one_that_was_killed_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    env = environ(tmp_path)
    async with trial(env, "meadow") as run:
        await run.until("\nready")
        run.process.kill()
        await run.end()
    left = processes_in(tmp_path / "bot" / "trials")
    assert left
    async with trial(env, "meadow") as again:
        await again.until("step")
        assert not set(left) & set(processes_in(tmp_path / "bot" / "trials"))
        again.process.send_signal(signal.SIGINT)
        await again.end()
    assert processes_in(tmp_path) == []
    assert not (tmp_path / "bot" / "trials").exists()


async def test_a_game_that_does_not_start_is_said_with_its_last_words(tmp_path: Path) -> None:
    games = tmp_path / "games"
    games.mkdir()
    broken = (BUILT_IN / "meadow.toml").read_text()
    broken = broken.replace(
        '["{python}", "-m", "bot.demo.meadow"]', """["sh", "-c", "echo no map for $MEADOW_PASSWORD; exit 7"]"""
    )
    broken = broken.replace('default = ""\nmax_length = 64', 'default = "opensesame"\nmax_length = 64')
    (games / "meadow.toml").write_text(broken)
    async with trial(environ(tmp_path, DORMOUSE_GAMES_DIR=str(games)), "meadow") as run:
        assert await run.end() == 1
    assert "opensesame" not in run.said
    assert "FAILED" in run.said
    assert "Meadow does not pass: ready: " in run.said
    assert "  | no map for ••••" in run.said
    assert not (tmp_path / "bot").exists()


async def test_what_cannot_be_tried_is_said(tmp_path: Path) -> None:
    async with trial(environ(tmp_path), "tetris") as run:
        assert await run.end() == 1
    assert "There is no game tetris that runs on this cluster. There are: meadow." in run.said
