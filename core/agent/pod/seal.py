"""A job beside no game: a full snapshot of a volume at rest, on request a seal. The volume is only read.

Its last words are JSON: `{"saved": Receipt}`; `{"nothing": true}` where the volume holds no world; else
`{"kind": K, "error": why}`, with K and the exit code as in core/worlds/failures.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from core.agent.pod.places import TOLD_TO_STOP, Places, child_env, run_or_stop
from core.agent.saver import World, take_at_rest
from core.children import ChildFailed
from core.worlds.failures import TABLE, Failure, failure_of, failure_said
from core.worlds.store.place import StorePlace

_LONGEST_WHY = 300  # characters: the last words are cut after 4,096 bytes, and would be no JSON


def seal(environ: Mapping[str, str]) -> int:
    """The exit code. Safe to repeat and to be killed at any point: it is one more snapshot then."""
    places = Places.of(environ)
    try:
        code, said = 0, _saved(places, environ)
    except asyncio.CancelledError:
        code, said = TOLD_TO_STOP, {"kind": Failure.KILLED, "error": "told to stop"}
    except ChildFailed as wrong:
        code, said = _refused(failure_said(wrong.kind, wrong.detail), wrong.detail)
    except OSError as wrong:
        code, said = _refused(failure_of(wrong), str(wrong))
    words = json.dumps(said)
    print(words, file=sys.stderr if code else sys.stdout)
    with contextlib.suppress(OSError):
        places.say.write_text(words)
    return code


def _saved(places: Places, environ: Mapping[str, str]) -> dict[str, Any]:
    rules = json.loads(environ.get("DORMOUSE_SAVE") or "{}")
    saved = run_or_stop(
        take_at_rest(
            World(environ["DORMOUSE_SERVER"], int(environ["DORMOUSE_RUN"]), rules),
            places.volume(int(environ["DORMOUSE_VOLUME"])),
            StorePlace.of_environment(environ),
            env=child_env(environ, places.work),
            cwd=places.work,
            note=environ.get("DORMOUSE_NOTE", ""),
            full=True,
            seal=environ.get("DORMOUSE_VERIFY") == "1",
        )
    )
    return {"nothing": True} if saved is None else {"saved": saved.to_json()}


def _refused(failure: Failure, why: str) -> tuple[int, dict[str, Any]]:
    return TABLE[failure].container, {"kind": failure, "error": why[:_LONGEST_WHY]}
