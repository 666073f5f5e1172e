"""The engine of this machine's containers: what it is, the images that it has, and what is left of containers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from core.agent.local.container import NotEnded, ask, end_left, remove
from core.agent.wire import Container
from core.children import minimal_env
from core.cluster.image import OWN, image_of, name_of
from core.cluster.local.container import FOLDER, Engine, folder_mark, who_of, whole
from core.cluster.port import ServerSpec
from core.errors import ClusterError
from core.games.form.game import Game
from core.words import Problem

log = structlog.get_logger()
PULLS_WITHIN = 3600.0  # seconds
GRACE = 60.0  # seconds that a container has to end of which nobody knows what game it is
_FOR_ENGINES = re.compile(
    r"HOME|XDG_(RUNTIME_DIR|(CONFIG|DATA|CACHE)_HOME)|DBUS_SESSION_BUS_ADDRESS|TMPDIR|REGISTRY_AUTH_FILE"
    r"|CONTAINERS_(CONF|STORAGE_CONF|REGISTRIES_CONF)|CONTAINER_(HOST|SSHKEY)"
    r"|DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS_VERIFY)|(HTTPS?|NO)_PROXY|(https?|no)_proxy|SSL_CERT_(FILE|DIR)"
)
_MOST_FILES = 1024 * 1024
_MOST_PROCESSES = 32768  # podman 4.3.1 was seen to refuse more, whatever its user may have

Alive = Callable[[str, str], bool]
"""Of a server and the beginning of a pod's UID: whether somebody looks after its container."""


class Containers:
    """`kind` is "podman" or "docker", `own` the name of Dormouse's own image; empty: there is none here.

    `folder` is the cluster's: other installations' containers are left alone.
    """

    def __init__(self, kind: str, folder: Path, *, own: str = "", environ: Mapping[str, str] | None = None) -> None:
        self.kind = kind
        self.own = own
        self.mark = folder_mark(folder.absolute())
        self.env = _env(os.environ if environ is None else environ)
        self._client = Container([kind], "", self.env)
        self._engine: Engine | None = None
        self._pulls: dict[str, asyncio.Task[str]] = {}  # by image: what is being fetched

    def runs(self, game: Game) -> bool:
        """Whether the game is started from its image here."""
        return game.image is not None and (game.image.ref != OWN or bool(self.own))

    async def engine(self) -> Engine:
        """What it says of itself. Raises ClusterError where it is not there or does not answer."""
        if self._engine is None:
            self._engine = engine_of(self.kind, await self.facts())
        return self._engine

    async def facts(self) -> dict[str, Any]:
        """What its `info` says. Raises ClusterError."""
        if shutil.which(self.kind) is None:
            raise ClusterError(f"{self.kind} is not installed", problem=Problem.CANNOT_APPLY)
        code, said, wrong = await self.ask("info", "--format", "{{json .}}")
        try:
            facts = json.loads(said) if not code else None
        except ValueError:
            facts = None
        if not isinstance(facts, dict) or facts.get("ServerErrors"):
            why = wrong or "; ".join((facts or {}).get("ServerErrors") or ["it said nothing of itself"])
            raise ClusterError(f"{self.kind} does not answer: {why}", problem=Problem.CANNOT_APPLY)
        return facts

    async def image(self, spec: ServerSpec, pulling: Callable[[], None]) -> str:
        """See that the game's image is here; the user that it says it starts as. `pulling` is called before it is
        waited for. Raises ClusterError. Whoever is cancelled leaves the rest to go on: the next one has it sooner."""
        name = whole(name_of(image_of(spec), self.own, spec.game.values(spec.settings)), self.own)
        if name not in self._pulls and (user := await self._user(name)) is not None:
            return user
        if name not in self._pulls:
            task = self._pulls[name] = asyncio.create_task(self._pull(name), name=f"pull {name}")
            task.add_done_callback(lambda done: self._forget(name, done))
        pulling()
        return await asyncio.shield(self._pulls[name])

    async def has(self, game: Game) -> bool:
        """Whether its image is here."""
        if game.image is None:
            return False
        return await self._user(whole(name_of(game.image, self.own, game.values({})), self.own)) is not None

    def _forget(self, name: str, done: asyncio.Task[str]) -> None:
        del self._pulls[name]
        if not done.cancelled():
            done.exception()  # whoever waits for it is told; it may be nobody

    async def _pull(self, name: str) -> str:
        log.info("pulling", image=name)
        code, _, wrong = await self.ask("pull", "--quiet", name, more=PULLS_WITHIN)
        user = None if code else await self._user(name)
        if user is None:
            raise ClusterError(f"{name} cannot be had: {wrong}", problem=Problem.IMAGE)
        return user

    async def close(self) -> None:
        """End what is being fetched."""
        tasks = list(self._pulls.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def end_strangers(self, is_alive: Alive) -> None:
        """End the containers of this installation that no agent looks after: their servers are gone, or another pod
        runs."""
        code, said, wrong = await self.ask("ps", "--all", f"--filter=label={FOLDER}={self.mark}", "--format={{.Names}}")
        if code:
            log.warning("containers not seen", why=wrong)
            return
        for name in said.split():
            if is_alive(*who_of(name)):
                continue
            log.warning("container without an agent ended", container=name)
            await self.ask("stop", "-t", f"{GRACE:.0f}", name, more=GRACE)
            await remove(self._client, name)

    async def ask(self, *arguments: str, more: float = 0.0) -> tuple[int, str, str]:
        return await ask(self._client, *arguments, more=more)

    async def _user(self, image: str) -> str | None:
        """None where the image is not here."""
        code, said, _ = await self.ask("image", "inspect", "--format", "{{.Config.User}}", image)
        return None if code else said


def engine_of(kind: str, facts: Mapping[str, Any]) -> Engine:
    """From what `info` says: podman's has what this user may limit, docker's what its machine can."""
    program = shutil.which(kind) or kind
    if kind == "docker":
        memory, cpu = bool(facts.get("MemoryLimit", True)), bool(facts.get("CpuCfsQuota", True))
    else:
        able = (facts.get("host") or {}).get("cgroupControllers") or []
        memory, cpu = "memory" in able, "cpu" in able
    return Engine(
        kind,
        program,
        os.geteuid(),
        os.getegid(),
        limits_memory=memory,
        limits_cpu=cpu,
        open_files=_most(resource.RLIMIT_NOFILE, _MOST_FILES),
        processes=_most(resource.RLIMIT_NPROC, _MOST_PROCESSES),
    )


def _most(what: int, cap: int) -> int | None:
    most = resource.getrlimit(what)[1]
    return None if most == resource.RLIM_INFINITY else min(most, cap)


def _env(environ: Mapping[str, str]) -> dict[str, str]:
    """What an engine's client needs of its user's environment, and nothing else of the bot's."""
    own = {key: value for key, value in environ.items() if _FOR_ENGINES.fullmatch(key)}
    return minimal_env(environ.get("HOME", "/"), python=False) | own


async def end_all(container: Container, server: str, grace: float) -> None:
    """What is left of a server's containers. Raises ClusterError."""
    try:
        await end_left(container, server, grace)
    except NotEnded as wrong:
        raise ClusterError(str(wrong), problem=Problem.CANNOT_APPLY) from wrong
