"""One run of the game: a child process with its console and output in the agent's hands.

The game must be able to end well even when its agent was killed. Therefore, on Linux, it is sent its stop signal when
the agent dies; it holds the other ends of its own pipes, so that neither writing fails nor stdin ends before it is
done; and it holds the volume's lock, so that no second game starts before it is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from core.agent.console import NoConsole
from core.agent.local.process import identity

_PR_SET_PDEATHSIG = 1  # prctl(2)
_PIPE_BYTES = 256 * 1024  # room for last words that nobody reads


class GameProcess:
    """Made by `start`; `wait` until it ended."""

    def __init__(self, process: asyncio.subprocess.Process, console: int | None, pump: asyncio.Task[None]) -> None:
        self._process = process
        self._console = console
        self._pump = pump
        self.pid = process.pid
        self.identity = identity(process.pid) or ""
        self.why = ""  # the exit's reason, where it is more than the code tells

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        folder: str,
        lock: int,
        console: bool,
        ends_with: signal.Signals,
        on_output: Callable[[bytes], None],
    ) -> Self:
        """Raises `OSError` where the command cannot be started."""
        out_read, out_write = os.pipe()
        in_read, in_write = os.pipe() if console else (os.open(os.devnull, os.O_RDONLY), None)
        _widen(out_write)
        shared = [out_read, lock] if in_write is None else [out_read, in_write, lock]
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=env,
                cwd=folder,
                stdin=in_read,
                stdout=out_write,
                stderr=out_write,
                pass_fds=shared,
                start_new_session=True,
                preexec_fn=_die_with_agent(ends_with),
            )
        except BaseException:
            os.close(out_read)
            if in_write is not None:
                os.close(in_write)
            raise
        finally:
            os.close(out_write)
            os.close(in_read)
        if in_write is not None:
            os.set_blocking(in_write, False)
        return cls(process, in_write, asyncio.create_task(_pump(out_read, on_output)))

    def write(self, line: str) -> None:
        """One line to stdin. Raises `NoConsole`."""
        if self._console is None:
            raise NoConsole("the game has no console")
        try:
            os.write(self._console, line.encode() + b"\n")
        except OSError as error:
            raise NoConsole(f"the game does not read its console: {error.strerror}") from error

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """The game and all it started, as when a container ends."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            self.signal(signal.SIGKILL)

    async def wait(self) -> int:
        """The exit code, 128 + n for signal n, once the output is read to its end."""
        code = await self._process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # what the game left behind
        # Something that escaped the group may hold the pipe open.
        await asyncio.wait([self._pump], timeout=1)
        self._pump.cancel()
        if self._console is not None:
            os.close(self._console)
            self._console = None
        return 128 - code if code < 0 else code


async def _pump(pipe: int, on_output: Callable[[bytes], None]) -> None:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", buffering=0)
    )
    try:
        while data := await reader.read(65536):
            on_output(data)
    finally:
        transport.close()


def _widen(pipe: int) -> None:
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # a user's pipes have a common limit
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _die_with_agent(number: signal.Signals) -> Callable[[], None] | None:
    """Runs between fork and exec. The signal comes when the *thread* that forked ends: here always the main one."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    agent = os.getpid()

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != agent:
            os._exit(128 + number)

    return arrange
