"""What the use-cases share: finding a row for an actor, changing it under its version, and making views of it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.changes import Changes
from core.cluster.port import Observed, PortSpec, ServerSpec, fingerprint
from core.data.database import Database, insert_missing
from core.data.tables import GuildRow, MemberRow, PortRow, ServerRow, ShareRow
from core.errors import NotAllowed, NotFound
from core.games.catalogue import Catalogue, Game, fill
from core.guilds.access import Actor, Do, Level, Share, level, may
from core.guilds.limits import SERVERS_PER_GUILD, SERVERS_PER_MEMBER, WORLD_BYTES, Limits
from core.idle.rules import Facts, Memory, Policy, pause_at
from core.notices.events import Usage
from core.servers import names
from core.servers.lifecycle import Wanted
from core.servers.views import IdleView, ServerView
from core.words import Because, Desired, Phase, Problem, is_server_id


@dataclass(frozen=True, slots=True)
class Host:
    """What the operator's settings say and every server follows."""

    public_host: str
    ports: range
    master_key: bytes
    idle_after: timedelta = timedelta(seconds=900)
    idle_warn: timedelta = timedelta(seconds=300)
    idle_grace: timedelta = timedelta(seconds=600)
    undo_for: timedelta = timedelta(days=7)
    healthy_after: timedelta = timedelta(minutes=10)


@dataclass(slots=True)
class Live:
    """What the cluster reported last, kept by the controller. `stale_since` None: it is fresh."""

    observed: dict[str, Observed]
    stale_since: datetime | None

    def of(self, server: str) -> Observed:
        return self.observed.get(server) or Observed(server)


class Desk:
    """Constructed once; holds no state of its own."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        changes: Changes,
        live: Live,
        host: Host,
        now: Callable[[], datetime],
    ) -> None:
        self.database = database
        self.catalogue = catalogue
        self.changes = changes
        self.live = live
        self.host = host
        self.now = now

    # finding

    async def find(self, session: AsyncSession, actor: Actor, server: str, do: Do, *, lock: bool = False) -> ServerRow:
        """The actor's server by id or typed name. NotFound also for another guild's; NotAllowed says who can."""
        query = select(ServerRow).where(ServerRow.guild == actor.guild)
        if is_server_id(server):
            query = query.where(ServerRow.id == server)
        else:
            query = query.where(ServerRow.name_key == names.key(server), ServerRow.desired != Desired.DELETED)
        if actor.direct:
            query = query.where(ServerRow.owner == actor.user)
        row = (await session.exec(query.with_for_update() if lock else query)).first()
        if row is None or row.phase == Phase.DELETED:
            raise NotFound("server.not_found")
        if not may(do, await self.level(session, actor, row)):
            raise NotAllowed("server.not_allowed", do=do, name=row.name, owner=await self.member(session, row))
        return row

    async def level(self, session: AsyncSession, actor: Actor, row: ServerRow) -> Level:
        shares = await session.exec(select(ShareRow).where(ShareRow.server == row.id))
        guild = await session.get(GuildRow, row.guild)
        return level(
            actor,
            row.owner,
            [Share(share.target, share.kind, share.role) for share in shares],
            guild.admin_role if guild else None,
        )

    async def member(self, session: AsyncSession, row: ServerRow) -> str:
        """The owner's name as last seen; empty if never."""
        found = await session.get(MemberRow, (row.guild, row.owner))
        return found.name if found else ""

    async def greet(self, session: AsyncSession, actor: Actor) -> None:
        """Remember the name the actor goes by now."""
        if not actor.name:
            return
        found = await session.get(MemberRow, (actor.guild, actor.user))
        if found is None or found.name != actor.name:
            row = MemberRow(guild=actor.guild, user=actor.user, name=actor.name)
            await insert_missing(session, row, update=("name",))

    async def limits(self, session: AsyncSession, guild: int, *, lock: bool = False) -> Limits:
        """The guild's limits. `lock`: until the transaction ends nobody else counts and takes under them."""
        if lock:
            await insert_missing(session, GuildRow(id=guild))
        row = await session.get(GuildRow, guild, with_for_update=lock)
        if row is None:
            return Limits()
        return Limits(
            per_member=SERVERS_PER_MEMBER if row.servers_per_member is None else row.servers_per_member,
            per_guild=SERVERS_PER_GUILD if row.servers_per_guild is None else row.servers_per_guild,
            world_bytes=WORLD_BYTES if row.world_bytes is None else row.world_bytes,
            create_role=row.create_role,
            admin_role=row.admin_role,
        )

    async def count(self, session: AsyncSession, guild: int, owner: int | None = None, *, deleted: bool = False) -> int:
        """Servers that are not deleted, of one owner or of all; or those `deleted` ones that still hold their place."""
        query = select(func.count()).where(col(ServerRow.guild) == guild)
        if deleted:
            query = query.where(col(ServerRow.desired) == Desired.DELETED, col(ServerRow.phase) != Phase.DELETED)
        else:
            query = query.where(col(ServerRow.desired) != Desired.DELETED)
        if owner is not None:
            query = query.where(col(ServerRow.owner) == owner)
        return int((await session.exec(query)).one())

    @asynccontextmanager
    async def changing(self, actor: Actor, server: str, do: Do) -> AsyncIterator[tuple[AsyncSession, ServerRow]]:
        """One transaction on one server that the actor may `do` something to; wakes whoever follows it."""
        async with self.database.begin() as session:
            await once.claim(session, self.now())
            await self.greet(session, actor)
            row = await self.find(session, actor, server, do, lock=True)
            yield session, row
            row.changed_at = self.now()
            session.add(row)
        self.changes.tell(row.id)

    # pure projections

    def policy(self, row: ServerRow, guild: GuildRow | None) -> Policy:
        """Server, then guild, then host."""

        def first(own: int | None, rule: int | None, host: timedelta) -> timedelta:
            chosen = own if own is not None else rule
            return host if chosen is None else timedelta(seconds=chosen)

        after = first(row.idle_after, guild.idle_after if guild else None, self.host.idle_after)
        warn = first(row.idle_warn, guild.idle_warn if guild else None, self.host.idle_warn)
        return Policy(after=after, warn=warn, grace=self.host.idle_grace)

    def game(self, row: ServerRow) -> Game | None:
        return self.catalogue.get(row.game)

    def usage(self, row: ServerRow, *, on: bool | None = None) -> Usage:
        game = self.game(row)
        running = row.phase in (Phase.STARTING, Phase.RUNNING, Phase.STOPPING) if on is None else on
        size = next((size for size in game.sizes if size.id == row.size), None) if game else None
        return Usage(
            cpu=size.cpu if size and running else 0,
            memory=size.memory if size and running else 0,
            volume_bytes=WORLD_BYTES,
            exposure=sum(port.public for port in game.ports) if game and running else 0,
            stored_bytes=row.saved_bytes or 0,
        )

    def secret(self, purpose: str, server: str) -> str:
        """A password derived from the master key; the same for every call, never stored."""
        message = f"{purpose}:{server}:1".encode()
        return hmac.new(self.host.master_key, message, hashlib.sha256).hexdigest()[:32]

    def spec(self, row: ServerRow, ports: list[PortRow], *, replicas: int, trace: str = "") -> ServerSpec | None:
        """What the cluster has to know; None while the game is missing from the catalogue."""
        game = self.game(row)
        if game is None:
            return None
        given = {port.name: port.port for port in ports}
        return ServerSpec(
            server=row.id,
            guild=row.guild,
            owner=row.owner,
            name=row.name,
            game=game,
            size=game.size(row.size),
            run=row.run,
            volume=row.volume,
            replicas=replicas,
            ports=tuple(PortSpec(p.name, p.protocol, p.container, given.get(p.name)) for p in game.ports),
            settings=game.values(row.settings),
            console_secret=self.secret("console", row.id),
            agent_secret=self.secret("agent", row.id),
            volume_bytes=WORLD_BYTES,
            source=row.source,
            trace=trace,
        )

    def wanted(self, row: ServerRow, ports: list[PortRow]) -> Wanted:
        spec = self.spec(row, ports, replicas=1) if row.desired == Desired.RUNNING else None
        return Wanted(
            server=row.id,
            desired=Desired(row.desired),
            run=row.run,
            volume=row.volume,
            phase=Phase(row.phase),
            start_by=row.start_by,
            ready_at=row.ready_at,
            purge_at=row.purge_at,
            fingerprint=fingerprint(spec) if spec else "",
        )

    def memory(self, row: ServerRow) -> Memory:
        return Memory(empty_since=row.empty_since, known_at=row.known_at, unknown_since=row.unknown_since)

    def facts(self, row: ServerRow) -> Facts:
        return Facts(
            running=row.phase == Phase.RUNNING and row.desired == Desired.RUNNING,
            ready_since=row.ready_at,
            problem=row.problem is not None,
            keep_until=row.keep_until,
            warned_at=row.warned_at,
            delivered_at=row.warning_delivered_at,
            undeliverable=row.warning_dead,
        )

    # views

    async def view(self, session: AsyncSession, row: ServerRow) -> ServerView:
        ports = list(await session.exec(select(PortRow).where(PortRow.server == row.id)))
        guild = await session.get(GuildRow, row.guild)
        return self.make_view(row, ports, guild, await self.member(session, row))

    def make_view(self, row: ServerRow, ports: list[PortRow], guild: GuildRow | None, owner: str) -> ServerView:
        game, seen = self.game(row), self.live.of(row.id)
        addresses = {port.name: f"{self.host.public_host}:{port.port}" for port in ports}
        public = [port.name for port in game.ports if port.public] if game else []
        address = next((addresses[name] for name in public if name in addresses), None)
        policy = self.policy(row, guild)
        running = row.phase == Phase.RUNNING
        due = pause_at(policy, self.memory(row), self.facts(row), self.now())
        return ServerView(
            id=row.id,
            guild=row.guild,
            name=row.name,
            description=row.description,
            owner=row.owner,
            owner_name=owner,
            game=game,
            game_name=game.name if game else row.game,
            size=row.size,
            settings=game.values(row.settings) if game else {},
            desired=Desired(row.desired),
            because=Because(row.because),
            by=row.by,
            phase=Phase(row.phase),
            phase_since=row.phase_since,
            step=seen.step if row.phase == Phase.STARTING else None,
            problem=Problem(row.problem) if row.problem else None,
            problem_since=row.problem_since,
            address=address,
            addresses=addresses,
            url=fill(game.join.url, {"address": address}) if game and address and game.join.url else None,
            players=tuple(row.players) if running else (),
            players_online=row.players_online if running else 0,
            players_max=row.players_max,
            players_known=running and row.known_at is not None and row.unknown_since is None,
            idle=IdleView(
                after=int(policy.after.total_seconds()),
                warn=int(policy.warn.total_seconds()),
                own=row.idle_after is not None or row.idle_warn is not None,
                empty_since=row.empty_since if running else None,
                pause_at=due,
                warned=row.warned_at is not None,
                keep_until=row.keep_until,
                unknown_since=row.unknown_since,
                warning_dead=row.warning_dead,
            ),
            started_at=row.started_at,
            ready_at=row.ready_at,
            saved_at=row.saved_at,
            saved_bytes=row.saved_bytes,
            crash_count=row.crash_count,
            crash_log=row.crash_log,
            last_exit_code=seen.last_exit.code if seen.last_exit else None,
            purge_at=row.purge_at,
            fresh=self.live.stale_since is None,
            channel=row.channel,
            at=self.now(),
            version=row.version,
        )
