"""The one place that builds the core: for the running bot, its tests and benchmarks, and for work on rows alone.

Nothing runs yet when it returns, and nothing was asked: whoever has the core starts `controller`, calls `sweep.run` and
the other work by the clock, and closes `logs`, `cluster` and `database`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from core.accounts.flows import Flows
from core.accounts.forgetting import Forgetting
from core.accounts.identities import Identities
from core.accounts.profiles import Accounts
from core.accounts.sessions import Sessions
from core.accounts.standings import Standings
from core.accounts.tokens import Tokens
from core.activity.reading import Activity
from core.activity.recorder import Recorder
from core.activity.tidying import Tidying
from core.changes import Changes
from core.cluster.port import Cluster
from core.data.database import Database
from core.feed.live import Live
from core.feed.reader import Feed
from core.games.catalogue import Catalogue
from core.games.query.log import LogQuery
from core.games.query.port import Query
from core.guilds.games import Games
from core.guilds.members import Members
from core.guilds.membership import Membership, NobodyTells
from core.guilds.quotas import Quotas
from core.guilds.settings import Guilds
from core.host import Operations
from core.idle.occasions import Occasions
from core.idle.sweep import Sweep
from core.idle.timekeeper import Timekeeper
from core.idle.voice import InVoice, nobody_tells
from core.notices.alarms import Alarms
from core.notices.outbox import Outbox
from core.once import Keys
from core.servers.audit import Audit
from core.servers.cards import Cards
from core.servers.collecting import Collecting
from core.servers.controller import Controller
from core.servers.departures import Departures
from core.servers.drill import Drills
from core.servers.files import Files
from core.servers.going_on import GoingOn
from core.servers.host_problems import HostProblems
from core.servers.host_rules import HostRules
from core.servers.late_snapshots import LateSnapshots
from core.servers.live_log import LiveLogs
from core.servers.owner_notes import OwnerNotes
from core.servers.parts import ServerParts
from core.servers.usecases import Servers
from core.servers.world_fold import WorldFold
from core.servers.worlds import Worlds
from core.webhooks.post import Post, Reach
from core.webhooks.registry import Webhooks
from core.webhooks.sender import Sender
from core.worlds.shelf import Shelf
from core.worlds.turns import Turns

SWEEP_EVERY = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What looks after worlds on the store, by the clock."""

    collecting: Collecting
    drills: Drills


@dataclass(frozen=True, slots=True)
class Core:
    """What faces and the process use."""

    database: Database
    catalogue: Catalogue
    cluster: Cluster
    rules: HostRules
    changes: Changes
    now: Callable[[], datetime]
    parts: ServerParts
    """What everything about servers is built from."""

    # what people may ask for
    servers: Servers
    worlds: Worlds | None
    """None: worlds are kept nowhere."""
    files: Files
    live_logs: LiveLogs
    going_on: GoingOn
    guilds: Guilds
    accounts: Accounts
    members: Members
    sessions: Sessions
    flows: Flows
    identities: Identities
    standings: Standings
    forgetting: Forgetting
    tokens: Tokens
    keys: Keys
    quotas: Quotas
    games: Games
    audit: Audit
    activity: Activity
    webhooks: Webhooks
    operations: Operations

    # what people are told
    cards: Cards
    outbox: Outbox
    alarms: Alarms
    feed: Feed
    live: Live
    sender: Sender

    # what works by itself
    controller: Controller
    sweep: Sweep
    recorder: Recorder
    tidying: Tidying
    timekeeper: Timekeeper
    occasions: Occasions
    logs: LogQuery
    late_snapshots: LateSnapshots
    departures: Departures
    host_problems: HostProblems
    upkeep: Upkeep | None
    """None: there is no store."""


def assemble(
    database: Database,
    catalogue: Catalogue,
    cluster: Cluster,
    rules: HostRules,
    now: Callable[[], datetime],
    *,
    shelf: Shelf | None = None,
    ledgers: Path = Path("ledger"),
    queries: Mapping[str, Query] | None = None,
    sweep_every: timedelta = SWEEP_EVERY,
    in_voice: InVoice = nobody_tells,
    membership: Membership | None = None,
    operators: frozenset[int] = frozenset(),
    version: str = "",
    reach: Reach | None = None,
) -> Core:
    """`shelf`: the store. `ledgers`: the folder of core.worlds.ledger. `queries`: by the kind that a game's TOML names.
    `in_voice` says who is in a voice channel, `membership` who is in a guild; None: nobody does. `operators`: Discord
    ids. `reach`: where events may be sent; None: to public addresses."""
    changes, standings = Changes(), Standings(database, now)
    parts = ServerParts.build(database, catalogue, changes, rules, now)
    servers = Servers.build(parts, cluster, membership)
    turns = Turns() if shelf is None else shelf.turns
    tell = changes.tell
    world = WorldFold(database, parts.projections, parts.events, now, keeps_worlds=rules.keeps_worlds, tell=tell)
    controller = Controller(parts, cluster, world, turns)
    changes.subscribe(controller.wake, owner=controller)
    alarms, logs = Alarms(database, changes, now), LogQuery(cluster.follow)
    asked, recorder = {} if queries is None else queries, Recorder(database, cluster, now)
    sweep = Sweep(
        parts,
        asked,
        every=sweep_every,
        in_voice=in_voice,
        logs=logs,
        protect=cluster.protect,
        recorder=recorder,
        tell_players=cluster.console,
    )
    upkeep, occasions = None, Occasions(parts)
    if shelf is not None:
        notes = OwnerNotes(database, shelf)
        upkeep = Upkeep(Collecting(parts, shelf, ledgers, alarms, notes), Drills(database, shelf, alarms, now))
    feed, post = Feed(database, changes, now), Post(reach or Reach())
    webhooks = Webhooks(database, parts.passwords, feed, post, now)
    worlds = Worlds(parts, servers.creation, cluster, shelf) if shelf is not None and rules.keeps_worlds else None
    return Core(
        database=database,
        catalogue=catalogue,
        cluster=cluster,
        rules=rules,
        changes=changes,
        now=now,
        parts=parts,
        servers=servers,
        worlds=worlds,
        files=Files(parts, cluster, shelf if rules.keeps_worlds else None),
        live_logs=LiveLogs(parts, cluster.follow),
        going_on=GoingOn(parts.questions, servers.lookup, servers.power, worlds),
        guilds=Guilds(database, changes, now, rules.idle_after, rules.idle_warn, standings.forget),
        quotas=Quotas(database, changes, now, rules.guild_storage, catalogue.largest_volume * 2**30, catalogue.memory),
        games=Games(database, catalogue, changes, now),
        accounts=Accounts(database, now),
        members=Members(membership or NobodyTells(), now, standings.of),
        sessions=Sessions(database, now),
        flows=Flows(database, now),
        identities=Identities(database, now),
        standings=standings,
        forgetting=Forgetting(database, now),
        tokens=Tokens(database, now),
        keys=Keys(database),
        audit=Audit(database, now),
        activity=Activity(parts),
        operations=Operations(parts, version=version, operators=operators, last_sweep=lambda: sweep.ended_at),
        cards=Cards(database, parts.rows, parts.views, changes, now),
        outbox=Outbox(database),
        alarms=alarms,
        feed=feed,
        live=Live(database, parts.rows, parts.views, changes),
        sender=Sender(database, webhooks, feed, post, now),
        webhooks=webhooks,
        controller=controller,
        sweep=sweep,
        recorder=recorder,
        tidying=Tidying(database, now),
        timekeeper=Timekeeper(parts, occasions),
        occasions=occasions,
        logs=logs,
        departures=Departures(parts),
        late_snapshots=LateSnapshots(database, cluster, world, alarms, shelf, turns),
        host_problems=HostProblems(parts, alarms, now),
        upkeep=upkeep,
    )
