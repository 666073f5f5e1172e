"""The schema. Times are aware UTC; Discord ids are BigInteger; enumerations are stored as their values.

`docs/architecture.md` tells what each column is for. A row is locked by whoever changes it (`FOR UPDATE`; on SQLite
there is one writer), and `servers.version` grows with each write.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    event,
    false,
    inspect,
    text,
    true,
)
from sqlmodel import Field, SQLModel

SQLModel.metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


OF_PHASES = "kind IN ('phase', 'paused', 'resumed', 'restarted', 'deleted', 'undeleted', 'archive_asked', 'purged')"
"""Events with which what a server uses changes, and who wanted that: they have an index of their own, because they are
few among many. A query has to say this in these very words for the index to be used."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def _count() -> Any:
    return Field(default=0, sa_column_kwargs={"server_default": "0"}, sa_type=BigInteger)


class GuildRow(SQLModel, table=True):
    """A guild's rules. None means the host's default."""

    __tablename__ = "guilds"

    id: int = Field(sa_type=BigInteger, primary_key=True)
    server_channel: int | None = Field(default=None, sa_type=BigInteger)
    notice_channel: int | None = Field(default=None, sa_type=BigInteger)
    admin_role: int | None = Field(default=None, sa_type=BigInteger)
    create_role: int | None = Field(default=None, sa_type=BigInteger)
    language: str | None = None
    time_zone: str | None = None
    idle_after: int | None = None  # seconds; 0 = never
    idle_warn: int | None = None
    servers_per_member: int | None = None
    servers_per_guild: int | None = None
    memory: int | None = None  # MiB of all servers that run
    world_bytes: int | None = Field(default=None, sa_type=BigInteger)
    storage_bytes: int | None = Field(default=None, sa_type=BigInteger)
    retention: str | None = None  # core.worlds.retention.POLICIES
    storage_told: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # core.words.Fill
    player_names: bool = Field(default=True, sa_column_kwargs={"server_default": true()})  # they are shown
    games_withheld: list[str] = Field(  # core.guilds.games: what is not offered, `game` or `game/size`
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )
    link_to_create: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    entra_admin: list[str] = Field(  # app roles and groups that stand for admin (core.accounts.standings)
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )
    entra_create: list[str] = Field(  # likewise: for who may create
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )
    greeted_at: datetime | None = None
    left_at: datetime | None = None
    blocked_at: datetime | None = None  # by whoever runs the bot (core.servers.blocked)
    blocked_words: str = Field(default="", sa_column_kwargs={"server_default": ""})


class QuotaRow(SQLModel, table=True):
    """What one member, or each member with one role, may have. None: the guild's rule holds."""

    __tablename__ = "quotas"

    guild: int = Field(sa_type=BigInteger, primary_key=True)
    target: int = Field(sa_type=BigInteger, primary_key=True)
    kind: str  # core.words.Sharer
    servers: int | None = None
    memory: int | None = None  # MiB of their servers that run
    storage: int | None = Field(default=None, sa_type=BigInteger)  # bytes of all snapshots of their servers


class MemberRow(SQLModel, table=True):
    """The name a member was last seen under, so that a refusal can say who may."""

    __tablename__ = "members"

    guild: int = Field(sa_type=BigInteger, primary_key=True)
    user: int = Field(sa_type=BigInteger, primary_key=True)
    name: str


class ServerRow(SQLModel, table=True):
    """One owned game server."""

    __tablename__ = "servers"
    __table_args__ = (
        Index(
            "uq_servers_name",
            "guild",
            "name_key",
            unique=True,
            sqlite_where=text("desired != 'deleted'"),
            postgresql_where=text("desired != 'deleted'"),
        ),
        Index("ix_servers_changed", "changed_at"),
        Index("ix_servers_phase", "phase"),
    )

    id: str = Field(primary_key=True, max_length=12)
    guild: int = Field(sa_type=BigInteger, index=True)
    owner: int = Field(sa_type=BigInteger, index=True)  # a member, or core.words.ADMINS
    game: str
    name: str
    name_key: str  # core.servers.names: equal for names that people would mix up
    description: str = ""
    size: str
    settings: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    channel: int = Field(sa_type=BigInteger)  # where it was created: the card's place without a set-up

    desired: str
    because: str
    by: int | None = Field(default=None, sa_type=BigInteger)  # None: Dormouse itself
    run: int = 1
    volume: int = 1
    source: str | None = None
    start_by: datetime | None = None
    run_size: str | None = None  # what this run was started with, since something else was chosen; None: what is above
    run_settings: dict[str, str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    phase: str
    phase_since: datetime
    problem: str | None = None
    problem_since: datetime | None = None
    problem_detail: str = ""
    version: int = 1  # grows with each write, whoever writes; see `_grow`
    changed_at: datetime = Field(default_factory=utc_now)

    created_at: datetime = Field(default_factory=utc_now)
    purge_at: datetime | None = Field(default=None, index=True)
    started_at: datetime | None = None  # when this run was asked for
    ready_at: datetime | None = None  # when this run became ready

    offered_to: int | None = Field(default=None, sa_type=BigInteger)  # a member (core.servers.transfers)
    offered_until: datetime | None = None

    owner_gone_since: datetime | None = None  # since then its owner is no member here (core.servers.left_owners)
    owner_gone_told: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # core.servers.heirs.Heirs

    # crashes (core.servers.crashes): counted, not timed
    crash_uid: str | None = None
    crash_seen: int = 0  # restarts of that pod already counted
    crash_count: int = 0  # exits since healthy
    crash_ever_ready: bool = False
    crash_log: str = ""

    # idleness (core.idle): evidence, remembered
    idle_after: int | None = None
    idle_warn: int | None = None
    idle_voice: int | None = Field(default=None, sa_type=BigInteger)  # a channel, or core.words.VOICE_GONE
    idle_vote: bool = False  # its warning asks whether to keep it open
    empty_since: datetime | None = None
    known_at: datetime | None = None  # last evidence that was not Unknown
    unknown_since: datetime | None = None
    keep_until: datetime | None = None
    keep_by: int | None = Field(default=None, sa_type=BigInteger)  # who promised that
    vote_until: datetime | None = None
    vote_by: int | None = Field(default=None, sa_type=BigInteger)
    warned_at: datetime | None = None
    warning_delivered_at: datetime | None = None
    warning_dead: bool = False
    episode: int = 0  # grows with each warning or pause: one message per episode
    players: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    players_online: int = 0
    players_max: int = 0
    last_players: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))

    # the schedule (core.idle.schedule)
    schedule: str = Field(default="", sa_column_kwargs={"server_default": ""})  # an entry a line
    schedule_zone: str | None = None  # IANA; None: the guild's
    schedule_at: datetime | None = None  # what it said until then was acted on
    awake_until: datetime | None = None  # somebody who may woke it although it should sleep
    restart_by: datetime | None = None  # a restart is due, at this time at the latest

    # the occasion that holds or comes next (core.idle.occasions), and who is in its voice channel
    occasion: str = Field(default="", sa_column_kwargs={"server_default": ""})
    occasion_from: datetime | None = None
    occasion_until: datetime | None = None
    occasion_by: int | None = Field(default=None, sa_type=BigInteger)  # who planned it
    voice_online: int = Field(default=0, sa_column_kwargs={"server_default": "0"})

    # the world (core.servers.worlds)
    bound: int = _count()  # the newest incarnation that was seen whole: if it is missing, it is lost; 0: there is none
    saved_name: str | None = None  # the newest snapshot
    saved_at: datetime | None = None
    saved_bytes: int | None = Field(default=None, sa_type=BigInteger)
    saved_new: int = _count()  # bytes that the newest snapshot added to the store
    saved_gaps: dict[str, Any] = Field(  # core.worlds.gaps.Gaps of the newest snapshot
        default_factory=dict, sa_column=Column(JSON, nullable=False, server_default="{}")
    )
    stored_bytes: int = _count()  # bytes of all snapshots
    unsaved_since: datetime | None = None  # since then the world may have changed, and no later snapshot is known
    unsaved_why: str = Field(default="", sa_column_kwargs={"server_default": ""})  # the last try's Problem; "": none
    world_told: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # core.words.Fill
    good: str | None = None  # the newest snapshot of a time without crashes
    undo_to: str | None = None  # taken before the last restore
    sealed: str | None = None  # the volume's last snapshot, read back: it may be released ("": there was no world)


@event.listens_for(ServerRow, "before_update")
def _grow(_mapper: object, _connection: object, row: ServerRow) -> None:
    """Whoever writes a server's row makes it a new version. A plain UPDATE statement would have to do so by itself."""
    # Only what was set is compared: a session's `is_modified` asks all columns, a sixth of what a sweep costs.
    before = inspect(row).committed_state
    if any(getattr(row, name) != value for name, value in before.items()):
        row.version += 1


class ShareRow(SQLModel, table=True):
    __tablename__ = "shares"

    server: str = Field(primary_key=True, foreign_key="servers.id", ondelete="CASCADE")
    target: int = Field(sa_type=BigInteger, primary_key=True)
    kind: str  # member | role
    role: str  # player | manager


class FollowRow(SQLModel, table=True):
    """Somebody is told by direct message when players join a server."""

    __tablename__ = "follows"

    server: str = Field(primary_key=True, foreign_key="servers.id", ondelete="CASCADE")
    user: int = Field(sa_type=BigInteger, primary_key=True)
    language: str | None = None  # in which they are told; None: the guild's
    told_at: datetime | None = None


class OccasionRow(SQLModel, table=True):
    """What a guild has planned, as Discord told it last (core.idle.occasions). `id` is Discord's."""

    __tablename__ = "occasions"

    id: int = Field(sa_type=BigInteger, primary_key=True)
    guild: int = Field(sa_type=BigInteger, index=True)
    name: str = ""
    place: str = ""
    place_key: str = ""  # core.servers.names
    starts: datetime
    ends: datetime | None = None
    creator: int | None = Field(default=None, sa_type=BigInteger)
    roles: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # of its creator
    manages: bool = False  # its creator has Manage Server
    stranger: bool = False  # its creator is no member any more


class PlaySessionRow(SQLModel, table=True):
    """A time in which somebody played, or one player did (core.activity.sessions)."""

    __tablename__ = "play_sessions"
    __table_args__ = (
        Index(
            "uq_play_sessions_open",
            "server",
            "name",
            unique=True,
            sqlite_where=text("ended IS NULL"),
            postgresql_where=text("ended IS NULL"),
        ),
        Index("ix_play_sessions_ended", "server", "ended"),
    )

    id: int | None = Field(default=None, primary_key=True)
    server: str = Field(foreign_key="servers.id", ondelete="CASCADE")
    name: str = ""  # of the player; "": of the server, somebody was on
    began: datetime
    ended: datetime | None = None  # None: it goes on, as far as is known until `servers.known_at`
    began_seen: bool = False  # else it may have begun earlier
    ended_seen: bool = False  # else it may have gone on


class BucketRow(SQLModel, table=True):
    """How many played in a time (core.activity.buckets)."""

    __tablename__ = "activity_buckets"
    __table_args__ = ({"sqlite_with_rowid": False},)  # one tree in place of two: half the size

    server: str = Field(primary_key=True, foreign_key="servers.id", ondelete="CASCADE")
    span: int = Field(primary_key=True)  # seconds
    start: int = Field(sa_type=BigInteger, primary_key=True)  # seconds since 1970
    known: int = 0
    seconds: int = Field(default=0, sa_type=BigInteger)
    low: int = 0
    high: int = 0
    cpu: int = 0
    memory: int = 0


class PortRow(SQLModel, table=True):
    """A port of the pool that is given away. The constraint is what keeps two servers apart."""

    __tablename__ = "ports"
    __table_args__ = (UniqueConstraint("address", "port", name="uq_ports_address_port"),)

    server: str = Field(primary_key=True, foreign_key="servers.id", ondelete="CASCADE")
    name: str = Field(primary_key=True)
    address: str = ""  # static address it is exposed on; "" where there is one for all
    port: int
    protocol: str


class EventRow(SQLModel, table=True):
    """Append-only. Usage fields are those in force from then on: usage can be billed later, not recorded later."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_phases", "server", "at", sqlite_where=text(OF_PHASES), postgresql_where=text(OF_PHASES)),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    guild: int = Field(sa_type=BigInteger, index=True)
    server: str | None = Field(default=None, index=True)
    kind: str
    by: int | None = Field(default=None, sa_type=BigInteger)
    trace: str
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    cpu: int = 0  # millicores
    memory: int = 0  # MiB
    volume_bytes: int = Field(default=0, sa_type=BigInteger)
    exposure: int = 0  # public ports
    stored_bytes: int = Field(default=0, sa_type=BigInteger)
    price_class: str = Field(default="standard", sa_column_kwargs={"server_default": "standard"})


class NoticeRow(SQLModel, table=True):
    """The outbox. One row is one message: `revision` grows when it has something new to say, and it is edited."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("server", "kind", "episode", name="uq_notices_server"),
        Index("ix_notices_due", "state", "next_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    guild: int = Field(sa_type=BigInteger)
    server: str | None = Field(default=None, index=True)
    kind: str
    episode: int = 0
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    trace: str
    state: str = "pending"  # pending | sent | dead | dropped
    revision: int = 1
    sent_revision: int = 0
    destination: int = 0  # index into the destinations tried so far
    channel: int | None = Field(default=None, sa_type=BigInteger)
    message: int | None = Field(default=None, sa_type=BigInteger)
    first_tried_at: datetime | None = None
    attempts: int = 0
    next_at: datetime
    sent_at: datetime | None = None
    created_at: datetime


class CardRow(SQLModel, table=True):
    """Where a server's card is and what it shows."""

    __tablename__ = "cards"

    id: int | None = Field(default=None, primary_key=True)
    server: str = Field(unique=True, foreign_key="servers.id", ondelete="CASCADE")
    channel: int | None = Field(default=None, sa_type=BigInteger)
    message: int | None = Field(default=None, sa_type=BigInteger)
    posting_at: datetime | None = None  # committed before a first try: look back before trying again
    posts: int = 0  # messages so far; part of the nonce
    shown: str = ""  # hash of what the message shows
    shown_at: datetime | None = None  # when it was last known to show what is true
    broken: str = ""  # why it cannot be posted


class AccountRow(SQLModel, table=True):
    """What somebody set for themselves, in every guild. None: not set."""

    __tablename__ = "accounts"

    user: int = Field(sa_type=BigInteger, primary_key=True)
    language: str | None = None  # over Discord's
    time_zone: str | None = None  # IANA
    created_at: datetime = Field(default_factory=utc_now)


class LicenceRow(SQLModel, table=True):
    """A version of a licence's text that somebody accepted for a guild."""

    __tablename__ = "licences"

    guild: int = Field(sa_type=BigInteger, primary_key=True)
    url: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    name: str
    game: str  # for which it was accepted first
    by: int = Field(sa_type=BigInteger)
    at: datetime


class QuestionRow(SQLModel, table=True):
    """A server that somebody asked for, and a licence that they have to accept first."""

    __tablename__ = "questions"

    id: str = Field(primary_key=True, max_length=16)
    guild: int = Field(sa_type=BigInteger)
    user: int = Field(sa_type=BigInteger)
    mark: str  # of the licence's text that they were shown
    wanted: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    server: str | None = None  # what came of it; then `wanted` is empty
    at: datetime = Field(index=True)


class InteractionRow(SQLModel, table=True):
    """Interactions that had their effect, so that one delivered twice has it once."""

    __tablename__ = "interactions"

    id: int = Field(sa_type=BigInteger, primary_key=True)
    at: datetime = Field(index=True)


class RequestKeyRow(SQLModel, table=True):
    """What a program asked for with a key of its own, and had its effect (core.once)."""

    __tablename__ = "request_keys"

    user: int = Field(sa_type=BigInteger, primary_key=True)
    key: str = Field(primary_key=True, max_length=255)  # as the program chose it
    digest: str = Field(max_length=64)  # SHA-256 of what it asked for
    made: str = Field(default="", max_length=32)  # the id of what was made
    answer: str | None = Field(default=None, sa_type=Text)  # None: nobody could keep it
    at: datetime = Field(index=True)


class MetaRow(SQLModel, table=True):
    """Small facts about this installation (the hash of the synced commands, an id of its own)."""

    __tablename__ = "meta"

    key: str = Field(primary_key=True)
    value: str


class SessionRow(SQLModel, table=True):
    """A browser in which somebody signed in (core.accounts.sessions)."""

    __tablename__ = "sessions"

    key: str = Field(primary_key=True, max_length=64)  # SHA-256 of what the cookie holds
    user: int = Field(sa_type=BigInteger, index=True)
    name: str = ""  # as Discord called them when they signed in
    guilds: list[int] = Field(  # theirs at that time that Discord told
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    created_at: datetime
    seen_at: datetime = Field(index=True)
    agent: str = Field(default="", max_length=200)  # the browser, as it calls itself


class TokenRow(SQLModel, table=True):
    """A token for programs, which acts as the member who made it (core.accounts.tokens)."""

    __tablename__ = "tokens"

    id: str = Field(primary_key=True, max_length=12)
    user: int = Field(sa_type=BigInteger, index=True)
    owner_name: str = ""  # of `user`, as last seen
    name: str
    scopes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    hash: str = Field(max_length=64)  # SHA-256 of its secret half
    created_at: datetime
    ends_at: datetime
    used_at: datetime | None = None


class IdentityRow(SQLModel, table=True):
    """Who somebody is at the OpenID provider (core.accounts.identities). One identity is one Discord user's."""

    __tablename__ = "identities"

    issuer: str = Field(primary_key=True, max_length=255)  # of Entra ID: the tenant
    subject: str = Field(primary_key=True, max_length=255)  # of Entra ID: the object's id
    user: int = Field(sa_type=BigInteger, unique=True)
    user_name: str = ""  # as Discord called them when they linked
    name: str = ""  # as the provider called them last; never a key
    organisation: str = ""
    roles: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    groups: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    told_at: datetime  # when the provider told these
    linked_at: datetime


class FlowRow(SQLModel, table=True):
    """A sign-in on its way to a provider and back (core.accounts.flows)."""

    __tablename__ = "flows"

    key: str = Field(primary_key=True, max_length=64)  # SHA-256 of its state
    browser: str = Field(max_length=64)  # SHA-256 of what the browser's cookie holds
    step: str  # core.accounts.flows.Step
    linking: bool = False
    then: str = ""
    user: int | None = Field(default=None, sa_type=BigInteger)  # who is to be linked
    told: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # the identity
    created_at: datetime = Field(index=True)


class WebhookRow(SQLModel, table=True):
    """Where a guild's events are sent (core.webhooks). Its secret is derived, and stored nowhere."""

    __tablename__ = "webhooks"

    id: str = Field(primary_key=True, max_length=12)
    guild: int = Field(sa_type=BigInteger, index=True)
    url: str
    description: str = ""
    kinds: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # empty: all that leave
    rotation: int = 1  # of its secret
    rotated_at: datetime | None = None
    cursor: int = Field(default=0, sa_type=BigInteger)  # the event up to which there are deliveries of all
    created_at: datetime
    created_by: int = Field(sa_type=BigInteger)
    failing_since: datetime | None = None  # since then nothing was taken
    off_at: datetime | None = None
    off_why: str = ""  # core.webhooks.rules.Off


class DeliveryRow(SQLModel, table=True):
    """One event for one webhook: written before it is sent, so that it has one id however often it is sent."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook", "event", name="uq_webhook_deliveries_webhook"),
        Index("ix_webhook_deliveries_state", "webhook", "state"),
    )

    id: str = Field(primary_key=True, max_length=24)
    webhook: str = Field(foreign_key="webhooks.id", ondelete="CASCADE")
    event: int | None = Field(default=None, sa_type=BigInteger)  # None: a ping
    kind: str
    state: str = "pending"  # core.webhooks.rules.State
    attempts: int = 0
    created_at: datetime = Field(index=True)
    next_at: datetime
    tried_at: datetime | None = None
    status: int | None = None  # of the last answer
    why: str = ""  # there was no answer, or not a good one
