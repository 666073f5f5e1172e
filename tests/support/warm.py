"""Programs that need not import what they are made of: most of what a start of the bot costs.

A process of each pytest worker has imported the bot, and forks for each program that is to run. What is started is a
process of its own as ever: its arguments, environment, folder, output, signals and exit code are its own.
`python warm.py FD` is the process that forks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORTED = (
    "aiosqlite",
    "alembic.command",
    "alembic.context",
    "alembic.runtime.migration",
    "asyncpg",
    "bot.app",
    "bot.worlds",
    "cogs",
    "logging.config",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
)
"""All that a bot on one machine comes to import. Nothing that reads the environment at its import."""
LONGEST = 1 << 20  # bytes of a request
WAIT = 60.0  # seconds for a fork
_NUMBER = struct.Struct("i")
"""What is told of a program: its pid, and its exit code in the end, which may be there before the pid was read."""


class Program:
    """One that was started, as asyncio's own say it."""

    def __init__(self, pid: int, told: int) -> None:
        self.pid = pid
        self._told = told
        self._code: int | None = None

    def __del__(self) -> None:
        os.close(self._told)

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        if self._code is None and select.select([self._told], [], [], 0)[0]:
            said = os.read(self._told, _NUMBER.size)  # nothing: what would have told it was killed
            self._code = _NUMBER.unpack(said)[0] if said else -signal.SIGKILL
        return self._code

    async def wait(self) -> int:
        loop = asyncio.get_running_loop()
        while (code := self.returncode) is None:
            ended = loop.create_future()
            loop.add_reader(self._told, lambda future=ended: future.done() or future.set_result(None))
            try:
                await ended
            finally:
                loop.remove_reader(self._told)
        return code

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Forker:
    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST)
        told = {name: os.environ[name] for name in os.environ if name == "PATH" or name.startswith("COVERAGE_")}
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                cwd=ROOT,
                env=told,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def start(self, command: Sequence[str], environ: Mapping[str, str], streams: Sequence[int]) -> Program:
        ours, theirs = os.pipe()
        try:
            asked = json.dumps({"command": list(command), "environ": dict(environ)}).encode()
            socket.send_fds(self._socket, [asked], [*streams, theirs])
        finally:
            os.close(theirs)
        assert select.select([ours], [], [], WAIT)[0], "nothing was started"
        return Program(*_NUMBER.unpack(os.read(ours, _NUMBER.size)), ours)

    def stop(self) -> None:
        self._socket.close()
        self.process.wait(WAIT)


_forker: _Forker | None = None


def start(command: Sequence[str], environ: Mapping[str, str], output: int) -> Program:
    """`command`: a module (-m), a text (-c) or a file for this Python. It reads nothing, and writes to `output`."""
    global _forker
    assert command[0] == sys.executable
    if _forker is None:
        _forker = _Forker()
    with open(os.devnull, "rb") as nothing:
        return _forker.start(command[1:], environ, (nothing.fileno(), output, output))


def stop() -> None:
    """At the end of a worker: what was imported is measured too."""
    global _forker
    if _forker is not None:
        _forker.stop()
        _forker = None


# what follows runs in the process that forks, and in those that it forks


def _serve(asked: socket.socket) -> list[str]:
    """Returns in each program, with its command; never in the process that forks."""
    ended_at, wakes = os.pipe()
    os.set_blocking(wakes, False)
    usual = signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    telling: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([asked, ended_at], [], [])
        if ended_at in ready:
            os.read(ended_at, 4096)
            _tell(telling)
        if asked not in ready:
            continue
        text, handles, *_ = socket.recv_fds(asked, LONGEST, 4)
        if not text:
            sys.exit()
        *streams, told = handles
        request = json.loads(text)
        if pid := os.fork():
            telling[pid] = told
            os.write(told, _NUMBER.pack(pid))
            for each in streams:
                os.close(each)
            continue
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, usual)
        for number, each in enumerate(streams):
            os.dup2(each, number)
        for each in (*streams, told, *telling.values(), ended_at, wakes):
            os.close(each)
        asked.close()
        os.environ.clear()
        os.environ.update(request["environ"])
        return list(request["command"])


def _tell(telling: dict[int, int]) -> None:
    for pid in list(telling):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with contextlib.suppress(BrokenPipeError):
                os.write(telling[pid], _NUMBER.pack(os.waitstatus_to_exitcode(status)))
            os.close(telling.pop(pid))


def _become(command: list[str]) -> None:
    """As the interpreter begins with these arguments."""
    match command:
        case ["-m", name, *_]:
            sys.argv = ["-m", *command[2:]]
            sys.path[0] = os.getcwd()
            runpy.run_module(name, run_name="__main__", alter_sys=True)
        case ["-c", text, *_]:
            sys.argv = ["-c", *command[2:]]
            sys.path[0] = ""
            exec(compile(text, "<string>", "exec"), {"__name__": "__main__"})
        case [file, *_]:
            sys.argv = command
            sys.path[0] = str(Path(file).parent)
            runpy.run_path(file, run_name="__main__")


def _main() -> None:
    asked = socket.socket(fileno=int(sys.argv[1]))
    sys.path[0] = str(ROOT)
    for name in IMPORTED:
        __import__(name)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # coverage's, which a program that is measured sets anew
    _become(_serve(asked))


if __name__ == "__main__":
    _main()
