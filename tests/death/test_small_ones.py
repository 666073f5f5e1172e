"""Death at every point while what starts nothing is asked for: it is kept once or not at all, and whoever saw no answer
asks again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deaths import WHERE, WITHIN, Action, Deaths, ask, is_running, page_of, pause, paused, rows, tries
from reading import buttons, texts
from sampling import ALL, sample
from shipped import Shipped

from bot.demo.guild.cast import BO, CHAT

pytestmark = [pytest.mark.deep, pytest.mark.process, pytest.mark.timeout(3600 if ALL else 600)]
TRIED = 3  # of these, each with one way to die
DEATHS = 2
WARNED_SOON = {"IDLE_AFTER": "60", "IDLE_WARN": "59", "IDLE_GRACE": "1"}
ZONES = ("Europe/Berlin", "Asia/Tokyo")
Given = Callable[[int], dict[str, Any]]


class Small:
    """Each time with another number, so that it always changes something. `shows`: the command whose answer `says`
    once what is kept."""

    def __init__(self, who: str, command: str, given: Given, shows: str, says: Callable[[int], str]) -> None:
        self.who, self.command, self.given, self.shows, self.says = who, command, given, shows, says
        self.number = 0

    def action(self, *once: str) -> Action:
        return Action(self.act, self.after, self.before, tries(self.act), once=once)

    async def before(self, house: Shipped) -> None:
        self.number += 1
        await is_running(house)

    async def act(self, house: Shipped) -> None:
        await ask(house, self.command, self.who, **self.given(self.number))

    async def after(self, house: Shipped) -> None:
        async with asyncio.timeout(WITHIN):
            while (await self.page(house)).count(self.says(self.number)) != 1:
                await asyncio.sleep(1)  # who asks too fast is refused

    async def page(self, house: Shipped) -> str:
        options = {"server": "Pond"} if self.shows.startswith("server") else {}
        return texts((await page_of(house, self.shows, self.who, **options))["components"])


class Scheduled(Small):
    """By the page of `/server schedule` and what it opens."""

    def __init__(self, says: Callable[[int], str]) -> None:
        super().__init__("Ada", "server schedule", lambda _: {"server": "Pond"}, "server schedule", says)


class Entry(Scheduled):
    def __init__(self) -> None:
        super().__init__(lambda n: f"daily {n % 24:02}:00 to {n % 24:02}:30")

    async def before(self, house: Shipped) -> None:
        await super().before(house)
        if not self.has_none(await self.page(house)):
            await self.take_away(house, self.number - 1)
            await self.none(house)

    async def act(self, house: Shipped) -> None:
        page = await page_of(house, self.command, server="Pond")
        opened = await house.press("Add", page)
        await house.people["Ada"].submit(
            CHAT, opened["modal"], kind=["awake"], when=self.says(self.number), firm=["no"]
        )

    async def take_away(self, house: Shipped, number: int) -> None:
        page = await page_of(house, self.command, server="Pond")
        for label, custom_id in buttons(page["components"]).items():
            if self.says(number) in label:
                await house.people["Ada"].press(page, custom_id)

    async def none(self, house: Shipped) -> None:
        async with asyncio.timeout(WITHIN):
            while not self.has_none(await self.page(house)):
                await asyncio.sleep(0.5)

    def has_none(self, page: str) -> bool:
        return "It has no schedule" in page


class NoEntry(Entry):
    async def before(self, house: Shipped) -> None:
        await Scheduled.before(self, house)
        await Entry.act(self, house)
        await Entry.after(self, house)

    async def act(self, house: Shipped) -> None:
        await self.take_away(house, self.number)

    async def after(self, house: Shipped) -> None:
        await self.none(house)


class Zone(Scheduled):
    def __init__(self) -> None:
        super().__init__(lambda n: ZONES[n % 2])

    async def act(self, house: Shipped) -> None:
        page = await page_of(house, self.command, server="Pond")
        opened = await house.press("Time zone", page)
        await house.people["Ada"].submit(CHAT, opened["modal"], zone=ZONES[self.number % 2])


class Follow(Small):
    """The same command begins and ends it: who asks again is told what it was before."""

    FOLLOWS, FOLLOWS_NOT = "You follow", "You do not follow"

    def __init__(self) -> None:
        super().__init__("Ada", "server follow", lambda _: {"server": "Pond"}, "server follow", lambda _: "")

    async def act(self, house: Shipped) -> None:
        await page_of(house, self.command, server="Pond")

    async def after(self, house: Shipped) -> None:
        """What is kept is what an answer says."""
        followed = self.follows(house)
        assert (self.FOLLOWS_NOT if followed else self.FOLLOWS) in await self.page(house)
        assert self.follows(house) is not followed

    def follows(self, house: Shipped) -> bool:
        return bool(rows(house, "SELECT 1 FROM follows"))


class Vote(Small):
    def __init__(self) -> None:
        super().__init__("Bo", "", lambda _: {}, "server show", lambda _: "voted to keep it open")

    def action(self, *once: str) -> Action:
        return Action(self.act, self.after, self.before, self.again, once=once, settings=WARNED_SOON)

    async def before(self, house: Shipped) -> None:
        """Nobody voted, and it is warned."""
        await is_running(house)
        await page_of(house, "server idle", server="Pond", vote="yes")
        if self.says(0) in await self.page(house):
            await pause(house)  # which ends what was voted for
            await paused(house)
            await is_running(house)
        await self.warning(house)

    async def act(self, house: Shipped) -> None:
        await house.press("Keep it open?", await self.warning(house), self.who)

    async def again(self, house: Shipped) -> None:
        if self.says(0) not in await self.page(house):
            await self.act(house)

    async def warning(self, house: Shipped) -> dict[str, Any]:
        def asks(message: dict[str, Any]) -> bool:
            return "Keep it open?" in buttons(message["components"]) and not message.get("ephemeral_for")

        find = lambda all: next((m for m in reversed(all) if asks(m)), None)  # noqa: E731
        found: dict[str, Any] = await house.until(find, within=WITHIN)
        return found


ACTIONS: dict[str, Action] = {
    "setup": Small(
        "Cy", "guild setup", lambda n: {"time_zone": ZONES[n % 2]}, "guild setup", lambda n: ZONES[n % 2]
    ).action("guild_set"),
    "keep": Small(
        "Ada", "server keep", lambda n: {"server": "Pond", "hours": 1 + n}, "server show", lambda _: "Kept awake by"
    ).action(),
    "account": Small(
        "Ada", "account edit", lambda n: {"time_zone": ZONES[n % 2]}, "account show", lambda n: ZONES[n % 2]
    ).action(),
    "schedule add": Entry().action("schedule_set"),
    "schedule remove": NoEntry().action("schedule_set"),
    "schedule zone": Zone().action("schedule_set"),
    "games": Small(
        "Cy",
        "guild games",
        lambda n: {"game": "meadow", "offered": ("yes", "no")[n % 2]},
        "guild games",
        lambda n: ("**Meadow**: small, medium, large", "**Meadow**: not offered")[n % 2],
    ).action("game_offered"),
    "quota": Small("Cy", "guild quota", lambda n: {"memory": 20 + n}, "guild quota", lambda n: f"{20 + n} GiB").action(
        "guild_set"
    ),
    "quota of one": Small(
        "Cy", "guild quota", lambda n: {"for": BO, "memory": 20 + n}, "guild quota", lambda n: f"{20 + n} GiB"
    ).action("quota_set"),
    "follow": Follow().action(),
    "vote": Vote().action("voted"),
}


@pytest.mark.parametrize(
    ("action", "where"), sample([(action, where) for action in ACTIONS for where in WHERE], TRIED, "small")
)
async def test_what_is_said_at_once_is_kept_once_wherever_it_was_killed(
    action: str, where: str, tmp_path: Path
) -> None:
    async with Deaths(ACTIONS[action], where, tmp_path) as deaths:
        points = await deaths.points()
        for n in sample(range(1, points + 1), DEATHS, f"{action} {where}"):
            await deaths.at(n)
