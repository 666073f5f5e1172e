"""Why a server is not up: read from its row and from what is observed, or from what was told of it."""

from __future__ import annotations

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.cluster.port import Observed
from core.data.tables import NoticeRow, ServerRow
from core.games.form.game import Game
from core.notices.codec import notice_of
from core.notices.kinds.carried import Trouble
from core.notices.kinds.notices import AddressNotice, CrashedNotice, Notice, StartFailedNotice
from core.servers import names
from core.servers.crashes import Crashes
from core.servers.projections import size_of_run
from core.words import Because, Desired, NoticeKind, Phase, Problem

_KINDS: dict[str, NoticeKind] = {
    Because.CRASHES: NoticeKind.CRASHED,
    Because.START_FAILED: NoticeKind.START_FAILED,
}


def seen_now(
    row: ServerRow, seen: Observed, game: Game | None, problem: Problem | None, step_took: float | None
) -> Trouble:
    """Pure: as it is now. `step_took` in seconds."""
    size = game.sized(size_of_run(row)) if game else None
    crashes = Crashes(count=row.crash_count, ever_ready=row.crash_ever_ready)
    return Trouble(
        problem=problem,
        lacks=seen.lacks,
        step=seen.step,
        step_took=step_took,
        code=seen.last_exit.code if seen.last_exit else None,
        reason=names.one_line(seen.last_exit.reason) if seen.last_exit else "",
        count=crashes.count,
        most=crashes.most,
        ever_ready=crashes.ever_ready,
        memory=size.memory if size else None,
        more_memory=any(each.memory > size.memory for each in game.sizes) if game and size else None,
        cpu=size.cpu if size else None,
        node=names.one_line(seen.away.node) if seen.away else "",
        away_since=seen.away.since if seen.away else None,
    )


async def told(session: AsyncSession, row: ServerRow) -> Trouble | None:
    """As it was when the server was given up; None for one that was not. By then the pod that would tell it is gone."""
    kind = _KINDS.get(row.because) if row.desired == Desired.PAUSED else None
    if kind is None:
        return None
    match await _said(session, row, kind):
        case CrashedNotice(trouble=trouble) | StartFailedNotice(trouble=trouble):
            return trouble
    return None


async def ports_taken(session: AsyncSession, row: ServerRow) -> tuple[int, ...]:
    """While it starts: the ports that it had before, where something else uses them."""
    if row.phase != Phase.STARTING:
        return ()
    said = await _said(session, row, NoticeKind.ADDRESS)
    return said.taken if isinstance(said, AddressNotice) else ()


async def _said(session: AsyncSession, row: ServerRow, kind: NoticeKind) -> Notice | None:
    """What the message of a kind says of this run."""
    query = select(NoticeRow.data).where(
        NoticeRow.server == row.id, NoticeRow.kind == kind, NoticeRow.episode == row.run
    )
    data = (await session.exec(query)).first()
    return None if data is None else notice_of(kind, data)
