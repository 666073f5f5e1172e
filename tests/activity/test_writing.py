"""Sessions of many servers are written together, and are the same as those of each alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import migrated
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.activity.sessions import Look
from core.activity.writing import Step, write_sessions
from core.data.database import Database
from core.data.tables import PlaySessionRow, ServerRow

BEGIN = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
GAP = timedelta(minutes=3)
SERVERS = 3

Seen = tuple[frozenset[str], int]
"""Who is named, and how many play besides."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("writing") / "test.db"
    asyncio.run(migrated.file(Path(file)))
    return f"sqlite+aiosqlite:///{file}"


looks = st.tuples(
    st.frozensets(st.sampled_from(["Ada", "Bo", "Cy"])),
    st.one_of(st.just(0), st.just(0), st.integers(0, 2)),
)
rounds = st.lists(
    st.tuples(st.integers(1, 400), st.lists(st.none() | looks, min_size=SERVERS, max_size=SERVERS)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(rounds, st.lists(st.booleans(), min_size=SERVERS, max_size=SERVERS))
def test_a_batch_gives_what_each_alone_gives(
    url: str, story: list[tuple[int, list[Seen | None]]], named: list[bool]
) -> None:
    async def tell() -> None:
        database = Database(url)
        async with database.begin() as session:
            session.add_all(server(f"{kind}{n}") for kind in ("together", "alone") for n in range(SERVERS))
            await session.flush()
            before, time = dict[int, Look](), BEGIN
            for seconds, seen in story:
                time += timedelta(seconds=seconds)
                now = {n: look(time, *each) for n, each in enumerate(seen) if each is not None}
                steps = {n: (named[n], before.get(n), each, GAP) for n, each in now.items()}
                await write_sessions(session, [Step(f"together{n}", *step) for n, step in steps.items()])
                for n, step in steps.items():
                    await write_sessions(session, [Step(f"alone{n}", *step)])
                before |= now
                for n in range(SERVERS):
                    assert await kept(session, f"together{n}") == await kept(session, f"alone{n}")
            await session.rollback()
        await database.close()

    asyncio.run(tell())


def look(at: datetime, names: frozenset[str], besides: int) -> Look:
    return Look(at, len(names) + besides, names)


async def kept(session: AsyncSession, server: str) -> Sequence[tuple[object, ...]]:
    query = select(PlaySessionRow).where(PlaySessionRow.server == server)
    found = await session.exec(query.order_by(col(PlaySessionRow.began), col(PlaySessionRow.name)))
    return [(each.name, each.began, each.ended, each.began_seen, each.ended_seen) for each in found]


def server(name: str) -> ServerRow:
    return ServerRow(
        id=name,
        guild=1,
        owner=1,
        game="meadow",
        name=name,
        name_key=name,
        size="small",
        channel=1,
        desired="running",
        because="owner",
        phase="running",
        phase_since=BEGIN,
        changed_at=BEGIN,
    )
