"""The game's console, as an agent uses it."""

from __future__ import annotations

import contextlib
import errno
import json
import os

from core.agent.wire import PodSpec
from core.authority import loopback
from core.games.console.adapters import make_console
from core.games.console.line import one_line
from core.games.console.port import Console, ConsoleAway
from core.nofollow import Spot, WrongKind

_FOR_THE_GROUP = 0o660  # the game's user need not be the agent's
_LOST = "the pipe to the game's console was taken away; it hears its console again after its next start"
_RINGS = 65536  # bytes: all that a pipe holds


class NoConsole(Exception):
    """The game has no console or does not read it; why in words."""


def asked_line(body: bytes, splits: str = "") -> str:
    """The line that `{"line": ...}` asks for. `splits`: what ends a command on this console. Raises ValueError with why
    it is none."""
    try:
        line = json.loads(body)["line"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("the body is not a line") from None
    if not isinstance(line, str):
        raise ValueError("the body is not a line")
    return one_line(line, splits)


def far_console(pod: PodSpec, *, patience: float | None = None) -> Console | None:
    """The game's console where it is reached on loopback; None: it has none, or it reads its stdin. `patience`: seconds
    for one line."""
    rule = pod.console_rule or {"kind": pod.console, "port": "rcon"}
    port = pod.ports.get(rule.get("port", ""))
    return (
        None
        if port is None
        else make_console(rule, loopback(pod.host_of(rule["port"])), port, pod.secret, patience=patience)
    )


class Fifo(Console):
    """The stdin of a game that was started to read a named pipe. Whatever else stands there is never written to."""

    def __init__(self, spot: Spot) -> None:
        self._spot = spot
        self._was_lost = False
        spot.make_pipe(_FOR_THE_GROUP)

    async def send(self, line: str) -> str:
        try:
            handle = self._spot.open_pipe(os.O_WRONLY)
        except (WrongKind, FileNotFoundError) as wrong:
            self._make_anew()
            raise ConsoleAway(_LOST) from wrong
        except OSError as wrong:
            nobody = _LOST if self._was_lost else "the game is not up"
            raise ConsoleAway(nobody if wrong.errno == errno.ENXIO else str(wrong.strerror)) from wrong
        try:
            os.write(handle, line.encode() + b"\n")
        except OSError as wrong:
            raise ConsoleAway(f"the game does not read its console: {wrong.strerror}") from wrong
        finally:
            os.close(handle)
        self._was_lost = False
        return ""

    def _make_anew(self) -> None:
        """For the game's next start: this run reads the one that is gone."""
        self._was_lost = True
        with contextlib.suppress(OSError):
            self._spot.make_pipe(_FOR_THE_GROUP)


class Bell:
    """A named pipe that the game's container writes to when it wants something; what, is agreed."""

    def __init__(self, spot: Spot) -> None:
        spot.make_pipe(_FOR_THE_GROUP)
        self._handle = spot.open_pipe(os.O_RDONLY)

    def has_rung(self) -> bool:
        """Whether anything was written since the last look."""
        try:
            return bool(os.read(self._handle, _RINGS))
        except BlockingIOError:  # somebody has it open, and has written nothing
            return False
