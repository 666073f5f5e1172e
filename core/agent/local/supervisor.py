"""Keeps one game running until it is told to stop: what kubelet does for a pod.

An exit is followed by a new start after a back-off that grows. Whether a game that keeps exiting should go on is not
decided here: every exit is only counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from core.agent import probe, query
from core.agent.console import NoConsole, far_console
from core.agent.files import write_json
from core.agent.local.container import ContainerGame, NotEnded, end_left
from core.agent.local.folder import ServerFolder
from core.agent.local.game import GameProcess
from core.agent.local.log import Log
from core.agent.wire import Container, PodSpec, State
from core.games.console.port import Console, ConsoleAway
from core.games.protocols.answer import NoAnswer

_BACKOFF_CAP = 60.0  # seconds
_HEALTHY = 600.0  # seconds of being ready after which the back-off begins anew, as kubelet's
_TAKEN_AGAIN = 2.0  # seconds between tries for a port that another program uses
_TOLD_AGAIN = 0.5  # seconds between tries for a console that does not answer
_FIRST_LOOK = 0.1  # seconds; then at growing distance, up to one second
_MISSES = 3  # looks without an answer before a game that was up counts as not ready
_CONSOLE_PATIENCE = 1.0  # seconds that a console answer may take
_CONSOLE_QUIET = 0.25  # seconds of silence after which it is complete
_CONSOLE_CAP = 4096  # bytes

_NOT_READY = "NotReady"

Game = GameProcess | ContainerGame


class Supervisor:
    """`run` returns once the game has ended for good; `state` is what to tell, `changed` waits for news of it."""

    def __init__(self, pod: PodSpec, folder: ServerFolder, log: Log) -> None:
        self.state = State(uid=pod.uid)
        self._pod = pod
        self._folder = folder
        self._log = log
        self._signal = signal.Signals[pod.stop_signal]
        self._stopping = asyncio.Event()
        self._news = asyncio.Event()
        self._game: Game | None = None
        self._console = asyncio.Lock()
        self._far = far_console(pod)
        self._quick = far_console(pod, patience=query.PATIENCE)
        self._starts = 0  # since the game was last healthy
        self._set()

    async def run(self, lock: int) -> None:
        """`lock` is the open file that holds the volume's lock; the game gets a copy."""
        while not self._stopping.is_set():
            await self._wait_or_stop(_backoff(self._starts))
            await self._until_alone()
            is_ours = await self._until_free()
            if self._stopping.is_set():
                break
            self._starts += 1
            code, reason = await self._run_once(lock, is_ours=is_ours)
            asked = self._stopping.is_set() and reason != _NOT_READY
            self._set(
                phase="ending" if self._stopping.is_set() else "starting",
                restarts=self.state.restarts + (not asked),
                exit_code=code,
                exit_reason=reason,
                exit_at=_now(),
                ready_since="",
                pid=None,
                identity="",
                inner_pid=None,
                inner_identity="",
            )
        self._set(phase="ended")

    def stop(self) -> None:
        """Console line, signal, SIGKILL after the grace. Returns at once."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._set(phase="ending", ready_since="")

    def say(self, detail: str) -> None:
        if detail != self.state.detail:
            self._set(detail=detail)

    def tell(self, **changes: Any) -> None:
        """Say more than the supervisor itself knows: fields of `State`."""
        self._set(**changes)

    async def changed(self, after: int, patience: float) -> State:
        """The state as soon as its revision is not `after`, at the latest after `patience` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self.state.revision == after:
                    await self._news.wait()
        return self.state

    async def players(self) -> dict[str, Any]:
        """As `query.players`."""
        return await query.players(self._pod, self._quick)

    async def console(self, line: str) -> str:
        """Send one line; what the game answers, or what it printed within a second. Raises `NoConsole`."""
        if self._far is not None:
            return await _send(self._far, line)
        async with self._console:
            if self._game is None:
                raise NoConsole("the game is not up")
            heard: asyncio.Queue[str] = asyncio.Queue()
            forget = self._log.listen(heard.put_nowait)
            try:
                self._game.write(line)
                return "\n".join(await _collect(heard)).encode()[:_CONSOLE_CAP].decode(errors="ignore")
            finally:
                forget()

    async def order(self, line: str, done: str, patience: float) -> bool:
        """Send one line and wait for its answer, or for a line that `done` matches; whether it came. `NoConsole`."""
        if self._far is not None:
            slow = far_console(self._pod, patience=patience)
            answer = await _send(slow, line) if slow is not None else ""
            return bool(re.search(done, answer)) if done else True
        if not done:
            return bool(await self.console(line))
        pattern, heard = re.compile(done), asyncio.Event()

        def listen(said: str) -> None:
            if pattern.search(said):
                heard.set()

        async with self._console:
            if self._game is None:
                raise NoConsole("the game is not up")
            forget = self._log.listen(listen)
            try:
                self._game.write(line)
                async with asyncio.timeout(patience):
                    await heard.wait()
            except TimeoutError:
                return False
            finally:
                forget()
        return True

    async def _wait_or_stop(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _until_alone(self) -> None:
        """No container of this server is left by an agent, or a client, that was killed. Two games never run on one
        volume, and its ports are to come free."""
        while self._pod.container and not self._stopping.is_set():
            try:
                await end_left(Container.of(self._pod.container), self._pod.server, self._pod.grace)
                break
            except NotEnded as wrong:
                self.say(str(wrong))
                await self._wait_or_stop(_TAKEN_AGAIN)

    async def _until_free(self) -> bool:
        """Whether the game's ports can be had. While another program uses one the game is not started: it says which,
        for whoever can give it others, and goes on where they come free.

        Tried right before each start, while the volume's lock is ours: no game of this server is left to use them."""
        names, why = probe.taken(self._pod)
        while names and not self._stopping.is_set():
            if names != self.state.taken:
                self._set(taken=names, detail=why)
            await self._wait_or_stop(_TAKEN_AGAIN)
            names, why = probe.taken(self._pod)
        if self.state.taken:
            self._set(taken=[], detail=why)
        return not why

    async def _run_once(self, lock: int, *, is_ours: bool) -> tuple[int, str]:
        """One run of the game, from its start to its exit: the exit's code and reason."""
        pod = self._pod
        self._log.begin()
        said_ready = asyncio.Event()
        pattern = re.compile(pod.ready_log) if pod.ready == "log" else None

        def hear(line: str) -> None:
            if pattern is not None and pattern.search(line):
                said_ready.set()

        forget = self._log.listen(hear)
        try:
            self._game = await self._start(lock)
            detail = "" if is_ours else "a port of the game cannot be had"
            self._set(detail=detail, pid=self._game.pid, identity=self._game.identity)
            return await self._accompany(self._game, said_ready, is_ours=is_ours)
        except OSError as error:
            self._set(detail=f"the game cannot be started: {error}")
            return 127, "CannotStart"
        finally:
            self._game = None
            forget()

    async def _start(self, lock: int) -> Game:
        pod = self._pod
        if pod.container:
            return await ContainerGame.start(pod, self._folder, lock=lock, ends_with=self._signal, hear=self._log.write)
        return await GameProcess.start(
            pod.command,
            env=pod.env,
            folder=str(self._folder.volume(pod.volume).data),
            lock=lock,
            console=pod.console == "stdin",
            ends_with=self._signal,
            on_output=self._log.write,
        )

    async def _accompany(self, game: Game, said_ready: asyncio.Event, *, is_ours: bool) -> tuple[int, str]:
        exited = asyncio.create_task(game.wait())
        asked = asyncio.create_task(self._stopping.wait())
        never_ready = asyncio.create_task(self._follow_readiness(said_ready, is_ours=is_ours))
        try:
            await asyncio.wait([exited, asked, never_ready], return_when=asyncio.FIRST_COMPLETED)
            if exited.done():
                return exited.result(), game.why or ("Error" if exited.result() else "Completed")
            never_ready.cancel()  # a game that ends is not to be called ready any more
            if asked.done():
                return await self._end(game, exited), "Stopped"
            self._set(detail=f"not ready within {self._pod.ready_within:g} s")
            return await self._end(game, exited), _NOT_READY
        finally:
            asked.cancel()
            never_ready.cancel()

    async def _end(self, game: Game, exited: asyncio.Task[int]) -> int:
        clock = asyncio.get_running_loop().time
        until = clock() + self._pod.grace
        if isinstance(game, ContainerGame):
            saving = asyncio.create_task(game.before_stop())
            await asyncio.wait([exited, saving], timeout=self._pod.grace, return_when=asyncio.FIRST_COMPLETED)
            saving.cancel()
        grace = max(0.0, until - clock())
        if self._pod.stop_console:
            with contextlib.suppress(NoConsole):
                if self._far is None:
                    game.write(self._pod.stop_console)
                grace /= 2
                telling = asyncio.create_task(self._tell_to_end())
                await asyncio.wait([exited], timeout=grace)
                telling.cancel()
        game.signal(self._signal)
        await asyncio.wait([exited], timeout=grace)
        game.kill()
        return await exited

    async def _tell_to_end(self) -> None:
        """Where its console is reached over the network: again until it is heard, as in a pod. Many games hang up
        without an answer and save then: no answer is no reason for a signal."""
        while self._far is not None:
            with contextlib.suppress(NoConsole):
                await _send(self._far, self._pod.stop_console)
                return
            await asyncio.sleep(_TOLD_AGAIN)

    async def _follow_readiness(self, said_ready: asyncio.Event, *, is_ours: bool) -> None:
        """Returns only when the game had its time and was never ready.

        Whoever answers on a port that could not be had when the game was started (not `is_ours`) is somebody else.
        """
        try:
            async with asyncio.timeout(self._pod.ready_within):
                if not is_ours:
                    await asyncio.Event().wait()
                elif self._pod.ready == "log":
                    await said_ready.wait()
                else:
                    await self._until_up()
        except TimeoutError:
            return
        while True:
            self._set(phase="ready", ready_since=_now(), detail="")
            if self.state.inner_pid is None:
                await self._find_inner()
            await self._while_ready()
            self._set(phase="starting", ready_since="", detail="the game does not answer any more")
            await self._until_up()

    async def _find_inner(self) -> None:
        """Whose CPU and memory are the game's, where that is not our child's."""
        if isinstance(self._game, ContainerGame) and (found := await self._game.inner()) is not None:
            self._set(inner_pid=found[0], inner_identity=found[1])

    async def _is_up(self) -> None:
        """Raises `NoAnswer`."""
        if self._pod.container and self.state.inner_pid is None and not query.is_asked(self._pod):
            await self._find_inner()
        await query.is_up(self._pod, self._quick, self.state.inner_pid)

    async def _until_up(self) -> None:
        pause = _FIRST_LOOK
        while True:
            await asyncio.sleep(pause)
            with contextlib.suppress(NoAnswer):
                return await self._is_up()
            pause = min(pause * 1.5, 1.0)

    async def _while_ready(self) -> None:
        """Returns when the game stopped answering."""
        clock = asyncio.get_running_loop().time
        since, misses = clock(), 0
        while misses < _MISSES:
            await asyncio.sleep(self._pod.probe_every)
            if clock() - since >= _HEALTHY:
                self._starts = 0
            if self._pod.ready == "log":
                continue
            try:
                await self._is_up()
                misses = 0
            except NoAnswer:
                misses += 1

    def _set(self, **changes: Any) -> None:
        self.state = replace(self.state, revision=self.state.revision + 1, **changes)
        with contextlib.suppress(OSError):  # a full disk must not end the game; who asks by HTTP is still told
            write_json(self._folder.state_file, self.state.to_json(), durable=False)
        self._news.set()
        self._news = asyncio.Event()


async def _send(console: Console, line: str) -> str:
    try:
        return await console.send(line)
    except ConsoleAway as why:
        raise NoConsole(str(why)) from why


def _backoff(starts: int) -> float:
    """Seconds before the next start: 0 for the first two, then 1, 2, 4 and so on."""
    return 0.0 if starts < 2 else min(2.0 ** (starts - 2), _BACKOFF_CAP)


async def _collect(heard: asyncio.Queue[str]) -> list[str]:
    """Lines until it is quiet again, for at most `_CONSOLE_PATIENCE`."""
    lines: list[str] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_CONSOLE_PATIENCE):
            lines.append(await heard.get())
            while True:
                async with asyncio.timeout(_CONSOLE_QUIET):
                    lines.append(await heard.get())
    return lines


def _now() -> str:
    return datetime.now(UTC).isoformat()
