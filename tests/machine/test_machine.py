"""Everything that can happen to servers, in any order, with the bot dying at any await: tests/support/promises.py says
what must hold all the same, tests/support/hollow.py is the world in which it happens.

`make soak` plays a thousand stories instead of the few of every day; `DORMOUSE_SOAK=1000` says how many.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hollow import ADA, CHANNEL, Hollow
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from promises import Ledger, at_rest, look, nothing_to_do
from sampling import ALL
from structlog.testing import capture_logs
from virtual import sqlite_inline

from core.data.database import Database
from core.words import Empty, Occupied, PodPhase, Unknown

SOAK = int(os.environ.get("DORMOUSE_SOAK", 1000 if ALL else 0))
PROFILE = settings(
    stateful_step_count=60 if SOAK else 40,
    derandomize=not SOAK,
    database=None,
    deadline=None,
    print_blob=False,
    report_multiple_bugs=False,
    phases=[Phase.generate, Phase.shrink] if SOAK else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)
NAMES = ("Pond", "Brook", "Lake", "Well")
FATES = ("delivered", "delivered", "delivered", "unheard", "unheard", "lost", "refused", "dead")
ANSWERS = (Empty(), Empty(), Occupied(("Bo",)), Unknown("no answer"))
MEMBERS = ("create", "resume", "resume", "pause", "restart", "keep", "edit", "set_idle", "delete", "delete", "undo")
which = st.integers(0, 2)
turns = st.sampled_from([None, None, None, 1, 2, 4, 8, 16, 32, 64])
"""How far the bot comes with it before the next thing happens; None: to its end."""


class Story(RuleBasedStateMachine):
    template: Path
    logged: list[Any]

    @initialize(steps=st.integers(0, 8))
    def begin(self, steps: int) -> None:
        """A server that runs, and on which nobody was for a while: warned about, or about to be paused."""
        random.seed(0)
        self.logged.clear()
        self.folder = Path(tempfile.mkdtemp(dir=self.template.parent))
        self.world, self.ledger = Hollow(self.folder, self.template), Ledger()
        self.rest()
        self.a_member_does("create", 0, None, NAMES[0])
        self.time_passes(steps, "delivered")

    # what members do

    @rule(does=st.sampled_from(MEMBERS), which=which, turns=turns, name=st.sampled_from(NAMES))
    def a_member_does(self, does: str, which: int, turns: int | None, name: str) -> None:
        servers, there = self.world.bot.servers, self.world.servers()
        server = list(there)[which % len(there)] if there else ""
        match does:
            case "create":
                doing = servers.creation.create(ADA, channel=CHANNEL, game="meadow", name=name, size=None)
            case "keep":
                doing = servers.power.keep(ADA, server)
            case "edit":
                doing = servers.editing.edit(ADA, server, {"season": "summer" if turns else "winter", "name": name})
            case "set_idle":
                minutes = {None: 1, 1: 0}.get(turns, 2)
                doing = servers.editing.set_idle(ADA, server, minutes=minutes, warn=None, voice=None)
            case "delete":
                doing = servers.removal.delete(ADA, server, there[server]["name"])
            case "undo":
                doing = servers.removal.undo(ADA, server)
            case _:
                doing = getattr(servers.power, does)(ADA, server)
        self.world.do(doing, turns)
        self.look()

    # what the cluster does

    @rule()
    def pods_move_on(self) -> None:
        self.world.move_pods()
        self.rest()

    @rule(which=which, code=st.sampled_from([1, 1, 137, 0]), times=st.sampled_from([1, 1, 2, 5]))
    def a_game_exits(self, which: int, code: int, times: int) -> None:
        for _ in range(times):
            if (server := self.pod(which, PodPhase.STARTING, PodPhase.READY)) is not None:
                self.ledger.exits[server] += code != 0
                self.world.cluster.crash(server, code)
            self.rest()

    @rule(trouble=st.sampled_from(["away", "away", "node", "unheard", "refuses"]), which=which, back=st.booleans())
    def the_cluster_has_trouble_or_less(self, trouble: str, which: int, back: bool) -> None:
        cluster, there = self.world.cluster, list(self.world.servers())
        match trouble:
            case "away":
                (cluster.come_back if cluster.away else cluster.go_away)()
            case "unheard":
                cluster.hiccups = 1
            case "refuses" if there:
                cluster.refuse ^= {there[which % len(there)]}
            case "node":
                if (server := self.pod(which, PodPhase.LOST)) is not None:
                    (cluster.become_ready if back else cluster.ended)(server)
                elif (server := self.pod(which, PodPhase.STARTING, PodPhase.READY)) is not None:
                    cluster.lose(server)
        self.rest()

    # who plays

    @rule(which=which, answers=st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=3))
    def a_game_says(self, which: int, answers: list[Any]) -> None:
        """One after the other; the last it says from then on."""
        there = list(self.world.ports().values())
        for port in there[which % len(there)] if there else ():
            self.world.games.says[port] = list(answers)

    # time, with a sweep at the end of each step

    @rule(steps=st.integers(1, 8), fate=st.sampled_from(FATES))
    def time_passes(self, steps: int, fate: str) -> None:
        """An ordinary while: every pod moves on, and notices are sent, though not always received."""
        for _ in range(steps):
            self.world.move_pods()
            self.world.do(self.world.bot.deliver(fate))
            self.pass_time(15)

    @rule(seconds=st.sampled_from([15, 60, 400, 3600, 24 * 3600, 8 * 24 * 3600]))
    def time_passes_and_nothing_else(self, seconds: int) -> None:
        self.pass_time(seconds)

    @rule(seconds=st.integers(1, 5))
    def the_clock_is_set_back(self, seconds: int) -> None:
        self.world.turn_back(seconds)
        self.rest()

    # the channel

    @rule(fate=st.sampled_from(FATES))
    def notices_are_sent(self, fate: str) -> None:
        self.world.do(self.world.bot.deliver(fate))
        self.look()

    # the bot

    @rule(after=st.integers(1, 120), does=st.sampled_from(["sweep", "deliver", "nothing"]))
    def the_bot_dies(self, after: int, does: str) -> None:
        """So many turns after it began with something."""
        if does == "sweep":
            self.world.clock.advance(15)
            self.world.do(self.world.bot.sweep.run(), after)
        elif does == "deliver":
            self.world.do(self.world.bot.deliver("delivered"), after)
        self.world.kill()
        self.rest()

    # the end

    def the_world_calms_down(self) -> None:
        world = self.world
        world.cluster.hiccups = 0
        world.cluster.refuse.clear()
        if world.cluster.away:
            world.cluster.come_back()
        for ports in world.ports().values():
            world.games.says |= {port: [Occupied(("Bo",))] for port in ports}
        for server in world.cluster.in_phase(PodPhase.LOST):
            world.cluster.ended(server)
        for seconds in (15, 60, 120, 300, 300, 15):
            world.move_pods()
            world.do(world.bot.deliver("delivered"))
            self.pass_time(seconds)
        world.do(world.bot.deliver("delivered"))
        self.rest()
        at_rest(world)
        nothing_to_do(world)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.the_world_calms_down()
            finally:
                self.world.close()
                shutil.rmtree(self.folder)

    # helpers

    def pod(self, number: int, *phases: PodPhase) -> str | None:
        there = self.world.cluster.in_phase(*phases)
        return there[number % len(there)] if there else None

    def look(self) -> None:
        assert [line for line in self.logged if line["log_level"] == "error"] == []
        look(self.world, self.ledger)

    def rest(self) -> None:
        self.world.settle()
        self.look()

    def pass_time(self, seconds: float) -> None:
        """With a sweep at its end: the one that is due."""
        self.world.advance(seconds)
        self.look()
        self.world.do(self.world.bot.sweep.run())
        self.rest()


@pytest.fixture
def template(tmp_path: Path) -> Iterator[Path]:
    """An empty database of the newest schema."""
    file = tmp_path / "template.db"

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{file}")
        await database.migrate()
        await database.close()

    asyncio.run(make())
    with sqlite_inline():
        yield file


@pytest.mark.parametrize("stories", [15, pytest.param(SOAK or 70, marks=pytest.mark.deep)])
@pytest.mark.timeout(300 + 10 * SOAK)
def test_every_story_keeps_the_promises(template: Path, stories: int) -> None:
    Story.template = template
    with capture_logs() as Story.logged:
        run_state_machine_as_test(Story, settings=settings(PROFILE, max_examples=stories))
