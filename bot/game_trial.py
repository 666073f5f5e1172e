"""`dormouse games test ID`: does one game run on the configured cluster, from its first start to its end?

The server is made by the use-cases, as a member's would be, but of an installation of its own: a folder below the data
folder has its database, its key and its worlds, and its ports are such as no server of the bot has. Whatever happens,
`_clear` leaves nothing of it; where even that was cut off, the next trial of the same game begins with it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hmac
import logging
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import replace
from datetime import timedelta
from functools import partial

import aiohttp
import structlog
from pydantic import SecretStr
from sqlmodel import select

from bot import from_settings
from bot.lock import only_one
from bot.settings import Settings, load
from cogs.marks import MARKDOWN
from core.assemble import Core, assemble
from core.children import ChildFailed
from core.cluster.port import Changed, Cluster, Listed, Stale
from core.data.database import Database
from core.data.tables import PortRow, ServerRow, utc_now
from core.data.trouble import TROUBLE
from core.errors import ClusterError, LicenceNeeded, Misconfigured, Refusal
from core.games.form.game import Game
from core.games.query.adapters import make_queries
from core.guilds.access import Actor
from core.servers.redaction import black_out, readable
from core.servers.transitions import start_within
from core.servers.trouble_text import last_exit, why
from core.servers.views import ServerView
from core.text import DEFAULT, say, size
from core.words import Because, Desired, Phase
from core.worlds.compare import Comparison, compare
from core.worlds.shelf import Shelf
from core.worlds.store.port import Store

FOLDER = "trials"
NAME = "Dormouse trial"
HELLO = "Hello from Dormouse"

_WHO = Actor(user=1, guild=1, name="Operator", manages_guild=True)
_SLACK = 60.0  # seconds, on top of what a game itself may take
_WORLD_WITHIN = 1800.0  # seconds for a world to be saved, or to come back
_ANSWERS_WITHIN = 60.0  # seconds for the cluster to list what there is, and for a game to tell who plays
_STOPS = (signal.SIGINT, signal.SIGTERM)
_CLEARED_WITHIN = 900.0  # seconds: a game may take its grace to end
_LOOK_EVERY = 1.0  # seconds, where no change wakes us
_PORTS = 32  # so many of the pool's highest free ones
_LOG_LINES = 15


class _Failed(Exception):
    """A step did not come to what it has to, in words."""


def run(chosen: argparse.Namespace) -> int:
    settings, _ = load()
    game = from_settings.catalogue(settings).get(chosen.id)
    if game is None:
        known = ", ".join(each.id for each in from_settings.catalogue(settings))
        raise Misconfigured([f"There is no game {chosen.id} that runs on this cluster. There are: {known}."])
    if game.licence is not None and not chosen.accept_licence:
        accepted = f"{game.name} runs only where its {game.licence.name} is accepted"
        raise Misconfigured([f"{accepted}: read {game.licence.url}, and add --accept-licence."])
    logged = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        return asyncio.run(_run(settings, game))
    except asyncio.CancelledError as stopped:
        return 128 + int(next(iter(stopped.args), signal.SIGTERM))
    finally:
        structlog.configure(**logged)


async def _run(settings: Settings, game: Game) -> int:
    """0 where all steps succeeded. Ctrl-C and SIGTERM end it as a failure does: with nothing left."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    own, missing = _own(settings, game.id), not settings.data_dir.exists()
    with only_one(own.data_dir):
        await _clear(own)  # what a trial that was killed left
        for number in _STOPS:  # also where whoever started us has Ctrl-C ignored, as shells do in the background
            loop.add_signal_handler(number, _stop, task, number)
        try:
            return await _try(own, game, await _ports(settings))
        except asyncio.CancelledError:
            print("\nStopped. What was made is removed ...", flush=True)
            raise
        finally:
            for number in _STOPS:
                loop.add_signal_handler(number, lambda: None)  # once is enough: the rest has to be done
            await _clear(own)
            shutil.rmtree(own.data_dir)
            for folder in (own.data_dir.parent, *[settings.data_dir] * missing):
                with contextlib.suppress(OSError):  # not empty
                    folder.rmdir()


def _stop(task: asyncio.Task[int], number: signal.Signals) -> None:
    task.cancel(number)


async def _clear(own: Settings) -> None:
    """Remove every server of the trial's installation, its worlds, and what lies in its folder."""
    rules, servers = from_settings.rules(own), await _known(own)
    shelf = from_settings.shelf(own, rules)
    cluster = await from_settings.cluster(own, rules, shelf.turns)
    await cluster.start()
    try:
        async with asyncio.timeout(_CLEARED_WITHIN):
            servers |= await _remove_all(cluster)
            await cluster.disband()
        if own.store_place.folder is None:
            for server in servers:
                await shelf.ask(partial(_hide, f"worlds/{server}/"))
    except (TimeoutError, ClusterError, ChildFailed) as wrong:
        what = "The cluster or the store did not let go of what a trial made"
        raise Misconfigured([f"{what}: {_in_words(wrong)}. Run it again: it begins with that."]) from None
    finally:
        await cluster.close()
    for each in own.data_dir.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name != "lock":
            each.unlink()


async def _known(own: Settings) -> set[str]:
    """Servers in the trial's database."""
    if not (own.data_dir / "dormouse.db").exists():
        return set()
    database = Database(own.database)
    try:
        async with database.session() as session:
            return set(await session.exec(select(ServerRow.id)))
    except (Refusal, *TROUBLE):  # it was killed before it had tables
        return set()
    finally:
        await database.close()


async def _remove_all(cluster: Cluster) -> set[str]:
    """Every server that the cluster has; once it has none any more."""
    found, left = set[str](), set[str]()
    async for each in cluster.watch():
        match each:
            case Listed(observed=observed):
                left = {seen.server for seen in observed if seen.exists}
                for server in left - found:
                    found.add(server)
                    await cluster.remove(server)
            case Changed(observed=seen) if not seen.exists:
                left.discard(seen.server)
        if not left and not isinstance(each, Stale):
            break
    return found


def _hide(prefix: str, store: Store) -> None:
    for version in store.list(prefix):
        store.hide(version.key)


def _own(settings: Settings, game: str) -> Settings:
    """The same cluster, seen by an installation of its own, which is the same at every trial of this game."""
    folder = settings.data_dir / FOLDER / game
    key = settings.master_key.get_secret_value().encode() if settings.master_key else b""
    if not key:
        with contextlib.suppress(OSError):
            key = (settings.data_dir / "master.key").read_bytes().strip()
    # Where the bot has no key yet, one is made in the trial's folder.
    own = SecretStr(hmac.digest(key, f"trial {game}".encode(), "sha256").hex()) if key else None
    given = {"data_dir": folder, "database_url": None, "discord_token": None, "master_key": own, "idle_after": 0}
    if settings.store_place.folder is not None:
        given["store"] = None  # a folder of its own
    return settings.model_copy(update=given)


async def _ports(settings: Settings) -> range:
    """The highest of the pool that none of the bot's servers has, as many as lie beside each other, at most 32."""
    taken: set[int] = set()
    database = Database(settings.database)
    try:
        if not database.is_sqlite or (settings.data_dir / "dormouse.db").exists():
            async with database.session() as session:
                taken = set(await session.exec(select(PortRow.port)))
    except (Refusal, *TROUBLE):  # it was never started, or is away: what is in use is found at the start
        pass
    finally:
        await database.close()
    return free_at_the_top(settings.port_range, taken)


def free_at_the_top(pool: range, taken: Collection[int]) -> range:
    """The uppermost ports of the pool that lie beside each other and nobody has: a bot takes the lowest first."""
    held = set(taken)
    last = next((port for port in reversed(pool) if port not in held), None)
    if last is None:
        return range(0)
    first = next((port + 1 for port in range(last, pool.start - 1, -1) if port in held), pool.start)
    return range(max(first, last - _PORTS + 1), last + 1)


async def _try(own: Settings, game: Game, ports: range) -> int:
    async with _assembled(own, ports) as (core, shelf):
        trial = Trial(core, shelf, game, partial(print, flush=True))
        try:
            await trial.run()
        except _Failed as failed:
            print(f"\n{game.name} does not pass: {failed}", flush=True)
            for line in await trial.last_words():
                print(f"  | {line}", flush=True)
            return 1
    print(f"\n{game.name} passes.", flush=True)
    return 0


@contextlib.asynccontextmanager
async def _assembled(own: Settings, ports: range) -> AsyncIterator[tuple[Core, Shelf]]:
    """The core as the bot has it, without Discord and without jobs by the clock."""
    rules = replace(from_settings.rules(own), ports=ports, undo_for=timedelta(0))
    database = Database(own.database)
    await database.migrate()
    shelf = from_settings.shelf(own, rules)
    cluster = await from_settings.cluster(own, rules, shelf.turns)
    async with aiohttp.ClientSession() as session:
        core = assemble(
            database,
            from_settings.catalogue(own),
            cluster,
            rules,
            utc_now,
            shelf=shelf,
            ledgers=own.data_dir / "ledger",
            queries=make_queries(session),
        )
        await cluster.start()
        working = [asyncio.create_task(core.controller.watch()), asyncio.create_task(core.controller.act())]
        try:
            yield core, shelf
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            await core.logs.close()
            await cluster.close()
            await database.close()


class Trial:
    """One server's life, a row of the table a step. `told` prints a line."""

    def __init__(self, core: Core, shelf: Shelf, game: Game, told: Callable[[str], object]) -> None:
        self._core = core
        self._shelf = shelf
        self._game = game
        self._told = told
        self._changed = asyncio.Event()
        self._server = ""
        self._saved = ""
        core.changes.subscribe(lambda _: self._changed.set())

    async def run(self) -> None:
        """Raises `_Failed` at the first step that does not succeed."""
        self._told(f"{'step':<10}{'took':>9}  what")
        await self._step("create", self._create())
        await self._step("ready", self._ready())
        await self._step("query", self._query())
        await self._step("hello", self._hello())
        await self._step("pause", self._pause())
        await self._step("resume", self._resume())
        await self._step("restore", self._restore())
        await self._step("world", self._world())
        await self._step("delete", self._delete())

    async def last_words(self) -> list[str]:
        """What the game printed last, without its secrets: this is shown to others."""
        with contextlib.suppress(ClusterError):
            if self._server:
                secrets = self._core.parts.projections.secrets(await self._row())
                for previous in (False, True):
                    if said := await self._core.cluster.logs(self._server, lines=_LOG_LINES, previous=previous):
                        return black_out(readable(said), secrets).splitlines()
        return []

    async def _step(self, name: str, work: Awaitable[str]) -> None:
        began = time.monotonic()
        try:
            said = await work
        except (_Failed, ClusterError, ChildFailed, Refusal, TimeoutError) as wrong:
            words = _in_words(wrong)
            self._tell(name, began, f"FAILED: {words}")
            raise _Failed(f"{name}: {words}") from wrong
        self._tell(name, began, said)

    def _tell(self, name: str, began: float, said: str) -> None:
        self._told(f"{name:<10}{time.monotonic() - began:>7.1f} s  {said}")

    # the steps: each returns what is to be said of it

    async def _create(self) -> str:
        async with asyncio.timeout(_ANSWERS_WITHIN):
            while not self._core.operations.cluster_fresh:
                await self._woken()
        creation = self._core.servers.creation
        try:
            made = await creation.create(_WHO, channel=1, game=self._game.id, name=NAME, size=None)
        except LicenceNeeded as asked:
            found = await creation.go_on(_WHO, asked.question)
            if isinstance(found, Refusal):
                raise found from None
            made = found
        self._server = made.id
        return f"server {made.id}, size {made.size}"

    async def _ready(self) -> str:
        view = await self._up()
        return f"at {view.address}" if view.address else "up"

    async def _query(self) -> str:
        if self._game.query.kind == "none":
            return "this game tells nobody who plays: it is paused by hand only"
        await self._until(
            lambda row: row.known_at is not None, _ANSWERS_WITHIN, "tells who plays", self._core.sweep.run
        )
        row = await self._row()
        most = f" of {row.players_max}" if row.players_max else ""
        return f"{row.players_online}{most} playing, by {self._game.query.kind}"

    async def _hello(self) -> str:
        line = self._game.console.say.replace("{text}", HELLO)
        if not line:
            return "this game has no console that tells players anything"
        await self._core.cluster.console(self._server, line)
        return f"console took: {line}"

    async def _pause(self) -> str:
        await self._core.servers.power.pause(_WHO, self._server)
        await self._until(lambda row: row.phase == Phase.PAUSED, self._stops_within, "is paused")
        if self._core.worlds is None:
            return "no world saved: pods reach no store here (DORMOUSE_STORE)"
        _, saved = await self._core.worlds.snapshot(_WHO, self._server)
        self._saved = saved.name
        lacks = f", and lacks {saved.gaps.files} files" if saved.gaps.files else ""
        if lacks:
            raise _Failed(f"the world saved has {size(DEFAULT, saved.size)}{lacks}")
        return f"world saved, {size(DEFAULT, saved.size)}"

    async def _resume(self) -> str:
        await self._core.servers.power.resume(_WHO, self._server)
        await self._up()
        return "ready again"

    async def _restore(self) -> str:
        """What a snapshot leaves out must be what the game can do without."""
        if self._core.worlds is None or not self._saved:
            return "nothing to bring back"
        await self._core.worlds.restore(_WHO, self._server, self._saved)
        await self._up()
        return "ready on a new disk, made from that snapshot"

    async def _world(self) -> str:
        if self._core.worlds is None or not self._saved:
            return "not compared: there is no snapshot"
        _, now = await self._core.worlds.snapshot(_WHO, self._server)
        found = await self._shelf.ask(partial(compare, server=self._server, before=self._saved, after=now.name))
        return _judged(found)

    async def _delete(self) -> str:
        removal, observed = self._core.servers.removal, self._core.parts.observed
        await removal.delete(_WHO, self._server, NAME)
        await self._until(
            lambda row: row.phase == Phase.DELETED and not observed.of(self._server).exists,
            self._stops_within,
            "is gone",
        )
        self._server = ""
        return "nothing is left"

    # helpers

    @property
    def _stops_within(self) -> float:
        return self._game.stop.grace + _WORLD_WITHIN

    async def _up(self) -> ServerView:
        within = max(self._game.ready.within, start_within(self._game).total_seconds()) + _WORLD_WITHIN
        kept = self._core.rules.keeps_worlds  # else nobody notes of which volume the world is
        await self._until(
            lambda row: row.phase == Phase.RUNNING and (row.bound == row.volume or not kept), within, "is ready"
        )
        return await self._core.servers.lookup.get(_WHO, self._server)

    async def _row(self) -> ServerRow:
        async with self._core.database.session() as session:
            row = await session.get(ServerRow, self._server)
        assert row is not None
        return row

    async def _until(
        self,
        true: Callable[[ServerRow], bool],
        within: float,
        what: str,
        again: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Until the row says so; `_Failed` once it cannot come to that. `again` is done before each look."""
        try:
            async with asyncio.timeout(within):
                while True:
                    self._changed.clear()
                    if again is not None:
                        await again()
                    row = await self._row()
                    if true(row):
                        return
                    await self._refuse_hopeless(row)
                    await self._woken()
        except TimeoutError:
            raise _Failed(f"it was not so within {within:.0f} s that the server {what}") from None

    async def _refuse_hopeless(self, row: ServerRow) -> None:
        gave_up = row.desired == Desired.PAUSED and row.because != Because.OWNER
        if gave_up or row.crash_count:
            view = await self._core.servers.lookup.get(_WHO, self._server)
            words = [why(view.trouble, DEFAULT, MARKDOWN), last_exit(view.trouble, DEFAULT)]
            raise _Failed(" ".join(filter(None, words)) or "the game ended")

    async def _woken(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_EVERY):
                await self._changed.wait()


def _judged(found: Comparison) -> str:
    if found.gone:
        raise _Failed(f"{_files(len(found.gone))} of the world did not come back: {', '.join(found.gone[:5])}")
    if not found.same and not found.changed:
        raise _Failed("no file of a world was saved: look at [save] of its TOML file")
    changed = f", {len(found.changed)} written to since" if found.changed else ""
    return f"{_files(len(found.same))} as before{changed}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _in_words(wrong: Exception) -> str:
    match wrong:
        case Refusal():
            return say(DEFAULT, wrong.message, **wrong.values)
        case ClusterError() | ChildFailed():
            return wrong.detail
        case TimeoutError():
            return "the cluster does not answer"
    return str(wrong)
