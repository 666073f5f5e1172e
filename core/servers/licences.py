"""A game's licence before a start, in the transaction of that start: core.guilds.licences decides."""

from __future__ import annotations

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.database import insert_missing
from core.data.tables import LicenceRow, ServerRow
from core.errors import LicenceNeeded, NotAllowed, Refusal
from core.games.form.game import Game, Licence
from core.guilds.access import Actor, Do
from core.guilds.licences import Verdict, decide
from core.notices.events import record
from core.notices.kinds.events import LicenceAccepted
from core.servers.rows import ServerRows


async def refuse(session: AsyncSession, row: ServerRow, game: Game | None) -> None:
    """Refusal where the server may not start, whoever starts it. What is asked of a person was asked before it."""
    if decide(_text(game), accepted=await is_accepted(session, row.guild, game), accepts=None, may=False) is (
        Verdict.REFUSE
    ):
        raise Refusal("licence.not_accepted", **_named(game), name=row.name)


async def before_start(
    rows: ServerRows,
    session: AsyncSession,
    actor: Actor,
    row: ServerRow,
    game: Game | None,
    now: datetime,
    *,
    then: str = "",
    accepts: str | None = None,
) -> None:
    """LicenceNeeded where the actor has to accept it first, NotAllowed where only others can. `accepts`: the mark of
    the text that the actor accepts with this; it is kept with the start or not at all."""
    accepted = await is_accepted(session, row.guild, game)
    if game is None or accepted:
        return
    rights = await rows.rights(session, actor, row)
    match decide(game.licence, accepted=accepted, accepts=accepts, may=rights.may(Do.ACCEPT)):
        case Verdict.ACCEPT:
            await accept(session, actor, game, now)
        case Verdict.ASK:
            raise needed(game, row.guild, server=row.id, then=then)
        case Verdict.REFUSE:
            raise NotAllowed("licence.others", **_named(game), name=row.name, who=rights.who(Do.ACCEPT))


async def is_accepted(session: AsyncSession, guild: int, game: Game | None) -> bool:
    """Also where there is none to accept."""
    licence = _text(game)
    if licence is None:
        return True
    return await session.get(LicenceRow, (guild, licence.url, licence.version)) is not None


async def accept(session: AsyncSession, actor: Actor, game: Game, now: datetime) -> None:
    """For the actor's guild, once. Whether they may was asked before."""
    licence = game.licence
    if licence is None:
        return
    row = LicenceRow(
        guild=actor.guild,
        url=licence.url,
        version=licence.version,
        name=licence.name,
        game=game.id,
        by=actor.user,
        at=now,
    )
    if await insert_missing(session, row):
        event = LicenceAccepted(licence.name, licence.url, licence.version, game.id, actor.user)
        record(session, event, now, guild=actor.guild)


def needed(game: Game, guild: int, *, question: str = "", server: str = "", then: str = "") -> LicenceNeeded:
    assert game.licence is not None
    return LicenceNeeded(
        **_named(game),
        url=game.licence.url,
        mark=game.licence.mark,
        guild=guild,
        question=question,
        server=server,
        then=then,
    )


def _text(game: Game | None) -> Licence | None:
    return game.licence if game else None


def _named(game: Game | None) -> dict[str, str]:
    return {"game": game.name, "licence": game.licence.name} if game and game.licence else {}
