"""Creating a server: one transaction that takes a name, a port and a place in the quota, or takes nothing. Where its
game has a licence that nobody accepted yet, it asks first, and keeps what was asked for."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.changes import Changes
from core.data.database import Database
from core.data.tables import CardRow, QuestionRow, ServerRow
from core.errors import BadInput, LicenceNeeded, Refusal, TryAgain
from core.games.catalogue import Catalogue
from core.games.form.game import Game
from core.guilds.access import Actor
from core.guilds.games import pick
from core.guilds.licences import Verdict, decide
from core.guilds.limits import Limits, check_create
from core.notices.kinds.events import Created
from core.servers import blocked, left_guilds, licences, maintenance, names
from core.servers.admission import Admission
from core.servers.events import ServerEvents
from core.servers.ports import Pool
from core.servers.questions import KEPT, OVER, too_old
from core.servers.rows import ServerRows
from core.servers.transitions import start_within
from core.servers.views import ServerView, ServerViews
from core.typed import one_line
from core.words import Because, Desired, Phase, new_server_id

LONGEST_DESCRIPTION = 200
TRIES = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """A server that somebody asked for: what `Creation.create` takes, looked at. `size` None: the usual one."""

    channel: int
    game: str
    name: str
    size: str | None
    description: str
    source: str | None
    settings: dict[str, str]


class Creation:
    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        changes: Changes,
        rows: ServerRows,
        views: ServerViews,
        events: ServerEvents,
        now: Callable[[], datetime],
        pool: Pool,
        admission: Admission,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._changes = changes
        self._rows = rows
        self._views = views
        self._events = events
        self._now = now
        self._pool = pool
        self._admission = admission

    async def create(
        self,
        actor: Actor,
        *,
        channel: int,
        game: str,
        name: str,
        size: str | None,
        description: str = "",
        source: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> ServerView:
        """`source`: the snapshot that its world begins with.

        Raises BadInput, LimitReached, NotAllowed or TryAgain; nothing is kept then. LicenceNeeded where the game's
        licence is not accepted here: what was asked for is kept, and `go_on` makes it.
        """
        chosen, title = self._catalogue.find(game), names.clean(name)
        chosen.size(size)
        wanted = Wanted(
            channel=channel,
            game=chosen.id,
            name=title,
            size=size,
            description=clean_description(description),
            source=source,
            settings=dict(settings or {}),
        )

        async def make(session: AsyncSession) -> ServerView | LicenceNeeded:
            return await self._make(session, actor, wanted, accepts=None)

        return await self._surely(make)

    async def go_on(self, actor: Actor, question: str) -> ServerView | Refusal:
        """The actor accepts the licence that `create` asked for, and gets the server that was asked for: one, however
        often this is done. A refusal that stands in the way of the server is returned: the licence is accepted.

        Raises Refusal where there is no such question, LicenceNeeded where the text is another one by now.
        """

        async def make(session: AsyncSession) -> ServerView | LicenceNeeded:
            asked = await self._question(session, actor, question)
            if "do" in asked.wanted:
                raise Refusal(OVER)  # of a server that is there
            if asked.server is not None:
                made = await self._rows.load(session, asked.server)
                if made is None or made.desired == Desired.DELETED:
                    raise Refusal(OVER)
                return await self._views.of(session, made)
            found = await self._make(session, actor, Wanted(**asked.wanted), accepts=asked.mark)
            if not isinstance(found, LicenceNeeded):
                asked.server, asked.wanted = found.id, {}
                session.add(asked)
            return found

        try:
            return await self._surely(make)
        except LicenceNeeded:
            raise
        except Refusal as refusal:
            if refusal.message == OVER:
                raise
            await self._accept(actor, question)
            return refusal

    async def _surely(self, make: Callable[[AsyncSession], Awaitable[ServerView | LicenceNeeded]]) -> ServerView:
        """In one transaction; again where somebody took the name or the port in this moment."""
        for _ in range(TRIES):
            try:
                async with self._database.begin() as session:
                    await once.claim(session, self._now())
                    made = await make(session)
            except IntegrityError:
                continue
            if isinstance(made, LicenceNeeded):
                raise made
            self._changes.tell(made.id)
            return made
        raise TryAgain("try_again")

    async def _make(
        self, session: AsyncSession, actor: Actor, wanted: Wanted, *, accepts: str | None
    ) -> ServerView | LicenceNeeded:
        """The server; or the question whether the actor accepts the game's licence, kept in this transaction."""
        await maintenance.refuse(session)
        await left_guilds.refuse(session, actor.guild)
        await blocked.refuse(session, actor.guild)
        await self._rows.remember_member(session, actor)
        limits = await self._check_limits(session, actor)
        now, chosen = self._now(), self._catalogue.find(wanted.game)
        picked = pick(chosen, wanted.size, limits.withheld, self._catalogue)
        await refuse_taken(session, actor.guild, wanted.name)
        row = ServerRow(
            id=new_server_id(),
            guild=actor.guild,
            owner=actor.user,
            game=chosen.id,
            name=wanted.name,
            name_key=names.key(wanted.name),
            description=wanted.description,
            size=picked.id,
            channel=wanted.channel,
            source=wanted.source,
            settings=wanted.settings,
            desired=Desired.RUNNING,
            because=Because.OWNER,
            by=actor.user,
            start_by=now + start_within(chosen),
            started_at=now,
            phase=Phase.STARTING,
            phase_since=now,
            created_at=now,
            changed_at=now,
        )
        await self._admission.check_locked(session, row, actor, limits)
        accepted = await licences.is_accepted(session, actor.guild, chosen)
        match decide(chosen.licence, accepted=accepted, accepts=accepts, may=True):
            case Verdict.ASK:
                return licences.needed(chosen, actor.guild, question=await self._ask(session, actor, wanted, chosen))
            case Verdict.ACCEPT:
                await licences.accept(session, actor, chosen, now)
        session.add(row)
        await session.flush()
        await self._pool.give(session, row.id, chosen)
        session.add(CardRow(server=row.id))
        await once.made(session, row.id)
        created = Created(chosen.id, wanted.name, picked.id, wanted.source, actor.user)
        await self._events.tell(session, row, created)
        await session.flush()
        return await self._views.of(session, row)

    async def _ask(self, session: AsyncSession, actor: Actor, wanted: Wanted, game: Game) -> str:
        """Keep what is wanted until the licence is accepted; its question."""
        assert game.licence is not None
        now = self._now()
        await session.exec(too_old(now))
        question = QuestionRow(
            id=secrets.token_hex(8),
            guild=actor.guild,
            user=actor.user,
            mark=game.licence.mark,
            wanted=asdict(wanted),
            at=now,
        )
        session.add(question)
        await once.release(session)
        return question.id

    async def _question(self, session: AsyncSession, actor: Actor, question: str) -> QuestionRow:
        row = await session.get(QuestionRow, question, with_for_update=True)
        if row is None or (row.user, row.guild) != (actor.user, actor.guild) or row.at < self._now() - KEPT:
            raise Refusal(OVER)
        return row

    async def _accept(self, actor: Actor, question: str) -> None:
        """The licence alone."""
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            asked = await self._question(session, actor, question)
            game = self._catalogue.get(str(asked.wanted.get("game")))
            if game is not None and game.licence is not None and game.licence.mark == asked.mark:
                await licences.accept(session, actor, game, self._now())

    async def foresee(self, session: AsyncSession, actor: Actor, game: str, name: str, size: str) -> None:
        """What `create` would refuse, told before the work that comes first. Locks nothing: `create` asks again."""
        await maintenance.refuse(session)
        limits = await self._check_limits(session, actor, lock=False)
        if (known := self._catalogue.get(game)) is not None:
            pick(known, size, limits.withheld, self._catalogue)
        title = names.clean(name)
        await refuse_taken(session, actor.guild, title)
        row = ServerRow(
            id="",
            guild=actor.guild,
            owner=actor.user,
            game=game,
            name=title,
            name_key=names.key(title),
            size=size,
            channel=0,
            desired=Desired.RUNNING,
            because=Because.OWNER,
            phase=Phase.STARTING,
            phase_since=self._now(),
        )
        await self._admission.check_locked(session, row, actor, limits)

    async def _check_limits(self, session: AsyncSession, actor: Actor, *, lock: bool = True) -> Limits:
        limits = await self._rows.limits_of(session, actor.guild, actor.user, actor, lock=lock)
        check_create(
            actor,
            limits,
            mine=await self._rows.count(session, actor.guild, actor.user),
            guild=await self._rows.count(session, actor.guild),
            deleted=await self._rows.count(session, actor.guild, actor.user, deleted=True),
            deleted_of_all=await self._rows.count(session, actor.guild, deleted=True),
        )
        return limits


def clean_description(typed: str) -> str:
    """On one line. BadInput where it is too long."""
    text = one_line(typed)
    if len(text) > LONGEST_DESCRIPTION:
        raise BadInput("description.too_long", most=LONGEST_DESCRIPTION)
    return text


async def refuse_taken(session: AsyncSession, guild: int, name: str) -> None:
    """BadInput where a server of the guild has this name."""
    taken = select(ServerRow.name).where(
        ServerRow.guild == guild, ServerRow.name_key == names.key(name), ServerRow.desired != Desired.DELETED
    )
    if found := (await session.exec(taken)).first():
        raise BadInput("name.taken", name=found)
