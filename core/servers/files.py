"""The files of a server's world: looked at by its managers, changed by its owner, whether it runs or is paused.

Before the first change a snapshot is taken, and again at most every `SESSION` while changes go on: what a person
changes can be taken back by going back. Where worlds are kept nowhere, nothing takes changes back; what they give says
so. The world of an archived server is read from its newest snapshot, and cannot be changed.

Paths are relative to the world's folder, "/" between names, "" the folder itself (core/agent/file_wire.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from core.agent.file_wire import (
    PART,
    Entry,
    FileAnswer,
    FileDo,
    FileOrder,
    FileRefused,
    FileTrouble,
    names_of,
    page_of,
)
from core.children import ChildFailed
from core.cluster.port import Cluster
from core.data.tables import ServerRow
from core.errors import (
    BadInput,
    Bytes,
    ChangedMeanwhile,
    ClusterError,
    LimitReached,
    NotFound,
    Refusal,
    TryAgain,
)
from core.guilds.access import Actor, Do
from core.guilds.limits import world_bytes
from core.notices.kinds.events import Event, FileDeleted, FileRenamed, FileUploaded, FileWritten, FolderMade
from core.queues import Queues
from core.servers.parts import ServerParts
from core.servers.worlds import BEFORE_FILES, refusal
from core.words import Desired
from core.worlds.failures import refusal_of
from core.worlds.look import Look
from core.worlds.manifest import Entry as KeptEntry
from core.worlds.manifest import Kind
from core.worlds.shelf import Shelf
from core.worlds.source import split_source
from core.worlds.store import Store

SESSION = 600.0
"""Seconds after a snapshot in which changes are taken back together."""
LONGEST_TEXT = PART
"""Bytes of a file that is shown, or written, as text."""
MOST_UPLOAD = 2 * 1024**3
"""Bytes of an uploaded file, where the guild allows so much of a world."""
_MOST_LOOKS = 4  # snapshots that are kept open: each may be tens of megabytes
_WITHIN = 150.0  # seconds for one order; a folder may hold much
_SILENT_FOR = 60.0  # seconds that an upload may stand still
_UPLOAD_WITHIN = 3600.0  # seconds; a part that nobody goes on with is thrown away after as long


@dataclass(frozen=True, slots=True)
class Listed:
    """`kind`: file, folder, link or other. `usable`: its name is text, so that it can be asked for."""

    name: str
    kind: str
    size: int
    modified: datetime
    usable: bool = True


@dataclass(frozen=True, slots=True)
class Folder:
    """In the order of their bytes. `next`: what `cursor` takes for the rest; None: there is none. `cut`: it holds more
    than anybody is shown. `changeable`: the world is not archived."""

    path: str
    entries: tuple[Listed, ...]
    next: str | None
    cut: bool
    changeable: bool


@dataclass(frozen=True, slots=True)
class TextFile:
    """`text` None: it is `large`, or no text in UTF-8."""

    path: str
    text: str | None
    large: bool
    size: int
    modified: datetime
    version: str


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it is now. `saved`: a snapshot from before it, or from before the changes before it; None: worlds are
    kept nowhere, and nothing takes it back."""

    path: str
    size: int
    version: str
    saved: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A file to be downloaded. `parts`: its content from one position up to another. Each raises ChangedMeanwhile where
    it is another file by then."""

    name: str
    size: int
    modified: datetime
    version: str
    parts: Callable[[int, int], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class _Saved:
    name: str
    volume: int
    at: float  # by the event loop's clock


_Change = FolderMade | FileWritten | FileUploaded | FileRenamed | FileDeleted


class Files:
    """Every method may raise a `core.errors.Refusal`; nothing was changed then. `server` is an id or a typed name.
    Without a `shelf` worlds are kept nowhere."""

    def __init__(self, parts: ServerParts, cluster: Cluster, shelf: Shelf | None) -> None:
        self._database = parts.database
        self._rows = parts.rows
        self._projections = parts.projections
        self._events = parts.events
        self._cluster = cluster
        self._shelf = shelf
        self._changes: set[asyncio.Task[Any]] = set()
        self._queues = Queues()
        self._saved: dict[str, _Saved] = {}
        # Its own threads, and one of them at most for each world: a store that is slow holds up nobody else.
        self._threads = ThreadPoolExecutor(8, "kept-files")
        self._reading = Queues()
        self._looks: dict[tuple[str, str, str], Look] = {}  # by server and snapshot, the one used last behind

    # looking

    async def list(self, actor: Actor, server: str, path: str = "", cursor: str = "") -> Folder:
        row = await self._find(actor, server, Do.FILES)
        answer = await self._read(row, FileOrder(FileDo.LIST, path, cursor=cursor))
        entries = tuple(
            Listed(str(each["name"]), str(each["kind"]), int(each["size"]), _at(each["modified"]), bool(each["usable"]))
            for each in answer.entries
        )
        return Folder(path, entries, answer.next or None, answer.cut, _is_changeable(row))

    async def read(self, actor: Actor, server: str, path: str) -> TextFile:
        row = await self._find(actor, server, Do.FILES)
        answer = await self._read(row, FileOrder(FileDo.READ, path, length=LONGEST_TEXT))
        large = answer.size > LONGEST_TEXT
        text = None if large else _text(answer.content)
        return TextFile(path, text, large, answer.size, _at(answer.modified), answer.version)

    async def open(self, actor: Actor, server: str, path: str) -> Opened:
        row = await self._find(actor, server, Do.FILES)
        first = await self._read(row, FileOrder(FileDo.READ, path))

        async def parts(start: int, stop: int) -> AsyncIterator[bytes]:
            at = start
            while at < stop:
                wanted = FileOrder(FileDo.READ, path, version=first.version, offset=at, length=min(PART, stop - at))
                data = (await self._read(row, wanted)).content
                if not data:
                    raise ChangedMeanwhile("files.changed", path=path)
                at += len(data)
                yield data

        return Opened(path.rpartition("/")[2], first.size, _at(first.modified), first.version, parts)

    # changing

    async def write(self, actor: Actor, server: str, path: str, text: str, version: str | None) -> Written:
        """`version`: that of the text one started from, `""` for a new file, None for whatever is there.
        ChangedMeanwhile where it is another one by now."""
        try:
            content = text.encode()
        except UnicodeEncodeError:
            raise BadInput("files.text") from None
        if len(content) > LONGEST_TEXT:
            raise BadInput("files.large", most=Bytes(LONGEST_TEXT))
        most = await self._allowed(actor, await self._find(actor, server, Do.FILES_WRITE))
        order = FileOrder(FileDo.WRITE, path, version=version, data=b64encode(content).decode(), most=most)
        answer, saved = await self._change(actor, server, order, FileWritten(path, by=actor.user))
        return Written(path, answer.size, answer.version, saved)

    async def upload(
        self, actor: Actor, server: str, path: str, content: AsyncIterator[bytes], version: str | None
    ) -> Written:
        """As `write`, of a file of any kind as it comes in. It takes its place once all of it is there."""
        whole = False
        row = await self._find(actor, server, Do.FILES_WRITE)
        _checked(path)
        _refuse_archived(row)
        allowed = await self._allowed(actor, row)
        most = min(MOST_UPLOAD, allowed) if allowed else MOST_UPLOAD
        await self._foresee(row, path, version)
        upload, came, used = secrets.token_hex(16), 0, 0
        begun = FileOrder(FileDo.PART, path, upload=upload, most=allowed)
        try:
            async with asyncio.timeout(_UPLOAD_WITHIN):
                async for part in _in_parts(_steady(content)):
                    if came + len(part) > most:
                        raise BadInput("files.large", most=Bytes(most))
                    order = replace(begun, offset=came, data=b64encode(part).decode(), used=used)
                    used = (await self._ask(row, order)).used
                    came += len(part)
            whole = True
            order = replace(begun, do=FileDo.FINISH, version=version, offset=came)
            told = FileUploaded(path, came, by=actor.user)
            answer, saved = await self._change(actor, server, order, told)
        except TimeoutError:
            raise TryAgain("files.slow") from None
        except BaseException as wrong:
            if not (whole and isinstance(wrong, asyncio.CancelledError)):  # else it takes its place without us
                with contextlib.suppress(Refusal, asyncio.CancelledError):
                    await asyncio.shield(self._ask(row, replace(begun, do=FileDo.ABANDON)))
            raise
        return Written(path, answer.size, answer.version, saved)

    async def make_folder(self, actor: Actor, server: str, path: str) -> str | None:
        """The name of the snapshot that takes it back, as in `Written`."""
        return (await self._change(actor, server, FileOrder(FileDo.FOLDER, path), FolderMade(path, by=actor.user)))[1]

    async def rename(self, actor: Actor, server: str, path: str, to: str) -> str | None:
        """Or move. Nothing is replaced."""
        _checked(to)
        order = FileOrder(FileDo.RENAME, path, to)
        return (await self._change(actor, server, order, FileRenamed(path, to, by=actor.user)))[1]

    async def delete(
        self, actor: Actor, server: str, path: str, *, recursive: bool = False, version: str | None = None
    ) -> str | None:
        """A folder only where it is empty, or with all that is in it if `recursive`."""
        order = FileOrder(FileDo.DELETE, path, recursive=recursive, version=version)
        return (await self._change(actor, server, order, FileDeleted(path, by=actor.user)))[1]

    async def drain(self) -> None:
        """Wait for changes that are under way, whether or not anybody else waits for them."""
        while self._changes:
            await asyncio.wait(self._changes)

    # helpers

    async def _change(
        self,
        actor: Actor,
        server: str,
        order: FileOrder,
        event: _Change,
    ) -> tuple[FileAnswer, str | None]:
        if not _checked(order.path):
            raise BadInput("files.path")
        row = await self._find(actor, server, Do.FILES_WRITE)
        change = asyncio.create_task(self._in_turn(actor, row, order, event), name=f"change of {row.id}'s files")
        self._changes.add(change)
        change.add_done_callback(self._over)
        # Whoever waits may be cancelled; a change goes on to its line in the audit.
        await asyncio.wait([change])
        return change.result()

    def _over(self, change: asyncio.Task[Any]) -> None:
        self._changes.discard(change)
        if not change.cancelled():
            change.exception()  # whoever waits is told

    async def _in_turn(
        self, actor: Actor, row: ServerRow, order: FileOrder, event: _Change
    ) -> tuple[FileAnswer, str | None]:
        async with self._queues.of(row.id):
            row = await self._find(actor, row.id, Do.FILES_WRITE)  # as it is by then
            _refuse_archived(row)
            saved = await self._save_first(row)
            try:
                answer = await self._ask(row, order)
            except Unsure:
                await self._tell(row.id, replace(event, sure=False))
                raise
            await self._tell(row.id, event)
        return answer, saved

    async def _foresee(self, row: ServerRow, path: str, version: str | None) -> None:
        """Refuse before much comes in what will be refused afterwards."""
        if version is None:
            return
        try:
            there = await self._ask(row, FileOrder(FileDo.READ, path))
        except NotFound:
            if version:
                raise ChangedMeanwhile("files.changed", path=path) from None
            return
        if not version:
            raise Refusal("files.exists", path=path)
        if there.version != version:
            raise ChangedMeanwhile("files.changed", path=path)

    async def _save_first(self, row: ServerRow) -> str | None:
        if self._shelf is None:
            return None
        known, now = self._saved.get(row.id), time.monotonic()
        if known is not None and known.volume == row.volume and now - known.at < SESSION:
            return known.name
        try:
            async with self._shelf.turns.of(row.guild):
                taken = await self._cluster.snapshot(row.id, note=BEFORE_FILES)
        except ClusterError as wrong:
            raise refusal(wrong) from wrong
        for server in [server for server, each in self._saved.items() if now - each.at >= SESSION]:
            del self._saved[server]
        self._saved[row.id] = _Saved(taken.name, row.volume, now)
        return taken.name

    async def _find(self, actor: Actor, server: str, do: Do) -> ServerRow:
        async with self._database.session() as session:
            return await self._rows.find(session, actor, server, do)

    async def _allowed(self, actor: Actor, row: ServerRow) -> int:
        """Bytes that the world may have; 0: nobody knows."""
        game = self._projections.game(row)
        async with self._database.session() as session:
            limits = await self._rows.limits_of(session, row.guild, row.owner, actor)
        return 0 if game is None else max(1, world_bytes(game, game.size(row.size), limits))

    async def _read(self, row: ServerRow, order: FileOrder) -> FileAnswer:
        _checked(order.path)
        if self._shelf is None or not _is_put_away(row):
            return await self._ask(row, order)
        try:
            async with self._reading.of(row.id):
                look = await self._look(self._shelf, row)
                return await self._shelf.ask(partial(_read_kept, look, order), self._threads)
        except FileRefused as wrong:
            raise _in_words(wrong, order, row.name) from wrong
        except ChildFailed as wrong:
            raise refusal(refusal_of(wrong.kind, wrong.detail)) from wrong

    async def _look(self, shelf: Shelf, row: ServerRow) -> Look:
        """Raises `ChildFailed`."""
        assert row.source is not None
        server, name = split_source(row.source, row.id)
        key = server, name, row.saved_name or ""  # the newest: which differs where the source may mean another one
        look = self._looks.pop(key, None)
        if look is None:
            look = await shelf.ask(lambda store: Look(store, server, name), self._threads)
        self._looks[key] = look
        while len(self._looks) > _MOST_LOOKS:
            del self._looks[next(iter(self._looks))]
        return look

    async def _ask(self, row: ServerRow, order: FileOrder) -> FileAnswer:
        """Raises `Unsure` where nobody knows whether it was done."""
        if row.desired == Desired.ARCHIVED:
            raise TryAgain("files.away", name=row.name)  # it is being sealed: nobody touches it
        try:
            async with asyncio.timeout(_WITHIN):
                return await self._cluster.files(row.id, order)
        except FileRefused as wrong:
            raise _in_words(wrong, order, row.name) from wrong
        except (ClusterError, TimeoutError) as wrong:
            raise Unsure("files.away", name=row.name) from wrong

    async def _tell(self, server: str, event: Event) -> None:
        async with self._database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is not None:
                await self._events.tell(session, row, event)


class Unsure(TryAgain):
    """The cluster does not say whether it was done."""


def _read_kept(look: Look, order: FileOrder, store: Store) -> FileAnswer:
    """As an agent answers, from a snapshot."""
    path = order.path.encode()
    try:
        number, entry = look.entry(path)
    except KeyError:
        raise FileRefused(FileTrouble.MISSING) from None
    if order.do == FileDo.LIST:
        if entry.kind is not Kind.DIRECTORY:
            raise FileRefused(FileTrouble.KIND)
        found = dict(look.folder(path))
        page, following = page_of(sorted(found), order.cursor)
        return FileAnswer([asdict(_entry(name, found[name])) for name in page], following)
    if entry.kind is not Kind.FILE:
        raise FileRefused(FileTrouble.KIND)
    version = f"{look.name.rpartition('-')[2]}-{number:x}"
    if order.version not in (None, version):
        raise FileRefused(FileTrouble.CHANGED)
    data = look.read(store, entry, order.offset, min(PART, order.length))
    return FileAnswer(data=b64encode(data).decode(), size=entry.size, modified=entry.mtime, version=version)


def _entry(name: bytes, entry: KeptEntry) -> Entry:
    text, kind = name.decode(errors="replace"), _KINDS.get(entry.kind, "other")
    size = entry.size if entry.kind is Kind.FILE else 0
    return Entry(text, kind, size, entry.mtime, usable=text.encode() == name)


_KINDS = {Kind.DIRECTORY: "folder", Kind.FILE: "file", Kind.LINK: "link"}


def _is_put_away(row: ServerRow) -> bool:
    """Its world is on the store alone, or on its way back. Where worlds are kept nowhere, no row says so."""
    return row.bound != row.volume and row.source is not None


def _is_changeable(row: ServerRow) -> bool:
    return not _is_put_away(row) and row.desired != Desired.ARCHIVED


def _refuse_archived(row: ServerRow) -> None:
    if not _is_changeable(row):
        raise Refusal("files.archived", name=row.name)


def _checked(path: str) -> tuple[str, ...]:
    try:
        return names_of(path)
    except FileRefused as wrong:
        raise BadInput("files.path") from wrong


def _in_words(wrong: FileRefused, order: FileOrder, name: str) -> Refusal:
    match wrong.trouble:
        case FileTrouble.PATH:
            return BadInput("files.path")
        case FileTrouble.MISSING:
            return NotFound("files.missing", path=order.path)
        case FileTrouble.EXISTS:
            return Refusal("files.exists", path=order.to or order.path)
        case FileTrouble.CHANGED:
            return ChangedMeanwhile("files.changed", path=order.path)
        case FileTrouble.LARGE:
            return BadInput("files.large", most=Bytes(LONGEST_TEXT))
        case FileTrouble.FULL:
            return LimitReached("files.full")
        case FileTrouble.QUOTA:
            return LimitReached("files.quota", limit=Bytes(order.most))
        case FileTrouble.NO_WORLD:
            return Refusal("world.none_yet", name=name)
        case FileTrouble.KIND | FileTrouble.NOT_EMPTY | FileTrouble.DENIED:
            return Refusal(f"files.{wrong.trouble}", path=order.path)
    return TryAgain("files.failed", path=order.path)


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


async def _steady(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Raises TimeoutError where nothing comes for long."""
    while True:
        async with asyncio.timeout(_SILENT_FOR):
            try:
                piece = await anext(content)
            except StopAsyncIteration:
                return
        yield piece


async def _in_parts(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Of `PART` bytes each, but for the last; one of nothing where there is nothing."""
    held, none_yet = bytearray(), True
    async for piece in content:
        held += piece
        while len(held) >= PART:
            yield bytes(held[:PART])
            del held[:PART]
            none_yet = False
    if held or none_yet:
        yield bytes(held)


def _at(ns: int) -> datetime:
    """A file may bear any time; what no calendar has is the first one that it has."""
    try:
        return datetime.fromtimestamp(ns / 1e9, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
