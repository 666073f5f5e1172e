"""What members may do with a server's world: look at its snapshots, take one, go back, clone, download, archive.

Going back is always volume n+1 from a snapshot, with a snapshot of volume n first: whatever one goes back from can be
come back to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from core.cluster.children import ChildFailed
from core.cluster.local_volumes import refusal_of
from core.cluster.port import NEWEST, Cluster, Saved
from core.data.tables import ServerRow
from core.errors import BadInput, ClusterError, NotFound, Refusal, TryAgain
from core.guilds.access import Actor, Do
from core.guilds.limits import Limits
from core.guilds.quotas import storage_of
from core.guilds.storage import refuse_more
from core.notices import outbox
from core.notices.events import record
from core.servers import create, names
from core.servers.desk import Desk
from core.servers.power import stamp, start, stop
from core.servers.views import ServerView
from core.words import Because, Desired, EventKind, NoticeKind, Phase, PodPhase, Problem
from core.worlds.listing import Snapshot
from core.worlds.shelf import Shelf

BEFORE_RESTORE, IMPORTED = "~before restore", "~import"
"""Notes of snapshots that nobody took by hand; what people type never begins so."""

LINK_FOR = 24 * 3600
"""Seconds that a download's link works."""

ATTACHED_UP_TO = 8 * 1024 * 1024
"""Bytes of an archive that go into the answer itself."""

_SAID = {Problem.STORE_AWAY, Problem.STORE_REFUSED, Problem.WORLD_DAMAGED, Problem.SNAPSHOT_GONE, Problem.DISK_FULL}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Download:
    """One of `link`, and `data` for what is small enough to hand over. `size` in bytes."""

    name: str
    size: int
    snapshot: Snapshot
    link: str = ""
    until: datetime | None = None
    data: bytes = b""


class Attached(Protocol):
    """A file that somebody sent; `size` in bytes."""

    @property
    def size(self) -> int: ...
    async def save(self, path: Path, /) -> object: ...


class Worlds:
    """Every method may raise a `core.errors.Refusal`; nothing was changed then. `server` is an id or a typed name."""

    def __init__(self, desk: Desk, cluster: Cluster, shelf: Shelf) -> None:
        self._desk = desk
        self._cluster = cluster
        self._shelf = shelf

    async def snapshots(self, actor: Actor, server: str, do: Do = Do.SNAPSHOTS) -> tuple[ServerView, list[Snapshot]]:
        """Newest first."""
        async with self._desk.database.session() as session:
            row = await self._desk.find(session, actor, server, do)
            view = await self._desk.view(session, row)
        return view, await _in_words(self._shelf.snapshots(row.id))

    async def snapshot(self, actor: Actor, server: str, note: str = "") -> tuple[ServerView, Saved]:
        """Now, whether it runs or sleeps. What has a note is kept until somebody lets go of it."""
        row = await self._find(actor, server, Do.SNAPSHOT)
        if row.bound != row.volume:
            raise Refusal("world.none_yet", name=row.name)
        await self._refuse_more(row, row.id)
        saved = await self._save(row, names.one_line(note).lstrip("~")[:100].strip())
        async with self._desk.database.session() as session:
            return await self._desk.view(session, row), saved

    async def restore(self, actor: Actor, server: str, snapshot: str) -> ServerView:
        row = await self._find(actor, server, Do.RESTORE)
        return await self._go_back(actor, row, await self._choose(row, snapshot))

    async def undo(self, actor: Actor, server: str) -> ServerView:
        """Take the last restore back."""
        row = await self._find(actor, server, Do.RESTORE)
        if row.undo_to is None:
            raise Refusal("world.nothing_to_undo", name=row.name)
        return await self._go_back(actor, row, await self._choose(row, row.undo_to))

    async def restore_good(self, actor: Actor, server: str) -> ServerView:
        """Back to the newest snapshot of a time without crashes."""
        row = await self._find(actor, server, Do.RESTORE)
        if row.good is None:
            raise Refusal("world.no_good_one", name=row.name)
        return await self._go_back(actor, row, await self._choose(row, row.good))

    async def clone(self, actor: Actor, server: str, *, channel: int, name: str, snapshot: str | None) -> ServerView:
        """Another server of the same game, size and settings, whose world begins as this one's was."""
        row = await self._find(actor, server, Do.CLONE)
        await self._refuse_more(row, row.id)
        if snapshot is not None:
            source = f"{row.id}/{(await self._choose(row, snapshot)).name}"
        elif row.bound == row.volume:
            source = f"{row.id}/{(await self._save(row)).name}"
        elif row.source is not None:
            source = row.source if "/" in row.source else f"{row.id}/{row.source}"
        else:
            raise Refusal("world.none_yet", name=row.name)
        return await create.create(
            self._desk,
            actor,
            channel=channel,
            game=row.game,
            name=name,
            size=row.size,
            text=row.description,
            source=source,
            settings=row.settings,
        )

    async def archive(self, actor: Actor, server: str) -> ServerView:
        """Paused, the world put away safely, the volume given back; Resume brings it back."""
        async with self._desk.changing(actor, server, Do.ARCHIVE) as (session, row):
            _refuse_deleted(row)
            if row.desired == Desired.RUNNING:
                await stop(self._desk, session, row, because=Because.OWNER, by=actor.user)
            row.desired = Desired.ARCHIVED
            return await self._desk.view(session, row)

    async def download(self, actor: Actor, server: str, snapshot: str | None) -> Download:
        """One archive of a snapshot, the newest without a choice."""
        row = await self._find(actor, server, Do.DOWNLOAD)
        if snapshot is None and row.bound == row.volume:
            await self._save(row)
        chosen = await self._choose(row, snapshot or NEWEST)
        title = _file_name(row.name)
        async with self._shelf.bench() as work:
            arguments = ["--server", row.id, f"--title={title}", chosen.name, str(work)]
            made = await _in_words(self._shelf.run("export", arguments))
        key, size = str(made["key"]), int(made["size"])
        event = {"name": chosen.name, "size": size}
        async with self._desk.database.begin() as session:
            self._record(session, row, EventKind.EXPORTED, event, by=actor.user)
        if size <= ATTACHED_UP_TO:
            data = await _in_words(self._shelf.ask(lambda store: store.get(key)))
            await _in_words(self._shelf.ask(lambda store: store.hide(key)))
            return Download(f"{title}.zip", size, chosen, data=data)
        try:
            link = await self._shelf.ask(lambda store: store.link(key, LINK_FOR))
        except ChildFailed as wrong:
            await _in_words(self._shelf.ask(lambda store: store.hide(key)))
            raise Refusal("world.no_link", name=row.name) from wrong
        until = datetime.fromtimestamp(self._desk.now().timestamp() + LINK_FOR, self._desk.now().tzinfo)
        return Download(f"{title}.zip", size, chosen, link=link, until=until)

    async def bring_in(
        self, actor: Actor, server: str, *, file: Attached | None, url: str | None, into: str = "world"
    ) -> ServerView:
        """A world or plugins of the member's own, from a file or an address; what was there can be come back to."""
        if (file is None) == (url is None):
            raise BadInput("import.which")
        if url is not None and not (url.isascii() and url.isprintable()):
            raise BadInput("import.address")
        row = await self._find(actor, server, Do.IMPORT)
        game = self._desk.game(row)
        place = None if game is None else game.imports.world if into == "world" else game.imports.plugins
        if game is None or place is None:
            raise Refusal("import.not_offered", game=game.name if game else row.game, into=into)
        most = (await self._refuse_more(row)).world_bytes
        base = ""
        if place:
            base = (await self._save(row)).name if row.bound == row.volume else row.source or ""
        async with self._shelf.bench() as folder:
            work = folder / "work"
            work.mkdir()
            root = game.imports.root if into == "world" else ""
            arguments = ["--server", row.id, str(work), f"--into={place}", f"--root={root}", f"--most={most}"]
            arguments += [f"--base={base}", f"--note={IMPORTED}"]
            if file is not None:
                if file.size > most:
                    raise BadInput("import.large")
                await file.save(folder / "archive")
                made = self._shelf.run("bring", [*arguments, f"--archive={folder / 'archive'}"])
            else:
                made = self._shelf.run("bring", [*arguments, "--url=-"], env={"DORMOUSE_IMPORT": url or ""})
            saved = await _in_words(made)
        async with self._desk.database.begin() as session:
            data = {"name": saved["name"], "size": saved["size"], "into": into}
            self._record(session, row, EventKind.IMPORTED, data, by=actor.user)
        return await self._go_back(actor, row, await self._choose(row, str(saved["name"])))

    # helpers

    async def _find(self, actor: Actor, server: str, do: Do) -> ServerRow:
        async with self._desk.database.session() as session:
            row = await self._desk.find(session, actor, server, do)
        _refuse_deleted(row)
        return row

    async def _refuse_more(self, row: ServerRow, server: str | None = None) -> Limits:
        """LimitReached where the guild's storage is full, or the world of `server` too large."""
        async with self._desk.database.session() as session:
            limits = await self._desk.limits(session, row.guild)
            refuse_more(await storage_of(session, row.guild, limits), server)
        return limits

    async def _choose(self, row: ServerRow, typed: str) -> Snapshot:
        known = await _in_words(self._shelf.snapshots(row.id))
        wanted = typed.strip()
        if not known:
            raise Refusal("world.none_yet", name=row.name)
        if wanted == NEWEST:
            return known[0]
        for each in known:
            if each.name == wanted:
                return each
        raise NotFound("world.no_snapshot", name=row.name)

    async def _save(self, row: ServerRow, note: str = "") -> Saved:
        try:
            return await self._cluster.snapshot(row.id, note=note)
        except ClusterError as wrong:
            raise _refusal(wrong) from wrong

    async def _save_unseen(self, row: ServerRow) -> str | None:
        """Of a volume that nobody saw finished: it may have been played on while the bot was away."""
        try:
            return (await self._cluster.snapshot(row.id, note=BEFORE_RESTORE)).name
        except ClusterError as wrong:
            if wrong.problem == Problem.VOLUME_LOST:  # there is nothing on it
                return None
            raise _refusal(wrong) from wrong

    async def _go_back(self, actor: Actor, row: ServerRow, chosen: Snapshot) -> ServerView:
        volume, safety = row.volume, row.source if row.source != NEWEST else None
        seen = self._desk.live.of(row.id)
        if row.bound == row.volume and not self._desk.wanted(row, []).has_lost(seen):
            safety = (await self._save(row, BEFORE_RESTORE)).name
        elif row.bound != row.volume and seen.pod is PodPhase.NONE and row.volume in seen.volumes:
            safety = await self._save_unseen(row) or safety
        async with self._desk.changing(actor, row.id, Do.RESTORE) as (session, row):
            _refuse_deleted(row)
            if row.volume != volume:
                raise TryAgain("try_again")
            now = self._desk.now()
            row.volume, row.source, row.undo_to = volume + 1, chosen.name, safety
            await start(self._desk, session, row, by=actor.user)
            data = {"name": chosen.name, "volume": row.volume, "safety": safety}
            self._record(session, row, EventKind.RESTORE, data, by=actor.user)
            news = {"state": "restoring", "volume": row.volume, "by": actor.user, "to": stamp(chosen.at)}
            await outbox.say(session, row, NoticeKind.RESTORED, news, now, episode=row.volume)
            await outbox.say(
                session, row, NoticeKind.RESTORED, {}, now, episode=row.volume - 1, only_if_open=True
            )  # its Undo goes
            return await self._desk.view(session, row)

    def _record(
        self, session: AsyncSession, row: ServerRow, kind: EventKind, data: dict[str, object], *, by: int
    ) -> None:
        usage = self._desk.usage(row)
        record(session, kind, at=self._desk.now(), guild=row.guild, server=row.id, by=by, data=data, usage=usage)


async def _in_words(work: Awaitable[_T]) -> _T:
    try:
        return await work
    except ChildFailed as wrong:
        if wrong.kind == "hostile":
            raise BadInput(f"import.{wrong.said.get('why', 'kind')}") from wrong
        raise _refusal(refusal_of(wrong.kind, wrong.detail)) from wrong


def _refusal(wrong: ClusterError) -> Refusal:
    problem = wrong.problem if wrong.problem in _SAID else "other"
    return TryAgain(f"world.cannot.{problem}")


def _refuse_deleted(row: ServerRow) -> None:
    if row.desired == Desired.DELETED or row.phase in (Phase.DELETING, Phase.DELETED):
        raise Refusal("server.deleted", name=row.name)


def _file_name(name: str) -> str:
    """Of A-Z a-z 0-9 and - only: it is a key of the store and a file on any system."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:40] or "world"
