"""The page to try the API out, in a real browser under its own policy."""

from __future__ import annotations

import os
import shutil

import pytest
from apihouse import ApiHouse

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="Chromium is not installed"),
]


async def test_it_shows_every_part_and_sends_a_request(api: ApiHouse) -> None:
    from playwright.async_api import async_playwright

    server, token = await api.server(), await api.token("owner")
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        elsewhere: list[str] = []
        page.on(
            "request", lambda asked: elsewhere.append(asked.url) if not asked.url.startswith(api.face.url) else None
        )
        await page.goto(f"{api.face.url}/api/docs")
        await page.get_by_role("button", name="Authorize").first.click()
        await page.locator('input[aria-label="auth-bearer-value"]').fill(token)
        await page.get_by_role("button", name="Apply credentials").first.click()
        await page.get_by_role("button", name="Close").first.click()
        shown = page.locator("#operations-servers-get_server")
        await shown.get_by_role("button").first.click()
        await shown.get_by_role("button", name="Try it out").click()
        await shown.get_by_placeholder("server").fill(server)
        await shown.get_by_role("button", name="Execute").click()
        answer = shown.locator(".live-responses-table .response-col_status", has_text="200")
        await answer.wait_for()
        await browser.close()
    assert wrong == []
    assert [url for url in elsewhere if not url.startswith("data:")] == []
