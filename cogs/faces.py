"""What every face needs, in one place: persistent buttons find it as `client.faces`."""

from __future__ import annotations

from dataclasses import dataclass, field

from cogs.drafts import Drafts
from cogs.languages import Languages
from cogs.replies import Replies
from core.accounts.forgetting import Forgetting
from core.accounts.identities import Identities
from core.accounts.profiles import Accounts
from core.accounts.sessions import Sessions
from core.accounts.tokens import Tokens
from core.activity.reading import Activity
from core.assemble import Core
from core.games.catalogue import Catalogue
from core.guilds.access import Actor
from core.guilds.games import Games
from core.guilds.quotas import Quotas
from core.guilds.settings import Guilds
from core.host import Operations
from core.idle.occasions import Occasions
from core.servers.audit import Audit
from core.servers.cards import Cards
from core.servers.departures import Departures
from core.servers.going_on import GoingOn
from core.servers.left_owners import LeftOwners
from core.servers.usecases import Servers
from core.servers.worlds import Worlds


@dataclass(frozen=True, slots=True)
class Own:
    """By what somebody is known elsewhere and over HTTP. `link_url`: where they link themselves; empty: nowhere."""

    identities: Identities
    tokens: Tokens
    sessions: Sessions
    forgetting: Forgetting
    link_url: str = ""


@dataclass(frozen=True, slots=True)
class Faces:
    servers: Servers
    guilds: Guilds
    quotas: Quotas
    replies: Replies
    catalogue: Catalogue
    cards: Cards
    games: Games
    drafts: Drafts = field(default_factory=Drafts)
    worlds: Worlds | None = None
    """None: worlds are kept nowhere."""
    going_on: GoingOn | None = None
    """None: nothing that a licence held up goes on."""
    audit: Audit | None = None
    """None: nobody may read what was done."""
    departures: Departures | None = None
    """None: nobody minds that the bot is removed from a guild."""
    left_owners: LeftOwners | None = None
    """None: nobody minds owners who left a guild."""
    occasions: Occasions | None = None
    """None: nobody minds what a guild plans."""
    operations: Operations | None = None
    """None: nobody runs this host by direct message."""
    accounts: Accounts | None = None
    """None: nobody sets anything for themselves."""
    own: Own | None = None
    """None: likewise."""
    activity: Activity | None = None
    """None: nobody may read who played."""

    @classmethod
    def of(cls, core: Core, replies: Replies, *, link_url: str = "") -> Faces:
        """`replies` speak to people in the languages that they chose, and know who they are elsewhere, from then on."""
        replies.languages = Languages(core.accounts.languages)
        replies.standing = core.standings.of
        return cls(
            servers=core.servers,
            guilds=core.guilds,
            quotas=core.quotas,
            replies=replies,
            catalogue=core.catalogue,
            cards=core.cards,
            games=core.games,
            worlds=core.worlds,
            going_on=core.going_on,
            audit=core.audit,
            departures=core.departures,
            left_owners=core.servers.left_owners,
            occasions=core.occasions,
            operations=core.operations,
            accounts=core.accounts,
            own=Own(core.identities, core.tokens, core.sessions, core.forgetting, link_url),
            activity=core.activity,
        )


async def zone_of(faces: Faces, actor: Actor) -> str | None:
    """In which time zone somebody lives, where they said so."""
    return await faces.accounts.zone_of(actor.user) if faces.accounts is not None else None
