"""Notices as Discord gets them: what each state says, and which buttons it leaves."""

from __future__ import annotations

from typing import Any

import pytest
from samples import ADA, BO, GUILD, HOSTILE, ID, LATER, NOW, STATES, empty, paused, view

from bot.demo.guild import validation
from cogs.cards import components
from cogs.notices import notice
from core.servers.views import IdleView, NoticeView, ServerView
from core.words import Because, Desired, Lack, NoticeKind, Phase, Problem, Step

WARNED = empty(warned=True)
AT = int(NOW.timestamp())
DELETED = STATES["deleted"]

CASES: list[tuple[str, NoticeKind, ServerView, dict[str, Any], str, list[str]]] = [
    (
        "a warning",
        NoticeKind.IDLE,
        WARNED,
        {"state": "warned", "empty_since": AT, "pause_at": AT + 900},
        f"**Pond** has been empty since <t:{AT}:t>. It pauses <t:{AT + 900}:R> unless somebody joins.",
        ["Keep alive", "Pause now"],
    ),
    (
        "kept",
        NoticeKind.IDLE,
        view(),
        {"state": "kept", "by": BO, "keep_until": AT},
        f"**Pond** is kept awake by <@12> until <t:{AT}:t>.",
        [],
    ),
    ("joined", NoticeKind.IDLE, view(), {"state": "joined", "names": ["Bo"]}, "**Pond** stays on: Bo joined.", []),
    ("joined, unnamed", NoticeKind.IDLE, view(), {"state": "joined"}, "**Pond** stays on: somebody joined.", []),
    ("withdrawn", NoticeKind.IDLE, view(), {"state": "ended"}, "no longer holds", []),
    (
        "paused for nobody",
        NoticeKind.IDLE,
        paused(),
        {"state": "paused", "after": 900},
        "**Pond** is paused: nobody was on for 15 min.",
        ["Resume"],
    ),
    (
        "paused now",
        NoticeKind.IDLE,
        paused(),
        {"state": "paused", "by": BO},
        "**Pond** was paused by <@12>.",
        ["Resume"],
    ),
    ("its receipt", NoticeKind.PAUSED, paused(), {"by": BO}, f"World saved <t:{AT}:R> · 2 KiB", ["Resume"]),
    ("paused by nobody", NoticeKind.PAUSED, paused(), {}, "**Pond** is paused.", ["Resume"]),
    (
        "paused by budget",
        NoticeKind.PAUSED,
        paused(Because.BUDGET),
        {"because": "budget"},
        "**Pond** is paused: its budget is used up.",
        ["Resume"],
    ),
    (
        "resumed",
        NoticeKind.PAUSED,
        view(),
        {"state": "resumed", "by": BO},
        "**Pond** was paused, and <@12> resumed it.",
        [],
    ),
    (
        "ready",
        NoticeKind.READY,
        view(),
        {"took": 4.2},
        "**Pond** is ready after 4 s.\nAddress: `203.0.113.7:25500`",
        [],
    ),
    (
        "a crash",
        NoticeKind.CRASHED,
        view(),
        {"code": 1, "log": "boom"},
        "(exit code 1) and is being started again.",
        [],
    ),
    (
        "too many crashes",
        NoticeKind.CRASHED,
        paused(Because.CRASHES),
        {"code": 137, "count": 3, "gave_up": True, "log": "boom"},
        "**Pond** crashed 3 times in a row; stopped trying.\nLast time: it was killed.\n```\nboom\n```",
        ["Restart"],
    ),
    (
        "too many crashes before it was ready",
        NoticeKind.CRASHED,
        paused(Because.CRASHES),
        {"gave_up": True, "count": 3, "ever_ready": False, "code": 137, "reason": "OOMKilled", "memory": 2048},
        "**Pond** crashed 3 times before it was ready; stopped trying.\n"
        "It ran out of memory: it needed more than 2 GiB.\nFewer players or mods need less",
        ["Restart"],
    ),
    (
        "out of memory",
        NoticeKind.CRASHED,
        view(),
        {"code": 137, "reason": "OOMKilled"},
        "(it ran out of memory)",
        [],
    ),
    (
        "started again",
        NoticeKind.CRASHED,
        view(),
        {"gave_up": True, "state": "resumed", "by": BO},
        "<@12> started it again.",
        [],
    ),
    (
        "never came up",
        NoticeKind.START_FAILED,
        paused(Because.START_FAILED),
        {"problem": Problem.NO_PLACE, "lacks": Lack.MEMORY, "memory": 8192, "cpu": 500, "step": Step.PLACE},
        "**Pond** did not come up in time, so it is paused.\nNo node has 8 GiB free.\nPausing a server",
        ["Restart"],
    ),
    (
        "never came up, with what it said last",
        NoticeKind.START_FAILED,
        paused(Because.START_FAILED),
        {"code": 143, "reason": "NotReady", "log": "waiting for spring"},
        "Last time: it was not ready in time.\n```\nwaiting for spring\n```\nIts address is kept.",
        ["Restart"],
    ),
    (
        "never came up, as an older version wrote it",
        NoticeKind.START_FAILED,
        paused(Because.START_FAILED),
        {"problem": "of long ago", "step": "too"},
        "**Pond** did not come up in time, so it is paused.\nIts address is kept.",
        ["Restart"],
    ),
    (
        "never came up, no known problem",
        NoticeKind.START_FAILED,
        paused(Because.START_FAILED),
        {"step": Step.IMAGE, "step_took": 240.0},
        "It got as far as this: downloading the game, for 4 min.",
        ["Restart"],
    ),
    (
        "deleted",
        NoticeKind.DELETED,
        DELETED,
        {"state": "deleted", "by": ADA},
        f"**Pond** was deleted by <@11>.\nIt can be brought back until <t:{int(LATER.timestamp())}:f>.",
        ["Undo"],
    ),
    (
        "brought back",
        NoticeKind.DELETED,
        paused(Because.OWNER),
        {"state": "undone", "by": ADA},
        "<@11> brought it back",
        [],
    ),
    ("purged", NoticeKind.DELETED, STATES["gone"], {"by": ADA}, "its time to come back is over", []),
    (
        "nobody tells",
        NoticeKind.UNKNOWN,
        view(idle=IdleView(900, 300, unknown_since=NOW)),
        {"since": AT},
        "does not tell who plays",
        ["Pause now"],
    ),
]


def render(kind: NoticeKind, server: ServerView | None, data: dict[str, Any], language: str = "en") -> Any:
    layout = notice(NoticeView(number=8, kind=kind, guild=GUILD, language=language, server=server, data=data))
    return None if layout is None else components(layout)


def words(sent: Any) -> str:
    return "\n".join(each["content"] for each in sent[0]["components"] if "content" in each)


def buttons(sent: Any) -> dict[str, str]:
    rows = [each for each in sent[0]["components"] if each["type"] == 1]
    return {each["label"]: each["custom_id"] for row in rows for each in row["components"]}


@pytest.mark.parametrize(
    ("kind", "server", "data", "sentence", "labels"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
async def test_a_notice_says_how_things_are_and_keeps_the_buttons_that_make_sense(
    kind: NoticeKind, server: ServerView, data: dict[str, Any], sentence: str, labels: list[str]
) -> None:
    sent = render(kind, server, data)
    assert sentence in words(sent)
    assert list(buttons(sent)) == labels


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("kind", "server", "data"), [c[1:4] for c in CASES], ids=[c[0] for c in CASES])
async def test_every_notice_is_one_that_discord_takes(
    kind: NoticeKind, server: ServerView, data: dict[str, Any], language: str
) -> None:
    sent = render(kind, server, data, language)
    assert list(validation.check_message({"flags": validation.V2, "components": sent})) == []
    assert sent[0]["id"] == 8


@pytest.mark.parametrize(
    ("kind", "server", "data"),
    [
        (NoticeKind.IDLE, view(), {"state": "warned", "pause_at": AT}),
        (NoticeKind.IDLE, paused(), {"state": "warned", "pause_at": AT}),
        (NoticeKind.READY, paused(), {"took": 1}),
        (NoticeKind.UNKNOWN, view(), {"since": AT}),
        (NoticeKind.PAUSED, None, {}),
    ],
)
async def test_what_no_longer_holds_is_dropped(
    kind: NoticeKind, server: ServerView | None, data: dict[str, Any]
) -> None:
    assert render(kind, server, data) is None


async def test_a_warning_names_who_was_on_last() -> None:
    sent = render(NoticeKind.IDLE, WARNED, {"state": "warned", "last_players": ["Bo", "Ada"]})
    assert "Last on: Bo, Ada" in words(sent)


async def test_a_warning_tells_the_time_that_holds_now() -> None:
    sent = render(NoticeKind.IDLE, WARNED, {"state": "warned", "pause_at": 5})
    assert f"<t:{int(LATER.timestamp())}:R>" in words(sent)


@pytest.mark.parametrize("kind", [NoticeKind.PAUSED, NoticeKind.CRASHED, NoticeKind.START_FAILED, NoticeKind.DELETED])
async def test_a_button_goes_when_there_is_nothing_left_to_press_it_for(kind: NoticeKind) -> None:
    running = view(phase=Phase.RUNNING, desired=Desired.RUNNING)
    assert buttons(render(kind, running, {"gave_up": True, "by": BO})) == {}


async def test_buttons_say_which_guild_so_that_they_work_in_direct_messages() -> None:
    sent = render(NoticeKind.IDLE, WARNED, {"state": "warned"})
    assert buttons(sent) == {"Keep alive": f"dm:keep:{ID}:{GUILD}", "Pause now": f"dm:pause:{ID}:{GUILD}"}


async def test_names_of_players_and_logs_are_no_markdown() -> None:
    joined = words(render(NoticeKind.IDLE, view(), {"state": "joined", "names": [HOSTILE] * 20}))
    crashed = words(render(NoticeKind.CRASHED, view(), {"code": 1, "log": f"```{HOSTILE}"}))
    assert "@everyone" not in joined
    assert "\u202e" not in joined + crashed
    assert crashed.count("```") == 2


async def test_the_greeting_has_one_button() -> None:
    assert buttons(render(NoticeKind.WELCOME, None, {})) == {"Set up": "dm:setup"}
