"""`dormouse games test` as a process."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
STEPS = ("create", "ready", "query", "hello", "pause", "resume", "restore", "world", "delete")


class Trial:
    """The command as a process. `said` is all that it printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def until(self, words: str) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(100):
            while words not in self.said:
                line = await self.process.stdout.readline()
                assert line, self.said
                self.said += line.decode()

    async def end(self) -> int:
        assert self.process.stdout is not None
        async with asyncio.timeout(100):
            self.said += (await self.process.stdout.read()).decode()
            return await self.process.wait()


@contextlib.asynccontextmanager
async def trial(env: dict[str, str], *arguments: str) -> AsyncIterator[Trial]:
    command = (sys.executable, "-m", "bot", "games", "test", *arguments)
    pipe, both = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env, stdout=pipe, stderr=both)
    try:
        yield Trial(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def steps(said: str) -> list[str]:
    """Those that its table has."""
    rows = (line.split() for line in said.splitlines())
    return [row[0] for row in rows if len(row) > 2 and row[2] == "s"]
