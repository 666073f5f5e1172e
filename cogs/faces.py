"""What every face needs, in one place: persistent buttons find it as `client.faces`."""

from __future__ import annotations

from dataclasses import dataclass, field

from cogs.drafts import Drafts
from cogs.replies import Replies
from core.games.catalogue import Catalogue
from core.guilds.quotas import Quotas
from core.guilds.settings import Guilds
from core.host import Operations
from core.servers.usecases import Servers
from core.servers.worlds import Worlds


@dataclass(frozen=True, slots=True)
class Faces:
    servers: Servers
    guilds: Guilds
    quotas: Quotas
    replies: Replies
    catalogue: Catalogue
    drafts: Drafts = field(default_factory=Drafts)
    worlds: Worlds | None = None
    """None: worlds are kept nowhere."""
    operations: Operations | None = None
    """None: nobody runs this host by direct message."""
