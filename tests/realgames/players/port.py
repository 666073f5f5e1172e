"""What a test asks of somebody who plays."""

from __future__ import annotations

import asyncio
import contextlib
import os
from abc import ABC, abstractmethod
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 60.0  # seconds
MARK = "dormouse-was-here"


class Player(ABC):
    """`async with` is on the server from beginning to end. `where`: its host and port; `folder`: the player's own;
    `secret`: what the server knows as its operator's password."""

    def __init__(self, name: str, where: tuple[str, int], folder: Path, secret: str) -> None:
        self.name = name
        self.where = self.host, self.port = where
        self.folder = folder
        self.secret = secret

    @abstractmethod
    async def join(self) -> None:
        """Returns once this client believes that it is on."""

    @abstractmethod
    async def leave(self) -> None: ...

    @abstractmethod
    async def place(self) -> None:
        """Change the world, so that it can be told from a new one."""

    @abstractmethod
    async def finds(self) -> bool:
        """Whether the world has what `place` put there, as the server tells it to a player."""

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(PATIENCE):
                await self.join()
        except BaseException:
            await self.leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.leave()


class Program(Player):
    """A client that is a program: told line by line, and heard."""

    process: Process | None = None

    async def start(self, *command: str, **env: str) -> None:
        self.folder.mkdir(exist_ok=True)
        self.process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8", "TERM": "dumb"} | env,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
        )

    async def say(self, line: str) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def hears(self, *words: str) -> str:
        """The first line from now on that has one of these."""
        assert self.process is not None
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while line := (await self.process.stdout.readline()).decode(errors="replace"):
                if any(word in line for word in words):
                    return line
        raise AssertionError(f"{type(self).__name__} ended, and never said {words}")

    async def leave(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
