"""The page in a real browser: walk in, plant, see it sleep, come back by itself."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Page, async_playwright

if TYPE_CHECKING:
    from tests.meadow.conftest import Starter

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
        yield await context.new_page()
        await browser.close()


async def test_a_visit_on_a_phone(start: Starter, page: Page) -> None:
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    meadow = await start(title="Pond", password="nut")

    await page.goto(meadow.url)
    await page.get_by_role("heading", name="Pond").wait_for()
    await page.get_by_label("Your name").fill("Ada")
    await page.get_by_role("radio", name="Fox").click()
    await page.get_by_label("Password").fill("oak")
    await page.get_by_role("button", name="Walk in").click()
    await page.get_by_text("That is not the password.").wait_for()
    await page.get_by_label("Password").fill("nut")
    await page.get_by_role("button", name="Walk in").click()
    await page.wait_for_selector("html[data-state=playing]")
    assert (await meadow.status())["players"]["names"] == ["Ada"]

    await page.get_by_role("radio", name="Poppies").click()
    await page.touchscreen.tap(180, 300)
    await meadow.status_when(lambda status: status["world"]["cells"] == 1)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    assert await meadow.terminate() == 0
    await page.get_by_text("The meadow sleeps. It will be here when somebody resumes it.").wait_for()
    again = await start(title="Pond", password="nut", port=str(meadow.port))
    await page.wait_for_selector("html[data-state=playing]")
    assert (await again.status())["players"]["names"] == ["Ada"]
    assert mistakes == []
