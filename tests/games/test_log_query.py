"""Games that only write into their log who comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ClusterError
from core.games.form.reached import Query as Rule
from core.games.query import log
from core.games.query.log import LogQuery
from core.games.query.port import LogPart
from core.words import Empty, Occupied, Unknown

RULE = Rule(kind="log", join=r"(?P<player>\S+) joined", leave=r"(?P<player>\S+) left")
SERVER = "abcdefghijkl"


@dataclass(frozen=True)
class FirstRun:
    uid: str | None = "one"
    restarts: int = 0


class Game:
    """What it wrote so far, and what it writes next."""

    def __init__(self, *lines: str, whole: bool = True) -> None:
        self.lines, self.whole = lines, whole
        self.next: asyncio.Queue[str | None] = asyncio.Queue()
        self.followed = 0

    async def follow(self, server: str) -> AsyncIterator[LogPart]:
        self.followed += 1
        yield LogPart(self.lines, self.whole)
        while (line := await self.next.get()) is not None:
            yield LogPart((line,), self.whole)
        raise ClusterError("the line broke")

    async def writes(self, line: str | None) -> None:
        await self.next.put(line)
        for _ in range(10):
            await asyncio.sleep(0)


async def evidence(query: LogQuery) -> object:
    return (await query.players(SERVER, FirstRun(), RULE)).evidence


async def test_whoever_joined_and_did_not_leave_is_on() -> None:
    query = LogQuery(Game("Ada joined", "Bo joined", "Ada left").follow)
    assert await evidence(query) == Occupied(("Bo",), 1)
    await query.close()


async def test_nobody_is_on_where_the_whole_log_says_so() -> None:
    game = Game("Ada joined")
    query = LogQuery(game.follow)
    assert await evidence(query) == Occupied(("Ada",), 1)
    await game.writes("Ada left")
    assert await evidence(query) == Empty()
    assert game.followed == 1, "one stream a server"
    await query.close()


async def test_a_log_whose_beginning_is_missing_never_says_empty() -> None:
    query = LogQuery(Game("Ada left", whole=False).follow)
    assert isinstance(await evidence(query), Unknown)
    await query.close()


async def test_a_stream_that_broke_knows_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "AGAIN", 3600)
    game = Game()
    query = LogQuery(game.follow)
    assert await evidence(query) == Empty()
    await game.writes(None)
    assert isinstance(await evidence(query), Unknown)
    await query.close()


async def test_a_game_without_such_lines_is_unknown() -> None:
    query = LogQuery(Game().follow)
    seen = await query.players(SERVER, FirstRun(), Rule(kind="none"))
    assert isinstance(seen.evidence, Unknown)
    await query.close()


async def test_colours_hide_nobody() -> None:
    query = LogQuery(Game("\x1b[32mAda joined\x1b[0m", "\x1b[1mBo\x1b[0m joined", "\x1b[31mAda\x1b[39m left").follow)
    assert await evidence(query) == Occupied(("Bo",), 1)
    await query.close()


async def test_who_leaves_by_a_number_is_known_by_it() -> None:
    """As Core Keeper: names come with a join only."""
    rule = Rule(
        kind="log",
        join=r"\[userid:(?P<id>\d+)\] player (?P<player>.+) connected",
        leave=r"Disconnected from userid:(?P<id>\d+)",
    )
    lines = ("[userid:7] player Ada connected", "[userid:8] player Ada connected", "Disconnected from userid:7 with")
    query = LogQuery(Game(*lines).follow)
    assert (await query.players(SERVER, FirstRun(), rule)).evidence == Occupied(("Ada",), 1)
    await query.close()


async def test_whoever_left_after_a_gap_is_not_forgotten_to_be_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream broke and came again without its beginning: nobody seen is not nobody there."""
    monkeypatch.setattr(log, "AGAIN", 0)
    game = Game("Ada joined")
    query = LogQuery(game.follow)
    assert await evidence(query) == Occupied(("Ada",), 1)
    game.lines, game.whole = ("Ada left",), False
    await game.writes(None)
    assert isinstance(await evidence(query), Unknown)
    await query.close()


@given(st.lists(st.text(max_size=40), max_size=20))
def test_whatever_a_game_writes_is_read(lines: list[str]) -> None:
    presence = log.Presence(RULE)
    for line in lines:
        presence.read(line)
    seen = presence.players(whole=True).evidence
    assert isinstance(seen, Empty | Occupied)
    if isinstance(seen, Occupied):
        assert seen.online >= len(seen.names)
