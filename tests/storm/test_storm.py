"""The story of a server in the browser, while Discord fails, lines break and processes are killed, by a seed.

A hundred seeds are sampled (tests/support/sampling.py). What a person sees fail they try again, as people do; when the
storm is over all is as it should be.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import signal
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from faults import ANSWER, EDIT, SEND, Faults, Rule, When
from playwright.async_api import Error, Locator, Page, async_playwright, expect
from reading import texts
from sampling import sample
from shipped import Shipped, has, shipped

from bot.demo.guild.cast import ADA, CHAT
from core.agent.files import read_record
from core.agent.wire import RunningAgent, State

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
if CHROMIUM is None:
    if os.environ.get("CI"):
        pytest.fail("CI needs Chromium", pytrace=False)
    pytest.skip("no Chromium on this machine (install it, or set CHROMIUM)", allow_module_level=True)

pytestmark = [pytest.mark.deep, pytest.mark.browser, pytest.mark.process, pytest.mark.timeout(400)]
SEEDS = sample(range(1, 101), 6, "storms")
ROUTES = (SEND, EDIT, ANSWER, ("PATCH", "/webhooks/*/*/messages/@original"))
AT_ONCE = 5  # faults that wait for a request to strike
SETTLED = (("Running", 1), ("Paused", 0))
IDLE = {"IDLE_AFTER": "25", "IDLE_WARN": "15", "IDLE_GRACE": "2"}


class Storm:
    """Something goes wrong every second or two, until it is over."""

    def __init__(self, house: Shipped, seed: int) -> None:
        self.house, self.faults, self.chance = house, Faults(house.guild), random.Random(seed)
        self.log: list[str] = []
        self._kills = 0
        self._gusts: deque[Rule] = deque()

    async def blow(self) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(0.5, 3.0))
            strike = self.chance.choices(
                [self._fail, self._cut, self._limit, self._slow, self._gateway, self._kill_bot, self._kill_below],
                [5, 5, 2, 3, 1, 1, 1],
            )[0]
            await strike()

    def _gust(self, rule: Rule) -> None:
        """What strikes nobody for a while has blown over: faults do not wait for whoever tries again later."""
        self._gusts.append(rule)
        if len(self._gusts) > AT_ONCE:
            self._gusts.popleft().lift()

    async def calm(self) -> None:
        self.faults.withdraw()
        if self.house.process is None or self.house.process.returncode is not None:
            await self.house.start()

    def _say(self, what: str) -> None:
        self.log.append(what)

    async def _fail(self) -> None:
        route, status = self.chance.choice(ROUTES), self.chance.choice([500, 502, 503])
        after = self.chance.random() < 0.3
        answer = self.faults.answer_after if after else self.faults.answer
        self._gust(answer(*route, status, times=self.chance.randint(1, 3)))
        self._say(f"{status} {'after' if after else 'before'} {route}")

    async def _cut(self) -> None:
        route, when = self.chance.choice(ROUTES), self.chance.choice(list(When))
        self._gust(self.faults.cut(*route, when, times=self.chance.randint(1, 2)))
        self._say(f"cut {when.name} {route}")

    async def _limit(self) -> None:
        route = self.chance.choice(ROUTES[:2])
        self._gust(self.faults.rate_limit(*route, 1.0, everywhere=self.chance.random() < 0.3))
        self._say(f"429 {route}")

    async def _slow(self) -> None:
        route = self.chance.choice(ROUTES)
        self._gust(self.faults.delay(*route, self.chance.uniform(0.2, 2.0), times=2))
        self._say(f"slow {route}")

    async def _gateway(self) -> None:
        code = self.chance.choice([1001, 4000, 4001, 4007, 4008, 4009, 0, 1])
        self._say(f"gateway {code}")
        if code == 0:
            self.faults.ask_to_reconnect()
        elif code == 1:
            self.faults.invalidate(resumable=self.chance.random() < 0.5)
        else:
            await self.faults.close(code)

    async def _kill_bot(self) -> None:
        if self._kills >= 4:
            return
        self._kills += 1
        self._say("kill the bot")
        await self.house.stop(signal.SIGKILL)
        await self.house.start()

    async def _kill_below(self) -> None:
        """The agent, or the game, of some server."""
        folders = list((self.house.folder / "bot" / "servers").glob("*/pod"))
        if not folders or self._kills >= 4:
            return
        self._kills += 1
        folder, game = self.chance.choice(folders), self.chance.random() < 0.5
        agent, state = read_record(RunningAgent, folder / "agent.json"), read_record(State, folder / "state.json")
        pid = state.pid if game and state else agent.pid if agent else None
        if pid:
            self._say("kill the game" if game else "kill the agent")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM if game else signal.SIGKILL)


class Ada:
    """A person at the page, who tries again when something did not work."""

    def __init__(self, page: Page, house: Shipped) -> None:
        self.page, self.house = page, house

    async def wants(self, what: Callable[[], Awaitable[None]], until: Callable[[], Awaitable[bool]]) -> None:
        """Do something, and again every few seconds until it can be seen."""
        async with asyncio.timeout(150):
            while not await until():
                with contextlib.suppress(Error, AssertionError):
                    await what()
                for _ in range(30):
                    if await until():
                        return
                    await asyncio.sleep(0.2)

    async def type(self, command: str) -> None:
        await self.page.locator("#composer").fill("")
        await self.page.locator("#composer").fill(command)
        await self.page.locator("#composer").press("Enter")

    async def press(self, label: str) -> None:
        await self.card.get_by_role("button", name=label, exact=True).click(timeout=2000)

    @property
    def card(self) -> Locator:
        return self.page.locator("[data-message-id]:not([data-ephemeral])").filter(
            has=self.page.get_by_role("heading", name="Pond")
        )

    def sees(self, *words: str) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            with contextlib.suppress(Error):
                text = await self.card.last.inner_text(timeout=500)
                return all(word in text for word in words)
            return False

        return look


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_story_holds_in_a_storm(seed: int, tmp_path: Path) -> None:
    async with shipped(tmp_path, **IDLE) as house, async_playwright() as playwright, aiohttp.ClientSession() as web:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        page = await browser.new_page()
        await page.goto(f"{house.guild.page_url}/?as={ADA}#{CHAT}")
        await expect(page.locator("#composer")).to_be_visible()
        storm, ada = Storm(house, seed), Ada(page, house)
        blowing = asyncio.create_task(storm.blow())
        try:
            await story(ada, web)
        except BaseException:
            print(f"seed {seed}:", *storm.log, sep="\n  ")
            raise
        finally:
            blowing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await blowing
        await storm.calm()
        await as_it_should_be(house)
        await browser.close()


async def story(ada: Ada, web: aiohttp.ClientSession) -> None:
    async def nothing() -> None:
        return

    await ada.wants(lambda: ada.type("/server create game:Meadow name:Pond"), ada.sees("Pond"))
    await ada.wants(nothing, ada.sees("Running", "Address"))
    where = re.search(r"127\.0\.0\.1:\d+", await ada.card.last.inner_text())
    assert where is not None
    planted = await plant(web, where[0])
    await ada.wants(lambda: ada.press("Pause"), ada.sees("Paused"))
    await ada.wants(lambda: ada.press("Resume"), ada.sees("Running"))
    assert await hash_of(web, where[0]) == planted, "the world is as it was left, bit for bit"
    # Nobody comes: a warning, then the pause.
    await ada.wants(nothing, ada.sees("Paused"))
    await ada.wants(lambda: ada.press("Resume"), ada.sees("Running"))


async def plant(web: aiohttp.ClientSession, where: str) -> str:
    """Play a little, as often as it takes: the game may be killed under the player. The hash of the saved world."""
    async with asyncio.timeout(90):
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, TypeError, ConnectionError):
                async with web.ws_connect(f"http://{where}/play?name=Ada", timeout=aiohttp.ClientWSTimeout(ws_close=2)):
                    pass
                return await hash_of(web, where)
            await asyncio.sleep(0.3)


async def hash_of(web: aiohttp.ClientSession, where: str) -> str:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with web.get(f"http://{where}/status") as answer:
                    world = (await answer.json())["world"]
                if world["revision"] == world["saved_revision"]:
                    return str(world["hash"])
            await asyncio.sleep(0.3)


async def as_it_should_be(house: Shipped) -> None:
    """One card, no message twice, and as many games as are wanted."""

    def pods() -> int:
        return len(list((house.folder / "bot" / "servers").glob("*/pod/pod.json")))

    def settled(found: list[dict[str, Any]]) -> bool:
        # Nobody plays any more, so by now it may have been paused for that.
        return any(has(m, "### Pond", phase) and pods() == count for m in found for phase, count in SETTLED)

    await house.until(settled, within=120)
    assert len(await house.cards()) == 1
    said = [m for m in await house.messages() if not m.get("ephemeral_for") and not has(m, "### Pond")]
    numbers = [m["components"][0]["id"] for m in said if m["components"]]
    assert len(numbers) == len(set(numbers)), [texts(m["components"]) for m in said]
    assert "Traceback" not in plain_log(house), "nothing unforeseen"


def plain_log(house: Shipped) -> str:
    """What the bot logged as a bug."""
    lines = [json.loads(line) for line in house.log.splitlines() if line.startswith("{")]
    bugs: list[Any] = [line for line in lines if line.get("level") == "error"]
    return "\n".join(str(bug) for bug in bugs)
