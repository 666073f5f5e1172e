"""Where worlds are kept, as processes tell each other: by their environment, and in a file for the owner only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.record import Record

STORE = "DORMOUSE_STORE"
KEY_ID, KEY, REALM = "DORMOUSE_B2_KEY_ID", "DORMOUSE_B2_KEY", "DORMOUSE_B2_REALM"
SOURCE_KEY_ID, SOURCE_KEY = "DORMOUSE_SOURCE_KEY_ID", "DORMOUSE_SOURCE_KEY"
"""The key to another server's world, of which this server's volume is made."""

_EVERY = "DORMOUSE_SNAPSHOT_EVERY"


@dataclass(frozen=True, slots=True)
class StorePlace(Record):
    """The settings STORE, B2_* and SNAPSHOT_EVERY, for the processes that go there."""

    place: str  # core.worlds.store.open_store
    secrets: dict[str, str] = field(default_factory=dict, repr=False)  # environment variables
    every: float | None = None  # seconds between snapshots; None: as often as it is cheap

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> StorePlace | None:
        """None: there is no store."""
        if not (place := environ.get(STORE)):
            return None
        secrets = {name: environ[name] for name in (KEY_ID, KEY, REALM) if environ.get(name)}
        return cls(place, secrets, float(every) if (every := environ.get(_EVERY)) else None)

    @property
    def folder(self) -> Path | None:
        """Where it is a folder of this machine; pods do not reach that. None: a bucket on B2."""
        kind, _, rest = self.place.partition(":")
        return Path(rest) if kind == "folder" else None

    @property
    def env(self) -> dict[str, str]:
        """For a child process: neither is to be on a command line."""
        return {STORE: self.place, **self.secrets}
