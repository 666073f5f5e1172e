"""Views of a server in each of its states, for whatever renders them."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.games.catalogue import BUILT_IN, Catalogue
from core.idle.rules import Hold
from core.notices.kinds.carried import Trouble
from core.servers.views import IdleView, ServerView
from core.words import Because, Desired, Phase, Problem, Reason, Step
from core.worlds.gaps import Gap, Gaps

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
ID = "abcdefghijkl"
GUILD = 700
ADA, BO = 11, 12
CATALOGUE = Catalogue.load(BUILT_IN)
MEADOW = CATALOGUE.find("meadow")
HOSTILE = "# **<@1>** @everyone [x](http://evil.example) ```\u202e||`"
"""Markdown, mentions, a link and a character that turns the writing around."""


def view(**more: Any) -> ServerView:
    """Pond, which runs with Bo on it, but for what is said otherwise."""
    return replace(_POND, **more)


def paused(because: Because = Because.IDLE, **more: Any) -> ServerView:
    return view(phase=Phase.PAUSED, desired=Desired.PAUSED, because=because, players=(), players_online=0, **more)


def empty(**idle: Any) -> ServerView:
    rules = IdleView(**{"after": 900, "warn": 300, "empty_since": NOW, "pause_at": LATER, **idle})
    return view(players=(), players_online=0, idle=rules)


def troubled(problem: Problem, **more: Any) -> ServerView:
    """Pond, which should run and does not come up; `more` also of a `Trouble`."""
    known = {each.name for each in fields(Trouble)}
    trouble = replace(TROUBLE, problem=problem, **{key: more.pop(key) for key in known & more.keys()})
    state = view(phase=Phase.STARTING, step=trouble.step, start_by=LATER, problem=problem, trouble=trouble)
    return replace(state, players=(), players_online=0, **more)


TROUBLE = Trouble(step=Step.PLACE, most=3, ever_ready=False, memory=2048, more_memory=True, cpu=500)
_POND = ServerView(
    id=ID,
    guild=GUILD,
    name="Pond",
    description="",
    owner=ADA,
    game=MEADOW,
    game_name="Meadow",
    size="small",
    settings=MEADOW.values({}),
    desired=Desired.RUNNING,
    because=Because.OWNER,
    by=ADA,
    phase=Phase.RUNNING,
    phase_since=NOW,
    step=None,
    step_since=None,
    problem=None,
    problem_since=None,
    address="203.0.113.7:25500",
    addresses={"game": "203.0.113.7:25500"},
    url="http://203.0.113.7:25500/",
    players=("Bo",),
    players_online=1,
    players_max=16,
    players_known=True,
    idle=IdleView(after=900, warn=300),
    started_at=NOW,
    start_by=None,
    ready_at=NOW,
    saved_at=NOW,
    saved_bytes=2048,
    trouble=Trouble(),
    crash_log="",
    purge_at=None,
    fresh=True,
    channel=5,
    at=NOW,
    version=1,
)

STATES: dict[str, ServerView] = {
    "starting": view(phase=Phase.STARTING, step=Step.IMAGE, step_since=NOW, start_by=LATER),
    "moved": view(phase=Phase.STARTING, step=Step.GAME, start_by=LATER, taken=(25498, 25499)),
    **{str(problem): troubled(problem, crash_log="boom\n" * 400) for problem in Problem},
    "running": view(),
    "nobody told": view(players_known=False, idle=IdleView(900, 300, unknown_since=NOW)),
    "empty": empty(warned=True),
    "kept": empty(keep_until=LATER, holds=(Hold(Reason.KEEP, LATER),)),
    "held": empty(
        voice=34, voice_online=3, event=HOSTILE, holds=tuple(Hold(each, LATER) for each in Reason), event_from=NOW
    ),
    "held by": empty(
        event="Raid",
        holds=tuple(Hold(each, LATER) for each in (Reason.KEEP, Reason.EVENT, Reason.VOTE)),
        keep_by=BO,
        vote_by=BO,
        event_by=BO,
    ),
    "never": view(idle=IdleView(0, 0)),
    "stopping": view(phase=Phase.STOPPING, desired=Desired.PAUSED),
    "restarting": view(phase=Phase.STOPPING),
    "paused": paused(),
    "paused by": paused(Because.OWNER, by=BO),
    "crashed": paused(
        Because.CRASHES, crash_log="boom\n" * 400, trouble=replace(TROUBLE, count=3, code=3, ever_ready=False)
    ),
    "start failed": paused(Because.START_FAILED),
    "archiving": view(phase=Phase.ARCHIVING, desired=Desired.ARCHIVED),
    "archived": view(phase=Phase.ARCHIVED, desired=Desired.ARCHIVED),
    "deleted": view(phase=Phase.DELETING, desired=Desired.DELETED, purge_at=LATER),
    "gone": view(phase=Phase.DELETED, desired=Desired.DELETED, purge_at=None),
    "away": view(problem=Problem.CLUSTER_AWAY, trouble=Trouble(problem=Problem.CLUSTER_AWAY), fresh=False),
    "unsaved": view(unsaved_since=NOW, unsaved_why=Problem.STORE_REFUSED),
    "never saved": paused(saved_at=None, saved_bytes=None, unsaved_since=NOW, unsaved_why=Problem.WORLD_DAMAGED),
    "lacking": view(
        saved_gaps=Gaps(
            {"unreadable": 4, "torn": 1, "fifo": 2},
            (Gap("castle", "unreadable"), Gap("wing/" * 20 + "door", "unreadable"), Gap(HOSTILE, "torn")),
        )
    ),
    "no game": view(game=None, settings={}),
    "hostile": view(
        name=HOSTILE[:32],
        description=(HOSTILE * 8)[:200],
        players=(HOSTILE * 3,) * 40,
        players_online=40,
        crash_log=f"```\n{HOSTILE}\n{'ﾊﾛｰ漢字' * 30}",
        phase=Phase.PAUSED,
        desired=Desired.PAUSED,
        because=Because.CRASHES,
    ),
}
