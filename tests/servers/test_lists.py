"""What a list of servers costs: as many statements for ten as for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from core.data.database import Database
from core.data.tables import NoticeRow, ServerRow, ShareRow
from core.guilds.access import Actor, Level
from core.words import Because, Desired, NoticeKind, Phase, Sharer
from tests.conftest import ADA, CY, House

DEE = Actor(user=4, guild=ADA.guild, name="Dee")


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Statements, as they are sent."""
    sent = list[str]()

    def heard(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", heard)
    try:
        yield sent
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", heard)


@pytest.fixture
async def ten(house: House) -> None:
    """Five that were given up, each with what was told of it, and five that start with other ports than before."""
    made = await house.create("Pond 0", CY)
    row = await house.phase(made, "running")
    async with house.database.begin() as session:
        for number in range(10):
            server = f"abcdefghij{'abcdefghij'[number]}a"
            crashed = number % 2 == 0
            name = f"Copy {number}"
            copied = {"id": server, "name": name, "name_key": name.casefold(), "run": 7}
            told: dict[str, Any]
            if crashed:
                copied |= {"desired": Desired.PAUSED, "phase": Phase.PAUSED, "because": Because.CRASHES}
                told = {"code": 100 + number}
            else:
                copied |= {"phase": Phase.STARTING}
                told = {"taken": [number]}
            session.add(ServerRow(**row.model_dump() | copied))
            await session.flush()
            kind = NoticeKind.CRASHED if crashed else NoticeKind.ADDRESS
            for run in (6, 7):
                at = row.phase_since
                session.add(
                    NoticeRow(
                        guild=row.guild,
                        server=server,
                        kind=kind,
                        episode=run,
                        data=told if run == 7 else {},
                        trace="t" * 32,
                        state="sent",
                        next_at=at,
                        created_at=at,
                    )
                )
            session.add(ShareRow(server=server, target=DEE.user, kind=Sharer.MEMBER, role="manager"))


async def test_a_list_costs_no_statements_for_each_server(house: House, ten: None) -> None:
    with counted(house.database) as sent:
        listed = await house.servers.lookup.list_with_rights(DEE, mine=False)
    assert len(listed) == 11
    assert len(sent) <= 3
    levels = {view.name: rights.level for view, rights in listed}
    assert levels.pop("Pond 0") is Level.PLAYER
    assert set(levels.values()) == {Level.MANAGER}
    with counted(house.database) as sent:
        views = await house.servers.lookup.list(DEE, mine=False)
    assert len(sent) <= 2
    by_name = {view.name: view for view in views}
    assert [by_name[f"Copy {number}"].trouble.code for number in (0, 2, 4)] == [100, 102, 104]
    assert [by_name[f"Copy {number}"].taken for number in (1, 3)] == [(1,), (3,)]
