"""Cards and private pages as Discord gets them: within its limits, with the buttons that make sense, and safe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from discord.ui import LayoutView
from samples import HOSTILE, LATER, NOW, STATES, empty, paused, view

from bot.demo.guild import validation
from bot.demo.guild.components import check_modal
from cogs import forms, pages, setup
from cogs.cards import PER_ROW, card, components, digest
from cogs.escape import PHONE, block, code, columns, escape
from core.guilds.settings import GuildView
from core.idle.rules import Hold
from core.servers.views import IdleView, RunView, ServerView
from core.text import languages
from core.words import Because, Reason


def parts(part: Any) -> Iterator[dict[str, Any]]:
    for each in part if isinstance(part, list) else [part]:
        yield each
        yield from parts(each.get("components", []))


def words(layout: LayoutView | str) -> str:
    if isinstance(layout, str):
        return layout
    return "\n".join(each["content"] for each in parts(components(layout)) if "content" in each)


def labels(layout: LayoutView | str) -> list[str]:
    return [] if isinstance(layout, str) else [each["label"] for each in parts(components(layout)) if each["type"] == 2]


def shown(server: ServerView, language: str = "en") -> str:
    return words(card(server, language, number=1))


def faults(layout: LayoutView) -> list[Any]:
    return list(validation.check_message({"flags": validation.V2, "components": components(layout)}))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("state", STATES)
async def test_every_card_is_one_that_discord_takes(state: str, language: str) -> None:
    layout = card(STATES[state], language, number=7)
    assert faults(layout) == []
    assert components(layout)[0]["id"] == 7


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("state", STATES)
async def test_every_card_fits_a_phone(state: str, language: str) -> None:
    layout = card(STATES[state], language, number=7)
    rows = [each for each in parts(components(layout)) if each["type"] == 1]
    assert all(len(row["components"]) <= PER_ROW for row in rows)
    for found in re.findall(r"```\n(.*?)\n```", words(layout), re.DOTALL):
        assert max(map(columns, found.splitlines())) <= PHONE
    assert all(columns(found) <= PHONE for found in re.findall(r"`([^`\n]+)`", shown(view(), language)))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("render", [pages.show, pages.more, forms.page])
async def test_every_page_is_one_that_discord_takes(
    render: Callable[[ServerView, str], LayoutView], state: str, language: str
) -> None:
    assert faults(render(STATES[state], language)) == []


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("starting", ["Join", "Pause", "More"]),
        ("running", ["Join", "Keep alive", "Pause", "Restart", "More"]),
        ("never", ["Join", "Pause", "Restart", "More"]),
        ("stopping", ["Resume", "More"]),
        ("restarting", ["Join", "Pause", "More"]),
        ("paused", ["Resume", "More"]),
        ("crashed", ["Resume", "More"]),
        ("archived", ["Resume", "More"]),
        ("deleted", ["Undo"]),
        ("gone", []),
    ],
)
async def test_a_card_has_the_buttons_that_make_sense(state: str, expected: list[str]) -> None:
    assert labels(card(STATES[state], "en", number=1)) == expected


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("starting", "**Starting:** downloading the game"),
        ("moved", "The address is new. Ports 25498, 25499 are used by something else on the host."),
        ("running", "**Running** · started <t:"),
        ("running", "Players: 1 of 16 · Bo"),
        ("running", "Address: `203.0.113.7:25500`"),
        ("running", "Stays on while somebody plays, and 15 min after that."),
        ("nobody told", "does not tell who plays"),
        ("empty", f"Empty since <t:{int(NOW.timestamp())}:t>. Pauses <t:{int(LATER.timestamp())}:R> unless"),
        ("kept", "Kept awake"),
        ("never", "never pauses by itself"),
        ("paused", "Nobody was on, so it sleeps."),
        ("paused by", "<@12> paused it."),
        ("crashed", "It crashed 3 times before it was ready; stopped trying.\nLast time: exit code 3."),
        ("starting", f"downloading the game · began <t:{int(NOW.timestamp())}:R>"),
        ("starting", f"If it is not up by <t:{int(LATER.timestamp())}:t>, it is paused."),
        ("deleted", "can be brought back until"),
        ("away", "cannot be seen right now"),
        ("running", "World saved <t:"),
        ("unsaved", "**The newest save failed:** the place where worlds are kept refuses us."),
        ("unsaved", f"tried again by itself. The last good save is from <t:{int(NOW.timestamp())}:R>."),
        ("lacking", "The newest save lacks 5 files that could not be read as they are: `castle`, `…"),
        ("lacking", "World saved <t:"),
    ],
)
async def test_a_card_says_in_words_how_things_are(state: str, sentence: str) -> None:
    assert sentence in shown(STATES[state])


async def test_a_paused_card_does_not_show_an_address_that_nobody_answers_at() -> None:
    assert "203.0.113.7" not in shown(paused())


async def test_the_same_state_later_is_the_same_card() -> None:
    first = digest(card(view(), "en", number=1))
    assert digest(card(view(at=LATER, version=9), "en", number=1)) == first


@pytest.mark.parametrize("change", [{"players_online": 2}, {"name": "Lake"}, {"phase_since": LATER}])
async def test_another_state_is_another_card(change: dict[str, Any]) -> None:
    assert digest(card(view(**change), "en", number=1)) != digest(card(view(), "en", number=1))


async def test_a_promise_whose_time_is_over_is_not_shown() -> None:
    assert "Kept awake" not in shown(empty(keep_until=NOW - timedelta(hours=1)))


HELD = (
    (Hold(Reason.KEEP, LATER), "Kept awake: no pause before <t:", "Wach gehalten: keine Pause vor <t:"),
    (Hold(Reason.EVENT, LATER), "The event **Raid** keeps it on until <t:", "Das Event **Raid** hält ihn wach bis <t:"),
    (Hold(Reason.VOICE), "2 people are in <#34>, so it stays on.", "2 Personen sind in <#34>, darum bleibt er an."),
    (Hold(Reason.VOTE, LATER), "Kept open by a vote: no pause", "Offen durch eine Stimme: keine Pause"),
)


@pytest.mark.parametrize(("hold", "english", "german"), HELD)
async def test_each_reason_to_stay_on_is_a_line_of_its_own(hold: Hold, english: str, german: str) -> None:
    held = empty(holds=(hold,), event="Raid", voice=34, voice_online=2)
    for language, said in (("en", english), ("de", german)):
        lines = shown(held, language).splitlines()
        assert [line for line in lines if line.startswith(said)]
        others = [other[1 if language == "en" else 2] for other in HELD if other[0] != hold]
        assert not [line for line in lines if line.startswith(tuple(others))]


async def test_a_server_that_never_pauses_needs_no_reason_to_stay_on() -> None:
    never = view(idle=IdleView(0, 0, holds=(Hold(Reason.KEEP, LATER),)))
    assert "Kept awake" not in shown(never)


async def test_what_was_paused_by_itself_says_which_event_wakes_it() -> None:
    planned = IdleView(900, 300, event="Raid", event_from=LATER)
    assert "for the event **Raid**" in shown(paused(Because.IDLE, idle=planned))
    assert "Raid" not in shown(paused(Because.OWNER, by=1, idle=planned))


# what people typed


async def test_what_people_typed_is_never_markdown_a_mention_or_a_link() -> None:
    text = re.sub("```.*?```", "", shown(STATES["hostile"]), flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<@1>|@everyone|://evil|(?<!\\)\*\*<|\u202e", text)


@pytest.mark.parametrize(
    ("typed", "safe"),
    [
        ("a_b", "a\\_b"),
        ("# big", "\\# big"),
        ("> quote", "\\> quote"),
        ("- item", "\\- item"),
        ("1. one", "1\\. one"),
        ("||x||", "\\|\\|x\\|\\|"),
        ("<#5>", "\\<#5>"),
        ("a\u200bb\u202ec", "abc"),
        ("two\nlines", "two lines"),
        ("سلام", "\u2068سلام\u2069"),
        ("Pond-2", "Pond-2"),
    ],
)
def test_escape(typed: str, safe: str) -> None:
    assert escape(typed) == safe


def test_a_log_cannot_leave_its_block() -> None:
    assert block("a ``` b\n\u202ec") == "```\na ''' b\nc\n```"


def test_a_log_is_its_last_lines_folded_for_a_phone() -> None:
    assert block("first\n" + "x" * 40, lines=2) == f"```\n{'x' * 35}\n{'x' * 5}\n```"


def test_inline_code_can_hold_backticks() -> None:
    assert code("a`b") == "`` a`b ``"
    assert code("a``b") == "a\\`\\`b"


# private pages


async def test_join_gives_address_password_and_how_to() -> None:
    text = words(pages.join(view(settings={"password": "fern"}), "en"))
    assert "`203.0.113.7:25500`" in text
    assert "Password: ||`fern`||" in text
    assert "Open the address in a browser" in text


async def test_join_tells_what_the_games_entry_says_that_a_player_needs() -> None:
    game = view().game
    assert game is not None
    settings = [each.model_copy(update={"join": each.id in ("season", "password")}) for each in game.settings]
    shown = view(
        game=game.model_copy(update={"settings": tuple(settings)}), settings={"season": "winter", "max_players": "9"}
    )
    text = words(pages.join(shown, "en"))
    assert "Season: `winter`" in text
    assert "Password" not in text
    assert "Most players" not in text


async def test_join_of_a_paused_server_offers_to_wake_it() -> None:
    assert labels(pages.join(paused(), "en")) == ["Resume"]


async def test_nobody_but_a_player_who_joins_sees_a_password() -> None:
    secret = view(settings={**view().settings, "password": "fern"})
    for layout in (pages.show(secret, "en"), pages.more(secret, "en"), forms.page(secret, "en")):
        assert "fern" not in words(layout)


async def test_a_long_list_has_pages() -> None:
    many = [view(name=f"Pond {number}") for number in range(23)]
    first, last = pages.listing(many, "en", whose="guild"), pages.listing(many, "en", whose="guild", page=9)
    assert "23 servers" in words(first)
    assert labels(first) == ["Next"]
    assert "Pond 22" in words(last)
    assert labels(last) == ["Back"]


async def test_a_short_list_has_none() -> None:
    assert labels(pages.listing([view()], "en", whose="guild")) == []
    assert "1 server\n" in words(pages.listing([view()], "en", whose="guild"))


async def test_an_empty_list_says_what_to_do() -> None:
    assert "/server create" in words(pages.listing([], "en", whose="mine"))


@pytest.mark.parametrize("language", languages())
async def test_the_guilds_page_is_one_that_discord_takes(language: str) -> None:
    assert faults(setup.page(GuildView(1, 2, 3, 4, "de"), language, ["a remark"])) == []
    assert faults(setup.page(GuildView(), language)) == []


# forms


async def test_the_edit_page_has_a_button_for_each_group() -> None:
    assert labels(forms.page(view(), "en")) == ["Name and description", "Meadow", "Players"]


@pytest.mark.parametrize("group", ["about", "g0_0", "g1_0", "g9_9"])
async def test_every_form_is_one_that_discord_takes(group: str) -> None:
    modal = forms.change(view(name="N" * 32, settings={"season": "winter"}), group, "de").to_dict()
    assert list(check_modal(modal)) == []
    assert forms.MODAL.fullmatch(modal["custom_id"])


async def test_the_delete_form_asks_for_the_name() -> None:
    modal = forms.delete(view(name=HOSTILE[:32]), "en").to_dict()
    assert list(check_modal(modal)) == []
    assert modal["components"][0]["component"]["custom_id"] == "name"


async def test_a_form_shows_what_is_set_and_then_what_was_typed() -> None:
    server = view(settings={**view().settings, "max_players": "8"})
    fields = [
        forms.change(server, "g1_0", "en", draft).to_dict()["components"] for draft in ({}, {"max_players": "no"})
    ]
    assert [each[0]["component"]["value"] for each in fields] == ["8", "no"]


async def test_more_than_five_settings_of_a_group_take_two_forms() -> None:
    game = view().game
    assert game is not None
    many = [game.settings[0].model_copy(update={"id": f"rule_{number}", "group": "Rules"}) for number in range(7)]
    server = view(game=game.model_copy(update={"settings": tuple(many)}), settings={})
    assert labels(forms.page(server, "en")) == ["Name and description", "Rules (1)", "Rules (2)"]
    assert [len(group[2]) for group in forms.groups(server, "en")] == [0, 5, 2]


async def test_an_edit_says_what_it_changed() -> None:
    after = view(name="Lake", settings={**view().settings, "season": "winter"})
    assert forms.changed(view(), after, "en") == "**Lake** is changed: Name, Season."
    assert "nothing was changed" in forms.changed(view(), view(), "en")


async def test_what_a_running_server_takes_at_its_next_start_is_said_with_a_way_to_start_it_anew() -> None:
    chosen = {**view().settings, "season": "winter", "password": "new"}
    now = RunView("small", {**view().settings, "password": "old"})
    later = view(size="large", settings=chosen, run=now)
    for page in (forms.changed(view(), later, "en"), forms.page(later, "en")):
        assert "From its next start on: Size, Season, Password" in words(page)
        assert "Restart now" in labels(page)
    text = words(card(later, "en", number=1))
    assert "From its next start on: Size, Season, Password" in text
    assert "small" in text
    assert "old" in words(pages.join(later, "en"))
    assert "new" not in words(pages.join(later, "en"))
    assert "next start on" not in words(card(view(), "en", number=1))


async def test_a_game_with_thirty_settings_in_six_groups_fits_its_page_and_its_forms() -> None:
    game = view().game
    assert game is not None
    many = [
        game.settings[0].model_copy(
            update={"id": f"rule_{number}", "group": f"Group {number // 5}", "label": f"{number} {'x' * 40}"}
        )
        for number in range(30)
    ]
    values = {each.id: "w" * 200 for each in many}
    server = view(game=game.model_copy(update={"settings": tuple(many)}), settings=values, size="large")
    layout = forms.page(server, "en")
    assert faults(layout) == []
    assert len(labels(layout)) == 7
    assert all(each.label in words(layout) for each in many)
    for group, _, _ in forms.groups(server, "en"):
        assert list(check_modal(forms.change(server, group, "en").to_dict())) == []


async def test_a_long_list_is_typed_where_one_sees_more_than_its_end() -> None:
    game = view().game
    assert game is not None
    ops = game.settings[0].model_copy(update={"id": "ops", "max_length": 1000})
    server = view(game=game.model_copy(update={"settings": (ops,)}), settings={"ops": "Ada, Bo, " * 100})
    [field] = forms.change(server, "g0_0", "en").to_dict()["components"]
    assert (field["component"]["style"], field["component"]["value"]) == (2, "Ada, Bo, " * 100)
    assert "…" in words(forms.page(server, "en"))


async def test_a_size_with_a_smaller_disk_says_that_the_disk_stays() -> None:
    game = view().game
    assert game is not None
    sizes = tuple(each.model_copy(update={"volume": 5 * (number + 1)}) for number, each in enumerate(game.sizes))
    sized = view(game=game.model_copy(update={"sizes": sizes}), run=RunView("large", view().settings))
    assert "a disk does not shrink" in words(forms.page(sized, "en"))
    assert "a disk does not shrink" not in words(forms.page(replace(sized, size="large"), "en"))


async def test_an_answer_says_what_happens_and_not_what_was_pressed() -> None:
    assert pages.resumed(view(), "en") == "**Pond** is running: `203.0.113.7:25500`"
    assert "is paused already" in pages.pausing(paused(), "en")
    assert "is waking up" in pages.restarted(paused(Because.CRASHES), "en")
