"""Names, labels and annotations of what Dormouse puts into a cluster. Never change one: objects live for years."""

from __future__ import annotations

PREFIX = "dormouse/"
INSTALLATION = PREFIX + "installation"  # label: whose objects these are
SERVER = PREFIX + "server"  # label
GUILD = PREFIX + "guild"  # label
OWNER = PREFIX + "owner"  # label
GAME = PREFIX + "game"  # label
RUN = PREFIX + "run"  # annotation of StatefulSet and pod
VOLUME = PREFIX + "volume"  # annotation of StatefulSet, pod and claim: the incarnation
SOURCE = PREFIX + "source"  # annotation of the pod: the snapshot that its volume is made from, if it is not made yet
MADE = PREFIX + "made"  # annotation of the StatefulSet: its volume was finished once, and is never to be made anew
STORE = PREFIX + "store"  # annotation of the StatefulSet: with which access to the store its Secret was made
WORLD = PREFIX + "world"  # annotation of the StatefulSet: how its world is saved, as JSON
PODS = PREFIX + "pods"  # annotation of the StatefulSet: which settings of pods its template was made with, if any
JOB = PREFIX + "job"  # label of a job's pods, which must not be taken for the server's
FILES = PREFIX + "files"  # label of the pods of jobs that answer for files
FINGERPRINT = PREFIX + "fingerprint"  # annotation of the StatefulSet
NAME = PREFIX + "name"  # annotation: what the owner called it, for humans
TRACE = PREFIX + "trace"  # annotation of the StatefulSet
PORTS = PREFIX + "ports"  # annotation of the pod: port numbers by name, as JSON
WITHIN = PREFIX + "ready-within"  # annotation of the pod: seconds that the game has
OWNED = PREFIX + "owned"  # annotation: digest of the fields that are Dormouse's, to see a foreign edit by

GAME_CONTAINER = "game"
AGENT_CONTAINER = "agent"
VOLUME_CONTAINER = "volume"  # the init container that makes the volume what it has to be
JOB_CONTAINER = "seal"


def claim(server: str, volume: int) -> str:
    return f"data-{server}-{volume}"


def store_secret(server: str) -> str:
    """The Secret with which a server's agent and jobs come to the store."""
    return f"store-{server}"


def pod(server: str) -> str:
    """The one pod of the StatefulSet."""
    return f"{server}-0"
