"""The sweep: ask every running server who plays, remember it, decide, act. APScheduler calls `run` at intervals.

All that counts is in the rows, so a restart of the bot changes nothing. What it remembers itself only saves work: where
an answer changes nothing its row is not touched (`quiet.py`), but that once a minute it is noted when it came.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy
import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.activity.recorder import Recorder, Told
from core.activity.sessions import Look
from core.clock import happened
from core.data.tables import GuildRow, ServerRow
from core.errors import ClusterError, Refusal
from core.games.query.log import LogQuery
from core.games.query.port import Query
from core.idle.asking import Answers, Asked, Asking, QueryResult, some
from core.idle.evidence import ShownPlayers, joined, players
from core.idle.last_minute import Farewell, LastMinute, TellPlayers
from core.idle.quiet import Mark, Quiet
from core.idle.rules import (
    LAST_MINUTE,
    WHATEVER_HAPPENS,
    Act,
    Decision,
    Facts,
    Memory,
    Policy,
    combine,
    decide,
    remember,
    stale_after,
    unchanged_until,
)
from core.idle.voice import InVoice, nobody_tells, reported
from core.notices import outbox
from core.notices.kinds.events import IdleSet, Paused, Recalled, Warned, Withdrawn
from core.notices.kinds.notices import UnknownNotice
from core.servers.following import due_follows, tell_followers
from core.servers.parts import ServerParts
from core.servers.settled import settle
from core.words import (
    VOICE_GONE,
    Because,
    Desired,
    Evidence,
    Gone,
    Occupied,
    Phase,
    Reason,
    Unknown,
)

log = structlog.get_logger()
NOTED = 500  # rows to a statement
NOTE_EVERY = timedelta(minutes=1)
"""So old may be what a row says of when its server answered last: a third of what makes it stale."""
BATCH = 50  # rows to a transaction, in which other writers wait: milliseconds
UNKNOWN_NOTICE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Asked(Asked):
    """`playing`: as far as is known. `mark` is as in core.idle.quiet."""

    playing: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a game said, and its server's row, locked, which does not remember it yet. `shown` is as of `_shown`."""

    row: ServerRow
    guild: GuildRow | None
    answer: QueryResult
    trace: str
    shown: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A decision, and from what it follows."""

    evidence: Evidence
    policy: Policy
    memory: Memory
    facts: Facts
    decision: Decision


class Sweep:
    def __init__(
        self,
        parts: ServerParts,
        queries: Mapping[str, Query],
        *,
        every: timedelta,
        in_voice: InVoice = nobody_tells,
        logs: LogQuery | None = None,
        protect: Callable[[Collection[str]], Awaitable[None]] | None = None,
        recorder: Recorder | None = None,
        tell_players: TellPlayers = LastMinute.nobody,
    ) -> None:
        """`logs` knows who plays on games that tell it only in their log. `in_voice` says who is in a guild's voice
        channel. `protect` is called after each pass: on these servers people play. `recorder` is told each look at who
        plays. `tell_players` sends a line to a game's console."""
        self._database = parts.database
        self._catalogue = parts.catalogue
        self._changes = parts.changes
        self._observed = parts.observed
        self._projections = parts.projections
        self._transitions = parts.transitions
        self._events = parts.events
        self._now = parts.now
        self._in_voice = in_voice
        self._protect = protect
        self._recorder = recorder
        self._playing: set[str] = set()
        self._running = asyncio.Lock()
        self.last_minute = LastMinute(tell_players, parts.now, self._look_again)
        self._every = every
        self._stale = stale_after(every)
        self._asking = Asking(parts, queries, every=every, logs=logs)
        self._quiet = Quiet()
        self._noted_at: datetime | None = None
        self.ended_at: datetime | None = None
        """When the last pass over all servers ended; none does while the cluster is away."""

    async def drain(self) -> None:
        """Wait for the pass that runs now; none begins after it."""
        await self._running.acquire()

    async def run(self) -> None:
        """One pass over all running servers. While the cluster is away nothing is known, so all hold."""
        if not self._running.locked():
            async with self._running:
                await self._pass()

    async def _pass(self) -> None:
        if self._observed.stale_since is not None:
            return
        asked = await self._to_ask()
        self._asking.keep(set(asked))
        self._quiet.keep(asked)
        self._playing = set()
        heard: Answers = asyncio.Queue()
        asking = asyncio.create_task(self._asking.ask_all(asked, heard), name="sweep: asking")
        try:
            while batch := await some(heard, BATCH):
                loud = [server for server, answer in batch if not self._goes_on(server, asked[server], answer)]
                for server in await self._remember_all(loud, dict(batch)) if loud else ():
                    await self._last_look(server, asked[server].game)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        if self._protect is not None:
            try:
                await self._protect(self._playing)
            except ClusterError as wrong:
                log.warning("players not protected from maintenance", detail=wrong.detail)
        self.ended_at = self._now()
        if self._noted_at is None or not timedelta(0) <= self._now() - self._noted_at < NOTE_EVERY:
            await self._note()

    async def _to_ask(self) -> dict[str, _Asked]:
        """Every running server: guilds by chance in another order each time, and the servers of each together, so that
        few are to be read with a batch."""
        query = (
            sqlalchemy.select(col(ServerRow.guild), col(ServerRow.id), col(ServerRow.game), col(ServerRow.warned_at))
            .add_columns(col(ServerRow.players_online))
            .add_columns(col(ServerRow.version), col(GuildRow.idle_after), col(GuildRow.idle_warn))
            .join(GuildRow, col(GuildRow.id) == col(ServerRow.guild), isouter=True)
            .where(col(ServerRow.desired) == Desired.RUNNING, col(ServerRow.phase) == Phase.RUNNING)
        )
        async with self._database.session() as session:
            rows = (await (await session.connection()).execute(query)).all()
        random.shuffle(guilds := list({guild for guild, *_ in rows}))
        places = {guild: place for place, guild in enumerate(guilds)}
        return {
            server: _Asked(game, warned is not None, online > 0, tuple(mark))
            for _, server, game, warned, online, *mark in sorted(rows, key=lambda row: places[row[0]])
        }

    def _goes_on(self, server: str, asked: _Asked, answer: QueryResult) -> bool:
        """Whether it changes nothing, so that its row is left alone."""
        if not self._quiet.goes_on(server, asked.mark, answer.players, answer.at, self._now()):
            return False
        if asked.playing:  # also while it does not tell
            self._playing.add(server)
        seen = players(answer.players.evidence)
        if seen is not None and self._recorder is not None:
            self._recorder.again(server, happened(answer.at, self._now()), seen.online, self._stale)
        return True

    async def _note(self) -> None:
        """Write when those whose rows are left alone answered last: whoever starts after us, and cards, go by it. This
        makes no new version of a row: nothing is different."""
        known, self._noted_at = self._quiet.known(), self._now()
        servers = list(known)
        for start in range(0, len(servers), NOTED):
            ids = servers[start : start + NOTED]
            at = min(known[server] for server in ids)
            still = col(ServerRow.id).in_(ids) & (col(ServerRow.phase) == Phase.RUNNING)
            change = sqlalchemy.update(ServerRow).where(still, col(ServerRow.known_at) < at).values(known_at=at)
            async with self._database.begin() as session:
                await (await session.connection()).execute(change)

    async def _remember_all(self, batch: list[str], answers: Mapping[str, QueryResult]) -> list[str]:
        """`_remember`. Where a batch fails, each row is tried alone, so one server never holds up another."""
        try:
            return await self._remember(batch, answers)
        except Exception:
            for server in batch:
                self._quiet.ends(server)  # its row may not be as it was to become
            if len(batch) == 1:
                log.exception("sweep failed", server=batch[0])
                return []
            return [due for server in batch for due in await self._remember_all([server], answers)]

    async def _remember(self, batch: list[str], answers: Mapping[str, QueryResult]) -> list[str]:
        """Write a batch in one transaction. Returns the servers whose pause is due."""
        due, changed, quiet = [], [], []
        async with self._database.begin() as session:
            query = select(ServerRow).where(col(ServerRow.id).in_(batch)).with_for_update()
            found = list(await session.exec(query))
            guilds = await self._guilds(session, {row.guild for row in found})
            running = [row for row in found if row.desired == Desired.RUNNING and row.phase == Phase.RUNNING]
            heard = [_Heard(row, guilds.get(row.guild), answers[row.id], trace.begin(), _shown(row)) for row in running]
            await self._tell(session, heard)
            for each in heard:
                row, guild = each.row, each.guild
                trace.begin(each.trace)
                taken = await self._take(session, each)
                decision = taken.decision
                await self._act(session, row, decision, guild)
                if row.players_online:
                    self._playing.add(row.id)
                if decision.act in (Act.PAUSE, Act.RESTART):
                    due.append(row.id)
                elif decision.forced and decision.act is Act.HOLD and row.players_online:
                    self._begin_last_minute(row, decision, guild)
                elif decision.act is Act.HOLD and not decision.recall:
                    quiet.append((each, taken))
                if each.shown != _shown(row):
                    row.changed_at = self._now()
                    changed.append(row.id)
            await session.flush()  # its version is that of the row as it is now
            for each, taken in quiet:
                self._be_quiet(each, taken)
        for server in changed:
            self._changes.tell(server)
        return due

    def _be_quiet(self, heard: _Heard, taken: _Taken) -> None:
        row, guild, now = heard.row, heard.guild, self._now()
        until = unchanged_until(taken.policy, taken.memory, taken.facts, now, self._stale)
        if until is not None and not row.idle_voice and row.restart_by is None:
            mark = row.version, *((guild.idle_after, guild.idle_warn) if guild else (None, None))
            self._quiet.begins(row.id, mark, heard.answer.players, now, until)

    async def _guilds(self, session: AsyncSession, ids: set[int]) -> dict[int, GuildRow]:
        return {row.id: row for row in await session.exec(select(GuildRow).where(col(GuildRow.id).in_(ids)))}

    async def _tell(self, session: AsyncSession, heard: Sequence[_Heard]) -> None:
        """Who concerns it hears who plays, before the rows remember it."""
        now, looks, new = self._now(), list[Told](), list[tuple[_Heard, ShownPlayers]]()
        for each in heard:
            self._catch_up(each.row, now)
            if (seen := players(each.answer.players.evidence)) is not None:
                look = Look(happened(each.answer.at, now), seen.online, frozenset(seen.names))
                looks.append(Told(each.row, each.guild, look))
                if (who := self._joined(each.row, seen, now)) is not None:
                    new.append((each, who))
        following = await due_follows(session, [each.row.id for each, _ in new], now) if new else {}
        for each, who in new:
            if follows := following.get(each.row.id):
                trace.begin(each.trace)
                await tell_followers(session, each.row, each.guild, follows, who.names, who.online, now)
        if self._recorder is not None:
            await self._recorder.look(session, looks, self._stale)

    def _catch_up(self, row: ServerRow, now: datetime) -> None:
        """With the clock, and with the looks that changed nothing."""
        settle(row, now)
        last = self._quiet.last(row.id)
        if last is not None and row.known_at is not None and row.known_at < last <= now:
            row.known_at = last

    def _joined(self, row: ServerRow, seen: ShownPlayers, now: datetime) -> ShownPlayers | None:
        """Since the last look, where that was a moment ago: of those who play since before, nobody is told, so that a
        start of the bot tells nothing."""
        since = row.known_at or row.ready_at
        if since is None or now - since > self._stale:
            return None
        return joined(ShownPlayers(tuple(row.players), row.players_online), seen)

    async def _take(self, session: AsyncSession, heard: _Heard) -> _Taken:
        """Remember it, and see what follows."""
        row, guild, now, answer = heard.row, heard.guild, self._now(), heard.answer.players
        _lapse(row, now)
        evidence = await self._with_voice(session, row, answer.evidence)
        at = happened(heard.answer.at, now)
        memory = remember(self._projections.memory(row), evidence, at, self._stale)
        _become(row, empty_since=memory.empty_since, known_at=memory.known_at, unknown_since=memory.unknown_since)
        if (seen := players(answer.evidence)) is not None:
            names = list(seen.names)
            _become(row, last_players=names or row.last_players, players=names, players_online=seen.online)
            _become(row, players_max=answer.max or row.players_max)
        policy, facts = self._projections.policy(row, guild), self._projections.facts(row, guild, now)
        return _Taken(evidence, policy, memory, facts, decide(policy, memory, facts, now, self._stale))

    async def _with_voice(self, session: AsyncSession, row: ServerRow, evidence: Evidence) -> Evidence:
        if not row.idle_voice:
            _become(row, voice_online=0)
            return evidence
        voice = self._in_voice(row.guild, row.idle_voice)
        if isinstance(voice, Unknown):
            seen = await reported(session, row.idle_voice, self._now())
            voice = voice if isinstance(seen, Unknown) else seen
        if isinstance(voice, Gone):
            before = {"after": row.idle_after, "warn": row.idle_warn, "voice": row.idle_voice, "vote": row.idle_vote}
            row.idle_voice, row.voice_online = VOICE_GONE, 0
            now = IdleSet(row.idle_after, row.idle_warn, before=before, vote=row.idle_vote)
            await self._events.tell(session, row, now)
            return evidence
        if not isinstance(voice, Unknown):
            row.voice_online = voice.online if isinstance(voice, Occupied) else 0
        return combine(evidence, voice=voice)

    async def _act(self, session: AsyncSession, row: ServerRow, decision: Decision, guild: GuildRow | None) -> None:
        now = self._now()
        if decision.recall:
            await self._events.tell(session, row, _recalled(row, decision))
        elif decision.act is Act.WARN:
            row.warned_at, row.warning_delivered_at, row.warning_dead = now, None, False
            warned = Warned(tuple(row.last_players), row.empty_since, decision.pause_at, decision.reason or Reason.IDLE)
            await self._events.tell(session, row, warned)
        if row.unknown_since is not None and now - row.unknown_since >= UNKNOWN_NOTICE:
            days = (now - row.unknown_since) // UNKNOWN_NOTICE
            number = int(row.unknown_since.timestamp()) // 86400 + days
            await outbox.say_once(session, row, UnknownNotice(), now, episode=number)

    async def _last_look(self, server: str, game: str) -> None:
        """Ask once more right before the pause, so nobody who joined in the last second is paused away."""
        answer = await self._asking.ask(server, game)
        async with self._database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None or row.desired != Desired.RUNNING or row.phase != Phase.RUNNING:
                return
            guild = await session.get(GuildRow, row.guild)
            heard = _Heard(row, guild, answer, trace.begin(), _shown(row))
            await self._tell(session, [heard])
            taken = await self._take(session, heard)
            decision = taken.decision
            known = not isinstance(taken.evidence, Unknown) or decision.forced or decision.reason in WHATEVER_HAPPENS
            goes = known and decision.act in (Act.PAUSE, Act.RESTART)
            if goes and decision.forced and row.players_online and not self._was_told(row, decision, guild):
                goes = False
            elif goes and decision.act is Act.RESTART:
                await self._restart(session, row)
            elif goes:
                because = Because.IDLE if decision.reason is Reason.IDLE else Because.SCHEDULE
                await self._transitions.stop(session, row, Paused(because))
                log.info("paused", server=server, because=str(because))
            else:
                await self._act(session, row, decision, guild)
            if goes:
                self.last_minute.drop(server)
            row.changed_at = self._now()
            session.add(row)
        self._changes.tell(server)

    async def _restart(self, session: AsyncSession, row: ServerRow) -> None:
        try:
            await self._transitions.start(session, row, by=None, because=Because.SCHEDULE)
        except Refusal as refusal:  # nothing was changed: it is tried again while it is due
            log.info("not restarted", server=row.id, why=refusal.message)
        else:
            log.info("restarted", server=row.id, because="schedule")

    # the last minute

    def _begin_last_minute(self, row: ServerRow, decision: Decision, guild: GuildRow | None) -> None:
        """Early enough for the last sweep before the pause to tell it."""
        if decision.pause_at is not None and decision.pause_at - self._now() <= LAST_MINUTE + self._every:
            self._was_told(row, decision, guild)

    def _was_told(self, row: ServerRow, decision: Decision, guild: GuildRow | None) -> bool:
        """Whether those who play were told in time; begins to tell them where they were not. True where the game cannot
        tell them."""
        game = self._catalogue.get(row.game)
        if game is None or not game.console.say:
            return True
        what = Farewell.RESTART if decision.act is Act.RESTART else Farewell.PAUSE
        at = decision.pause_at or self._now()
        language = guild.language if guild else None
        return self.last_minute.told(row.id, what, at, game.console.say, language, game.console.splits)

    async def _look_again(self, server: str) -> None:
        """The last minute of a server is over."""
        async with self._database.session() as session:
            row = await session.get(ServerRow, server)
        if row is not None and self._observed.stale_since is None:
            await self._last_look(server, row.game)


def _recalled(row: ServerRow, decision: Decision) -> Recalled:
    """Why the warning no longer holds."""
    if row.players_online:
        return Recalled(Withdrawn.JOINED, tuple(row.players))
    if decision.somebody and row.idle_voice:
        return Recalled(Withdrawn.VOICE, voice=row.idle_voice)
    if row.occasion_until is not None and decision.pause_at == row.occasion_until:
        return Recalled(Withdrawn.EVENT, occasion=row.occasion)
    return Recalled()


def _lapse(row: ServerRow, now: datetime) -> None:
    """A promise whose time is over is none: its card says it no more."""
    if row.keep_until is not None and row.keep_until <= now:
        row.keep_until = None
    if row.vote_until is not None and row.vote_until <= now:
        row.vote_until = None


def _become(row: ServerRow, **values: object) -> None:
    """Assigning to a row costs about as much as deciding on it: what is so already is left alone."""
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def _shown(row: ServerRow) -> tuple[object, ...]:
    """What people see of it."""
    players = (row.players_online, tuple(row.players))
    voice, promised = (row.idle_voice, row.voice_online), (row.keep_until, row.vote_until)
    return (*players, row.empty_since, row.warned_at, row.unknown_since, *voice, *promised, row.restart_by)
