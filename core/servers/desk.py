"""What the use-cases share: finding a row for an actor, changing it under its version, and making views of it."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.changes import Changes
from core.cluster.port import Observed, PortSpec, ServerSpec, fingerprint
from core.data.database import Database, insert_missing
from core.data.tables import GuildRow, MemberRow, PortRow, ServerRow, ShareRow
from core.errors import NotAllowed, NotFound
from core.games.catalogue import Catalogue, Game, fill
from core.guilds.access import NEEDS, Actor, Do, Level, Share, level, may
from core.guilds.limits import STORAGE_BYTES, WORLD_BYTES, Limits
from core.guilds.quotas import limits_of
from core.idle.rules import Facts, Memory, Policy, pause_at
from core.notices.events import Usage
from core.servers import names, trouble
from core.servers.lifecycle import Wanted
from core.servers.views import IdleView, ServerView, Trouble
from core.words import Because, Desired, Phase, PodPhase, Problem, is_server_id

MOST_LISTED = 200


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
    keeps_worlds: bool = False
    guild_storage: int = STORAGE_BYTES


@dataclass(slots=True)
class Live:
    """What the cluster reported last, kept by the controller. `stale_since` None: it is fresh."""

    observed: dict[str, Observed]
    stale_since: datetime | None
    steps: dict[str, datetime] = field(default_factory=dict)  # since when each is at its step, as far as it was seen

    def of(self, server: str) -> Observed:
        return self.observed.get(server) or Observed(server)

    def list(self, observed: Iterable[Observed]) -> None:
        """All that there is now. A step that began unseen has no beginning."""
        before, self.observed = self.observed, {seen.server: seen for seen in observed}
        same = (server for server, seen in self.observed.items() if _step(before.get(server)) == _step(seen))
        self.steps = {server: self.steps[server] for server in same if server in self.steps}

    def change(self, seen: Observed, now: datetime) -> bool:
        """Whether people see something new in it although the server's row may stay as it is."""
        before = self.observed.get(seen.server)
        self.observed[seen.server] = seen
        stepped = _step(before) != _step(seen)
        if stepped:
            self.steps.pop(seen.server, None)
            if _step(seen):
                self.steps[seen.server] = now
        shown = (seen.address, seen.lacks, seen.progress)
        return stepped or (before is not None and (before.address, before.lacks, before.progress) != shown)


def _step(seen: Observed | None) -> tuple[object, ...]:
    """Differs where a step begins anew; empty for none."""
    if seen is None or seen.step is None or seen.pod is PodPhase.READY:
        return ()
    return (seen.step, seen.run, seen.restarts)


@dataclass(frozen=True, slots=True)
class Around:
    """What a view shows beside the server's row; read together with it, and as old as that."""

    ports: list[PortRow]
    guild: GuildRow | None
    owner: str  # the name as last seen; empty if never


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
        wanted: dict[str, Any] = {"guild": actor.guild}
        by_id = is_server_id(server)
        wanted |= {"server": server} if by_id else {"key": names.key(server)}
        wanted |= {"owner": actor.user} if actor.direct else {}
        row = await self._load(session, _find(by_id=by_id, owned=actor.direct, lock=lock), wanted)
        if row is None or row.phase == Phase.DELETED:
            raise NotFound("server.not_found")
        if not may(do, await self._level(session, actor, row, do)):
            owner = (await self.around(session, row)).owner
            raise NotAllowed("server.not_allowed", do=do, name=row.name, owner=owner)
        return row

    async def load(self, session: AsyncSession, server: str) -> ServerRow | None:
        """A server by id, whoever asks; `view` needs nothing more then."""
        return await self._load(session, _LOADED, {"server": server})

    async def load_all(self, session: AsyncSession, guild: int, owner: int | None = None) -> list[ServerRow]:
        """The guild's servers that are not deleted, or one owner's there, by name; at most MOST_LISTED."""
        wanted = {"guild": guild} | ({} if owner is None else {"owner": owner})
        return await self._load_all(session, _list(owned=owner is not None), wanted)

    async def _load(self, session: AsyncSession, query: Any, wanted: dict[str, Any]) -> ServerRow | None:
        return next(iter(await self._load_all(session, query, wanted)), None)

    async def _load_all(self, session: AsyncSession, query: Any, wanted: dict[str, Any]) -> list[ServerRow]:
        rows: dict[str, ServerRow] = {}
        for row, guild, owner, port in await session.exec(query, params=wanted):
            if row.id not in rows:
                rows[row.id] = row
                session.info[_AROUND, row.id] = Around([], guild, owner or "")
            if port is not None:
                session.info[_AROUND, row.id].ports.append(port)
        return list(rows.values())

    async def around(self, session: AsyncSession, row: ServerRow) -> Around:
        """Read with the row, or now; the same for the rest of the session."""
        if (_AROUND, row.id) not in session.info:
            await self.load(session, row.id)
        found: Around = session.info[_AROUND, row.id]
        return found

    async def _level(self, session: AsyncSession, actor: Actor, row: ServerRow, do: Do) -> Level:
        guild = (await self.around(session, row)).guild
        admin_role = guild.admin_role if guild else None
        alone = level(actor, row.owner, (), admin_role)
        if alone >= Level.OWNER or NEEDS[do] is Level.NOBODY:
            return alone  # no share changes that
        shares = await session.exec(select(ShareRow).where(ShareRow.server == row.id))
        return level(actor, row.owner, [Share(share.target, share.kind, share.role) for share in shares], admin_role)

    async def greet(self, session: AsyncSession, actor: Actor) -> None:
        """Remember the name the actor goes by now."""
        if not actor.name:
            return
        found = await session.get(MemberRow, (actor.guild, actor.user))
        if found is None or found.name != actor.name:
            row = MemberRow(guild=actor.guild, user=actor.user, name=actor.name)
            await insert_missing(session, row, update=("name",))

    async def _greet_at(self, session: AsyncSession, actor: Actor, row: ServerRow) -> None:
        """`greet`, where the owner's name is known with the row."""
        around = await self.around(session, row)
        owns = actor.user == row.owner
        if owns and actor.name in ("", around.owner):
            return
        await self.greet(session, actor)
        if owns:
            session.info[_AROUND, row.id] = replace(around, owner=actor.name)

    async def limits(self, session: AsyncSession, guild: int, *, lock: bool = False) -> Limits:
        """The guild's limits. `lock`: until the transaction ends nobody else counts and takes under them."""
        if lock:
            await insert_missing(session, GuildRow(id=guild))
        return limits_of(await session.get(GuildRow, guild, with_for_update=lock), self.host.guild_storage)

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
            row = await self.find(session, actor, server, do, lock=True)
            await self._greet_at(session, actor, row)
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
            stored_bytes=row.stored_bytes or row.saved_bytes or 0,
        )

    def secret(self, purpose: str, server: str) -> str:
        """A password derived from the master key; the same for every call, never stored."""
        message = f"{purpose}:{server}:1".encode()
        return hmac.digest(self.host.master_key, message, "sha256").hex()[:32]

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
            made=row.bound == row.volume,
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
            keeps_worlds=self.host.keeps_worlds,
            bound=row.bound,
            sealed=row.sealed is not None,
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

    def trouble(self, row: ServerRow, problem: Problem | None) -> Trouble:
        """Why the server is not up now."""
        since = self._step_since(row)
        took = (self.now() - since).total_seconds() if since else None
        return trouble.seen_now(row, self.live.of(row.id), self.game(row), problem, took)

    def _step_since(self, row: ServerRow) -> datetime | None:
        """None also where what is seen is still of the time before this run was asked for."""
        since = self.live.steps.get(row.id)
        return since if since and (row.started_at is None or since >= row.started_at) else None

    # views

    async def view(self, session: AsyncSession, row: ServerRow) -> ServerView:
        around = await self.around(session, row)
        return self.make_view(row, around.ports, around.guild, around.owner, await trouble.told(session, row))

    def make_view(
        self, row: ServerRow, ports: list[PortRow], guild: GuildRow | None, owner: str, told: Trouble | None = None
    ) -> ServerView:
        """`told`: of a start that was given up."""
        game, seen = self.game(row), self.live.of(row.id)
        host = seen.address or self.host.public_host
        addresses = {port.name: f"{host}:{port.port}" for port in ports} if host else {}
        public = [port.name for port in game.ports if port.public] if game else []
        address = next((addresses[name] for name in public if name in addresses), None)
        policy = self.policy(row, guild)
        running = row.phase == Phase.RUNNING
        problem = Problem(row.problem) if row.problem else None
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
            progress=seen.progress if row.phase == Phase.STARTING else None,
            step_since=self._step_since(row) if row.phase == Phase.STARTING else None,
            problem=problem,
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
            start_by=row.start_by,
            ready_at=row.ready_at,
            saved_at=row.saved_at,
            saved_bytes=row.saved_bytes,
            saved_new=row.saved_new if row.saved_name else None,
            volume=row.volume,
            good=row.good is not None,
            can_undo=row.undo_to is not None,
            trouble=told or self.trouble(row, problem),
            crash_log=row.crash_log,
            purge_at=row.purge_at,
            fresh=self.live.stale_since is None,
            channel=row.channel,
            at=self.now(),
            version=row.version,
        )


# One statement for a server and all around it, made once: on an interaction's way each one more is a millisecond.

_AROUND = "around"
_WHOLE = (
    select(ServerRow, GuildRow, MemberRow.name, PortRow)
    .outerjoin(GuildRow, col(GuildRow.id) == ServerRow.guild)
    .outerjoin(MemberRow, and_(col(MemberRow.guild) == ServerRow.guild, col(MemberRow.user) == ServerRow.owner))
    .outerjoin(PortRow, col(PortRow.server) == ServerRow.id)
)
_LOADED = _WHOLE.where(col(ServerRow.id) == bindparam("server"))


@cache
def _list(*, owned: bool) -> Any:
    listed = select(ServerRow.id).where(
        col(ServerRow.guild) == bindparam("guild"), col(ServerRow.desired) != Desired.DELETED
    )
    if owned:
        listed = listed.where(col(ServerRow.owner) == bindparam("owner"))
    listed = listed.order_by(col(ServerRow.name_key)).limit(MOST_LISTED)
    return _WHOLE.where(col(ServerRow.id).in_(listed)).order_by(col(ServerRow.name_key))


@cache
def _find(*, by_id: bool, owned: bool, lock: bool) -> Any:
    query = _WHOLE.where(col(ServerRow.guild) == bindparam("guild"))
    if by_id:
        query = query.where(col(ServerRow.id) == bindparam("server"))
    else:
        query = query.where(col(ServerRow.name_key) == bindparam("key"), col(ServerRow.desired) != Desired.DELETED)
    if owned:
        query = query.where(col(ServerRow.owner) == bindparam("owner"))
    return query.with_for_update(of=ServerRow) if lock else query
