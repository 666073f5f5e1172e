"""Pure: what a server uses. Every event about it carries what is in force from then on.

| the server | CPU, memory | volume | public ports |
|---|---|---|---|
| is to run, whatever its phase | of its size | the claim | held |
| STARTING, RUNNING, STOPPING | of its size: a pod may exist | the claim | held |
| PAUSED, ARCHIVING | 0 | the claim, if there is a volume | held |
| DELETING: it can be brought back | 0 | the claim, if there is a volume | held |
| ARCHIVED: the volume is released | 0 | 0 | held |
| DELETED: everything is released | 0 | 0 | 0 |

Where a paused server gives its address back (`keeps_ports` False), its ports count only while a pod may exist.

What the store holds of its snapshots counts in every row. While a volume is made from a snapshot the one before may
still exist: both count as one claim.
"""

from __future__ import annotations

from core.games.form.setting import Size
from core.notices.events import Usage
from core.words import Desired, Phase

_POD_MAY_EXIST = (Phase.STARTING, Phase.RUNNING, Phase.STOPPING)
_RELEASED = (Phase.ARCHIVED, Phase.DELETED)


def in_force(
    desired: Desired,
    phase: Phase,
    *,
    size: Size | None,
    claim: int,
    has_volume: bool,
    public_ports: int,
    keeps_ports: bool,
    stored_bytes: int,
) -> Usage:
    """The table above. `claim`: bytes that its volume asks for. `size` None: the game has no such size any more, and
    nothing is known of its CPU and memory."""
    on = desired is Desired.RUNNING or phase in _POD_MAY_EXIST
    return Usage(
        cpu=size.cpu if size and on else 0,
        memory=size.memory if size and on else 0,
        volume_bytes=claim if on or (has_volume and phase not in _RELEASED) else 0,
        exposure=public_ports if on or (keeps_ports and phase is not Phase.DELETED) else 0,
        stored_bytes=stored_bytes,
    )
