"""Every press and command is answered, and what the answer says is true."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from faults import ANSWER, Faults, When
from reading import buttons, texts
from shipped import Shipped

from bot.demo.guild.cast import CHAT

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("answers")]

EDIT_ANSWER = ("PATCH", "/webhooks/*/*/messages/@original")


async def answered(house: Shipped, answer: dict[str, Any], *words: str, within: float = 6) -> str:
    """The words of the answer in the end; it must not go on thinking, nor tell of a bug."""

    def found(messages: list[Any]) -> Any:
        return next((m for m in messages if m["id"] == message["id"] and not m.get("thinking")), None)

    assert answer["answer"] in ("message", "deferred"), answer
    message = answer["message"]
    said = texts((await house.until(found, within=within))["components"])
    assert "our fault" not in said
    assert all(word in said for word in words), said
    return said


async def test_a_command_is_acknowledged_while_rest_is_slow(house: Shipped, faults: Faults) -> None:
    for method in ("POST", "PATCH"):
        faults.delay(method, "/interactions/*/*/callback", 2)
        faults.delay(method, "/webhooks/*/*/messages/@original", 2)
    answer = await house.people["Ada"].slash(CHAT, "server list")
    assert answer["answer"] == "deferred"
    await answered(house, answer)


@pytest.mark.parametrize("status", [500, 503])
async def test_a_press_whose_acknowledgement_failed_once_is_answered(
    house: Shipped, faults: Faults, status: int
) -> None:
    [card] = await house.cards()
    faults.answer(*ANSWER, status)
    await answered(house, await house.press("More", card), "Pond")


@pytest.mark.parametrize("when", When)
async def test_a_press_whose_acknowledgement_was_cut_is_answered(house: Shipped, faults: Faults, when: When) -> None:
    [card] = await house.cards()
    faults.cut(*ANSWER, when)
    await answered(house, await house.press("More", card), "Pond")


async def test_a_press_that_was_acknowledged_with_a_500_is_answered(house: Shipped, faults: Faults) -> None:
    [card] = await house.cards()
    faults.answer_after(*ANSWER, 500)
    await answered(house, await house.press("More", card), "Pond")


@pytest.mark.parametrize("fault", ["500", "503", "cut before", "cut after", "429"])
async def test_an_answer_whose_edit_failed_once_is_shown_and_true(house: Shipped, faults: Faults, fault: str) -> None:
    match fault:
        case "500" | "503":
            faults.answer(*EDIT_ANSWER, int(fault))
        case "429":
            faults.rate_limit(*EDIT_ANSWER, 1)
        case _:
            faults.cut(*EDIT_ANSWER, When.AFTER if fault == "cut after" else When.BEFORE)
    await answered(house, await house.people["Ada"].slash(CHAT, "server pause", server="Pond"), "Pond")
    await house.message("### Pond", "Paused")


@pytest.mark.parametrize("when", When)
async def test_a_form_whose_opening_was_cut_opens(house: Shipped, faults: Faults, when: When) -> None:
    faults.cut(*ANSWER, when)
    answer = await house.people["Ada"].slash(CHAT, "server delete", server="Pond")
    assert answer["answer"] == "modal"


async def test_many_presses_at_once_are_all_answered(house: Shipped, faults: Faults) -> None:
    [card] = await house.cards()
    faults.answer(*ANSWER, 500, times=3)
    more = buttons(card["components"])["More"]
    presses = [person.press(card, more) for person in house.people.values() for _ in range(3)]
    assert {answer["answer"] for answer in await asyncio.gather(*presses)} == {"deferred"}
