"""The idle story over a real database and controller: the game's answers and the clock are the test's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import NotAllowed
from core.games.query.port import Players, Query
from core.guilds.access import Actor
from core.idle.sweep import Sweep
from core.notices.kinds.notices import (
    IdleInVoice,
    IdleJoined,
    IdleKept,
    IdleNotice,
    IdlePaused,
    IdleResumed,
    IdleWarned,
)
from core.words import (
    VOICE_GONE,
    Because,
    Empty,
    Evidence,
    Gone,
    NoticeKind,
    Occupied,
    Unknown,
    VoiceEvidence,
)

GUILD = 700
ADA = Actor(user=1, guild=GUILD, name="Ada")


class Said(Query):
    """A game that answers what the test says, and counts how often it was asked."""

    def __init__(self) -> None:
        self.evidence: Evidence = Empty()
        self.then: list[Evidence] = []

    async def players(self, endpoint: object, rule: object, *, token: str = "") -> Players:
        if self.then:
            self.evidence = self.then.pop(0)
        return Players(self.evidence, 16)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def sweep(house, said) -> Sweep:
    house.queries["http"] = said
    return house.core.sweep


async def deliver(house) -> None:
    outbox = house.core.outbox
    keys = await outbox.due_keys(house.parts.now())
    for row in [row for key in keys for row in await outbox.due(house.parts.now(), key)]:
        await outbox.trying(row.id, 1, house.parts.now())
        await outbox.sent(row.id, 1000 + row.id, row.revision, house.parts.now())


async def idle(house, server: str) -> IdleNotice:
    """What the first episode's message says."""
    return (await house.told(server, IdleNotice))[0]


async def minutes(house, sweep, n: int) -> None:
    for _ in range(n):
        house.pass_time(timedelta(minutes=1))
        await sweep.run()


async def warned(house, sweep) -> str:
    server = await house.create()
    await house.phase(server, "running")
    await sweep.run()
    await minutes(house, sweep, 11)
    return server


async def test_an_empty_server_is_warned_about_and_then_paused_in_one_message(house, sweep) -> None:
    server = await warned(house, sweep)
    assert isinstance(await idle(house, server), IdleWarned)
    await deliver(house)
    await minutes(house, sweep, 5)
    row = await house.phase(server, "paused")
    assert row.because == "idle"
    notice = await idle(house, server)
    assert isinstance(notice, IdlePaused)
    assert (notice.because, notice.by) == (Because.IDLE, None)
    assert notice.after is not None
    assert notice.after >= 15 * 60
    assert [each.kind for each in await house.notices(server)] == ["ready", "idle"]


async def test_a_warning_that_was_not_delivered_does_not_pause(house, sweep) -> None:
    server = await warned(house, sweep)
    await minutes(house, sweep, 10)
    assert (await house.row(server)).desired == "running"


async def test_somebody_who_joins_withdraws_the_warning_in_its_message(house, sweep, said) -> None:
    server = await warned(house, sweep)
    said.evidence = Occupied(("Bo",))
    await sweep.run()
    assert (await house.row(server)).warned_at is None
    assert await idle(house, server) == IdleJoined(("Bo",))


async def test_who_joins_in_the_last_second_is_not_paused_away(house, sweep, said) -> None:
    server = await warned(house, sweep)
    await deliver(house)
    await minutes(house, sweep, 4)
    house.pass_time(timedelta(minutes=1))
    said.then = [Empty(), Occupied(("Bo",))]
    await sweep.run()
    row = await house.row(server)
    assert (row.desired, row.players) == ("running", ["Bo"])


async def test_a_query_that_stops_answering_never_pauses(house, sweep, said) -> None:
    server = await warned(house, sweep)
    await deliver(house)
    said.evidence = Unknown("no answer")
    await minutes(house, sweep, 60)
    assert (await house.row(server)).desired == "running"


async def test_keep_alive_wins_over_a_pause_that_is_due(house, sweep) -> None:
    server = await warned(house, sweep)
    await deliver(house)
    await minutes(house, sweep, 4)
    await house.servers.power.keep(ADA, server)
    await minutes(house, sweep, 2)
    assert (await house.row(server)).desired == "running"
    notice = await idle(house, server)
    assert isinstance(notice, IdleKept)
    assert notice.by == ADA.user


async def test_an_outage_of_the_cluster_holds(house, sweep) -> None:
    server = await warned(house, sweep)
    await deliver(house)
    house.cluster.go_away()
    house.pass_time(timedelta(minutes=30))
    await house.until(server, lambda _: house.parts.observed.stale_since is not None)
    await sweep.run()
    assert (await house.row(server)).desired == "running"


async def test_a_game_that_does_not_tell_for_a_day_is_said_once_a_day(house, sweep, said) -> None:
    server = await house.create()
    await house.phase(server, "running")
    said.evidence = Unknown("no answer")
    for _ in range(50):
        await sweep.run()
        house.pass_time(timedelta(hours=1))
    kinds = [each.kind for each in await house.notices(server)]
    assert kinds.count("unknown") == 2


async def test_a_resume_edits_the_pauses_message(house, sweep) -> None:
    server = await warned(house, sweep)
    await deliver(house)
    await minutes(house, sweep, 6)
    await house.phase(server, "paused")
    await deliver(house)
    await house.servers.power.resume(ADA, server)
    assert await idle(house, server) == IdleResumed(by=ADA.user)


@pytest.mark.parametrize(("after", "warn"), [(1, 2), (3, 2), (2, 0)])
async def test_the_pause_comes_when_it_is_said_to_come(house, sweep, after: int, warn: int) -> None:
    server = await house.create()
    await house.phase(server, "running")
    view = await house.servers.editing.set_idle(ADA, server, minutes=after, warn=warn, voice=None)
    house.pass_time(timedelta(minutes=11))  # beyond the grace
    await sweep.run()
    waited = timedelta(0)
    while (await house.row(server)).desired == "running":
        await deliver(house)
        house.pass_time(timedelta(seconds=15))
        waited += timedelta(seconds=15)
        await sweep.run()
    assert timedelta(0) <= waited - timedelta(seconds=view.idle.after) <= timedelta(seconds=15)


# a voice channel keeps a server on too

BURROW = 34


class Voice:
    """What Discord says of the voice channel."""

    def __init__(self) -> None:
        self.says: VoiceEvidence = Empty()
        self.asked: list[tuple[int, int]] = []

    def __call__(self, guild: int, channel: int) -> VoiceEvidence:
        self.asked.append((guild, channel))
        return self.says


@pytest.fixture
def voice(sweep) -> Voice:
    voice = Voice()
    sweep._in_voice = voice
    return voice


async def watching(house, sweep) -> str:
    """A server that watches a voice channel."""
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.editing.set_idle(ADA, server, minutes=None, warn=None, voice=BURROW)
    await sweep.run()
    return server


async def idle_view(house, server: str):
    return (await house.servers.lookup.get(ADA, server)).idle


async def test_who_talks_in_the_voice_channel_keeps_the_server_on(house, sweep, voice) -> None:
    server = await watching(house, sweep)
    voice.says = Occupied(online=2)
    await minutes(house, sweep, 30)
    assert (await house.row(server)).desired == "running"
    assert (await idle_view(house, server)).in_voice
    assert set(voice.asked) == {(GUILD, BURROW)}


async def test_somebody_in_voice_withdraws_the_warning_and_it_says_why(house, sweep, voice) -> None:
    server = await watching(house, sweep)
    await minutes(house, sweep, 11)
    assert isinstance(await idle(house, server), IdleWarned)
    voice.says = Occupied()
    await sweep.run()
    assert await idle(house, server) == IdleInVoice(BURROW)
    assert (await house.row(server)).warned_at is None


async def test_a_voice_channel_that_was_deleted_keeps_nothing_on(house, sweep, voice) -> None:
    server = await watching(house, sweep)
    voice.says = Gone()
    await minutes(house, sweep, 11)
    await deliver(house)
    await minutes(house, sweep, 6)
    row = await house.phase(server, "paused")
    assert (row.because, row.idle_voice) == ("idle", VOICE_GONE)
    view = await idle_view(house, server)
    assert (view.voice, view.voice_gone) == (None, True)
    assert NoticeKind.UNKNOWN not in [each.kind for each in await house.notices(server)]


async def test_a_voice_channel_that_nobody_can_look_into_is_not_empty(house, sweep, voice) -> None:
    server = await watching(house, sweep)
    voice.says = Unknown("not connected")
    await minutes(house, sweep, 30)
    assert (await house.row(server)).desired == "running"
    view = await idle_view(house, server)
    assert (view.voice, view.in_voice) == (BURROW, False)
    assert view.unknown_since is not None


async def test_nobody_is_paused_away_while_the_last_look_sees_no_voice_channel(house, sweep, voice, said) -> None:
    server = await watching(house, sweep)
    await minutes(house, sweep, 11)
    await deliver(house)
    await minutes(house, sweep, 3)
    house.pass_time(timedelta(minutes=2))

    async def blinded(*_: object) -> Players:
        if asked := blinded.__dict__.setdefault("asked", []):
            voice.says = Unknown("not connected")
        asked.append(True)
        return Players(Empty(), 16)

    sweep._asking._query = blinded
    await sweep.run()
    assert (await house.row(server)).desired == "running"


@pytest.mark.parametrize("says", [Empty(), Gone()])
async def test_a_server_can_stop_watching(house, sweep, voice, says) -> None:
    server = await watching(house, sweep)
    voice.says = says
    await sweep.run()
    await house.servers.editing.stop_watching(ADA, server)
    assert (await house.row(server)).idle_voice is None
    view = await idle_view(house, server)
    assert (view.voice, view.voice_gone) == (None, False)
    voice.says = Occupied()
    await minutes(house, sweep, 11)
    assert isinstance(await idle(house, server), IdleWarned)


async def test_only_who_may_set_its_rules_may_stop_it_watching(house, sweep, voice) -> None:
    server = await watching(house, sweep)
    with pytest.raises(NotAllowed):
        await house.servers.editing.stop_watching(Actor(user=2, guild=GUILD, name="Bo"), server)
