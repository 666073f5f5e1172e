"""The demo's page without a bot: what people make of the guild itself."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.async_api import async_playwright, expect

from bot.demo.guild.cast import BO, CY, KEEPERS
from bot.demo.guild.server import Guild

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")

if CHROMIUM is None:
    if os.environ.get("CI"):
        pytest.fail("CI needs Chromium", pytrace=False)
    pytest.skip("no Chromium on this machine (install it, or set CHROMIUM)", allow_module_level=True)


async def test_forums_posts_events_and_roles_are_made_on_the_page() -> None:
    guild = Guild(None)
    await guild.start()
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        wrong: list[str] = []
        page.on("pageerror", lambda problem: wrong.append(str(problem)))

        async def choose(menu: str, action: str, **fields: str) -> None:
            await page.get_by_label(menu).click()
            await page.get_by_role("button", name=action, exact=True).click()
            for label, value in fields.items():
                await page.locator("dialog").get_by_label(label, exact=True).fill(value)
            if fields:
                await page.get_by_role("button", name="Submit").click()

        whole, channel = "Guild: events, channels, roles", "Channel: threads and more"
        await page.goto(f"{guild.page_url}?as={CY}")
        await choose(whole, "New forum", Name="games")
        await expect(page.locator("#header h2")).to_have_text("games")
        await choose(channel, "New post", Title="Pond", Message="Who plays?")
        await expect(page.locator("#header h2")).to_have_text("Pond")
        await expect(page.get_by_text("Who plays?")).to_be_visible()
        await choose(channel, "Archive")
        await expect(page.locator("dialog")).to_have_count(0)
        assert guild.world.active_threads() == []
        await choose(whole, "Plan an event", Name="Raid", Place="Pond")
        await page.locator("[data-plan=Raid]").click()
        await page.get_by_role("button", name="Cancel event").click()
        await expect(page.locator("[data-plan=Raid]")).to_have_count(0)
        await choose(whole, "Roles")
        row = page.locator(".role-row", has_text="Keepers")
        await row.get_by_role("button", name="Bo").click()
        await expect(row.get_by_role("button", name="Bo")).to_have_attribute("aria-pressed", "true")
        assert KEEPERS in guild.world.members[BO]["roles"]
        assert wrong == []
        await browser.close()
    await guild.stop()
