"""Pure: what a raw pod says about its server's run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from sys import intern
from typing import Any

from core.cluster.kubernetes import names
from core.cluster.kubernetes.ends import ended_from_outside, interruption, nobody_saw, reason_of
from core.cluster.kubernetes.scheduling import why_no_node
from core.cluster.port import Restored
from core.words import NODE_STOPPED, NOT_READY, Exit, Lack, PodPhase, Problem, Step
from core.worlds.failures import TABLE, Failure, problem_of_exit

Raw = dict[str, Any]

CANNOT_PULL = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
_BROKEN = {"CreateContainerError", "RunContainerError", "StartError"}


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
    cut_off: bool = False  # it ends because its node is not fit to have it, and may not answer either
    orphan: bool = False  # it ends because its node is gone
    up: bool = False  # its containers are ready, as far as its node told
    mounting: bool = False  # it has a node, which has started nothing of it: first its volumes are mounted
    silent_since: datetime | None = None  # when the cluster, and not its node, said that it is not ready
    config_missing: bool = False  # kubelet wants a Secret that is not there
    key_refused: bool = False  # the store did not take the key that it makes the volume with
    volume: int = 0  # the incarnation that it is for
    volume_done: bool = False  # its volume is finished
    restored: Restored | None = None  # from where, if it came from a snapshot

    @property
    def lacks_secret(self) -> bool:
        """Whether its Secrets are to be written again; kubelet then tries once more by itself."""
        return self.config_missing or self.key_refused


def reduce_pod(raw: Raw, before: PodRecord | None = None) -> PodRecord:
    """`before`: the same pod as last seen, if it was."""
    meta, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    stamps = meta.get("annotations") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    game = _container(status, "containerStatuses", names.GAME_CONTAINER)
    state = game.get("state") or {}
    at_rest = "terminated" in state or ("waiting" in state and "terminated" in (game.get("lastState") or {}))
    if "terminated" in state and ended_from_outside(meta, spec, status, state["terminated"] or {}):
        game, at_rest = {**game, "state": {}}, False  # its pod is ended, and so is the game
    exits = int(game.get("restartCount", 0)) + at_rest
    ready = conditions.get("Ready", {})
    is_ready, is_up = ready.get("status") == "True", _is_true(conditions, "ContainersReady")
    phase, step, problem, detail = _phase(meta, spec, status, conditions, game, is_ready=is_ready)
    uid = meta["uid"]
    known = before if before is not None and before.uid == uid else None
    last_exit = _exit(game, exits, known, meta, spec)
    if problem is None and last_exit is not None and phase is not PodPhase.ENDING and not is_ready:
        found = _OF_EXIT.get(last_exit.reason)
        if found and (known is None or known.exits != exits or known.problem is found[0]):
            problem, detail = found[0], f"{found[1]} (exit code {last_exit.code})"
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
        lacks=why_no_node(detail)[1] if problem is Problem.NO_PLACE else None,
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
        cut_off=_disruption(conditions) == "DeletionByTaintManager",
        orphan=_disruption(conditions) == "DeletionByPodGC" or status.get("reason") == "NodeLost",
        up=is_up,
        mounting=step is Step.VOLUME and problem is None and _is_mounting(status),
        silent_since=_utc(ready.get("lastTransitionTime")) if is_up and ready.get("status") == "False" else None,
        volume=(volume := _number(stamps.get(names.VOLUME))),
        volume_done=(done := _volume_done(status)) is not None,
        restored=_restored(volume, done or ""),
        key_refused=done is None and _refused_key(status),
        config_missing=_waits(game) == "CreateContainerConfigError" or _helper_waits_for_config(status),
    )


Told = tuple[PodPhase, Step | None, Problem | None, str]


def _phase(meta: Raw, spec: Raw, status: Raw, conditions: Raw, game: Raw, *, is_ready: bool) -> Told:
    if "deletionTimestamp" in meta or status.get("phase") in ("Failed", "Succeeded"):
        return PodPhase.ENDING, None, *interruption(status)  # the StatefulSet controller replaces it
    if is_ready:
        return PodPhase.READY, None, None, ""
    if "running" in (game.get("state") or {}) or game.get("restartCount") or "terminated" in (game.get("state") or {}):
        return PodPhase.STARTING, Step.GAME, *_trouble(game)
    if not spec.get("nodeName"):
        placed = conditions.get("PodScheduled", {})
        message = placed.get("message", "")
        problem = why_no_node(message)[0] if placed.get("reason") == "Unschedulable" else None
        return PodPhase.PENDING, Step.PLACE, problem, message
    return _before_game(status, game, restores=names.SOURCE in (meta.get("annotations") or {}))


_OF_EXIT = {
    "OOMKilled": (Problem.OUT_OF_MEMORY, "the game used more than its memory"),
    NODE_STOPPED: (Problem.NODE_STOPPED, "nobody saw the game end: its node stopped"),
}
"""What the last exit says of a game that is not up again."""


def _first_helper(status: Raw) -> str:
    """The one that makes the volume; where that was finished before, the agent sees to it."""
    known = [each["name"] for each in status.get("initContainerStatuses") or ()]
    return names.AGENT_CONTAINER if known == [names.AGENT_CONTAINER] else names.VOLUME_CONTAINER


def _is_mounting(status: Raw) -> bool:
    state = _container(status, "initContainerStatuses", _first_helper(status)).get("state") or {}
    return not {"running", "terminated"} & state.keys()


def _before_game(status: Raw, game: Raw, *, restores: bool) -> Told:
    """On a node, the game not started yet: first the volume's container, then the agent, then the game's image."""
    for name in (names.VOLUME_CONTAINER, names.AGENT_CONTAINER):
        helper = _container(status, "initContainerStatuses", name)
        state = helper.get("state") or {}
        ended = state.get("terminated") or (helper.get("lastState") or {}).get("terminated") or {}
        if ended.get("exitCode") and not nobody_saw(ended):
            cause = problem_of_exit(ended["exitCode"])
            said = ended.get("message") or ended.get("reason") or f"exit code {ended['exitCode']}"
            return PodPhase.PENDING, Step.VOLUME, cause, f"{name}: {said}".strip()
        problem, detail = _trouble(helper)
        if problem is not None:
            return PodPhase.PENDING, Step.VOLUME, problem, f"{name}: {detail}"
        if name == names.VOLUME_CONTAINER and "running" in state and restores:
            return PodPhase.RESTORING, Step.RESTORE, None, ""
        if name == _first_helper(status) and not _is_through(name, helper):
            return PodPhase.PENDING, Step.VOLUME, None, ""
    return PodPhase.PENDING, Step.IMAGE, *_trouble(game)


def _trouble(container: Raw) -> tuple[Problem | None, str]:
    reason = _waits(container)
    detail = f"{reason}: {(container.get('state') or {}).get('waiting', {}).get('message', '')}".rstrip(": ")
    if reason in CANNOT_PULL:
        return Problem.IMAGE, detail
    if reason in _BROKEN:
        return Problem.CANNOT_APPLY, detail
    return None, detail if reason == "CrashLoopBackOff" else ""


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
    never_ready = 0 < within <= took + 1 and unready and not nobody_saw(ended)
    reason = NOT_READY if never_ready and ended.get("reason") != "OOMKilled" else reason_of(ended)
    return Exit(int(ended.get("exitCode", 0)), reason, at)


def _is_true(conditions: Mapping[str, Raw], kind: str) -> bool:
    return conditions.get(kind, {}).get("status") == "True"


def _disruption(conditions: Mapping[str, Raw]) -> str:
    """Why the cluster ends the pod; empty where it does not."""
    return str(conditions["DisruptionTarget"].get("reason", "")) if _is_true(conditions, "DisruptionTarget") else ""


def _is_through(name: str, helper: Raw) -> bool:
    return (
        "terminated" in (helper.get("state") or {}) if name == names.VOLUME_CONTAINER else bool(helper.get("started"))
    )


def _volume_done(status: Raw) -> str | None:
    """The last words of the container that makes the volume, if it ended well; none where it was finished before."""
    if _first_helper(status) == names.AGENT_CONTAINER:
        agent = _container(status, "initContainerStatuses", names.AGENT_CONTAINER)
        return "" if _is_through(names.AGENT_CONTAINER, agent) else None
    state = _container(status, "initContainerStatuses", names.VOLUME_CONTAINER).get("state") or {}
    ended = state.get("terminated")
    return str(ended.get("message", "")) if ended and not ended.get("exitCode") else None


def _refused_key(status: Raw) -> bool:
    helper = _container(status, "initContainerStatuses", names.VOLUME_CONTAINER)
    ended = [(helper.get(each) or {}).get("terminated") or {} for each in ("state", "lastState")]
    return any(each.get("exitCode") == TABLE[Failure.KEY].container for each in ended)


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
