"""The part of `dormouse check` that looks at what starts containers on this machine: whether it is there, what its user
may do with it, and its disk."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot import from_settings
from bot.check.folder import FULL
from bot.check.report import Report
from bot.settings import Settings
from core.cluster.local.containers import Containers, engine_of
from core.errors import ClusterError
from core.games.form.game import Game

MAPS_SINCE = (4, 3)  # podman's version that makes any user of an image the one outside
IDS = 65536  # users and groups that images have
LOW = 20 * 1024**3  # bytes free: images of games have up to that
_TUN = Path("/dev/net/tun")
_MEND = {
    "podman": "install it (Debian: podman, uidmap and slirp4netns), and see what `podman info` says as this user",
    "docker": "install and start it, and let this user use it: docker's group has root's rights on the machine",
}


async def check(settings: Settings, games: tuple[Game, ...], report: Report) -> None:
    if settings.containers is None:
        return
    engine = from_settings.containers(settings)
    if engine is None:
        report.remarks.append("DORMOUSE_CONTAINERS does nothing on Kubernetes.")
        return
    try:
        facts = await engine.facts()
    except ClusterError as wrong:
        report.mistakes.append(f"DORMOUSE_CONTAINERS: {wrong.detail}: {_MEND[engine.kind]}.")
        return
    if ":" in str(settings.data_dir.absolute()):
        report.mistakes.append(
            "DORMOUSE_DATA_DIR: no folder of a container may have a colon in its path: take another."
        )
    if engine.kind == "podman":
        _podman(facts, report)
    _limits(engine, facts, report)
    _disk(facts, report)
    await _games(engine, facts, games, report)


def _podman(facts: Mapping[str, Any], report: Report) -> None:
    host = facts.get("host") or {}
    version = str((facts.get("version") or {}).get("Version", ""))
    if os.geteuid() == 0:
        return
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < MAPS_SINCE:
        report.mistakes.append(
            f"DORMOUSE_CONTAINERS: podman {version} cannot make an image's user the one outside; 4.3 and newer can. "
            "Install one, or run Dormouse as root."
        )
    mapped = (host.get("idMappings") or {}).get("uidmap") or []
    if sum(int(each.get("size", 0)) for each in mapped) < IDS:
        report.mistakes.append(
            "DORMOUSE_CONTAINERS: podman has no users for what is in images: as root, "
            "`usermod --add-subuids 100000-165535 --add-subgids 100000-165535` with the name of this user, "
            "then `podman system migrate` as this user."
        )
    if _TUN.exists() and not os.access(_TUN, os.R_OK | os.W_OK):
        report.mistakes.append(
            f"DORMOUSE_CONTAINERS: this user cannot open {_TUN}, which games' networks need: mode 666."
        )


def _limits(engine: Containers, facts: Mapping[str, Any], report: Report) -> None:
    able = engine_of(engine.kind, facts)
    lacks = [name for name, has in (("memory", able.limits_memory), ("CPU", able.limits_cpu)) if not has]
    if lacks:
        how = (
            "it needs cgroups of version 2 and, for CPU, `Delegate=cpu memory pids` for user@.service; or root"
            if engine.kind == "podman" and able.uid != 0
            else "the kernel does not offer it"
        )
        report.remarks.append(f"Games run without a limit of {' and '.join(lacks)}: {how}.")


def _disk(facts: Mapping[str, Any], report: Report) -> None:
    place = str((facts.get("store") or {}).get("graphRoot") or facts.get("DockerRootDir") or "")
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return  # another user's, or another machine's
    if free < FULL:
        report.mistakes.append(f"{place}, where images are kept, has only {free // 1024**2} MiB free: make room.")
    elif free < LOW:
        report.remarks.append(f"{place} has {free / 1024**3:.1f} GiB free for images: some games' are larger.")


async def _games(engine: Containers, facts: Mapping[str, Any], games: tuple[Game, ...], report: Report) -> None:
    own = [game.name for game in games if not engine.runs(game) and game.local is None]
    if own:
        report.mistakes.append(f"DORMOUSE_IMAGE is not set: {', '.join(own)} cannot be started without it.")
    user = engine_of(engine.kind, facts).uid
    as_root = [game.name for game in games if engine.runs(game) and game.image is not None and not game.image.uid]
    if engine.kind == "docker" and user != 0 and as_root:
        report.mistakes.append(
            f"DORMOUSE_CONTAINERS: {', '.join(as_root)} may start as root, whose files this user could not save: "
            "take podman, or run Dormouse as root."
        )
    lacks = [game.name for game in games if engine.runs(game) and not await engine.has(game)]
    if lacks:
        report.remarks.append(f"Fetched at the first start, which takes longer then: {', '.join(lacks)}.")
