"""Everything that the faces may ask about servers. A change checks rights and limits, writes, and wakes the controller.

Every method may raise a `core.errors.Refusal`; then nothing was changed. `server` is an id or a typed name.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.cluster.port import Cluster
from core.guilds.membership import Membership, NobodyTells
from core.servers.console import Consoles
from core.servers.create import Creation
from core.servers.edit import Editing
from core.servers.following import Following
from core.servers.left_owners import LeftOwners
from core.servers.lookup import Lookup
from core.servers.parts import ServerParts
from core.servers.ports import Pool
from core.servers.power import Power
from core.servers.remove import Removal
from core.servers.schedules import Scheduling
from core.servers.sharing import Sharing
from core.servers.transfers import Transfers


@dataclass(frozen=True, slots=True)
class Servers:
    """What can be done with a server's world is in `core.servers.worlds`."""

    lookup: Lookup
    creation: Creation
    power: Power
    editing: Editing
    removal: Removal
    scheduling: Scheduling
    sharing: Sharing
    transfers: Transfers
    left_owners: LeftOwners
    following: Following
    consoles: Consoles

    @classmethod
    def build(cls, parts: ServerParts, cluster: Cluster | None = None, membership: Membership | None = None) -> Servers:
        """Without a `cluster`, no game can be reached, and nobody tells what one uses now; without `membership`, nobody
        tells who left a guild."""
        membership = membership or NobodyTells()
        rows, views, events, now = parts.rows, parts.views, parts.events, parts.now
        transfers = Transfers(rows, views, events, now, parts.admission)
        return cls(
            lookup=Lookup(parts.database, parts.catalogue, rows, views, cluster),
            creation=Creation(
                parts.database,
                parts.catalogue,
                parts.changes,
                rows,
                views,
                events,
                now,
                Pool(parts.rules.ports),
                parts.admission,
            ),
            power=Power(rows, views, parts.projections, parts.transitions, events, now),
            editing=Editing(rows, views, parts.projections, events, parts.admission, parts.catalogue),
            removal=Removal(rows, views, parts.transitions, events, now, parts.rules.undo_for),
            scheduling=Scheduling(rows, views, events, now),
            sharing=Sharing(rows, views, events),
            transfers=transfers,
            left_owners=LeftOwners(parts, transfers, membership),
            following=Following(parts.database, rows, views, membership, now),
            consoles=Consoles(rows, views, parts.projections, events, parts.observed, cluster),
        )
