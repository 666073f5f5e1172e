"""What stands in a server's folder on the local cluster: the contract between the bot's side and the agent.

    <server id>/
      spec.json            what is wanted (0600: it holds the server's secrets); written before anything is done
      store.json           where its world is kept, and the keys to it (0600)
      saved.json           the newest snapshot that is known to exist
      made.json            which incarnations were ever made: one of them that is missing is lost, and not made anew
      pod/lock             held by the agent for as long as it lives: free means that no agent is or can be coming
      pod/pod.json         what the current pod runs (0600); gone once the pod has ended
      pod/agent.json       where its agent listens
      pod/state.json       what its agent saw last
      pod/log              output of this run of the game; pod/log.previous of the one before
      pod/agent.log        what the agent itself had to say
      pod/extra/<name>/    more folders of a game in a container, empty at each of its starts
      volumes/<n>/         incarnation n of the volume (core/agent/volume.py); the game works in its `data`
      volumes/<n>/lock     held by the agent and by the game: two games never run on one volume

The game can write to all of it, being the same user: so all of it is a `Spot`, from the folder's own name on.

Only the standard library is imported here: the agent has to stay small.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.agent.volume import Volume
from core.nofollow import Spot

LAST_SNAPSHOT_WITHIN = 300.0
"""Seconds that the snapshot after a game's end may take. It is best effort, for the volume stays. Only the game's next
start waits for it."""

LOG_CAP = 1024 * 1024
"""Bytes that one log may take; the oldest half goes when it is full."""
DROPPED = b"(what was before this line was dropped: the log was full)"
"""The first line of a log whose oldest half is gone."""

_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class ServerFolder:
    """The paths of one server."""

    root: Path

    @property
    def spot(self) -> Spot:
        return Spot.of(self.root)

    @property
    def spec(self) -> Spot:
        return self.spot / "spec.json"

    @property
    def store(self) -> Spot:
        return self.spot / "store.json"

    @property
    def saved(self) -> Spot:
        return self.spot / "saved.json"

    @property
    def made(self) -> Spot:
        return self.spot / "made.json"

    @property
    def pod(self) -> Spot:
        return self.spot / "pod"

    @property
    def pod_lock(self) -> Spot:
        return self.pod / "lock"

    @property
    def pod_file(self) -> Spot:
        return self.pod / "pod.json"

    @property
    def agent_file(self) -> Spot:
        return self.pod / "agent.json"

    @property
    def state_file(self) -> Spot:
        return self.pod / "state.json"

    @property
    def agent_log(self) -> Spot:
        return self.pod / "agent.log"

    @property
    def log(self) -> Spot:
        return self.pod / "log"

    @property
    def previous_log(self) -> Spot:
        return self.pod / "log.previous"

    @property
    def extra(self) -> Spot:
        return self.pod / "extra"

    @property
    def volumes(self) -> Spot:
        return self.spot / "volumes"

    def volume(self, number: int) -> Volume:
        return Volume(self.volumes / str(number), number, beside=(_LOCK,))

    def volume_lock(self, number: int) -> Spot:
        return self.volumes / str(number) / _LOCK
