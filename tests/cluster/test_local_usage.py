"""What processes of this machine use: counted with all that they started."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.agent.local.process import identity
from core.cluster.local.usage import Reading, in_use, read

if sys.platform != "linux":
    pytest.skip("only Linux tells it in /proc", allow_module_level=True)

MIB = 1 << 20
PARENT = """
import subprocess, sys
works = "world, parent = b'x' * (64 << 20), os.getppid(); print('up', flush=True)\\nwhile os.getppid() == parent: pass"
works = f"import os; {works}"
subprocess.run([sys.executable, "-c", works], start_new_session=sys.argv[1] == "apart")
"""


@pytest.fixture(params=["in its session", "apart"])
def game(request: pytest.FixtureRequest) -> Iterator[int]:
    """A process that sleeps, whose child holds 64 MiB and works."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, request.param], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield process.pid
        subprocess.run(["kill", "-KILL", "--", f"-{process.pid}"], check=True)


async def test_what_the_game_started_counts_too(game: int) -> None:
    now = await read(game, identity(game) or "")
    assert now is not None
    used = in_use(now, None)
    assert 64 * MIB < used.memory < 256 * MIB
    assert 0 < used.cpu < 1500


def test_cpu_is_what_was_used_since_the_look_before() -> None:
    before = Reading("one", 100.0, {7: 5_000_000_000}, 1000.0, MIB)
    now = Reading("one", 110.0, {7: 6_000_000_000, 8: 1_000_000_000}, 1010.0, MIB)
    assert in_use(now, before).cpu == 200
    assert in_use(now, replace(before, who="another")).cpu == 7


async def test_a_process_that_is_gone_or_another_one_uses_nothing(game: int) -> None:
    assert await read(game, "of long ago") is None
    assert await read(2**22 + 1, "never was") is None
