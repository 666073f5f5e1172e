"""Keeps one server of the local cluster at what its spec says: what the StatefulSet controller does, for one set.

Everything it acts on stands in the server's folder, so a keeper that dies on any line is followed by one that goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import aiohttp
import structlog

from core.agent.file_wire import FileAnswer, FileOrder, answer_of
from core.agent.files import is_locked, read_json, read_record, take_lock, write_json
from core.agent.local.folder import LAST_SNAPSHOT_WITHIN, LOG_CAP, ServerFolder
from core.agent.local.process import end, is_alive, kill_group, reap
from core.agent.wire import Container, PodSpec, RunningAgent, State, receipt_of
from core.children import Program, command, minimal_env
from core.cluster.local.containers import Containers, end_all
from core.cluster.local.spec import container_spec, from_json, pod_spec, to_json
from core.cluster.local.volumes import Volumes
from core.cluster.port import LastSave, Observed, RestoreProgress, ServerSpec, fingerprint
from core.errors import ClusterError
from core.games.query.port import Endpoint
from core.words import Exit, PodPhase, Problem, Step, VolumePhase
from core.worlds.failures import TABLE, Failure, failure_of
from core.worlds.receipt import Receipt
from core.worlds.store.place import StorePlace
from core.worlds.turns import Turns

log = structlog.get_logger()
LOOK_AGAIN = 0.05  # seconds, only while a process that is not our child comes or goes
RETRY = 2.0  # seconds after an agent that did not come up
LONGEST_RETRY = 60.0  # seconds; trouble that stays is tried at growing distance
TELL_EVERY = 1.0  # seconds between words about a restore's progress
AGENT_UP = 15.0  # seconds that an agent may take to say its port
OUT_OF_MEMORY = "OOMKilled"  # an exit's reason
HUNG = 5.0  # seconds beyond the game's grace that its agent has to end
REMOVED = 60.0  # seconds more where an engine has to take a container away, which may be a large one
STOP_POLL = aiohttp.ClientTimeout(total=3)
LONG_POLL = aiohttp.ClientTimeout(total=40)
FILES_WITHIN = aiohttp.ClientTimeout(total=120)
SNAPSHOT_WITHIN = aiohttp.ClientTimeout(total=3600)
_PHASES = {"starting": PodPhase.STARTING, "ready": PodPhase.READY} | dict.fromkeys(
    ("ending", "saving", "ended"), PodPhase.ENDING
)


class Keeper:
    """`run` until cancelled; `wake` after anything in the folder was changed on purpose."""

    def __init__(
        self,
        folder: ServerFolder,
        session: aiohttp.ClientSession,
        tell: Callable[[Observed], None],
        *,
        host: str,
        turns: Turns,
        store: StorePlace | None = None,
        containers: Containers | None = None,
    ) -> None:
        self._volumes = Volumes(folder, store)
        self._progress: RestoreProgress | None = None  # of a restore that is under way
        self._told_at = -TELL_EVERY  # by the event loop's clock
        self._tries = 0  # since something last worked
        self.server = folder.root.name
        self._folder = folder
        self._session = session
        self._tell = tell
        self._host = host
        self._turns = turns
        self._waits_for_turn = False
        self._containers = containers
        self._pulls = False  # its image is being fetched
        self._woken = asyncio.Event()
        self._state: State | None = None
        self._problem: tuple[Problem, str] | None = None
        self._children: list[subprocess.Popen[bytes]] = []
        self._kill_at: float | None = None  # when an agent that was told to stop counts as hung
        self._saving = False  # that time was moved, for the last snapshot
        self.halted = False
        self.delete: str | None = None  # UID of a pod that is to end
        self.removing = False
        self.gone = asyncio.Event()  # no pod is left, and none will be started

    def wake(self) -> None:
        self._woken.set()

    # the spec

    def spec(self) -> ServerSpec | None:
        values = read_json(self._folder.spec)
        if values is None:
            return None
        try:
            return from_json(values)
        except (ValueError, TypeError) as wrong:
            log.warning("spec not readable", server=self.server, why=str(wrong))
            return None

    def write_spec(self, spec: ServerSpec) -> None:
        self._folder.pod.make_folder(ours=True)
        self._volumes.write_store()
        write_json(self._folder.spec, to_json(spec))

    # the loop

    async def run(self) -> None:
        if self._folder.spec.kind() == "file":
            with contextlib.suppress(OSError):
                self._volumes.write_store()  # the settings may have changed while the bot was away
        while True:
            self._woken.clear()
            try:
                done = await self._step()
            except ClusterError as refused:
                self._problem = (Problem(refused.problem or Problem.CANNOT_APPLY), refused.detail)
                done = True
            except OSError as wrong:
                self._problem = (TABLE[failure_of(wrong)].problem, str(wrong))
                log.warning("local pod", server=self.server, why=str(wrong))
                done = True
            self._tries = self._tries + 1 if self._problem else 0
            self._tell(self.observe())
            if done:
                pause = min(RETRY * 2.0 ** min(self._tries - 1, 10), LONGEST_RETRY) if self._problem else None
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._woken.wait()

    async def _step(self) -> bool:
        """One thing to do; True when there is nothing but to wait for a wake."""
        for child in [child for child in self._children if child.poll() is not None]:
            self._children.remove(child)
        spec, pod = self.spec(), read_record(PodSpec, self._folder.pod_file)
        running = is_locked(self._folder.pod_lock)
        wanted = spec is not None and spec.replicas == 1 and not self.halted and not self.removing
        if running:
            self.gone.clear()
            await self._accompany(pod, wanted)
            return False
        if pod is not None:
            await self._clean_up(pod)
            return False
        self.delete = self._kill_at = None
        self._saving = False
        if not wanted or spec is None:
            self.gone.set()
            self._problem = None
            if self.removing:
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(self._folder.spot.remove)
            return True
        if await self._prepare(spec):
            engine = self._engine_of(spec)
            user = None if engine is None else await self._fetch(spec, engine)
            if engine is None or user is not None:
                await self._start(spec, user or "")
        return False

    def _engine_of(self, spec: ServerSpec) -> Containers | None:
        """What starts this game in a container; None: it is a child process."""
        return self._containers if self._containers is not None and self._containers.runs(spec.game) else None

    async def _accompany(self, pod: PodSpec | None, wanted: bool) -> None:
        """Ask the agent what is new, and tell it to stop where its pod is not wanted any more."""
        agent = read_record(RunningAgent, self._folder.agent_file)
        if pod is None or agent is None or agent.uid != pod.uid:
            await asyncio.sleep(LOOK_AGAIN)  # it is coming up, or somebody took its files away
            return
        base, headers = f"http://127.0.0.1:{agent.port}", {"Authorization": f"Bearer {pod.token}"}
        after = self._state.revision if self._state and self._state.uid == pod.uid else None
        now = asyncio.get_running_loop().time
        try:
            if not wanted or self.delete == pod.uid:
                if self._kill_at is None:
                    self._kill_at = now() + pod.grace + HUNG + (REMOVED if pod.container else 0)
                if now() >= self._kill_at:
                    log.warning("agent hangs, killed", server=self.server)
                    kill_group(agent.pid, agent.identity)
                async with self._session.post(f"{base}/v1/stop", headers=headers, timeout=STOP_POLL) as answer:
                    self._state = State.of(await answer.json())
                    after = self._state.revision
            url = f"{base}/v1/status" + ("" if after is None else f"?after={after}")
            patience = None if self._kill_at is None else max(0.0, self._kill_at - now())
            self._state = await self._poll(url, headers, patience) or self._state
            if self._state is not None and self._state.phase == "saving" and self._kill_at and not self._saving:
                self._saving, self._kill_at = True, now() + LAST_SNAPSHOT_WITHIN + HUNG
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, TypeError):
            if is_alive(agent.pid, agent.identity):
                await asyncio.sleep(LOOK_AGAIN)
            elif is_locked(self._folder.pod_lock):
                reap(agent.pid)
                await asyncio.sleep(LOOK_AGAIN)

    async def _poll(self, url: str, headers: dict[str, str], patience: float | None) -> State | None:
        """The next state; None if woken first, or after `patience` seconds."""

        async def ask() -> State:
            async with self._session.get(url, headers=headers, timeout=LONG_POLL) as answer:
                answer.raise_for_status()
                return State.of(await answer.json())

        asked = asyncio.create_task(ask())
        woken = asyncio.create_task(self._woken.wait())
        try:
            await asyncio.wait([asked, woken], timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            return await asked if asked.done() else None
        finally:
            for task in (asked, woken):
                task.cancel()
            await asyncio.gather(asked, woken, return_exceptions=True)

    async def _clean_up(self, pod: PodSpec) -> None:
        """The agent is gone: see that its game is gone too, then forget the pod."""
        state = read_record(State, self._folder.state_file)
        if state is not None and state.uid == pod.uid and state.pid is not None and is_alive(state.pid, state.identity):
            self._tell(self.observe())
            await end(state.pid, state.identity, by=signal.Signals[pod.stop_signal], grace=pod.grace)
            kill_group(state.pid, state.identity)
        if pod.container:
            await end_all(Container.of(pod.container), pod.server, pod.grace)
        self._folder.agent_file.remove()
        self._folder.state_file.remove()
        self._folder.pod_file.remove()
        self._state = None

    async def _prepare(self, spec: ServerSpec) -> bool:
        """See that volume `spec.volume` is there; False where something else came to be wanted meanwhile."""
        if self._volumes.is_ready(spec):
            return True
        if spec.source is None:
            self._volumes.make_empty(spec)
            return True
        self._problem = None
        self._show_progress(0, 0)
        try:
            if not await self._while_wanted(spec, self._bring(spec)):
                return False
        finally:
            self._progress = None
        return self._still_wants(spec)

    async def _fetch(self, spec: ServerSpec, engine: Containers) -> str | None:
        """See that the game's image is there; the user that it says it starts as. None where something else came to be
        wanted meanwhile."""
        found: list[str] = []

        async def fetch() -> None:
            await engine.engine()
            found.append(await engine.image(spec, self._show_pull))

        try:
            done = await self._while_wanted(spec, fetch())
        finally:
            self._pulls = False
        return found[0] if done and self._still_wants(spec) else None

    def _show_pull(self) -> None:
        self._problem, self._pulls = None, True
        self._tell(self.observe())

    async def _while_wanted(self, spec: ServerSpec, doing: Coroutine[Any, Any, None]) -> bool:
        """Whether it was done; it is ended where something else comes to be wanted."""
        task = asyncio.create_task(doing)
        try:
            while not task.done():
                self._woken.clear()
                woken = asyncio.create_task(self._woken.wait())
                await asyncio.wait([task, woken], return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
                if not task.done() and not self._still_wants(spec):
                    return False
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return True

    async def _bring(self, spec: ServerSpec) -> None:
        """In a turn: a hundred worlds that come back at once would take the machine from the games."""
        self._waits_for_turn = not self._turns.is_free(spec.guild)
        if self._waits_for_turn:
            self._tell(self.observe())
        try:
            async with self._turns.of(spec.guild, patient=True):
                self._waits_for_turn = False
                self._progress = RestoreProgress(0, 0, datetime.now(UTC))
                self._tell(self.observe())
                await self._volumes.bring(spec, self._show_progress)
        finally:
            self._waits_for_turn = False

    def _still_wants(self, spec: ServerSpec) -> bool:
        now = self.spec()
        if now is None or self.halted or self.removing:
            return False
        return (now.replicas, now.volume, now.source) == (1, spec.volume, spec.source)

    def _show_progress(self, done: int, total: int) -> None:
        now = asyncio.get_running_loop().time()
        before, self._progress = (
            self._progress,
            RestoreProgress(done, total, self._progress.since if self._progress else datetime.now(UTC)),
        )
        if before is None or done >= total or now - self._told_at >= TELL_EVERY:
            self._told_at = now
            self._tell(self.observe())

    async def _pod_of(self, spec: ServerSpec, user: str) -> PodSpec:
        uid, every = uuid.uuid4().hex, 2.0
        if (engine := self._engine_of(spec)) is None:
            return pod_spec(spec, self._folder, uid=uid, host=self._host, probe_every=every)
        return container_spec(
            spec,
            self._folder,
            await engine.engine(),
            uid=uid,
            host=self._host,
            probe_every=every,
            env=engine.env,
            mark=engine.mark,
            own=engine.own,
            user=user,
        )

    async def _start(self, spec: ServerSpec, user: str) -> None:
        """`user`: what the image says of its user, where there is one."""
        self._problem = None
        self._folder.pod.make_folder(ours=True)
        lock = take_lock(self._folder.pod_lock)
        if lock is None:
            return
        try:
            pod = await self._pod_of(spec, user)
            write_json(self._folder.pod_file, pod.to_json())
            self._state = None
            child = await asyncio.to_thread(self._spawn, lock)
        finally:
            os.close(lock)
        self._children.append(child)
        assert child.stdout is not None
        self._tell(self.observe())
        try:
            async with asyncio.timeout(AGENT_UP):
                said = await asyncio.to_thread(child.stdout.readline)
        except TimeoutError:
            child.kill()
            said = b""
        finally:
            child.stdout.close()
        if not said.strip().isdigit():
            self._problem = (Problem.CANNOT_APPLY, "the agent did not come up; see pod/agent.log")
            await asyncio.sleep(RETRY)

    def _spawn(self, lock: int) -> subprocess.Popen[bytes]:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with open(self._folder.agent_log.open_ours(flags), "ab") as errors:
            if os.fstat(errors.fileno()).st_size > LOG_CAP:
                errors.truncate(0)
            return subprocess.Popen(
                command(Program.AGENT, "local", str(self._folder.root.resolve())),
                env=minimal_env(str(self._folder.root), python=True),
                cwd=self._folder.root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=[lock],
                start_new_session=True,
            )

    # what is seen

    def observe(self) -> Observed:
        spec, pod = self.spec(), read_record(PodSpec, self._folder.pod_file)
        state = self._known(pod)
        taken = tuple(state.taken) if state else ()
        problem, detail = self._problem or (Problem.PORT_TAKEN if taken else None, state.detail if state else "")
        restoring = pod is None and self._progress is not None
        pulling = pod is None and self._pulls
        if state is not None and state.exit_reason == OUT_OF_MEMORY and problem is None and not state.ready_since:
            problem, detail = Problem.OUT_OF_MEMORY, "the game used more than its memory"
        return Observed(
            self.server,
            pod=PodPhase.RESTORING if restoring else PodPhase.PENDING if pulling else _phase(pod, state),
            uid=pod.uid if pod else None,
            run=pod.run if pod else spec.run if (restoring or pulling) and spec else 0,
            restarts=state.restarts if state else 0,
            last_exit=_exit(state),
            ready_since=datetime.fromisoformat(state.ready_since) if state and state.ready_since else None,
            step=self._step_of(pod, restoring=restoring),
            detail=detail,
            problem=problem,
            taken=taken,
            volume=self._volumes.phase(spec.volume, wanted=spec.replicas > 0) if spec else VolumePhase.NONE,
            volume_number=spec.volume if spec else 0,
            template_run=spec.run if spec else None,
            replicas=spec.replicas if spec else None,
            fingerprint=fingerprint(spec) if spec else "",
            endpoints=self._endpoints(pod),
            volumes=(volumes := self._volumes.numbers()),
            claim=spec.volume_bytes if spec and volumes else 0,
            saved=self._volumes.saved(),
            last_save=_last_save(state),
            restored=self._volumes.restored(spec.volume) if spec else None,
            progress=self._progress if restoring else None,
        )

    def _step_of(self, pod: PodSpec | None, *, restoring: bool) -> Step:
        if self._pulls and pod is None:
            return Step.IMAGE
        if restoring:
            return Step.TURN if self._waits_for_turn else Step.RESTORE
        return Step.GAME if pod else Step.QUEUED

    def game(self) -> tuple[int, str] | None:
        """The game's process, and which one that is (core.agent.local.process.identity)."""
        pod = read_record(PodSpec, self._folder.pod_file)
        state = self._known(pod)
        if state is None or state.pid is None:
            return None
        if pod is not None and pod.container:
            return None if state.inner_pid is None else (state.inner_pid, state.inner_identity)
        return state.pid, state.identity

    def _known(self, pod: PodSpec | None) -> State | None:
        """What the agent of this pod said last, or wrote where it was not asked yet."""
        if pod is None:
            return None
        if self._state is not None and self._state.uid == pod.uid:
            return self._state
        written = read_record(State, self._folder.state_file)
        return written if written and written.uid == pod.uid and is_locked(self._folder.pod_lock) else None

    def _endpoints(self, pod: PodSpec | None) -> dict[str, Endpoint]:
        if pod is None:
            return {}
        found = {name: Endpoint(pod.host_of(name), port) for name, port in pod.ports.items()}
        agent = read_record(RunningAgent, self._folder.agent_file)
        return found | ({"agent": Endpoint("127.0.0.1", agent.port)} if agent and agent.uid == pod.uid else {})

    async def console(self, line: str) -> str:
        pod, agent = read_record(PodSpec, self._folder.pod_file), read_record(RunningAgent, self._folder.agent_file)
        if pod is None or agent is None:
            raise ClusterError("the game is not up")
        url, headers = f"http://127.0.0.1:{agent.port}/v1/console", {"Authorization": f"Bearer {pod.token}"}
        try:
            async with self._session.post(url, json={"line": line}, headers=headers) as answer:
                said: dict[str, Any] = await answer.json()
        except (aiohttp.ClientError, OSError, TimeoutError) as wrong:
            raise ClusterError(f"the agent does not answer: {wrong}") from wrong
        if "output" not in said:
            raise ClusterError(str(said.get("error", "refused")))
        return str(said["output"])

    async def snapshot(self, *, note: str, full: bool) -> Receipt:
        """By the agent where there is one, else of the volume at rest."""
        spec, pod = self.spec(), read_record(PodSpec, self._folder.pod_file)
        if spec is None:
            raise ClusterError("there is no such server", problem=Problem.CANNOT_APPLY)
        agent = read_record(RunningAgent, self._folder.agent_file)
        if pod is None or agent is None or agent.uid != pod.uid:
            saved = await self._volumes.save(spec, spec.volume, note=note, full=full)
            self._tell(self.observe())
            if saved is None:
                raise ClusterError("there is no world yet", problem=Problem.VOLUME_LOST)
            return saved
        url, headers = f"http://127.0.0.1:{agent.port}/v1/snapshot", {"Authorization": f"Bearer {pod.token}"}
        try:
            wish = {"note": note, "full": full}
            async with self._session.post(url, json=wish, headers=headers, timeout=SNAPSHOT_WITHIN) as answer:
                said: dict[str, Any] = await answer.json()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as wrong:
            raise ClusterError(f"the agent does not answer: {wrong}", problem=Problem.CANNOT_APPLY) from wrong
        return receipt_of(said)

    async def files(self, order: FileOrder) -> FileAnswer:
        """By the agent where there is one, else on the volume at rest."""
        spec, pod = self.spec(), read_record(PodSpec, self._folder.pod_file)
        if spec is None:
            raise ClusterError("there is no such server", problem=Problem.CANNOT_APPLY)
        if pod is None:
            return await self._volumes.files(spec.volume, order)
        agent = read_record(RunningAgent, self._folder.agent_file)
        if agent is None or agent.uid != pod.uid:
            raise ClusterError("the server is coming up", problem=Problem.CANNOT_APPLY)
        url, headers = f"http://127.0.0.1:{agent.port}/v1/files", {"Authorization": f"Bearer {pod.token}"}
        try:
            async with self._session.post(url, json=order.to_json(), headers=headers, timeout=FILES_WITHIN) as answer:
                said = await answer.json()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as wrong:
            raise ClusterError(f"the agent does not answer: {wrong}", problem=Problem.CANNOT_APPLY) from wrong
        if not isinstance(said, dict) or answer.status != HTTPStatus.OK:
            raise ClusterError(f"the agent knows no files: {answer.status}", problem=Problem.CANNOT_APPLY)
        return answer_of(said)

    async def seal(self, volume: int) -> Receipt | None:
        spec = self.spec()
        if spec is None:
            raise ClusterError("nothing is known of this server's game", problem=Problem.CANNOT_APPLY)
        saved = await self._volumes.save(spec, volume, seal=True)
        self._tell(self.observe())
        return saved


def _phase(pod: PodSpec | None, state: State | None) -> PodPhase:
    if pod is None:
        return PodPhase.NONE
    return PodPhase.PENDING if state is None else _PHASES.get(state.phase, PodPhase.STARTING)


def _last_save(state: State | None) -> LastSave | None:
    if state is None or not (state.saved or state.not_saved):
        return None
    failure = (state.not_saved_kind or Failure.FAILED) if state.not_saved else ""
    return LastSave(failure, state.not_saved)


def _exit(state: State | None) -> Exit | None:
    if state is None or state.exit_code is None or not state.exit_at:
        return None
    return Exit(state.exit_code, state.exit_reason, datetime.fromisoformat(state.exit_at))
