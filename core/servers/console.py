"""Talking to a game that runs, and reading what it wrote.

What is typed is one line of plain text. Who sent it is written down before it is sent: a line is never sent twice, and
one that nobody knows the fate of is in the audit. What a game wrote is anybody's text: it is shown without secrets.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from core.cluster.port import Cluster
from core.data.tables import ServerRow
from core.errors import BadInput, ClusterAway, ClusterError, Refusal, TryAgain
from core.games.console.line import BadLine, one_line
from core.games.form.game import Game
from core.guilds.access import Actor, Do
from core.notices.kinds.events import LineSent
from core.queues import Queues
from core.servers.earlier_secrets import earlier_secrets
from core.servers.events import ServerEvents
from core.servers.observed import ObservedServers
from core.servers.projections import Projections
from core.servers.redaction import black_out, for_the_audit, readable
from core.servers.rows import ServerRows
from core.servers.views import ServerView, ServerViews
from core.words import Desired, Phase

LONGEST_LINE = 500  # characters that people type
LOG_LINES = range(1, 1001)
ANSWER_WITHIN = 15.0  # seconds that the cluster may take; the game itself gets a few
LOG_WITHIN = 15.0


@dataclass(frozen=True, slots=True)
class Sent:
    """`line` went to the game's console, which answered this; empty: nothing."""

    server: ServerView
    line: str
    answer: str


@dataclass(frozen=True, slots=True)
class GameLog:
    """The newest lines of what a game wrote; empty: there are none. `before`: in the run before its last start.
    `last_words`: only the end of a run is left, kept because the game crashed."""

    server: ServerView
    text: str
    before: bool = False
    last_words: bool = False


class Consoles:
    """Without a `cluster`, no game can be reached."""

    def __init__(
        self,
        rows: ServerRows,
        views: ServerViews,
        projections: Projections,
        events: ServerEvents,
        observed: ObservedServers,
        cluster: Cluster | None,
    ) -> None:
        self._rows = rows
        self._views = views
        self._projections = projections
        self._events = events
        self._observed = observed
        self._cluster = cluster
        self._queues = Queues()

    async def look(self, actor: Actor, server: str) -> ServerView:
        """The server, if a line could be sent to its game now; else a Refusal that says why not."""
        async with self._rows.reading(actor, server, Do.CONSOLE) as (session, row):
            self._refuse(row)
            return await self._views.of(session, row)

    async def send(self, actor: Actor, server: str, typed: str) -> Sent:
        """One line to the game's console. BadInput where it is none; Refusal where the game has no console, does not
        run, or does not listen; TryAgain where nobody knows whether it heard it."""
        async with self._rows.changing(actor, server, Do.CONSOLE) as (session, row):
            splits = self._refuse(row).console.splits
            line, secrets = checked(typed, splits), self._projections.secrets(row)
            await self._events.tell(session, row, LineSent(for_the_audit(line, secrets), by=actor.user))
            view = await self._views.of(session, row)
        async with self._queues.of(view.id):  # or two would read each other's answers
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    answer = await self._known().console(view.id, line)
            except TimeoutError:
                raise TryAgain("console.late", name=view.name) from None
            except ClusterAway:
                raise TryAgain("console.away") from None
            except ClusterError:
                raise TryAgain("console.deaf", name=view.name) from None
        return Sent(view, line, black_out(readable(answer), secrets).strip("\n"))

    async def logs(self, actor: Actor, server: str, lines: int, *, before: bool = False) -> GameLog:
        """Of a game that does not run, those of its last run. `before`: of the run before its last start. Raises
        TryAgain where they cannot be had, Refusal where they may tell a secret that the server had before."""
        if lines not in LOG_LINES:
            raise BadInput("logs.range", low=LOG_LINES[0], high=LOG_LINES[-1])
        async with self._rows.reading(actor, server, Do.LOGS) as (session, row):
            view, secrets, last_words = (
                await self._views.of(session, row),
                self._projections.secrets(row),
                row.crash_log,
            )
            at_rest = row.desired != Desired.RUNNING
            earlier = await earlier_secrets(
                session, row, self._projections.secret_settings(row), self._observed.of(row.id).run
            )
        text, failure = "", None
        try:
            async with asyncio.timeout(LOG_WITHIN):
                text = await self._known().logs(view.id, lines=lines, previous=before)
                if at_rest and not before and not text.strip():
                    text = await self._known().logs(view.id, lines=lines, previous=True)
        except (ClusterError, TimeoutError) as wrong:
            failure = wrong
        tells = bool(text.strip()) and (earlier.before if before else earlier.last)
        if tells:
            text = ""
        if not text.strip() and last_words.strip() and (before or at_rest or failure is not None):
            kept = black_out(readable(last_words), secrets).strip("\n").splitlines()[-lines:]
            return GameLog(view, "\n".join(kept), before, last_words=True)
        if tells:
            raise Refusal("logs.earlier", name=view.name)
        if failure is not None:
            raise TryAgain("logs.away", name=view.name) from failure
        return GameLog(view, black_out(readable(text), secrets).strip("\n"), before)

    def _refuse(self, row: ServerRow) -> Game:
        """The game, where it listens now."""
        game = self._projections.game(row)
        if game is None or game.console.kind == "none":
            raise Refusal("console.none", name=row.name, game=game.name if game else row.game)
        if row.desired != Desired.RUNNING or row.phase != Phase.RUNNING:
            raise Refusal("console.not_up", name=row.name)
        return game

    def _known(self) -> Cluster:
        if self._cluster is None:
            raise ClusterAway("there is no cluster")
        return self._cluster


def checked(typed: str, splits: str) -> str:
    """What somebody typed as the one line that it is to be. BadInput where it is none. `splits`: characters that end a
    command on the game's console."""
    if len(typed) > LONGEST_LINE:
        raise BadInput("console.long", most=LONGEST_LINE)
    try:
        return one_line(typed, splits)
    except BadLine as wrong:
        raise BadInput(f"console.{wrong.kind}", most=LONGEST_LINE, splits=" ".join(wrong.splits)) from None
