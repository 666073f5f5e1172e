"""One run of a game in a container: the engine's client is the agent's child and holds the game's console and output.

A client can be killed and the container goes on, so the container counts, not the client: what is left of a server's
containers is ended before each start, and by whoever cleans up after an agent. A client passes the signals that it gets
on to the game: also the one that it is sent when its agent dies.

Only the standard library is imported here: the agent has to stay small.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
from collections.abc import Callable, Sequence
from typing import Self

from core.agent.local.folder import ServerFolder
from core.agent.local.game import GameProcess
from core.agent.local.process import identity
from core.agent.volume import put
from core.agent.wire import Container, PodSpec
from core.nofollow import Spot

SERVER = "dormouse.server"
"""The label that says whose a container is."""
ANSWERS_WITHIN = 60.0  # seconds that an engine may take for what it is told, beyond what a game may take to end
_CLIENT_ENDS_WITHIN = 10.0  # seconds after its container
_ENGINE_FAILED = 125  # exit code of a client: what it was to do it could not, and no game was started


class NotEnded(Exception):
    """A container of this server is still there; why in words."""


class ContainerGame:
    """As `GameProcess`; `pid` is the client's. `why` is the reason of the exit, where the engine knows it."""

    def __init__(self, client: GameProcess, container: Container, grace: float) -> None:
        self._client = client
        self._container = container
        self._grace = grace
        self._ending: asyncio.Task[None] | None = None
        self.pid, self.identity = client.pid, client.identity
        self.why = ""

    @classmethod
    async def start(
        cls, pod: PodSpec, folder: ServerFolder, *, lock: int, ends_with: signal.Signals, hear: Callable[[bytes], None]
    ) -> Self:
        """Raises `OSError` where the client cannot be started or the game's folders cannot be prepared."""
        container = Container.of(pod.container)
        await asyncio.to_thread(_prepare, container, folder, pod.volume)
        client = await GameProcess.start(
            pod.command,
            env=pod.env,
            folder=str(folder.root),
            lock=lock,
            console=pod.console == "stdin",
            ends_with=ends_with,
            on_output=hear,
        )
        return cls(client, container, pod.grace)

    def write(self, line: str) -> None:
        self._client.write(line)

    async def before_stop(self) -> None:
        """Runs what the game has for that, to its end; never raises."""
        if words := self._container.stop_command:
            await ask(self._container, "exec", self._container.name, *words, more=self._grace)

    def signal(self, number: signal.Signals) -> None:
        self._client.signal(number)

    def kill(self) -> None:
        if self._ending is None:
            self._ending = asyncio.create_task(self._kill(), name="kill container")

    async def wait(self) -> int:
        """As of a process. The container is gone then, where the engine still does what it is told."""
        code = await self._client.wait()
        if self._ending is not None:
            self._ending.cancel()
        _, said, _ = await ask(self._container, "inspect", "--format", _STATE, self._container.name)
        running, _, out_of_memory = said.partition(" ")
        if running == "true":  # somebody ended the client alone
            await ask(self._container, "stop", "-t", f"{self._grace:.0f}", self._container.name, more=self._grace)
        await _open(self._container)
        await remove(self._container, self._container.name)
        if code == _ENGINE_FAILED:
            self.why = "CannotStart"
        elif out_of_memory == "true" and code:
            self.why = "OOMKilled"
        return code

    async def inner(self) -> tuple[int, str] | None:
        """The game's own process, as this machine has it."""
        _, said, _ = await ask(self._container, "inspect", "--format", "{{.State.Pid}}", self._container.name)
        pid = int(said) if said.isdigit() else 0
        who = identity(pid) if pid else None
        return None if who is None else (pid, who)

    async def _kill(self) -> None:
        await ask(self._container, "kill", self._container.name)
        await asyncio.sleep(_CLIENT_ENDS_WITHIN)  # it ends with its container
        self._client.kill()


_STATE = "{{.State.Running}} {{.State.OOMKilled}}"


async def end_left(container: Container, server: str, grace: float) -> None:
    """End what is left of the server's containers, as the game wants to be ended. Raises `NotEnded`."""
    code, said, wrong = await ask(container, "ps", "--all", "--quiet", f"--filter=label={SERVER}={server}")
    if code:
        raise NotEnded(f"the engine does not say what runs: {wrong}")
    if left := said.split():
        await ask(container, "stop", "-t", f"{grace:.0f}", *left, more=grace)
        await _open(container)
        if wrong := await remove(container, *left):
            raise NotEnded(f"a container of this server cannot be removed: {wrong}")


async def _open(container: Container) -> None:
    """A program that started as root without root's podman, and became another user, has files that only that user may
    read: not the agent, who saves and removes them. Its group is root's in the image. No link is followed. Before the
    container is removed: one that is left says that this is still to be done."""
    if container.opened:
        await ask(container, "unshare", "chgrp", "--recursive", "--no-dereference", "0", *container.opened)
        await ask(container, "unshare", "chmod", "--recursive", "g+rwX", *container.opened)


async def remove(container: Container, *names: str) -> str:
    """Why they are not gone; empty where they are, whoever did it. podman 4.3.1 refuses what it stops just then."""
    wrong = ""
    for pause in (0.0, 0.2, 0.5, 1.0, 2.0):
        await asyncio.sleep(pause)
        code, _, wrong = await ask(container, "rm", "--force", "--volumes", *names)
        if not code or not await _are_there(container, names):
            return ""
    return wrong or "no reason was given"


async def _are_there(container: Container, names: Sequence[str]) -> bool:
    """Also where the engine does not say."""
    code, said, _ = await ask(container, "ps", "--all", "--format={{.ID}} {{.Names}}")
    return bool(code) or not set(names).isdisjoint(said.split())


async def ask(container: Container, *arguments: str, more: float = 0.0) -> tuple[int, str, str]:
    """Exit code, what it said, and the last line of what it complained of. One that does not answer is killed."""
    try:
        process = await asyncio.create_subprocess_exec(
            *container.engine,
            *arguments,
            env=container.env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as wrong:
        return 127, "", str(wrong)
    try:
        async with asyncio.timeout(ANSWERS_WITHIN + more):
            said, complaint = await process.communicate()
    except TimeoutError:
        return 124, "", f"{arguments[0]} took too long"
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
    lines = complaint.decode(errors="replace").strip().splitlines()
    return process.returncode or 0, said.decode(errors="replace").strip(), lines[-1] if lines else ""


def _prepare(container: Container, folder: ServerFolder, number: int) -> None:
    """The folders and files that the game is to find. Raises OSError."""
    volume = folder.volume(number)
    kept = [volume.spot / name for name in container.folders]
    emptied = [folder.extra / name for name in container.emptied]
    for spot in emptied:
        spot.remove()
    for spot in (*kept, *emptied):
        spot.make_folder()
    for path, content in container.files.items():
        put(volume.world, path, content)
    if container.owner:
        for spot in (volume.world, *kept, *emptied):
            give(spot, *container.owner)


def give(spot: Spot, uid: int, gid: int) -> None:
    """A folder with all that is in it, to a user; what has another name elsewhere stays whose it is. A tree too deep
    to be walked is one that the game made, and has made its own."""
    with spot.folder() as at, contextlib.suppress(RecursionError):
        for _, folders, files, here in os.fwalk(".", dir_fd=at, follow_symlinks=False):
            os.fchown(here, uid, gid)
            for name in (*folders, *files):
                seen = os.stat(name, dir_fd=here, follow_symlinks=False)
                linked = stat.S_ISREG(seen.st_mode) and seen.st_nlink > 1
                if (seen.st_uid, seen.st_gid) != (uid, gid) and not linked:
                    os.chown(name, uid, gid, dir_fd=here, follow_symlinks=False)
