"""Every cause as a member reads it: what is wrong with its values, what to do, in both languages, and nothing more."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from discord.ui import LayoutView
from samples import NOW, STATES, TROUBLE, paused, troubled, view

from cogs import pages
from cogs.cards import card, components, digest
from cogs.marks import MARKDOWN
from core.cluster.port import InUse
from core.games.form.setting import Size
from core.notices.kinds.carried import Trouble
from core.servers.trouble_text import memory, what_to_do, why
from core.servers.views import ServerView
from core.text import languages
from core.words import CANNOT_START, NODE_STOPPED, NOT_READY, Because, Desired, Lack, Phase, Problem, Step

CLUSTERS_OWN = re.compile(r"(?i)\bpods?\b|kube|container|oomkilled|pullback|schedul|evict|namespace|none|\{")


def words(layout: LayoutView) -> str:
    found: list[str] = []
    waiting: list[Any] = components(layout)
    for part in waiting:
        found += [part["content"]] if "content" in part else []
        waiting += part.get("components", [])
    return "\n".join(found)


def shown(state: ServerView, language: str = "en") -> str:
    return words(card(state, language, number=1))


@pytest.mark.parametrize(
    ("problem", "more", "english", "german"),
    [
        (Problem.NO_PLACE, {"lacks": Lack.MEMORY, "memory": 8192}, "No node has 8 GiB free.", "Kein Knoten hat 8 GiB"),
        (Problem.NO_PLACE, {"lacks": Lack.CPU}, "No node has 0.5 CPU free.", "Kein Knoten hat 0,5 CPU frei."),
        (Problem.NO_PLACE, {"lacks": Lack.PORT}, "Its port is taken on every node.", "auf jedem Knoten belegt"),
        (Problem.NO_PLACE, {}, "it needs 2 GiB of memory and 0.5 CPU.", "Er braucht 2 GiB Speicher und 0,5 CPU."),
        (Problem.NO_PLACE, {"memory": None}, "No node has room for it right now.", "Gerade hat kein Knoten Platz"),
        (Problem.NO_PLACE, {}, "Pausing a server that nobody needs makes room", "schafft Platz"),
        (Problem.IMAGE, {}, "The game cannot be downloaded", "Das Spiel lässt sich nicht herunterladen"),
        (Problem.IMAGE, {}, "Tell whoever runs this bot", "sag dem Betreiber"),
        (Problem.QUOTA, {}, "The host's quota for all servers is used up.", "ist ausgeschöpft"),
        (Problem.REFUSED, {}, "The host's rules do not let this game run.", "lassen dieses Spiel nicht laufen"),
        (Problem.OUT_OF_MEMORY, {}, "It ran out of memory: it needed more than 2 GiB.", "Er brauchte mehr als 2 GiB."),
        (Problem.OUT_OF_MEMORY, {"memory": 1536}, "more than 1.5 GiB.", "mehr als 1,5 GiB."),
        (Problem.OUT_OF_MEMORY, {"memory": None}, "It ran out of memory. Fewer", "Ihm ging der Speicher aus. Weniger"),
        (Problem.OUT_OF_MEMORY, {}, "choose a larger size with `/server edit`", "eine größere Größe"),
        (Problem.OUT_OF_MEMORY, {"more_memory": False}, "can offer a larger size", "kann eine größere Größe anbieten"),
        (Problem.CRASHING, {"count": 1, "code": 3}, "It crashed 1 time (exit code 3)", "Er stürzte 1-mal ab (Code 3)"),
        (Problem.CRASHING, {"count": 2, "code": 139}, "2 times (ended by signal 11)", "2-mal ab (beendet durch Signal"),
        (Problem.CRASHING, {"count": 2}, "after 3 it is not tried any more", "nach 3 wird es nicht mehr versucht"),
        (Problem.CRASHING, {"count": 1, "reason": NOT_READY}, "(it was not ready in time)", "nicht rechtzeitig bereit"),
        (Problem.CRASHING, {"count": 0}, "It ended by itself and is being started again.", "wird neu gestartet"),
        (Problem.DISK_FULL, {}, "Its disk is full.", "Seine Platte ist voll."),
        (Problem.NODE_LOST, {}, "The node it ran on is gone. It starts again by itself", "gibt es nicht mehr"),
        (
            Problem.NODE_AWAY,
            {"node": "n1", "away_since": NOW},
            "`n1`, has not answered since <t:",
            "antwortet seit <t:",
        ),
        (Problem.NODE_AWAY, {}, "goes on by itself when the node is back", "macht von selbst weiter"),
        (Problem.NO_NODE, {}, "No node takes it right now. Pausing other servers does not help.", "Betreiber"),
        (Problem.NO_VOLUME, {}, "It waits for its disk. Pausing other servers does not help.", "Betreiber"),
        (Problem.NO_PLACE, {"lacks": Lack.PODS}, "Every node has as many servers as it takes.", "so viele Server"),
        (Problem.DRAINED, {}, "was emptied, so it has to move. It starts again by itself.", "muss er umziehen"),
        (Problem.NODE_STOPPED, {}, "The machine it ran on stopped suddenly.", "blieb plötzlich stehen"),
        (Problem.CRASHING, {"count": 1, "code": 255}, "1 time (exit code 255)", "(Code 255)"),
        (Problem.CRASHING, {"count": 1, "code": 192}, "(ended by signal 64)", "Signal 64"),
        (Problem.CRASHING, {"count": 1, "code": 193}, "(exit code 193)", "(Code 193)"),
        (Problem.CRASHING, {"count": 1, "code": 128, "reason": CANNOT_START}, "could not be started", "nicht starten"),
        (Problem.CRASHING, {"count": 1, "code": 255, "reason": NODE_STOPPED}, "machine it ran on", "die Maschine"),
        (Problem.VOLUME_LOST, {}, "do not delete it meanwhile", "lösch ihn bis dahin nicht"),
        (Problem.VOLUME_FOREIGN, {}, "only they can look at it", "Nur er kann nachsehen"),
        (Problem.CANNOT_APPLY, {}, "It cannot be started right now. Wait a little.", "Warte ein wenig."),
    ],
)
async def test_a_card_says_what_is_wrong_with_its_values_and_what_to_do(
    problem: Problem, more: dict[str, Any], english: str, german: str
) -> None:
    state = troubled(problem, **more)
    assert english in shown(state)
    assert german.lower() in shown(state, "de").lower()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("problem", Problem)
def test_no_cause_needs_a_word_that_only_the_operator_knows(problem: Problem, language: str) -> None:
    for trouble in (replace(TROUBLE, problem=problem), Trouble(problem=problem)):
        said = f"{why(trouble, language, MARKDOWN)} {what_to_do(trouble, language)}"
        assert not CLUSTERS_OWN.search(said)
        assert why(trouble, language, MARKDOWN).endswith(".")


@pytest.mark.parametrize("problem", [problem for problem in Problem if problem is not Problem.CRASHING])
def test_every_cause_says_what_to_do(problem: Problem) -> None:
    assert what_to_do(replace(TROUBLE, problem=problem), "en").endswith(".")


@pytest.mark.parametrize(
    ("step", "english", "german"),
    [
        (Step.QUEUED, "waiting for its turn", "wartet, bis er dran ist"),
        (Step.PLACE, "waiting for a place on a node", "wartet auf einen Platz auf einem Knoten"),
        (Step.VOLUME, "preparing its disk", "bereitet die Platte vor"),
        (Step.IMAGE, "downloading the game", "lädt das Spiel herunter"),
        (Step.RESTORE, "bringing the world back", "holt die Welt zurück"),
        (Step.GAME, "the game is starting", "das Spiel fährt hoch"),
    ],
)
async def test_a_card_says_what_a_start_is_at_and_since_when(step: Step, english: str, german: str) -> None:
    at = view(phase=Phase.STARTING, step=step, step_since=NOW)
    since = f"<t:{int(NOW.timestamp())}:R>"
    assert f"**Starting:** {english} · began {since}" in shown(at)
    assert f"**Startet:** {german} · begann {since}" in shown(at, "de")


async def test_a_step_whose_beginning_nobody_saw_says_when_the_start_was_asked_for() -> None:
    assert f"asked for <t:{int(NOW.timestamp())}:R>" in shown(view(phase=Phase.STARTING, step=Step.IMAGE))


async def test_a_card_of_a_server_whose_node_is_away_gives_no_time_by_which_it_is_given_up() -> None:
    assert "it is paused" not in shown(replace(troubled(Problem.NODE_AWAY), start_by=None))
    up = shown(replace(troubled(Problem.NODE_AWAY), phase=Phase.RUNNING))
    assert "**Running**" in up
    assert "It is not given up" in up


async def test_a_card_of_a_pause_that_waits_for_its_node_does_not_say_that_the_world_is_being_saved() -> None:
    said = shown(replace(troubled(Problem.NODE_AWAY), phase=Phase.STOPPING, desired=Desired.PAUSED))
    assert "It stops as soon as the node is back. Until then its world is not touched." in said
    assert "being saved" not in said


async def test_a_card_of_a_start_that_takes_long_need_not_be_edited() -> None:
    first = troubled(Problem.NO_PLACE, step_took=5.0)
    later = replace(first, trouble=replace(first.trouble, step_took=500.0))
    assert digest(card(first, "en", number=1)) == digest(card(later, "en", number=1))


@pytest.mark.parametrize("problem", [Problem.CRASHING, Problem.OUT_OF_MEMORY])
async def test_a_game_that_crashes_shows_its_last_lines(problem: Problem) -> None:
    assert "```\nboom\n```" in shown(troubled(problem, count=1, crash_log="boom"))


async def test_the_last_lines_of_an_earlier_run_do_not_explain_what_the_host_lacks() -> None:
    assert "boom" not in shown(troubled(Problem.NO_PLACE, crash_log="boom"))


async def test_a_card_of_a_start_that_was_given_up_says_why_what_to_do_and_the_last_lines() -> None:
    trouble = replace(TROUBLE, problem=Problem.NO_PLACE, lacks=Lack.MEMORY)
    assert shown(paused(Because.START_FAILED, trouble=trouble, crash_log="boom")).startswith(
        "### Pond\n**Paused** · <t:1767268800:R>\n"
        "It did not come up in time; stopped trying.\n"
        "No node has 2 GiB free.\n"
        "```\nboom\n```\n"
        "Pausing a server that nobody needs makes room; whoever runs this bot can add some. **Resume** tries once more."
    )


async def test_a_card_of_too_many_crashes_says_what_it_needed() -> None:
    trouble = replace(TROUBLE, count=3, code=137, reason="OOMKilled")
    said = shown(paused(Because.CRASHES, trouble=trouble))
    assert "It crashed 3 times before it was ready; stopped trying.\nIt ran out of memory: it needed more than" in said
    again = shown(paused(Because.CRASHES, trouble=replace(trouble, ever_ready=True, count=5)))
    assert "It crashed 5 times in a row; stopped trying." in again


# what it uses


@pytest.mark.parametrize(
    ("in_use", "english", "german"),
    [
        (InUse(cpu=31, memory=61 << 20), "Memory: 61 of 96 MiB, CPU: 3 %", "Arbeitsspeicher: 61 von 96 MiB, CPU: 3 %"),
        (InUse(cpu=0, memory=1), "Memory: 1 of 96 MiB, CPU: 0 %", "Arbeitsspeicher: 1 von 96 MiB, CPU: 0 %"),
    ],
)
async def test_show_tells_what_it_uses_beside_what_it_may(in_use: InUse, english: str, german: str) -> None:
    assert english in words(pages.show(view(), "en", in_use))
    assert german in words(pages.show(view(), "de", in_use))


async def test_show_speaks_of_gib_where_the_size_does() -> None:
    game = view().game
    assert game is not None
    large = view(game=game.model_copy(update={"sizes": (Size(id="small", cpu=500, memory=4096),)}))
    used = InUse(cpu=1250, memory=1300 << 20)
    assert "Memory: 1.3 of 4 GiB, CPU: 125 %" in words(pages.show(large, "en", used))
    assert "Arbeitsspeicher: 1,3 von 4 GiB" in words(pages.show(large, "de", used))


async def test_show_says_nothing_of_it_where_the_cluster_does_not_tell() -> None:
    assert "CPU" not in words(pages.show(view(), "en", None))


async def test_show_of_a_game_that_is_no_longer_offered_tells_what_it_uses_all_the_same() -> None:
    assert "Memory: 61 MiB, CPU: 3 %" in words(pages.show(STATES["no game"], "en", InUse(cpu=30, memory=61 << 20)))


@pytest.mark.parametrize(
    ("mib", "english", "german"),
    [(96, "96 MiB", "96 MiB"), (2048, "2 GiB", "2 GiB"), (2560, "2.5 GiB", "2,5 GiB"), (32768, "32 GiB", "32 GiB")],
)
def test_memory(mib: int, english: str, german: str) -> None:
    assert (memory(mib, "en"), memory(mib, "de")) == (english, german)
