"""A database as a host has it that is in use: servers of many guilds, each with a card that shows what is true.

The first guild is the one on loopback; its servers are `Pond 0` to `Pond 9`, of which the first ones run.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text
from sqlmodel import SQLModel

from bot.demo.guild import cast
from cogs.cards import card, digest
from core.assemble import Core, assemble
from core.cluster.none import NoCluster
from core.cluster.port import Cluster, Observed, fingerprint
from core.data.database import Database
from core.data.tables import CardRow, EventRow, GuildRow, MemberRow, PortRow, ServerRow, utc_now
from core.games.catalogue import BUILT_IN, Catalogue
from core.games.query.port import Endpoint, Query
from core.notices.codec import to_json
from core.notices.kinds.events import Created, PhaseChanged
from core.servers import names
from core.servers.host_rules import HostRules
from core.servers.parts import ServerParts
from core.servers.rows import RowContext
from core.words import Because, Desired, Phase, PodPhase, VolumePhase, new_server_id, new_trace

PER_GUILD = 10
FIRST_PORT = 20000
PLAYERS_MAX = 16
MASTER_KEY = "bench"
"""What the seeded fingerprints are derived from."""


@dataclass(slots=True)
class World:
    """Rows by table, and what a cluster reports that has done all that they ask of it."""

    tables: list[tuple[type[SQLModel], list[dict[str, Any]]]]
    observed: tuple[Observed, ...]


def make(*, servers: int, running: int, volumes: bool = True, channels: Sequence[str] = ()) -> World:
    """`servers` rows of which `running` run; at least two of those in the loopback guild. `volumes`: each has one.
    `channels`: all are in these channels of the loopback guild, in turn."""
    now = datetime.now(UTC)
    parts = make_core(Database("sqlite+aiosqlite://"), NoCluster()).parts
    rows = [
        _server(number, now, runs=_runs(number, servers, running), volume=volumes, channels=channels)
        for number in range(servers)
    ]
    ports = [PortRow(server=row.id, name="game", port=FIRST_PORT + n, protocol="tcp") for n, row in enumerate(rows)]
    cards = []
    for number, (row, port) in enumerate(zip(rows, ports, strict=True), start=1):
        view = parts.views.make(row, RowContext([port], None, "Ada"))
        cards.append(
            CardRow(id=number, server=row.id, shown=digest(card(view, "en", number=number * 2 + 1)), shown_at=now)
        )
        if channels:
            cards[-1].shown, cards[-1].shown_at = "", None
        # The loopback guild's cards are posted; no other guild's channel can be reached.
        if row.guild != int(cast.GUILD):
            cards[-1].channel, cards[-1].message = row.channel, number
    owners = sorted({(row.guild, row.owner) for row in rows})
    guilds = sorted({row.guild for row in rows})
    return World(
        [
            (GuildRow, [GuildRow(id=guild, greeted_at=now).model_dump() for guild in guilds]),
            (MemberRow, [{"guild": guild, "user": user, "name": "Ada"} for guild, user in owners]),
            (ServerRow, [row.model_dump() for row in rows]),
            (PortRow, [port.model_dump() for port in ports]),
            (CardRow, [each.model_dump() for each in cards]),
            (EventRow, [event for row in rows for event in _events(row)]),
        ],
        tuple(_observed(parts, row, port) for row, port in zip(rows, ports, strict=True)),
    )


async def fill(url: str, world: World, observed: Path) -> None:
    """Migrate and insert; `observed` is the file that IN_MEMORY clusters begin with."""
    database = Database(url)
    await database.migrate()
    async with database.engine.begin() as connection:
        for table, values in world.tables:
            await connection.execute(insert(table), values)
        if not database.is_sqlite:  # inserting a number by hand does not move the sequence
            await connection.execute(text("SELECT setval('cards_id_seq', (SELECT max(id) FROM cards))"))
    await database.close()
    with observed.open("wb") as target:
        pickle.dump(world.observed, target)


def sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def make_core(database: Database, cluster: Cluster, queries: Mapping[str, Query] | None = None) -> Core:
    """As if the cluster were seen."""
    rules = HostRules(public_host="127.0.0.1", ports=range(25500, 26000), master_key=MASTER_KEY.encode())
    core = assemble(database, Catalogue.load(BUILT_IN), cluster, rules, utc_now, queries=queries)
    core.parts.observed.stale_since = None
    return core


def _observed(parts: ServerParts, row: ServerRow, port: PortRow) -> Observed:
    spec = parts.projections.spec(row, RowContext([port], None, ""), replicas=1)
    assert spec is not None
    runs = row.desired == Desired.RUNNING
    pod: dict[str, Any] = {
        "pod": PodPhase.READY,
        "uid": row.crash_uid,
        "run": row.run,
        "ready_since": row.ready_at,
        "endpoints": {"game": Endpoint("127.0.0.1", port.port)},
    }
    return Observed(
        row.id,
        template_run=row.run,
        replicas=int(runs),
        fingerprint=fingerprint(spec),
        volume=VolumePhase.BOUND,
        volume_number=1,
        volumes=(1,),
        **(pod if runs else {}),
    )


def _runs(number: int, servers: int, running: int) -> bool:
    """The loopback guild's first two, and the others spread evenly."""
    if number < PER_GUILD and running < servers:
        return number < min(2, running)
    return number * running // servers != (number + 1) * running // servers


def _server(number: int, now: datetime, *, runs: bool, volume: bool, channels: Sequence[str]) -> ServerRow:
    guild = int(cast.GUILD) + (0 if channels else number // PER_GUILD * 100)
    name = f"Pond {number if channels else number % PER_GUILD}"
    since = now - timedelta(hours=1)
    server = new_server_id()
    row = ServerRow(
        id=server,
        guild=guild,
        owner=_owner(guild, number % 5),
        game="meadow",
        name=name,
        name_key=names.key(name),
        description="Where the frogs are.",
        size="small",
        settings={"greeting": f"Welcome to {name}"},
        channel=int(channels[number % len(channels)]) if channels else int(cast.CHAT) + guild - int(cast.GUILD),
        desired=Desired.RUNNING if runs else Desired.PAUSED,
        because=Because.OWNER if runs else Because.IDLE,
        phase=Phase.RUNNING if runs else Phase.PAUSED,
        phase_since=since,
        changed_at=since,
        created_at=since,
        started_at=since,
        ready_at=since if runs else None,
        players_max=PLAYERS_MAX,
        saved_at=since,
        saved_bytes=48_000,
        last_players=["Bo"],
        bound=int(volume),
    )
    if runs:
        row.crash_uid, row.crash_ever_ready = f"uid-{server}", True
        row.players, row.players_online, row.known_at = ["Bo"], 1, now
    return row


def _owner(guild: int, number: int) -> int:
    return int(cast.ADA) if guild == int(cast.GUILD) else guild + 10 + number


def _events(row: ServerRow) -> Iterable[dict[str, Any]]:
    up, asleep = PhaseChanged(Phase.STARTING, Phase.RUNNING), PhaseChanged(Phase.RUNNING, Phase.STOPPING)
    for event in (Created(row.game, row.name, row.size), up, asleep):
        about = {"at": row.phase_since, "guild": row.guild, "server": row.id, "by": None}
        nothing = {"cpu": 0, "memory": 0, "volume_bytes": 0, "exposure": 0, "stored_bytes": 0}
        yield about | nothing | {"kind": event.kind, "trace": new_trace(), "data": to_json(event)}
