"""Before the game of a pod starts: its volume becomes incarnation n, whatever happened before (core/agent/volume.py).
More folders of the image stand beside `data`.

Each way to fail has an exit code (core/worlds/failures.py), and the last words say why. After success they are
`{"restored": NAME, "saved_at": ISO 8601}` where the volume came from a snapshot. While a snapshot is brought, stdout
has a line `{"event": "progress", "done": N, "total": N}` (bytes) at most once a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.agent.pod.places import TOLD_TO_STOP, Places, child_env, run_or_stop
from core.agent.volume import FOR_THE_GROUP, Facts, Volume, VolumeRefused, put
from core.children import ChildFailed, Program, run_child
from core.nofollow import Spot
from core.worlds.failures import TABLE, Failure, failure_of
from core.worlds.process import Progress
from core.worlds.source import split_source
from core.worlds.store.place import KEY, KEY_ID, SOURCE_KEY, SOURCE_KEY_ID, StorePlace

MADE = "DORMOUSE_MADE"
_PROGRESS_EVERY = 1.0  # seconds between lines


def prepare(environ: Mapping[str, str]) -> int:
    """The exit code. Safe to repeat and to be killed at any point."""
    places = Places.of(environ)
    volume = places.volume(int(environ["DORMOUSE_VOLUME"]))
    try:
        facts = _made(volume, places, environ)
        for name in environ.get("DORMOUSE_FOLDERS", "data").split(","):
            (volume.spot / name).make_folder(FOR_THE_GROUP)
        for path, content in json.loads(environ.get("DORMOUSE_FILES") or "{}").items():
            put(volume.world, path, content)
    except VolumeRefused as refused:
        return _end(places, TABLE[refused.failure].container, str(refused))
    except asyncio.CancelledError:
        return _end(places, TOLD_TO_STOP, "told to stop while the snapshot was brought")
    except OSError as wrong:
        return _end(places, TABLE[failure_of(wrong)].container, f"the volume cannot be used: {wrong}")
    if facts.get("restored"):
        _say(places, json.dumps({name: facts.get(name) for name in ("restored", "saved_at")}))
    return 0


def prepare_made(environ: Mapping[str, str]) -> int:
    """As `prepare`, by the agent beside the game, where the volume was finished before: a container of its own takes a
    second more. Once the game may run, nothing is touched."""
    if environ.get(MADE) != "1" or Places.of(environ).up.exists():
        return 0
    return prepare(environ)


def _made(volume: Volume, places: Places, environ: Mapping[str, str]) -> Facts:
    """Raises `VolumeRefused`, OSError; CancelledError where it was told to stop."""
    facts = volume.take_up(made=environ.get(MADE) == "1")
    if facts is not None:
        return facts
    source = environ.get("DORMOUSE_SOURCE")
    if not source:
        return volume.make_empty()
    server, name = split_source(source, environ["DORMOUSE_SERVER"])

    async def restore(into: Spot) -> dict[str, Any]:
        store = _store(environ, is_own=server == environ["DORMOUSE_SERVER"])
        return await run_child(
            Program.RESTORE,
            ["--server", server, name, *into.arguments, "--shared"],
            env=child_env(environ, places.work) | store.env,
            cwd=places.work,
            progress=Progress(_PROGRESS_EVERY),
        )

    return run_or_stop(volume.bring(restore))


def _store(environ: Mapping[str, str], *, is_own: bool) -> StorePlace:
    """With the key to the other server's world, where it is one and there is a key. Raises `ChildFailed`."""
    store = StorePlace.of_environment(environ)
    if store is None:
        raise ChildFailed(Failure.REFUSED, "no store is set up")
    if not is_own and environ.get(SOURCE_KEY_ID) and environ.get(SOURCE_KEY):
        keys = {KEY_ID: environ[SOURCE_KEY_ID], KEY: environ[SOURCE_KEY]}
        return replace(store, secrets=store.secrets | keys)
    return store


def _end(places: Places, code: int, why: str) -> int:
    print(why, file=sys.stderr)
    _say(places, why[:1000])
    return code


def _say(places: Places, words: str) -> None:
    with contextlib.suppress(OSError):
        places.say.write_text(words)
