"""Every press and command is answered, and what the answer says is true."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from faults import ANSWER, Faults, When
from reading import buttons, texts
from shipped import Shipped, has

from bot.demo.guild.cast import BO, CHAT, KEEPERS, PLAYERS

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

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
async def test_a_press_whose_acknowledgement_was_cut_four_times_is_answered(
    house: Shipped, faults: Faults, when: When
) -> None:
    [card] = await house.cards()
    cut = faults.cut(*ANSWER, when, times=4)
    await answered(house, await house.press("More", card), "Pond")
    assert cut.met == (4 if when is When.BEFORE else 1)  # what it has already, Discord refuses before it is cut


async def test_an_answer_that_discord_failed_at_six_times_is_shown(house: Shipped, faults: Faults) -> None:
    failing = faults.answer(*EDIT_ANSWER, 500, times=6)
    await answered(house, await house.people["Ada"].slash(CHAT, "server list"), "Pond", within=60)
    assert failing.left == 0


@pytest.mark.parametrize("fault", ["500", "cut before", "cut after", "429"])
async def test_a_download_whose_answer_failed_once_has_its_file(house: Shipped, faults: Faults, fault: str) -> None:
    ada = house.people["Ada"]
    await answered(house, await ada.slash(CHAT, "world snapshot", server="Pond"), "Pond", within=20)
    match fault:
        case "500":
            faults.answer(*EDIT_ANSWER, 500)
        case "429":
            faults.rate_limit(*EDIT_ANSWER, 1)
        case _:
            faults.cut(*EDIT_ANSWER, When.AFTER if fault == "cut after" else When.BEFORE)
    answer = await ada.slash(CHAT, "world download", server="Pond")
    await answered(house, answer, within=20)
    [shown] = [message for message in await house.messages() if message["id"] == answer["message"]["id"]]
    [file] = shown["attachments"]
    assert file["size"] > 0
    async with aiohttp.ClientSession() as web, web.get(file["url"]) as response:
        assert len(await response.read()) == file["size"]


@pytest.mark.parametrize(
    ("status", "code"), [(403, 50001), (404, 10004), (404, 10015), (401, 50027), (404, 10062), (400, 50083), (403, 0)]
)
@pytest.mark.parametrize("route", [ANSWER, EDIT_ANSWER], ids=["first", "filled in"])
async def test_a_bot_that_is_banned_while_it_answers_notes_no_bug(
    house: Shipped, faults: Faults, route: tuple[str, str], status: int, code: int
) -> None:
    before, late = house.log.count('"event": "bug"'), house.log.count('"outcome": "late"')
    banned = faults.answer(*route, status, code=code)
    await house.people["Ada"].slash(CHAT, "server list")
    async with asyncio.timeout(60):
        while house.log.count('"outcome": "late"') == late:
            await asyncio.sleep(0.05)
    assert banned.met == 1
    assert house.log.count('"event": "bug"') == before


async def test_choices_that_discord_no_longer_takes_are_no_bug(house: Shipped, faults: Faults) -> None:
    faults.answer(*ANSWER, 404, code=10062, times=2)
    await house.people["Ada"].autocomplete(CHAT, "server show", "server", server="P")
    async with asyncio.timeout(60):
        while "choices not shown" not in house.log:
            await asyncio.sleep(0.05)
    assert "Traceback" not in house.log


async def test_choices_whose_answer_was_cut_are_offered(house: Shipped, faults: Faults) -> None:
    faults.cut(*ANSWER, When.BEFORE)
    offered = await house.people["Ada"].autocomplete(CHAT, "server show", "server", server="P")
    assert [each["name"].split(" ")[0] for each in offered] == ["Pond"]


@pytest.mark.parametrize("fault", ["500", "cut before"])
async def test_a_refusal_beside_a_page_is_shown_although_it_failed_once(
    house: Shipped, faults: Faults, fault: str
) -> None:
    bo, refusal = house.people["Bo"], "Only an admin can do that"
    before = len([m for m in await house.messages("Bo") if has(m, refusal)])
    house.guild.world.edit_member(BO, roles=[KEEPERS])
    page = (await bo.slash(CHAT, "guild setup"))["message"]["id"]
    [page] = await house.until(lambda found: [m for m in found if m["id"] == page and not m.get("thinking")], "Bo")
    house.guild.world.edit_member(BO, roles=[PLAYERS])  # so that he may not choose any more
    if fault == "500":
        faults.answer("POST", "/webhooks/*/*", 500)
    else:
        faults.cut("POST", "/webhooks/*/*", When.BEFORE)
    answer = await bo.select(page, "dm-setup:language", "de")
    assert answer["answer"] == "deferred_update"
    await house.until(lambda found: len([m for m in found if has(m, refusal)]) == before + 1, "Bo", within=10)


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
