"""What processes of this machine use: counted with all that they started."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from core.cluster.local_process import identity
from core.cluster.local_usage import in_use

if sys.platform != "linux":
    pytest.skip("only Linux tells it in /proc", allow_module_level=True)

MIB = 1 << 20
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "world = b'x' * (64 << 20); print('up', flush=True)\\nwhile True: pass"])
child.wait()
"""


@pytest.fixture
def game() -> Iterator[int]:
    """A process that sleeps, whose child holds 64 MiB and works."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield process.pid
        subprocess.run(["kill", "-KILL", "--", f"-{process.pid}"], check=True)


async def test_what_the_game_started_counts_too(game: int) -> None:
    used = await in_use(game, identity(game) or "")
    assert used is not None
    assert 64 * MIB < used.memory < 256 * MIB
    assert 0 < used.cpu < 1500


async def test_a_process_that_is_gone_or_another_one_uses_nothing(game: int) -> None:
    assert await in_use(game, "of long ago", over=0.01) is None
    assert await in_use(2**22 + 1, "never was", over=0.01) is None
