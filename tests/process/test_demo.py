"""`make demo` goes on where it was, whatever became of the one before."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ports import ports

from bot.demo.guild import cast
from bot.demo.guild.errors import PageError
from bot.demo.guild.person import Person
from tests.support.shipped import texts

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]


class Demo:
    """A demo in a folder; its servers take the ports of a test."""

    def __init__(self, folder: Path, port: int, pool: str) -> None:
        self.folder, self.port, self._pool = folder, port, pool
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, port: int | None = None) -> str:
        """What it says until it is open, or gone."""
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "demo", "--no-open"),
            *("--port", str(port or self.port), "--folder", str(self.folder)),
            cwd=ROOT,
            env=os.environ | {"DORMOUSE_PORTS": self._pool},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert self.process.stdout is not None
        said = b""
        async with asyncio.timeout(60):
            while b"is open" not in said and (line := await self.process.stdout.readline()):
                said += line
        return said.decode()

    async def end(self, by: signal.Signals) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(by)
        async with asyncio.timeout(60):
            await self.process.wait()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    first, last = map(int, ports().split("-"))
    demo = Demo(tmp_path / "demo", first, f"{first + 2}-{last}")
    await demo.start()
    yield demo
    await demo.end(signal.SIGINT)


async def asks(person: Person, name: str) -> bool:
    """Whether the bot answered."""
    try:
        answer = await person.slash(cast.CHAT, "server create", game="meadow", name=name)
    except PageError:  # there are no commands yet
        return False
    return "message" in answer


async def created(demo: Demo, name: str) -> None:
    """Somebody asks for a server, and its card says that it runs."""
    async with Person(f"http://127.0.0.1:{demo.port}", cast.ADA) as ada, asyncio.timeout(60):
        while not await asks(ada, name):  # the bot may still be signing in
            await asyncio.sleep(0.2)
        while True:
            shown = [texts(each["components"]) for each in await ada.read(cast.CHAT)]
            if any(f"### {name}" in each and "Running" in each for each in shown):
                return
            await asyncio.sleep(0.2)


async def test_a_demo_that_was_killed_is_gone_on_with(demo: Demo) -> None:
    await created(demo, "Pond")
    await demo.end(signal.SIGKILL)
    assert "is open" in await demo.start()
    await created(demo, "Brook")
    assert "cannot start" not in (demo.folder / "bot.log").read_text()


async def test_two_demos_do_not_share_a_folder(demo: Demo) -> None:
    second = Demo(demo.folder, demo.port + 1, "")
    assert "Another Dormouse is running on" in await second.start()
    await second.end(signal.SIGINT)
    await created(demo, "Pond")
