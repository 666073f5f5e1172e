"""How often a server is asked, and when what it answers is not even written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from core.activity.buckets import FINE
from core.data.tables import BucketRow, GuildRow, ServerRow
from core.games.query.port import Endpoint, Players, Query
from core.guilds.access import Actor
from core.idle.pace import MOST, PATIENT, Pace
from core.idle.quiet import Quiet
from core.idle.rules import (
    STALE_AT_LEAST,
    UNCHANGED,
    Act,
    Facts,
    Memory,
    Policy,
    decide,
    remember,
    unchanged_until,
)
from core.idle.sweep import NOTE_EVERY, Sweep
from core.words import Empty, Evidence, Occupied, Unknown

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
BOTH = Occupied(("a", "b"), 2)
SILENT = Players(Unknown("no answer"))
ADA = Actor(user=1, guild=700, name="Ada")


def asked(pace: Pace, passes: int) -> list[int]:
    """In which of these passes a server that says nothing is asked."""
    found = []
    for number in range(passes):
        if pace.held("a") is None:
            found.append(number)
            pace.heard("a", SILENT)
    return found


@given(st.sampled_from([15, 30, 60, 120, 3600]), st.randoms(use_true_random=False))
def test_a_silent_server_is_asked_more_seldom_and_never_too_seldom(every: int, chance: object) -> None:
    pace = Pace(timedelta(seconds=every), chance)  # type: ignore[arg-type]
    found = asked(pace, 60)
    assert found[:PATIENT] == [0, 1, 2], "evidence that is known a while ago is still asked for at full pace"
    assert all((later - sooner) * every <= max(every, MOST.total_seconds()) for sooner, later in zip(found, found[1:]))  # noqa: B905, RUF007
    assert every > 60 or len(found) < 60


def test_whoever_answers_again_is_asked_at_full_pace() -> None:
    pace = Pace(timedelta(seconds=15))
    asked(pace, 30)
    pace.heard("a", Players(Empty()))
    assert [pace.held("a") for _ in range(3)] == [None] * 3


PLAYERS = st.one_of(
    st.just(Empty()), st.just(Unknown("no")), st.integers(1, 9).map(lambda online: Occupied((), online))
)
POLICY = st.builds(
    lambda after, warn: Policy(timedelta(minutes=after), timedelta(minutes=warn), timedelta(minutes=5)),
    st.sampled_from([0, 1, 10, 60]),
    st.integers(1, 30),
)


@given(POLICY, PLAYERS, st.integers(0, 90), st.integers(0, 90), st.integers(1, 20))
def test_until_it_is_promised_each_look_that_sees_the_same_changes_nothing(
    policy: Policy, evidence: Evidence, ready: int, empty: int, every: int
) -> None:
    facts = Facts(running=True, ready_since=NOW - timedelta(minutes=ready))
    before = Memory(empty_since=NOW - timedelta(minutes=empty), known_at=NOW - timedelta(seconds=30))
    memory = remember(before, evidence, NOW, STALE_AT_LEAST)
    if decide(policy, memory, facts, NOW, STALE_AT_LEAST).act is not Act.HOLD:
        return
    until = unchanged_until(policy, memory, facts, NOW, STALE_AT_LEAST)
    assert until is not None
    assert until <= NOW + UNCHANGED
    now = NOW + timedelta(seconds=every)
    while now < until:
        later = remember(memory, evidence, now, STALE_AT_LEAST)
        decision = decide(policy, later, facts, now, STALE_AT_LEAST)
        assert decision.act is Act.HOLD
        assert not decision.recall
        assert later.empty_since == memory.empty_since
        assert later.unknown_since == memory.unknown_since
        memory, now = later, now + timedelta(seconds=every)


@pytest.mark.parametrize(
    "more",
    [
        {"warned_at": NOW},
        {"keep_until": NOW},
        {"vote_until": NOW},
        {"awake_until": NOW},
        {"restart_by": NOW},
        {"problem": True},
        {"busy": True},
        {"ready_since": None},
    ],
)
def test_nothing_is_promised_where_more_than_idleness_is_at_work(more: dict[str, object]) -> None:
    facts = Facts(**({"running": True, "ready_since": NOW} | more))  # type: ignore[arg-type]
    policy = Policy(timedelta(hours=1), timedelta(minutes=5), timedelta(0))
    assert unchanged_until(policy, Memory(NOW, NOW), facts, NOW, STALE_AT_LEAST) is None


class TestQuiet:
    def goes_on(self, quiet: Quiet, *, mark: int = 1, evidence: Evidence = BOTH, after: int = 60) -> bool:
        now = NOW + timedelta(seconds=after)
        return quiet.goes_on("s", (mark,), Players(evidence, 8), now, now)

    @pytest.fixture
    def quiet(self) -> Quiet:
        made = Quiet()
        made.begins("s", (1,), Players(Occupied(("a", "b"), 2), 8), NOW, NOW + UNCHANGED)
        return made

    def test_the_same_answer_in_another_order_changes_nothing(self, quiet: Quiet) -> None:
        assert self.goes_on(quiet, evidence=Occupied(("b", "a"), 2))
        assert quiet.known() == {"s": NOW + timedelta(seconds=60)}
        assert quiet.known() == {}, "it is written once"
        assert quiet.last("s") == NOW + timedelta(seconds=60)

    def test_another_answer_or_row_or_time_ends_it(self, quiet: Quiet) -> None:
        assert not self.goes_on(quiet, evidence=Empty())
        assert not self.goes_on(quiet), "until the row was looked at again"

    def test_a_row_that_somebody_wrote_ends_it(self, quiet: Quiet) -> None:
        assert not self.goes_on(quiet, mark=2)

    @pytest.mark.parametrize("after", [UNCHANGED.total_seconds(), -1])
    def test_it_ends_with_its_time_and_where_the_clock_was_set_back(self, quiet: Quiet, after: float) -> None:
        assert not self.goes_on(quiet, after=int(after))

    def test_who_does_not_run_is_forgotten(self, quiet: Quiet) -> None:
        quiet.keep([])
        assert not self.goes_on(quiet)


class Counted(Query):
    def __init__(self) -> None:
        self.evidence: Evidence = Occupied(("Bo",), 1)
        self.asked = 0

    async def players(self, endpoint: Endpoint, rule: object, *, token: str = "") -> Players:
        self.asked += 1
        return Players(self.evidence, 16)


@pytest.fixture
def game(house) -> Counted:
    house.queries["http"] = made = Counted()
    return made


@pytest.fixture
def sweep(house, game) -> Sweep:
    return house.core.sweep


async def up(house) -> str:
    server = await house.create("Pond", ADA)
    await house.phase(server, "running")
    return server


async def passes(house, sweep: Sweep, seconds: int, *, every: int = 15) -> None:
    for _ in range(seconds // every):
        house.pass_time(timedelta(seconds=every))
        await sweep.run()


async def test_only_changes_are_written(house, sweep, game) -> None:
    server = await up(house)
    await sweep.run()
    before = await house.row(server)
    await passes(house, sweep, 240)
    after = await house.row(server)
    assert game.asked >= 17
    assert after.version == before.version, "what is as it was makes no new version of its row"
    assert house.parts.now() - after.known_at <= NOTE_EVERY + timedelta(seconds=15), "and counts as known nevertheless"
    game.evidence = Empty()
    await passes(house, sweep, 15)
    left = await house.row(server)
    assert left.version > after.version
    assert left.players_online == 0
    assert left.empty_since is not None


async def test_who_plays_is_counted_although_no_row_is_written(house, sweep, game) -> None:
    server = await up(house)
    await sweep.run()
    await passes(house, sweep, 900)
    await house.core.recorder.flush()
    async with house.database.session() as session:
        known = [each.known for each in await session.exec(select(BucketRow).where(BucketRow.span == FINE))]
    assert known.count(FINE) >= 2
    game.evidence = Empty()
    house.pass_time(timedelta(seconds=15))
    await sweep.run()
    row = await house.row(server)
    assert row.empty_since is not None
    assert house.parts.now() - row.known_at < timedelta(seconds=15)


async def test_who_played_when_it_fell_silent_is_protected_in_each_pass(house, sweep, game, monkeypatch) -> None:
    told: list[set[str]] = []

    async def protect(playing) -> None:
        told.append(set(playing))

    monkeypatch.setattr(sweep, "_protect", protect)
    server = await up(house)
    await sweep.run()
    game.evidence = Unknown("no answer")
    await passes(house, sweep, 120)
    assert told == [{server}] * 9


async def test_a_warning_is_asked_at_full_pace_after_a_long_silence(house, sweep, game) -> None:
    server = await up(house)
    game.evidence = Unknown("no answer")
    await passes(house, sweep, 600)
    assert game.asked < 40
    async with house.database.begin() as session:
        row = await session.get(ServerRow, server)
        row.warned_at = house.parts.now()
        session.add(row)
    before = game.asked
    await passes(house, sweep, 150)
    assert game.asked == before + 10


async def test_a_guild_that_changes_its_rule_is_heard_at_once(house, sweep, game) -> None:
    server = await up(house)
    game.evidence = Empty()
    await sweep.run()
    await passes(house, sweep, 60)
    async with house.database.begin() as session:
        guild = await session.get(GuildRow, 700)
        guild.idle_after, guild.idle_warn = 60, 60
        session.add(guild)
    await passes(house, sweep, 600, every=60)
    row = await house.row(server)
    assert row.warned_at is not None or row.phase != "running"
