"""Notices as Discord gets them: what each state says, and which buttons it leaves."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from samples import ADA, BO, GUILD, HOSTILE, ID, LATER, NOW, STATES, empty, paused, view

from bot.demo.guild import validation
from cogs.buttons import VERBS
from cogs.cards import components
from cogs.notices import notice
from core.notices.kinds.carried import Trouble
from core.notices.kinds.notices import (
    AddressNotice,
    CrashedNotice,
    CrashOver,
    DeletedNotice,
    DeletionFinal,
    DeletionUndone,
    IdleEnded,
    IdleJoined,
    IdleKept,
    IdlePaused,
    IdleWarned,
    InterruptedNotice,
    InterruptionOver,
    NodeAwayNotice,
    NodeBack,
    Notice,
    NotWokenNotice,
    PausedNotice,
    PauseOver,
    ReadyNotice,
    RestoringNotice,
    StartFailedNotice,
    StartFailureOver,
    UnknownNotice,
    WelcomeNotice,
    WorldLost,
)
from core.servers.views import IdleView, NoticeView, ServerView
from core.text import languages, say
from core.words import Because, Desired, Lack, Phase, Problem, Step

WARNED = empty(warned=True)
AT = int(NOW.timestamp())
DELETED = STATES["deleted"]

CASES: list[tuple[str, Notice, ServerView, str, list[str]]] = [
    (
        "a warning",
        IdleWarned(empty_since=NOW, pause_at=LATER),
        WARNED,
        f"**Pond** has been empty since <t:{AT}:t>. It pauses <t:{AT + 900}:R> unless somebody joins.",
        ["Keep alive", "Pause now"],
    ),
    (
        "kept",
        IdleKept(keep_until=NOW, by=BO),
        view(),
        f"**Pond** is kept awake by <@12> until <t:{AT}:t>.",
        [],
    ),
    ("joined", IdleJoined(("Bo",)), view(), "**Pond** stays on: Bo joined.", []),
    ("joined, unnamed", IdleJoined(), view(), "**Pond** stays on: somebody joined.", []),
    ("withdrawn", IdleEnded(), view(), "no longer holds", []),
    (
        "paused for nobody",
        IdlePaused(Because.IDLE, after=900),
        paused(),
        "**Pond** is paused: nobody was on for 15 min.",
        ["Resume"],
    ),
    (
        "paused now",
        IdlePaused(Because.OWNER, by=BO),
        paused(),
        "**Pond** was paused by <@12>.",
        ["Resume"],
    ),
    ("its receipt", PausedNotice(by=BO), paused(), f"World saved <t:{AT}:R> · 2 KiB", ["Resume"]),
    (
        "paused, not saved yet",
        PausedNotice(by=BO),
        paused(unsaved_since=NOW),
        f"is being saved. The last good save is from <t:{AT}:R>.",
        ["Resume"],
    ),
    (
        "paused, and the save failed",
        PausedNotice(by=BO),
        paused(unsaved_since=NOW, unsaved_why=Problem.STORE_AWAY),
        f"does not answer. It is tried again by itself. The last good save is from <t:{AT}:R>.",
        ["Resume"],
    ),
    ("paused by nobody", PausedNotice(), paused(), "**Pond** is paused.", ["Resume"]),
    (
        "paused by budget",
        PausedNotice(Because.BUDGET),
        paused(Because.BUDGET),
        "**Pond** is paused: its budget is used up.",
        ["Resume"],
    ),
    (
        "resumed",
        PauseOver(by=BO),
        view(),
        "**Pond** was paused, and <@12> resumed it.",
        [],
    ),
    (
        "ready",
        ReadyNotice(took=4.2),
        view(),
        "**Pond** is ready after 4 s.\nAddress: `203.0.113.7:25500`",
        [],
    ),
    (
        "a crash",
        CrashedNotice(Trouble(code=1), "boom"),
        view(),
        "(exit code 1) and is being started again.",
        [],
    ),
    (
        "too many crashes",
        CrashedNotice(Trouble(code=137, count=3), "boom", gave_up=True),
        paused(Because.CRASHES),
        "**Pond** crashed 3 times in a row; stopped trying.\nLast time: it was killed.\n```\nboom\n```",
        ["Restart"],
    ),
    (
        "too many crashes before it was ready",
        CrashedNotice(Trouble(count=3, ever_ready=False, code=137, reason="OOMKilled", memory=2048), gave_up=True),
        paused(Because.CRASHES),
        "**Pond** crashed 3 times before it was ready; stopped trying.\n"
        "It ran out of memory: it needed more than 2 GiB.\nFewer players or mods need less",
        ["Restart"],
    ),
    (
        "out of memory",
        CrashedNotice(Trouble(code=137, reason="OOMKilled")),
        view(),
        "(it ran out of memory)",
        [],
    ),
    (
        "started again",
        CrashOver(Trouble(code=1), by=BO),
        view(),
        "(exit code 1).\n<@12> started it again.",
        [],
    ),
    (
        "never came up",
        StartFailedNotice(Trouble(Problem.NO_PLACE, Lack.MEMORY, memory=8192, cpu=500, step=Step.PLACE)),
        paused(Because.START_FAILED),
        "**Pond** did not come up in time, so it is paused.\nNo node has 8 GiB free.\nPausing a server",
        ["Restart"],
    ),
    (
        "never came up, with what it said last",
        StartFailedNotice(Trouble(code=143, reason="NotReady"), "waiting for spring"),
        paused(Because.START_FAILED),
        "Last time: it was not ready in time.\n```\nwaiting for spring\n```\nIts address is kept.",
        ["Restart"],
    ),
    (
        "never came up, no known problem",
        StartFailedNotice(Trouble(step=Step.IMAGE, step_took=240.0)),
        paused(Because.START_FAILED),
        "It got as far as this: downloading the game, for 4 min.",
        ["Restart"],
    ),
    (
        "came up after all",
        StartFailureOver(by=BO),
        view(),
        "<@12> started it again.",
        [],
    ),
    (
        "deleted",
        DeletedNotice(by=ADA),
        DELETED,
        f"**Pond** was deleted by <@11>.\nIt can be brought back until <t:{int(LATER.timestamp())}:f>.",
        ["Undo"],
    ),
    (
        "brought back",
        DeletionUndone(by=ADA),
        paused(Because.OWNER),
        "<@11> brought it back",
        [],
    ),
    ("purged", DeletionFinal(by=ADA), STATES["gone"], "its time to come back is over", []),
    ("purged and not told yet", DeletedNotice(by=ADA), STATES["gone"], "its time to come back is over", []),
    (
        "its node does not answer",
        NodeAwayNotice("node1", NOW),
        view(),
        f"The node `node1`, on which **Pond** runs, has not answered since <t:{AT}:f>.\nUntil then nobody",
        [],
    ),
    (
        "it stops, and its node does not answer",
        NodeAwayNotice("node1", NOW),
        paused(Because.OWNER),
        "It stops as soon as the node is back.",
        [],
    ),
    ("its node answers", NodeBack("node1", NOW, NOW), view(), "**Pond** no longer waits for the node `node1`", []),
    (
        "its node was drained",
        InterruptedNotice(Problem.DRAINED),
        view(),
        "**Pond** was ended from outside. The node it ran on was emptied, so it has to move.\nIt starts again by",
        [],
    ),
    ("up again", InterruptionOver(Problem.NODE_STOPPED), view(), "**Pond** is up again. The machine it ran on", []),
    (
        "nobody tells",
        UnknownNotice(),
        view(idle=IdleView(900, 300, unknown_since=NOW)),
        "does not tell who plays",
        ["Pause now"],
    ),
    (
        "going back",
        RestoringNotice(volume=2, to=NOW, by=BO),
        view(volume=2, can_undo=True),
        f"<t:{AT}:f>",
        [],
    ),
    (
        "gone back",
        RestoringNotice(volume=2, to=NOW, back=True, by=BO),
        view(volume=2, can_undo=True),
        f"<t:{AT}:f>",
        ["Undo"],
    ),
    (
        "somebody's own world",
        RestoringNotice(volume=2, to=NOW, back=True, by=BO, imported=True),
        view(volume=2, can_undo=True),
        "What <@12> sent is in **Pond** now.",
        ["Undo"],
    ),
    (
        "gone back, with nothing to undo",
        RestoringNotice(volume=2, to=NOW, back=True, by=BO),
        view(volume=2),
        f"<t:{AT}:f>",
        [],
    ),
    (
        "another address",
        AddressNotice((25499,)),
        view(),
        "**Pond** has a new address: `203.0.113.7:25500`\nPort 25499 is used by something else on the host.",
        [],
    ),
    (
        "another address that nobody knows yet",
        AddressNotice((25498, 25499)),
        view(address=None, addresses={}),
        "Its card will show it.\nPorts 25498, 25499 are used by something else on the host.",
        [],
    ),
    ("a lost world is back", WorldLost(volume=2, to=NOW, back=True), view(volume=2), f"<t:{AT}:f>", []),
]


def render(told: Notice, server: ServerView | None, language: str = "en") -> Any:
    layout = notice(NoticeView(number=8, guild=GUILD, language=language, server=server, told=told))
    return None if layout is None else components(layout)


def words(sent: Any) -> str:
    return "\n".join(each["content"] for each in sent[0]["components"] if "content" in each)


def buttons(sent: Any) -> dict[str, str]:
    rows = [each for each in sent[0]["components"] if each["type"] == 1]
    return {each["label"]: each["custom_id"] for row in rows for each in row["components"]}


@pytest.mark.parametrize(("told", "server", "sentence", "labels"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
async def test_a_notice_says_how_things_are_and_keeps_the_buttons_that_make_sense(
    told: Notice, server: ServerView, sentence: str, labels: list[str]
) -> None:
    sent = render(told, server)
    assert sentence in words(sent)
    assert list(buttons(sent)) == labels


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("told", "server"), [c[1:3] for c in CASES], ids=[c[0] for c in CASES])
async def test_a_button_that_a_notice_names_is_there(told: Notice, server: ServerView, language: str) -> None:
    sent = render(told, server, language)
    named = set(re.findall(r"\*\*([^*]+)\*\*", words(sent))) & {say(language, f"button.{verb}") for verb in VERBS}
    assert named <= set(buttons(sent))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("told", "server"), [c[1:3] for c in CASES], ids=[c[0] for c in CASES])
async def test_every_notice_is_one_that_discord_takes(told: Notice, server: ServerView, language: str) -> None:
    sent = render(told, server, language)
    assert list(validation.check_message({"flags": validation.V2, "components": sent})) == []
    assert sent[0]["id"] == 8


@pytest.mark.parametrize(
    ("told", "server"),
    [
        (IdleWarned(pause_at=NOW), view()),
        (IdleWarned(pause_at=NOW), paused()),
        (ReadyNotice(took=1.0), paused()),
        (UnknownNotice(), view()),
        (AddressNotice((25499,)), STATES["deleted"]),
        (PausedNotice(), None),
    ],
)
async def test_what_no_longer_holds_is_dropped(told: Notice, server: ServerView | None) -> None:
    assert render(told, server) is None


async def test_a_warning_names_who_was_on_last() -> None:
    sent = render(IdleWarned(last_players=("Bo", "Ada")), WARNED)
    assert "Last on: Bo, Ada" in words(sent)


async def test_a_warning_tells_the_time_that_holds_now() -> None:
    sent = render(IdleWarned(pause_at=NOW - timedelta(days=9)), WARNED)
    assert f"<t:{int(LATER.timestamp())}:R>" in words(sent)


@pytest.mark.parametrize(
    "told",
    [PausedNotice(by=BO), CrashedNotice(gave_up=True), StartFailedNotice(), DeletedNotice(by=BO)],
    ids=lambda told: str(told.kind),
)
async def test_a_button_goes_when_there_is_nothing_left_to_press_it_for(told: Notice) -> None:
    running = view(phase=Phase.RUNNING, desired=Desired.RUNNING)
    assert buttons(render(told, running)) == {}


async def test_buttons_say_which_guild_so_that_they_work_in_direct_messages() -> None:
    sent = render(IdleWarned(), WARNED)
    assert buttons(sent) == {"Keep alive": f"dm:keep:{ID}:{GUILD}", "Pause now": f"dm:pause:{ID}:{GUILD}"}


async def test_names_of_players_and_logs_are_no_markdown() -> None:
    joined = words(render(IdleJoined((HOSTILE,) * 20), view()))
    crashed = words(render(CrashedNotice(Trouble(code=1), f"```{HOSTILE}"), view()))
    assert "@everyone" not in joined
    assert "\u202e" not in joined + crashed
    assert crashed.count("```") == 2


async def test_the_greeting_has_one_button() -> None:
    assert buttons(render(WelcomeNotice(), None)) == {"Set up": "dm:setup"}


async def test_what_memory_keeps_a_schedule_from_waking_is_said_in_units() -> None:
    """Amounts are written down as digits."""
    values = (("name", "Pond"), ("needs", str(96 * 2**20)), ("limit", "0"), ("used", "0"), ("pause", "*Lake*"))
    said = words(render(NotWokenNotice("memory.guild_full", values), paused()))
    assert "needs 96.0 MiB of memory" in said
    assert "\\*Lake\\*" in said
