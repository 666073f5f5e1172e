"""A job beside no game: a full snapshot of a volume at rest, on request with every chunk of it read back.

Its last words are JSON: `{"saved": SavedFile}`; `{"nothing": true}` where the volume holds no world; else
`{"kind": K, "error": why}` with K as in core/worlds/process.py and an exit code of core/cluster/names.py. The volume is
only read.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from core.cluster.children import ChildFailed, run_child, saving
from core.cluster.local_files import SavedFile

from .pod_places import FOREIGN, Places, child_env, exit_of, only_empty, read_marker, run_or_stop, store_of

_WHY_CAP = 300  # characters: the last words are cut after 4,096 bytes, and would be no JSON


def seal(environ: Mapping[str, str]) -> int:
    """The exit code. Safe to repeat and to be killed at any point: it is one more snapshot then."""
    places = Places.of(environ)
    try:
        said = _sealed(places, environ)
        code = 0
    except asyncio.CancelledError:
        code, said = 143, {"kind": "killed", "error": "told to stop"}
    except ChildFailed as wrong:
        code, said = exit_of(wrong), {"kind": wrong.kind, "error": wrong.detail[:_WHY_CAP]}
    except OSError as wrong:
        code, said = 1, {"kind": "failed", "error": str(wrong)[:_WHY_CAP]}
    words = json.dumps(said)
    print(words, file=sys.stderr if code else sys.stdout)
    with contextlib.suppress(OSError):
        places.say.write_text(words)
    return code


def _sealed(places: Places, environ: Mapping[str, str]) -> dict[str, Any]:
    if not has_world(places, int(environ["DORMOUSE_VOLUME"])):
        return {"nothing": True}
    store = store_of(environ)
    if store is None:
        raise ChildFailed("refused", "no store is set up")
    rules = json.loads(environ.get("DORMOUSE_SAVE") or "{}")
    verify = environ.get("DORMOUSE_VERIFY") == "1"
    arguments = saving(
        environ["DORMOUSE_SERVER"],
        places.data,
        volume=int(environ["DORMOUSE_VOLUME"]),
        run=int(environ["DORMOUSE_RUN"]),
        rules=rules,
        note=environ.get("DORMOUSE_NOTE", ""),
        full=True,
        verify=verify,
    )
    env = child_env(environ, places.work, store)
    said = run_or_stop(run_child("core.worlds.snapshot", arguments, env=env, cwd=places.work))
    if verify and (left_out := (said.get("skipped") or {}).get("unreadable")):
        # A volume may be given back after this.
        raise ChildFailed("failed", f"{left_out} files could not be read, and are not in snapshot {said.get('name')}")
    return {"saved": SavedFile.of(said).to_json()}


def has_world(places: Places, number: int) -> bool:
    """Whether this is volume `number`, finished; False where nothing counts as a world. Raises `ChildFailed`."""
    try:
        marker = read_marker(places.marker)
        restored = read_marker(places.restored)
    except ValueError as wrong:
        raise ChildFailed(FOREIGN, f"the volume's marker cannot be read: {wrong}") from wrong
    is_there = places.data.is_dir() and not places.data.is_symlink()
    if marker is not None:
        if marker.get("volume") != number:
            raise ChildFailed(FOREIGN, f"this is volume {marker.get('volume')}, not {number}")
        if not is_there:
            raise ChildFailed(FOREIGN, f"volume {number} was finished, and its data is gone")
        return True
    if is_there and restored is None and not only_empty(places.data):
        raise ChildFailed(FOREIGN, "the volume is not empty and has no marker")
    return False  # what was restored, and never played, is on the store
