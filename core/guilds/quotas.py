"""A guild's limits and what it uses of them: for its admins to see and to set, and to be warned of in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.changes import Changes
from core.data.database import Database, insert_missing
from core.data.tables import GuildRow, QuotaRow, ServerRow
from core.errors import BadInput, Bytes
from core.guilds.access import Actor, DoInGuild, Rules, judge
from core.guilds.limits import SERVERS_PER_GUILD, SERVERS_PER_MEMBER, STORAGE_BYTES, WORLD_BYTES, Limits, Quota
from core.guilds.storage import Storage, Stored, fill, is_news
from core.notices import outbox
from core.notices.events import record
from core.notices.kinds.events import GuildSet, QuotaSet
from core.notices.kinds.notices import StorageNotice
from core.words import Desired, GuildSetting, Phase, Sharer
from core.worlds.retention import CHOICES

WATCH_EVERY = timedelta(minutes=1)
MOST_PER_MEMBER = 10
MOST_MEMORY = 1024 * 1024
"""MiB: more than any game's server has."""
MOST_SPECIAL = 50
"""Quotas of members and roles that one guild may have: what a page shows."""
_COLUMNS = {
    GuildSetting.PER_MEMBER: "servers_per_member",
    GuildSetting.SERVERS: "servers_per_guild",
    GuildSetting.MEMORY: "memory",
    GuildSetting.WORLD: "world_bytes",
    GuildSetting.STORAGE: "storage_bytes",
    GuildSetting.RETENTION: "retention",
}
"""What can be set, and where it is kept; amounts of data in bytes, memory in MiB."""

_NAMED = 3  # servers that a warning names


@dataclass(frozen=True, slots=True)
class Special:
    """The quota of one member, or of each member with one role."""

    target: int
    kind: Sharer
    quota: Quota


@dataclass(frozen=True, slots=True)
class Status:
    """`phases`: how many servers are in each, of those that are not deleted. `most_storage` and `most_world`: what the
    host gives."""

    storage: Storage
    phases: Mapping[str, int]
    most_storage: int
    most_world: int
    kept: int = 0
    """Deleted servers that can still be brought back."""
    memory: int = 0
    """MiB of the servers that are to run."""
    special: tuple[Special, ...] = ()
    used: Mapping[int, Quota] = field(default_factory=dict)
    """By owner: their servers, and the memory of those that are to run."""

    @property
    def limits(self) -> Limits:
        return self.storage.limits


class Quotas:
    """`most_storage`: bytes that the host gives a guild; its admins may set less. `most_world`: likewise of one world,
    no game's disk is larger. `memory_of`: MiB of a server, by its game and size."""

    def __init__(
        self,
        database: Database,
        changes: Changes,
        now: Callable[[], datetime],
        most_storage: int = STORAGE_BYTES,
        most_world: int = WORLD_BYTES,
        memory_of: Callable[[str, str], int] = lambda game, size: 0,
    ) -> None:
        self._database = database
        self._changes = changes
        self._now = now
        self._most = most_storage
        self._most_world = max(most_world, WORLD_BYTES)
        self._memory_of = memory_of

    async def status(self, actor: Actor) -> Status:
        """NotAllowed for all but the guild's admins."""
        async with self._database.session() as session:
            row = await session.get(GuildRow, actor.guild)
            return await self._status(session, actor, DoInGuild.STATUS, row)

    async def set(self, actor: Actor, changes: Mapping[str, int | str]) -> Status:
        """Set what is in `changes` (the keys of _COLUMNS), leave the rest. Memory 0: no limit. NotAllowed for all but
        the guild's admins; BadInput for more than the host gives."""
        self._check(changes)
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            row = await _locked(session, actor.guild)
            status = await self._status(session, actor, DoInGuild.QUOTA, row)
            asked: dict[GuildSetting, int | str | None]
            asked = {setting: changes[setting] for setting in _COLUMNS if setting in changes}
            if asked.get(GuildSetting.MEMORY) == 0:
                asked[GuildSetting.MEMORY] = None
            changed = {key: value for key, value in asked.items() if getattr(row, _COLUMNS[key]) != value}
            before = {key: getattr(row, _COLUMNS[key]) for key in changed}
            for key, value in changed.items():
                setattr(row, _COLUMNS[key], value)
            if changed:
                session.add(row)
                record(session, GuildSet(changed, before, actor.user), self._now(), guild=row.id)
                status = await self._status(session, actor, DoInGuild.QUOTA, row)
        if changed:
            await self._look(actor.guild)
        self._changes.tell("")
        return status

    async def set_for(
        self,
        actor: Actor,
        target: int,
        kind: Sharer,
        *,
        servers: int | None = None,
        memory: int | None = None,
        storage: int | None = None,
    ) -> Status:
        """The quota of a member, or of each member with a role: only what is given changes. Memory in MiB, 0: no limit
        of theirs; storage in bytes. NotAllowed for all but the guild's admins."""
        self._check({"per_member": servers or 0, "memory": memory or 0, "storage": storage or 0})

        def chosen(before: Quota) -> Quota:
            return Quota(
                before.servers if servers is None else servers,
                before.memory if memory is None else memory or None,
                before.storage if storage is None else storage,
            )

        return await self._set_special(actor, target, kind, chosen)

    async def remove(self, actor: Actor, target: int, kind: Sharer) -> Status:
        """The guild's rules hold for them again. May be repeated. NotAllowed likewise."""
        return await self._set_special(actor, target, kind, lambda _: Quota())

    async def _set_special(self, actor: Actor, target: int, kind: Sharer, chosen: Callable[[Quota], Quota]) -> Status:
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            row = await _locked(session, actor.guild)
            if refused := judge(actor, DoInGuild.QUOTA, rules_of(row)):
                raise refused
            found = await session.get(QuotaRow, (actor.guild, target))
            before = Quota(found.servers, found.memory, found.storage) if found else Quota()
            if (after := chosen(before)) != before:
                numbers = (after.servers, after.memory, before.servers, before.memory, after.storage, before.storage)
                record(session, QuotaSet(target, kind, *numbers, by=actor.user), self._now(), guild=row.id)
                if found is not None:
                    await session.delete(found)
                    await session.flush()
                if after != Quota():
                    session.add(QuotaRow(guild=row.id, target=target, kind=kind, **asdict(after)))
                await session.flush()
            status = await self._status(session, actor, DoInGuild.QUOTA, row)
            if len(status.special) > MOST_SPECIAL:
                raise BadInput("quota.too_many", most=MOST_SPECIAL)
        self._changes.tell("")
        return status

    async def watch(self) -> None:
        """Warn each guild, and those who follow a server, that came close to a limit since the last look."""
        async with self._database.session() as session:
            known = {row.id: row for row in await session.exec(select(GuildRow))}
            left = {guild for guild, row in known.items() if row.left_at is not None}
            found: dict[int, list[tuple[Stored, int]]] = {}
            for guild, stored, told in await _stored(session):
                found.setdefault(guild, []).append((stored, told))
        for guild in {*found, *(guild for guild, row in known.items() if row.storage_told)} - left:
            row = known.get(guild)
            if _has_moved(row, found.get(guild, []), limits_of(row, self._most)):
                await self._look(guild)
                self._changes.tell("")

    # helpers

    def _check(self, changes: Mapping[str, int | str]) -> None:
        most = {"per_member": MOST_PER_MEMBER, "servers": SERVERS_PER_GUILD, "memory": MOST_MEMORY}
        for key, value in changes.items():
            if key == "retention":
                fits = value in CHOICES
            else:
                fits = 0 <= int(value) <= most.get(key, int(value))
            if not fits:
                raise BadInput("command.value")  # Discord offers no such value
        if int(changes.get("storage", 0)) > self._most:
            raise BadInput("quota.storage_most", most=Bytes(self._most))
        if int(changes.get("world", 0)) > self._most_world:
            raise BadInput("quota.world_most", most=Bytes(self._most_world))

    async def _status(self, session: AsyncSession, actor: Actor, do: DoInGuild, row: GuildRow | None) -> Status:
        if refused := judge(actor, do, rules_of(row)):
            raise refused
        special = select(QuotaRow).where(QuotaRow.guild == actor.guild).order_by(QuotaRow.kind, col(QuotaRow.target))
        row_of: Any = ServerRow
        every: Any = columns(
            row_of.owner, row_of.desired, row_of.game, row_of.size, row_of.run_size, row_of.stored_bytes
        ).where(row_of.guild == actor.guild, row_of.desired != Desired.DELETED)
        servers, memory, stored = Counter[int](), Counter[int](), Counter[int]()
        for owner, desired, game, size, run_size, took in await session.exec(every):
            servers[owner] += 1
            stored[owner] += took
            sizes = {size, run_size or size} if desired == Desired.RUNNING else ()  # as core.servers.admission counts
            memory[owner] += max((self._memory_of(game, each) for each in sizes), default=0)
        query = select(ServerRow.phase).where(ServerRow.guild == actor.guild, ServerRow.desired != Desired.DELETED)
        deleted = select(func.count()).where(
            ServerRow.guild == actor.guild, ServerRow.desired == Desired.DELETED, ServerRow.phase != Phase.DELETED
        )
        storage = await storage_of(session, actor.guild, limits_of(row, self._most))
        phases, kept = Counter(await session.exec(query)), (await session.exec(deleted)).one()
        return Status(
            storage,
            phases,
            self._most,
            self._most_world,
            kept,
            memory=memory.total(),
            used={owner: Quota(count, memory[owner], stored[owner]) for owner, count in servers.items()},
            special=tuple(
                [
                    Special(each.target, Sharer(each.kind), Quota(each.servers, each.memory, each.storage))
                    for each in await session.exec(special)
                ]
            ),
        )

    async def _look(self, guild: int) -> None:
        """Servers are locked before their guild, as everybody does."""
        async with self._database.begin() as session:
            limits = limits_of(await session.get(GuildRow, guild), self._most)
            moved = [
                await session.get_one(ServerRow, stored.server, with_for_update=True)
                for _, stored, told in await _stored(session, guild)
                if fill(stored.world_bytes, limits.world_bytes) != told
            ]
            await self._look_at(session, await _locked(session, guild), moved)

    async def _look_at(self, session: AsyncSession, row: GuildRow, moved: Iterable[ServerRow]) -> None:
        storage = await storage_of(session, row.id, limits_of(row, self._most))
        if is_news(storage.fill, row.storage_told):
            await self._warn(session, storage, row.id)
        row.storage_told = storage.fill
        session.add(row)
        for server in moved:
            size = server.saved_bytes or 0
            world = fill(size, storage.limits.world_bytes)
            if is_news(world, server.world_told):
                warning = StorageNotice(world, size, storage.limits.world_bytes)
                await outbox.say_next(session, server, warning, self._now())
            if server.world_told != world:
                server.world_told = world
                session.add(server)

    async def _warn(self, session: AsyncSession, storage: Storage, guild: int) -> None:
        largest = storage.servers[:_NAMED]
        place = await session.get(ServerRow, largest[0].server) if largest else None
        warning = StorageNotice(
            storage.fill,
            storage.used,
            storage.limits.storage_bytes,
            largest=tuple((each.name, each.bytes) for each in largest if each.bytes),
            channel=place.channel if place else None,
        )
        outbox.say_to_guild(session, guild, warning, self._now())


def limits_of(row: GuildRow | None, most_storage: int = STORAGE_BYTES) -> Limits:
    """The guild's own limits, the host's where it has none; never more storage than the host gives by now."""
    if row is None:
        return Limits(storage_bytes=most_storage)
    return Limits(
        per_member=SERVERS_PER_MEMBER if row.servers_per_member is None else row.servers_per_member,
        per_guild=SERVERS_PER_GUILD if row.servers_per_guild is None else row.servers_per_guild,
        memory=row.memory,
        withheld=frozenset(row.games_withheld),
        world_bytes=WORLD_BYTES if row.world_bytes is None else row.world_bytes,
        storage_bytes=most_storage if row.storage_bytes is None else min(row.storage_bytes, most_storage),
        retention=row.retention,
        create_role=row.create_role,
        admin_role=row.admin_role,
        link_to_create=row.link_to_create,
        creators_elsewhere=bool(row.entra_create),
    )


def rules_of(row: GuildRow | None) -> Rules:
    if row is None:
        return Rules()
    return Rules(row.admin_role, row.create_role, row.link_to_create, bool(row.entra_create))


async def storage_of(session: AsyncSession, guild: int, limits: Limits) -> Storage:
    return Storage.of((stored for _, stored, _ in await _stored(session, guild)), limits)


async def stored_of(session: AsyncSession, guild: int, owner: int) -> int:
    """Bytes of all snapshots of one member's servers that are not deleted."""
    total = select(func.coalesce(func.sum(col(ServerRow.stored_bytes)), 0)).where(
        ServerRow.guild == guild, ServerRow.owner == owner, ServerRow.desired != Desired.DELETED
    )
    return int((await session.exec(total)).one())


async def _stored(session: AsyncSession, guild: int | None = None) -> list[tuple[int, Stored, int]]:
    """Guild, server and the fill of its world at the last look, of all servers that are not deleted."""
    row: Any = ServerRow
    query: Any = columns(
        row.guild, row.world_told, row.id, row.name, row.stored_bytes, func.coalesce(row.saved_bytes, 0), row.saved_at
    ).where(row.desired != Desired.DELETED)
    if guild is not None:
        query = query.where(row.guild == guild)
    return [(its_guild, Stored(*stored), told) for its_guild, told, *stored in await session.exec(query)]


async def _locked(session: AsyncSession, guild: int) -> GuildRow:
    await insert_missing(session, GuildRow(id=guild))
    return await session.get_one(GuildRow, guild, with_for_update=True)


def _has_moved(row: GuildRow | None, servers: Iterable[tuple[Stored, int]], limits: Limits) -> bool:
    servers = list(servers)
    storage = Storage.of((stored for stored, _ in servers), limits)
    return storage.fill != (row.storage_told if row else 0) or any(
        fill(stored.world_bytes, limits.world_bytes) != told for stored, told in servers
    )
