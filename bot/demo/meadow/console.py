"""The console: one command a line on stdin, one answer on stdout."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from .output import say
from .players import clean_text

HELP = "commands: say TEXT, save, save off, save on, players, kick NAME, stop, help"
SAID_LENGTH = 200
LINE_BYTES = 65536


class Game(Protocol):
    """What the console needs of the running game."""

    def announce(self, text: str) -> None: ...
    def players(self) -> str: ...
    def kick(self, name: str) -> str | None: ...
    async def save(self) -> str: ...
    async def hold_saves(self) -> None: ...
    def release_saves(self) -> None: ...
    def stop(self) -> None: ...


class Console:
    def __init__(self, game: Game, debug: bool) -> None:
        self._game = game
        self._debug = debug

    async def run(self, line: str) -> str | None:
        """Do what the line says and return the answer; None for an empty line. Any text is safe."""
        command, _, rest = line.strip().partition(" ")
        match command.lower(), rest.strip():
            case "", _:
                return None
            case "say", text if words := clean_text(text, SAID_LENGTH):
                self._game.announce(words)
                return f"said: {words}"
            case "save", "":
                return await self._game.save()
            case "save", "off":
                await self._game.hold_saves()
                return "saving off"
            case "save", "on":
                self._game.release_saves()
                return "saving on"
            case "players", "":
                return self._game.players()
            case "kick", name if name:
                kicked = self._game.kick(name)
                return f"kicked {kicked}" if kicked else f"nobody is called {clean_text(name, SAID_LENGTH)}"
            case "stop", "":
                self._game.stop()
                return "stopping"
            case "help", _:
                return HELP
            case ("crash" | "exit") as how, code if self._debug:
                _leave_at_once(how, code)
        return f"unknown command: {clean_text(line, 60)} ({HELP})"


def _leave_at_once(how: str, code: str) -> None:
    """For tests of what stands around the game: ends without a save, as a real crash would."""
    say(f"Meadow ends at once, as told by the console: {how}")
    os._exit(int(code) % 256 if code.isdecimal() else 1)


def listen(run: Callable[[str], Awaitable[str | None]], loop: asyncio.AbstractEventLoop) -> None:
    """Run stdin's lines one after the other, until it ends; its end stops nothing.

    A thread reads the descriptor itself: asyncio takes only pipes, and `sys.stdin` cannot be left alone at exit while a
    thread waits in it.
    """

    async def answer(line: str) -> None:
        text = await run(line)
        if text is not None:
            say(text)

    def read() -> None:
        for line in _lines(0):
            asyncio.run_coroutine_threadsafe(answer(line), loop).result()

    threading.Thread(target=read, name="console", daemon=True).start()


def _lines(descriptor: int) -> Iterator[str]:
    pending = b""
    while True:
        try:
            data = os.read(descriptor, 4096)
        except OSError:
            return
        if not data:
            return
        *lines, pending = (pending + data).split(b"\n")
        pending = pending[:LINE_BYTES]
        for line in lines:
            yield line.decode("utf-8", "replace")
