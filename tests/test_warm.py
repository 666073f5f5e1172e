"""Programs of tests that are forked are what they would be if they had been started."""

from __future__ import annotations

import os
import signal
import sys
import tempfile

import pytest
import warm

ENVIRON = {"PATH": os.environ["PATH"], "COLOUR": "red"}


async def ran(*command: str) -> tuple[int, str]:
    with tempfile.TemporaryFile() as output:
        code = await warm.start([sys.executable, *command], ENVIRON, output.fileno()).wait()
        output.seek(0)
        return code, output.read().decode()


async def test_it_has_its_own_environment_and_exit_code() -> None:
    code, said = await ran("-c", "import os, sys\nprint(sorted(os.environ), sys.argv[1:])\nsys.exit(3)", "one")
    assert (code, said) == (3, "['COLOUR', 'PATH'] ['one']\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_signal_ends_it(number: signal.Signals) -> None:
    with tempfile.TemporaryFile() as output:
        program = warm.start([sys.executable, "-c", "import signal; signal.pause()"], ENVIRON, output.fileno())
        assert program.returncode is None
        program.send_signal(number)
        assert await program.wait() == program.returncode == -number


async def test_one_that_has_ended_before_it_was_looked_at_is_told_apart_by_its_pid() -> None:
    with tempfile.TemporaryFile() as output:
        program = warm.start(
            [sys.executable, "-c", "import os; print(os.getpid(), flush=True)"], ENVIRON, output.fileno()
        )
        assert await program.wait() == 0
        output.seek(0)
        assert int(output.read()) == program.pid


async def test_what_fails_says_why() -> None:
    code, said = await ran("-c", "raise ValueError('no')")
    assert (code, said.splitlines()[-1]) == (1, "ValueError: no")
