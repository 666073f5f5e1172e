"""Why a server is not up: read from its row and from what is observed, or from what was told of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.cluster.port import Observed
from core.data.tables import NoticeRow, ServerRow
from core.games.form.game import Game
from core.notices.codec import notice_of
from core.notices.kinds.carried import Trouble
from core.notices.kinds.notices import AddressNotice, CrashedNotice, Notice, StartFailedNotice
from core.servers.crashes import Crashes
from core.servers.projections import size_of_run
from core.typed import one_line
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
        reason=one_line(seen.last_exit.reason) if seen.last_exit else "",
        count=crashes.count,
        most=crashes.most,
        ever_ready=crashes.ever_ready,
        memory=size.memory if size else None,
        more_memory=any(each.memory > size.memory for each in game.sizes) if game and size else None,
        cpu=size.cpu if size else None,
        node=one_line(seen.away.node) if seen.away else "",
        away_since=seen.away.since if seen.away else None,
    )


@dataclass(frozen=True, slots=True)
class Said:
    """What messages about a server's run say. `trouble`: as it was when the server was given up, for by now the pod
    that would tell it is gone; None for one that was not. `taken`: while it starts, the ports that it had before, where
    something else uses them."""

    trouble: Trouble | None = None
    taken: tuple[int, ...] = ()


NOTHING_SAID = Said()


async def said(session: AsyncSession, rows: Iterable[ServerRow]) -> dict[str, Said]:
    """By server, of those about which messages say something: one question for all, and none where none of them can."""
    wanted = {(row.id, str(kind), row.run) for row in rows if (kind := _told_by(row)) is not None}
    if not wanted:
        return {}
    query = select(NoticeRow.server, NoticeRow.kind, NoticeRow.data).where(
        tuple_(col(NoticeRow.server), col(NoticeRow.kind), col(NoticeRow.episode)).in_(sorted(wanted))
    )
    found = (await session.exec(query)).all()
    return {server: _said(notice_of(NoticeKind(kind), data)) for server, kind, data in found if server is not None}


def _told_by(row: ServerRow) -> NoticeKind | None:
    """Which message of its run says more of a server than its row."""
    if row.desired == Desired.PAUSED and row.because in _KINDS:
        return _KINDS[row.because]
    return NoticeKind.ADDRESS if row.phase == Phase.STARTING else None


def _said(notice: Notice) -> Said:
    match notice:
        case CrashedNotice(trouble=trouble) | StartFailedNotice(trouble=trouble):
            return Said(trouble=trouble)
        case AddressNotice(taken=taken):
            return Said(taken=taken)
    return NOTHING_SAID
