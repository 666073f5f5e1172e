"""`make demo` as a stranger meets it: a real browser, the shipped bot, real games and players."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from ports import ports

from bot.demo.guild.cast import BO

pytestmark = [pytest.mark.browser, pytest.mark.process]
ROOT = Path(__file__).parents[2]
PICTURES = Path(__file__).with_name("pictures")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}

if CHROMIUM is None:
    if os.environ.get("CI"):
        pytest.fail("CI needs Chromium", pytrace=False)
    pytest.skip("no Chromium on this machine (install it, or set CHROMIUM)", allow_module_level=True)


class Demo:
    def __init__(self, folder: Path, browser: Browser) -> None:
        self.folder, self.browser = folder, browser
        first, last = map(int, ports().split("-"))
        self.port, self.pool = first, f"{first + 1}-{last}"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        quick = {"DORMOUSE_IDLE_AFTER": "20", "DORMOUSE_IDLE_WARN": "12", "DORMOUSE_IDLE_GRACE": "4"}
        command = [
            sys.executable,
            "-m",
            "bot",
            "demo",
            "--no-open",
            "--port",
            str(self.port),
            "--folder",
            str(self.folder),
        ]
        self.process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=os.environ | quick | {"DORMOUSE_PORTS": self.pool},
            stdout=asyncio.subprocess.PIPE,
        )
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while b"is open" not in await self.process.stdout.readline():
                pass

    async def stop(self) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            await self.process.wait()

    async def person(self, name: str, viewport: dict[str, int] = WIDE) -> Page:
        context = await self.browser.new_context(viewport=viewport)  # type: ignore[arg-type]
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{self.port}/")
        await page.locator(f'[data-person="{name}"]').first.click()
        return page


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        demo = Demo(tmp_path / "demo", browser)
        await demo.start()
        try:
            yield demo
        finally:
            await demo.stop()
            await browser.close()


async def type_command(page: Page, command: str) -> None:
    await page.locator("#composer").fill(command)
    await page.locator("#composer").press("Enter")


async def channel(page: Page, name: str) -> None:
    await page.locator(f'[data-channel="{name}"]').first.click()


def card(page: Page) -> Locator:
    return page.locator("[data-message-id]:not([data-ephemeral])", has=page.get_by_role("heading", name="Pond")).last


async def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    await page.screenshot(path=PICTURES / f"{name}.png")


async def play(demo: Demo, url: str, name: str) -> Page:
    page = await (await demo.browser.new_context(viewport=WIDE)).new_page()  # type: ignore[arg-type]
    await page.goto(f"{url}?hour=12")
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Walk in").click()
    await expect(page.locator("html")).to_have_attribute("data-state", "playing")
    return page


async def world(demo: Demo, url: str) -> str:
    """The hash of the world's file, once the game has saved what it holds."""
    async with aiohttp.ClientSession() as web, asyncio.timeout(30):
        while True:
            with contextlib.suppress(aiohttp.ClientError):  # it may be on its way up
                async with web.get(f"{url}status") as answer:
                    said = (await answer.json())["world"]
                if said["revision"] == said["saved_revision"]:
                    return str(said["hash"])
            await asyncio.sleep(0.2)


async def test_the_whole_story_in_the_browser(demo: Demo) -> None:
    ada = await demo.person("Ada")
    await channel(ada, "servers")
    await ada.locator("#composer").fill("/server cr")
    await expect(ada.get_by_role("option").first).to_be_visible(timeout=30_000)  # the bot has said its commands
    await type_command(ada, "/server create game:Meadow name:Pond")
    shown = card(ada)
    await expect(shown).to_contain_text("Running", timeout=40_000)  # type: ignore[arg-type]
    link = shown.get_by_role("link").first
    url = await link.get_attribute("href")
    assert url is not None
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
    await picture(ada, "running-1280")

    first = await play(demo, url, "Ada")
    second = await play(demo, url, "Bo")
    for x, y in ((420, 260), (640, 420), (820, 300)):
        await first.get_by_role("radio", name="Poppies").click()
        await first.locator("#view").click(position={"x": x, "y": y})
    await expect(shown).to_contain_text("2 of 16", timeout=30_000)
    await picture(first, "meadow-1280")
    await first.close()
    await second.close()

    await expect(ada.get_by_role("button", name="Pause now").last).to_be_visible(timeout=60_000)
    await picture(ada, "warned-1280")
    await ada.get_by_role("button", name="Keep alive").last.click()
    await expect(ada.get_by_role("button", name="Pause now")).to_have_count(0, timeout=20_000)
    before = await world(demo, url)
    await shown.get_by_role("button", name="Pause", exact=True).click()
    await expect(shown).to_contain_text("Paused", timeout=30_000)
    await picture(ada, "paused-1280")

    bo = await demo.person("Bo", PHONE)
    await bo.goto(f"http://127.0.0.1:{demo.port}/?as={BO}#servers")
    await bo.reload()
    await expect(card(bo)).to_contain_text("Paused", timeout=20_000)
    await picture(bo, "phone-360")
    await shown.get_by_role("button", name="Resume").click()
    await expect(shown).to_contain_text("Running", timeout=30_000)
    assert await world(demo, url) == before, "the world is as they left it, bit for bit"

    # Bo may not pause, and is told who can; Cy may.
    await type_command(bo, "/server pause server:Pond")
    await expect(bo.get_by_text("Only Ada (owner) or an admin can pause Pond").last).to_be_visible()
    cy = await demo.person("Cy")
    await channel(cy, "servers")
    await type_command(cy, "/server keep server:Pond hours:2")
    await expect(cy.get_by_text("stays awake until").last).to_be_visible()

    # Ctrl-C, and again: same guild, same servers, old buttons work.
    await demo.stop()
    await demo.start()
    again = await demo.person("Ada")
    await channel(again, "servers")
    old = card(again)
    await expect(old).to_contain_text("Running", timeout=40_000)
    assert await world(demo, url) == before
    await old.get_by_role("button", name="Pause", exact=True).click()
    await expect(old).to_contain_text("Paused", timeout=30_000)


async def test_a_world_goes_back_in_the_browser(demo: Demo) -> None:
    ada = await demo.person("Ada")
    await channel(ada, "servers")
    await ada.locator("#composer").fill("/server cr")
    await expect(ada.get_by_role("option").first).to_be_visible(timeout=30_000)
    await type_command(ada, "/server create game:Meadow name:Pond")
    shown = card(ada)
    await expect(shown).to_contain_text("Running", timeout=40_000)  # type: ignore[arg-type]
    url = await shown.get_by_role("link").first.get_attribute("href")
    assert url is not None
    await type_command(ada, "/world snapshot server:Pond note:before the poppies")
    await expect(ada.get_by_text("is saved").last).to_be_visible(timeout=30_000)
    await expect(shown).to_contain_text("World saved", timeout=30_000)
    before = await world(demo, url)

    player = await play(demo, url, "Ada")
    await player.get_by_role("radio", name="Poppies").click()
    await player.locator("#view").click(position={"x": 420, "y": 260})
    async with asyncio.timeout(20):
        while await world(demo, url) == before:
            await asyncio.sleep(0.1)
    after = await world(demo, url)
    await player.close()

    await type_command(ada, "/world snapshots server:Pond")
    await expect(ada.get_by_text("before the poppies").last).to_be_visible(timeout=20_000)
    await picture(ada, "snapshots-1280")
    await ada.locator("#composer").fill("/world restore server:Pond snapshot:poppies")
    await expect(ada.get_by_role("option").first).to_contain_text("before the poppies", timeout=20_000)
    await ada.get_by_role("option").first.click()
    await ada.locator("#composer").press("Enter")
    undo = ada.get_by_role("button", name="Undo")
    await expect(undo.last).to_be_visible(timeout=40_000)
    async with asyncio.timeout(40):
        while await world(demo, url) != before:
            await asyncio.sleep(0.2)
    await expect(shown).to_contain_text("Running", timeout=40_000)
    await picture(ada, "restored-1280")
    await undo.last.click()
    await expect(ada.get_by_text("brought the world of")).to_have_count(2, timeout=40_000)
    async with asyncio.timeout(40):
        while await world(demo, url) != after:
            await asyncio.sleep(0.2)
    bo = await demo.person("Bo", PHONE)
    await bo.goto(f"http://127.0.0.1:{demo.port}/?as={BO}#servers")
    await bo.reload()
    await expect(card(bo)).to_contain_text("World saved", timeout=20_000)
    await picture(bo, "restored-360")

    only_ada = ada.get_by_text("Only you can see this")
    assert await only_ada.count() > 0
    await ada.locator('[data-person="Cy"]').first.click()
    await expect(card(ada)).to_contain_text("World saved", timeout=20_000)
    await expect(only_ada).to_have_count(0)
