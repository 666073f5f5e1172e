"""What members may do with a server's world: look at its snapshots, take one, go back, clone, download, archive.

Going back always means: take a snapshot of volume n, then make volume n+1 from an older snapshot. So going back can be
undone too.
"""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from core.children import ChildFailed, Program
from core.cluster.port import Cluster
from core.data.tables import ServerRow
from core.errors import BadInput, Bytes, ClusterError, NotFound, Refusal, TryAgain
from core.games.form.game import Game
from core.games.form.setting import Setting
from core.guilds.access import Actor, Do, is_admin
from core.guilds.limits import Limits, world_bytes
from core.guilds.quotas import storage_of, stored_of
from core.guilds.storage import refuse_more, refuse_owners
from core.notices.kinds.events import (
    ArchiveAsked,
    Edited,
    Event,
    Exported,
    Imported,
    Paused,
    RestoreAsked,
    SnapshotAsked,
)
from core.servers import blocked, licences, questions, waking
from core.servers.create import Creation
from core.servers.parts import ServerParts
from core.servers.projections import settings_of_run
from core.servers.rows import RowContext
from core.servers.views import ServerView
from core.typed import one_line
from core.words import Because, Desired, PodPhase, Problem
from core.worlds.archives.forms import name_in
from core.worlds.failures import refusal_of
from core.worlds.listing import Snapshot, files_of
from core.worlds.receipt import Receipt
from core.worlds.scratch import SPARE, NoRoom
from core.worlds.shelf import Shelf
from core.worlds.source import NEWEST
from core.worlds.turns import LONGEST_WAIT

BEFORE_RESTORE, IMPORTED, BEFORE_FILES = "~before restore", "~import", "~before files"
"""Notes of snapshots that nobody took by hand; what people type never begins so."""

LINK_FOR = 24 * 3600
"""Seconds that a download's link works."""

WITHIN = 2 * 3600.0
"""Seconds for an export or an import, upload included; what takes longer would keep its turn from others for ever."""

ATTACHED_UP_TO = 8 * 1024 * 1024
"""Bytes of an archive that go into the answer itself."""

SMALLEST = 2**20
"""Bytes of an archive whose size is not known yet: with less room it is not even begun."""

_SAID = {
    Problem.STORE_AWAY,
    Problem.STORE_REFUSED,
    Problem.WORLD_DAMAGED,
    Problem.SNAPSHOT_GONE,
    Problem.DISK_FULL,
    Problem.NODE_AWAY,
    Problem.AGENT_REFUSES,
}
_STARTS = {Do.RESTORE, Do.IMPORT}
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


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of what a member brought. `taken` and `left`: names, for people; `more` were left out besides.
    `setting` followed the world, which is `called` so; None: none had to."""

    view: ServerView
    taken: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    more: int = 0
    setting: Setting | None = None
    called: str = ""


class Attached(Protocol):
    """A file that somebody sent, as they called it; `size` in bytes."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    async def save(self, path: Path, /) -> object: ...


class Worlds:
    """Every method may raise a `core.errors.Refusal`; nothing was changed then. `server` is an id or a typed name."""

    def __init__(self, parts: ServerParts, creation: Creation, cluster: Cluster, shelf: Shelf) -> None:
        self._database = parts.database
        self._rows = parts.rows
        self._views = parts.views
        self._projections = parts.projections
        self._transitions = parts.transitions
        self._events = parts.events
        self._admission = parts.admission
        self._observed = parts.observed
        self._now = parts.now
        self._creation = creation
        self._cluster = cluster
        self._shelf = shelf
        self._questions = parts.questions

    async def snapshots(self, actor: Actor, server: str, do: Do = Do.SNAPSHOTS) -> tuple[ServerView, list[Snapshot]]:
        """Newest first."""
        async with self._database.session() as session:
            row = await self._rows.find(session, actor, server, do)
            view = await self._views.of(session, row)
        return view, await _in_words(self._shelf.snapshots(row.id))

    async def snapshot(self, actor: Actor, server: str, note: str = "") -> tuple[ServerView, Receipt]:
        """Take one now, of a running or a paused server. A snapshot with a note is kept until somebody drops it."""
        row = await self._find(actor, server, Do.SNAPSHOT)
        if row.bound != row.volume:
            raise Refusal("world.none_yet" if row.source is None else "world.put_away", name=row.name)
        await self._refuse_more(actor, row, row.id)
        text = one_line(note).lstrip("~")[:100].strip()
        saved = await self._save(row, text)
        await self._tell(row.id, SnapshotAsked(saved.name, text, actor.user))
        async with self._database.session() as session:
            return await self._views.of(session, row), saved

    # `accepts`: the mark of the licence's text that the actor accepts with it. LicenceNeeded has a question: what was
    # asked for is kept until that is answered (core.servers.going_on).

    async def restore(self, actor: Actor, server: str, snapshot: str, *, accepts: str | None = None) -> ServerView:
        async with (
            self._questions.keeping(actor, "restore", snapshot=snapshot),
            self._turn(actor, server, Do.RESTORE, accepts) as row,
        ):
            return await self._go_back(actor, row, await self._choose(row, snapshot), accepts)

    async def undo(self, actor: Actor, server: str, *, accepts: str | None = None) -> ServerView:
        """Take the last restore back."""
        async with self._questions.keeping(actor, "undo"), self._turn(actor, server, Do.RESTORE, accepts) as row:
            if row.undo_to is None:
                raise Refusal("world.nothing_to_undo", name=row.name)
            return await self._go_back(actor, row, await self._choose(row, row.undo_to), accepts)

    async def restore_good(self, actor: Actor, server: str, *, accepts: str | None = None) -> ServerView:
        """Go back to the newest snapshot that was taken while the server did not crash."""
        async with self._questions.keeping(actor, "good"), self._turn(actor, server, Do.RESTORE, accepts) as row:
            if row.good is None:
                raise Refusal("world.no_good_one", name=row.name)
            return await self._go_back(actor, row, await self._choose(row, row.good), accepts)

    async def clone(self, actor: Actor, server: str, *, channel: int, name: str, snapshot: str | None) -> ServerView:
        """Another server of the same game, size and settings, whose world begins as this one's was."""
        row = await self._find(actor, server, Do.CLONE)
        async with self._database.session() as session:
            await blocked.refuse(session, row.guild)
            await self._creation.foresee(session, actor, row.game, name, row.size)
        await self._refuse_more(actor, row, row.id)
        settings = row.settings
        if snapshot is not None:
            chosen = await self._choose(row, snapshot)
            source, settings = (
                f"{row.id}/{chosen.name}",
                self._following(row, await self._called(row, chosen)) or settings,
            )
        elif row.bound == row.volume:
            source = f"{row.id}/{(await self._save(row)).name}"
            settings = self._following(row, self._played(row)) or settings
        elif row.source is not None:
            source = row.source if "/" in row.source else f"{row.id}/{row.source}"
        else:
            raise Refusal("world.none_yet", name=row.name)
        return await self._creation.create(
            actor,
            channel=channel,
            game=row.game,
            name=name,
            size=row.size,
            description=row.description,
            source=source,
            settings=settings,
        )

    async def archive(self, actor: Actor, server: str) -> ServerView:
        """Pause the server, save its world, read it back, and then release the volume. Resume restores it."""
        async with self._rows.changing(actor, server, Do.ARCHIVE) as (session, row):
            if row.desired == Desired.RUNNING:
                await self._transitions.stop(session, row, Paused(Because.OWNER, actor.user))
            if row.desired != Desired.ARCHIVED:
                row.desired = Desired.ARCHIVED
                await self._events.tell(session, row, ArchiveAsked(by=actor.user))
            return await self._views.of(session, row)

    async def download(self, actor: Actor, server: str, snapshot: str | None) -> Download:
        """Make one archive of a snapshot; of the newest where none is chosen."""
        async with self._turn(actor, server, Do.DOWNLOAD) as row:
            return await self._download(actor, row, snapshot)

    async def _download(self, actor: Actor, row: ServerRow, snapshot: str | None) -> Download:
        if snapshot is None and row.bound == row.volume:
            await self._save(row)
        chosen = await self._choose(row, snapshot or NEWEST)
        title = _file_name(row.name)
        async with self._scratch(2 * chosen.size + SPARE) as work:  # the world, and the archive of it
            arguments = ["--server", row.id, f"--title={title}", chosen.name, str(work)]
            made = await _in_words(self._shelf.run(Program.EXPORT, arguments, within=WITHIN))
        key, size = str(made["key"]), int(made["size"])
        await self._tell(row.id, Exported(chosen.name, size, actor.user))
        if size <= ATTACHED_UP_TO:
            data = await _in_words(self._shelf.ask(lambda store: store.get(key)))
            await _in_words(self._shelf.ask(lambda store: store.hide(key)))
            return Download(f"{title}.zip", size, chosen, data=data)
        try:
            link = await self._shelf.ask(lambda store: store.link(key, LINK_FOR))
        except ChildFailed as wrong:
            await _in_words(self._shelf.ask(lambda store: store.hide(key)))
            raise Refusal("world.no_link", name=row.name) from wrong
        until = datetime.fromtimestamp(self._now().timestamp() + LINK_FOR, self._now().tzinfo)
        return Download(f"{title}.zip", size, chosen, link=link, until=until)

    async def bring_in(
        self,
        actor: Actor,
        server: str,
        *,
        file: Attached | None,
        url: str | None,
        into: str = "world",
        accepts: str | None = None,
    ) -> TakenIn:
        """Replace the world, or add plugins, by what a member sent as a file or an address. `undo` takes it back."""
        if (file is None) == (url is None):
            raise BadInput("import.which")
        if url is not None and not (url.isascii() and url.isprintable()):
            raise BadInput("import.address")
        row = await self._find(actor, server, Do.IMPORT)
        game = self._projections.game(row)
        place = None if game is None else game.imports.world if into == "world" else game.imports.plugins
        if game is None or place is None:
            raise Refusal("import.not_offered", game=game.name if game else row.game, into=into)
        limit = world_bytes(game, game.sized(row.size), await self._refuse_more(actor, row))
        if file is not None and file.size > limit:
            raise BadInput("import.large")
        await self._foresee(actor, row)
        kept = {"url": url, "into": into} if url else {}
        async with (
            self._questions.keeping(actor, "import" if url else "file", **kept),
            self._turn(actor, row.id, Do.IMPORT, accepts) as row,
        ):
            return await self._bring_in(
                actor, row, game, place, file=file, url=url, into=into, limit=limit, accepts=accepts
            )

    async def _bring_in(
        self,
        actor: Actor,
        row: ServerRow,
        game: Game,
        place: str,
        *,
        file: Attached | None,
        url: str | None,
        into: str,
        limit: int,
        accepts: str | None,
    ) -> TakenIn:
        base, beside = "", SPARE
        forms = game.forms(game.values(row.settings))
        if forms.adds if into == "world" else place:
            base = (await self._save(row)).name if row.bound == row.volume else row.source or ""
            beside += row.saved_bytes or 0
        # The archive, what comes out of it, and the world that it goes into lie there at once.
        most = min(limit, max(0, self._shelf.room.whole - beside) // 2)
        async with self._scratch(beside + 2 * max(most, file.size if file else SMALLEST)) as folder:
            work = folder / "work"
            work.mkdir()
            arguments = ["--server", row.id, str(work), f"--most={most}", f"--base={base}", f"--note={IMPORTED}"]
            if into == "world":
                arguments.append(f"--forms={json.dumps(forms.to_json())}")
            else:
                arguments.append(f"--into={place}")
            if into == "world" and game.imports.plugins is not None:
                arguments.append("--whole")  # where there are plugins, all of the folder is members' code anyway
            if file is not None:
                await file.save(folder / "archive")
                arguments += [f"--archive={folder / 'archive'}", f"--sent={_printable(file.name)}"]
            else:
                arguments.append("--url=-")
            made = self._shelf.run(Program.BRING, arguments, env={"DORMOUSE_IMPORT": url or ""}, within=WITHIN)
            try:
                saved = await _in_words(made)
            except BadInput as wrong:
                if wrong.message == "import.large" and most < limit:
                    raise Refusal("world.no_room", most=Bytes(most)) from wrong
                raise
        imported = Imported(str(saved["name"]), into, int(saved["size"]), actor.user)
        called = str(saved.get("called") or "")
        chosen = await self._choose(row, imported.name)
        followed = game.setting(game.imports.name) if called and self._following(row, called) else None
        return TakenIn(
            await self._go_back(actor, row, chosen, accepts, called=called, imported=imported),
            taken=tuple(map(str, saved.get("taken", ()))),
            left=tuple(map(str, saved.get("left", ()))),
            more=int(saved.get("more", 0)),
            setting=followed,
            called=called,
        )

    # helpers

    @asynccontextmanager
    async def _scratch(self, size: int) -> AsyncIterator[Path]:
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(LONGEST_WAIT):
                    folder = await stack.enter_async_context(self._shelf.scratch(size))
            except TimeoutError:
                raise TryAgain("world.no_room_now") from None
            except NoRoom as wrong:
                raise Refusal("world.no_room", most=Bytes(max(0, wrong.whole - SPARE) // 2)) from wrong
            yield folder

    @asynccontextmanager
    async def _turn(self, actor: Actor, server: str, do: Do, accepts: str | None = None) -> AsyncIterator[ServerRow]:
        """A turn of the guild's, and the row as it is by then. Who may not is told so without waiting."""
        row = await self._find(actor, server, do)
        if do in _STARTS:
            await self._refuse_start(actor, row, accepts)
        async with self._shelf.turns.of(row.guild):
            yield await self._find(actor, row.id, do)

    async def _refuse_start(self, actor: Actor, row: ServerRow, accepts: str | None) -> None:
        """Before the work of minutes that ends with a start. What the actor accepts is kept with that start."""
        game = self._projections.game(row)
        async with self._database.session() as session:
            await blocked.refuse(session, row.guild)
            if accepts is None or game is None or game.licence is None or game.licence.mark != accepts:
                await licences.before_start(self._rows, session, actor, row, game, self._now())

    async def _find(self, actor: Actor, server: str, do: Do) -> ServerRow:
        async with self._database.session() as session:
            return await self._rows.find(session, actor, server, do)

    async def _refuse_more(self, actor: Actor, row: ServerRow, server: str | None = None) -> Limits:
        """LimitReached where the guild's storage is full, or the owner's, or the world of `server` too large."""
        async with self._database.session() as session:
            limits = await self._rows.limits_of(session, row.guild, row.owner, actor)
            refuse_more(await storage_of(session, row.guild, limits), server)
            if limits.member_storage is not None and not is_admin(actor, limits.admin_role):
                used = await stored_of(session, row.guild, row.owner)
                refuse_owners(used, limits, own=actor.user == row.owner)
        return limits

    async def _foresee(self, actor: Actor, row: ServerRow) -> None:
        """LimitReached where there will be no memory for it to start."""
        async with self._database.session() as session:
            await self._admission.foresee(session, row, actor)

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

    async def _save(self, row: ServerRow, note: str = "") -> Receipt:
        try:
            async with self._shelf.turns.of(row.guild):
                return await self._cluster.snapshot(row.id, note=note)
        except ClusterError as wrong:
            raise refusal(wrong) from wrong

    async def _save_unseen(self, row: ServerRow) -> str | None:
        """Take one of a volume that nobody saw finished: people may have played on it while the bot was away."""
        try:
            return (await self._cluster.snapshot(row.id, note=BEFORE_RESTORE)).name
        except ClusterError as wrong:
            if wrong.problem == Problem.VOLUME_LOST:  # there is nothing on it
                return None
            raise refusal(wrong) from wrong

    async def _called(self, row: ServerRow, chosen: Snapshot) -> str:
        """What the world in that snapshot is called; "" where nobody needs to know, or can tell."""
        game = self._projections.game(row)
        if game is None or not game.imports.name:
            return ""
        forms = game.forms(game.values(row.settings))
        files = await _in_words(self._shelf.ask(lambda store: files_of(store, row.id, chosen.name)))
        return name_in(files, forms) or ""

    def _played(self, row: ServerRow) -> str:
        """What the world is called that this run, or the last one, was started with; "" where nobody needs to know."""
        game = self._projections.game(row)
        return game.values(settings_of_run(row)).get(game.imports.name, "") if game and game.imports.name else ""

    def _following(self, row: ServerRow, called: str) -> dict[str, str] | None:
        """The row's settings with the one that says what the world is called; None where it says so already."""
        game = self._projections.game(row)
        if game is None or not called or game.values(row.settings).get(game.imports.name) in (None, called):
            return None
        return {**row.settings, game.imports.name: called}

    async def _follow(self, session: AsyncSession, row: ServerRow, called: str, actor: Actor) -> None:
        """Its settings say what its world is called from the next start on."""
        game, settings = self._projections.game(row), self._following(row, called)
        if game is not None and settings is not None:
            key = game.imports.name
            before, row.settings = game.values(row.settings)[key], settings
            await self._events.tell(session, row, Edited((key,), {key: before}, {key: called}, by=actor.user))

    async def _go_back(
        self,
        actor: Actor,
        row: ServerRow,
        chosen: Snapshot,
        accepts: str | None,
        *,
        called: str | None = None,
        imported: Imported | None = None,
    ) -> ServerView:
        """`called`: what the world in it is called, where that is known already. `imported`: it was made of that."""
        await self._foresee(actor, row)
        if called is None:
            called = await self._called(row, chosen)
        volume, safety = row.volume, row.source if row.source != NEWEST else None
        seen = self._observed.of(row.id)
        if row.bound == row.volume and not self._projections.wanted(row, RowContext([], None, "")).has_lost(seen):
            safety = (await self._save(row, BEFORE_RESTORE)).name
        elif row.bound != row.volume and seen.pod is PodPhase.NONE and row.volume in seen.volumes:
            safety = await self._save_unseen(row) or safety
        async with self._rows.changing(actor, row.id, Do.RESTORE) as (session, row):
            await questions.answer(session)
            if row.volume != volume:
                raise TryAgain("try_again")
            row.volume, row.source, row.undo_to = volume + 1, chosen.name, safety
            game, now = self._projections.game(row), self._now()
            await licences.before_start(self._rows, session, actor, row, game, now, accepts=accepts)
            woken_until = await waking.check(self._rows, self._projections, session, actor, row, self._now())
            if imported is not None:
                await self._events.tell(session, row, imported)
            await self._follow(session, row, called, actor)
            await self._transitions.start(session, row, by=actor)
            row.awake_until = woken_until
            asked = RestoreAsked(chosen.name, row.volume, safety, chosen.at, actor.user, imported is not None)
            await self._events.tell(session, row, asked)
            return await self._views.of(session, row)

    async def _tell(self, server: str, event: Event) -> None:
        """Of what took minutes, with the row as it is now: it may have changed meanwhile."""
        async with self._database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is not None:
                await self._events.tell(session, row, event)


async def _in_words(work: Awaitable[_T]) -> _T:
    try:
        return await work
    except ChildFailed as wrong:
        if wrong.kind == "hostile":
            member = str(wrong.said.get("member", ""))
            raise BadInput(f"import.{wrong.said.get('why', 'kind')}", member=member) from wrong
        if wrong.kind == "killed":
            raise TryAgain("world.given_up") from wrong
        raise refusal(refusal_of(wrong.kind, wrong.detail)) from wrong


def refusal(wrong: ClusterError) -> Refusal:
    """Why there is no snapshot."""
    problem = wrong.problem if wrong.problem in _SAID else "other"
    return TryAgain(f"world.cannot.{problem}")


def _printable(name: str) -> str:
    return "".join(filter(str.isprintable, name))[-200:]


def _file_name(name: str) -> str:
    """Only A-Z a-z 0-9 and -: it becomes a key on the store, and a file on any system."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:40] or "world"
