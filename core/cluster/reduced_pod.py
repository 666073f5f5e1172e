"""Pure: what a raw pod says about its server's run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from sys import intern
from typing import Any

from core.cluster import names
from core.cluster.port import Restored
from core.words import Exit, Lack, PodPhase, Problem, Step

Raw = dict[str, Any]

NOT_READY = "NotReady"
"""The reason of an exit that kubelet brought about because the game had its time and was never ready."""

_IMAGE = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
_BROKEN = {"CreateContainerError", "RunContainerError", "StartError"}
_BY_EXIT_CODE = {
    names.FOREIGN_EXIT: Problem.VOLUME_FOREIGN,
    names.NO_SNAPSHOT_EXIT: Problem.SNAPSHOT_GONE,
    names.FULL_EXIT: Problem.DISK_FULL,
    names.LOST_EXIT: Problem.VOLUME_LOST,
    names.AWAY_EXIT: Problem.STORE_AWAY,
    names.REFUSED_EXIT: Problem.STORE_REFUSED,
    names.DAMAGED_EXIT: Problem.WORLD_DAMAGED,
}
_CUT_OFF = {"DeletionByTaintManager", "DeletionByPodGC"}


@dataclass(frozen=True, slots=True)
class PodRecord:
    name: str
    server: str
    uid: str
    version: int
    run: int
    phase: PodPhase
    step: Step | None = None
    problem: Problem | None = None
    detail: str = ""
    lacks: Lack | None = None
    exits: int = 0  # of the game, in this pod
    last_exit: Exit | None = None
    at_rest: bool = False  # between an exit and the next start that has not been counted as a restart yet
    started: bool = False  # the game of this run was ready once
    started_at: datetime | None = None  # this run of the game
    ready_since: datetime | None = None
    ip: str = ""
    node: str = ""
    node_ip: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    deadline: datetime | None = None  # when a pod that ends is to be gone
    cut_off: bool = False  # it ends because its node does not answer
    config_missing: bool = False  # kubelet wants a Secret that is not there
    volume: int = 0  # the incarnation that it is for
    volume_done: bool = False  # its volume is finished
    restored: Restored | None = None  # from where, if it came from a snapshot


def reduce_pod(raw: Raw, before: PodRecord | None = None) -> PodRecord:
    """`before`: the same pod as last seen, if it was."""
    meta, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    stamps = meta.get("annotations") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    game = _container(status, "containerStatuses", names.GAME_CONTAINER)
    state = game.get("state") or {}
    at_rest = "terminated" in state or ("waiting" in state and "terminated" in (game.get("lastState") or {}))
    exits = int(game.get("restartCount", 0)) + at_rest
    ready = conditions.get("Ready", {})
    is_ready = ready.get("status") == "True"
    phase, step, problem, detail = _phase(meta, spec, status, conditions, game, is_ready=is_ready)
    uid = meta["uid"]
    known = before if before is not None and before.uid == uid else None
    last_exit = _exit(game, exits, known, meta, spec)
    if problem is None and last_exit is not None and last_exit.reason == "OOMKilled" and not is_ready:
        problem, detail = Problem.OUT_OF_MEMORY, f"the game used more than its memory (exit code {last_exit.code})"
    return PodRecord(
        name=meta["name"],
        server=intern((meta.get("labels") or {}).get(names.SERVER, "")),
        uid=uid,
        version=int(meta.get("resourceVersion") or 0),
        run=_number(stamps.get(names.RUN)),
        phase=phase,
        step=step,
        problem=problem,
        detail=detail,
        lacks=_lacks(detail) if problem is Problem.NO_PLACE else None,
        exits=exits,
        last_exit=last_exit,
        at_rest="terminated" in state,
        started=bool(game.get("started")) and "running" in state,
        started_at=_utc((state.get("running") or {}).get("startedAt")),
        ready_since=_utc(ready.get("lastTransitionTime")) if is_ready else None,
        ip=status.get("podIP", ""),
        node=intern(spec.get("nodeName", "")),
        node_ip=intern(status.get("hostIP", "")),
        ports=_ports(stamps.get(names.PORTS)),
        deadline=_utc(meta.get("deletionTimestamp")),
        cut_off=conditions.get("DisruptionTarget", {}).get("reason") in _CUT_OFF or status.get("reason") == "NodeLost",
        volume=(volume := _number(stamps.get(names.VOLUME))),
        volume_done=(done := _volume_done(status)) is not None,
        restored=_restored(volume, done or ""),
        config_missing=_waits(game) == "CreateContainerConfigError" or _helper_waits_for_config(status),
    )


Told = tuple[PodPhase, Step | None, Problem | None, str]


def _phase(meta: Raw, spec: Raw, status: Raw, conditions: Raw, game: Raw, *, is_ready: bool) -> Told:
    if "deletionTimestamp" in meta:
        return PodPhase.ENDING, None, None, ""
    if status.get("phase") in ("Failed", "Succeeded"):  # the StatefulSet controller replaces it
        why = f"{status.get('reason', '')}: {status.get('message', '')}".strip(": ")
        return PodPhase.ENDING, None, _eviction(status), why
    if is_ready:
        return PodPhase.READY, None, None, ""
    if "running" in (game.get("state") or {}) or game.get("restartCount") or "terminated" in (game.get("state") or {}):
        return PodPhase.STARTING, Step.GAME, *_trouble(game)
    if not spec.get("nodeName"):
        placed = conditions.get("PodScheduled", {})
        lacks = placed.get("reason") == "Unschedulable"
        return PodPhase.PENDING, Step.PLACE, Problem.NO_PLACE if lacks else None, placed.get("message", "")
    return _before_game(status, game, restores=names.SOURCE in (meta.get("annotations") or {}))


_LACKS = {
    "Insufficient memory": Lack.MEMORY,
    "Insufficient cpu": Lack.CPU,
    "didn't have free ports": Lack.PORT,
}
"""In the scheduler's words."""


def _lacks(message: str) -> Lack | None:
    """Where it is only one of these; that some nodes take no such pod at all helps nobody to know."""
    found = [lack for words, lack in _LACKS.items() if words in message]
    return found[0] if len(found) == 1 else None


def _before_game(status: Raw, game: Raw, *, restores: bool) -> Told:
    """On a node, the game not started yet: first the volume's container, then the agent, then the game's image."""
    for name in (names.VOLUME_CONTAINER, names.AGENT_CONTAINER):
        helper = _container(status, "initContainerStatuses", name)
        state = helper.get("state") or {}
        ended = state.get("terminated") or (helper.get("lastState") or {}).get("terminated") or {}
        if ended.get("exitCode"):
            cause = _BY_EXIT_CODE.get(ended["exitCode"], Problem.CANNOT_APPLY)
            said = ended.get("message") or ended.get("reason") or f"exit code {ended['exitCode']}"
            return PodPhase.PENDING, Step.VOLUME, cause, f"{name}: {said}".strip()
        problem, detail = _trouble(helper)
        if problem is not None:
            return PodPhase.PENDING, Step.VOLUME, problem, f"{name}: {detail}"
        if name == names.VOLUME_CONTAINER and "running" in state and restores:
            return PodPhase.RESTORING, Step.RESTORE, None, ""
        if name == names.VOLUME_CONTAINER and "terminated" not in state:
            return PodPhase.PENDING, Step.VOLUME, None, ""
    return PodPhase.PENDING, Step.IMAGE, *_trouble(game)


def _trouble(container: Raw) -> tuple[Problem | None, str]:
    reason = _waits(container)
    detail = f"{reason}: {(container.get('state') or {}).get('waiting', {}).get('message', '')}".rstrip(": ")
    if reason in _IMAGE:
        return Problem.IMAGE, detail
    if reason in _BROKEN:
        return Problem.CANNOT_APPLY, detail
    return None, detail if reason == "CrashLoopBackOff" else ""


def _eviction(status: Raw) -> Problem | None:
    if status.get("reason") != "Evicted":
        return None
    message = str(status.get("message", "")).lower()
    if "ephemeral" in message or "disk" in message or "emptydir" in message:
        return Problem.DISK_FULL
    return Problem.OUT_OF_MEMORY if "memory" in message else Problem.NO_PLACE


def _exit(game: Raw, exits: int, before: PodRecord | None, meta: Raw, spec: Raw) -> Exit | None:
    """Kubelet does not say that it ended a game for not becoming ready: it is a run that was never seen ready and took
    all the time it had. Where nobody saw it, one that ended within its grace after that. The reason is kept for as
    long as the exit is the last one."""
    state, last = game.get("state") or {}, game.get("lastState") or {}
    ended = state.get("terminated") or last.get("terminated")
    if not ended:
        return None
    at = _utc(ended.get("finishedAt")) or datetime.fromtimestamp(0, UTC)
    if before is not None and before.last_exit is not None and before.exits == exits:
        return before.last_exit
    took = (at - (_utc(ended.get("startedAt")) or at)).total_seconds()
    within = _number((meta.get("annotations") or {}).get(names.WITHIN))
    longest = within + int(spec.get("terminationGracePeriodSeconds", 30)) + 10
    unready = not before.started if before is not None else took <= longest
    never_ready = 0 < within <= took + 1 and unready
    reason = NOT_READY if never_ready and ended.get("reason") != "OOMKilled" else str(ended.get("reason", ""))
    return Exit(int(ended.get("exitCode", 0)), reason, at)


def _volume_done(status: Raw) -> str | None:
    """The last words of the container that makes the volume, if it ended well."""
    state = _container(status, "initContainerStatuses", names.VOLUME_CONTAINER).get("state") or {}
    ended = state.get("terminated")
    return str(ended.get("message", "")) if ended and not ended.get("exitCode") else None


def _restored(volume: int, said: str) -> Restored | None:
    if not said.startswith("{"):
        return None
    try:
        known = json.loads(said)
        return Restored(volume, str(known["restored"]), datetime.fromisoformat(str(known["saved_at"])))
    except (ValueError, KeyError, TypeError):
        return None


def _helper_waits_for_config(status: Raw) -> bool:
    return any(_waits(each) == "CreateContainerConfigError" for each in status.get("initContainerStatuses") or ())


def _waits(container: Raw) -> str:
    return str(((container.get("state") or {}).get("waiting") or {}).get("reason", ""))


def _container(status: Raw, key: str, name: str) -> Raw:
    return next((each for each in status.get(key) or () if each["name"] == name), {})


@lru_cache(maxsize=256)
def _ports(text: str | None) -> Mapping[str, int]:
    """The same for all servers of a game."""
    try:
        known = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): number for name, number in known.items() if isinstance(number, int)}


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else 0


def _utc(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
