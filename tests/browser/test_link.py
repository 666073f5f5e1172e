"""The whole link in a real browser, at a real OpenID provider (npm's oidc-provider), as somebody on a phone does it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from oauthplace import Place, place
from openidplace import TENANT
from playwright.async_api import async_playwright, expect

from bot.settings import Settings
from bot.web.app import make_app
from bot.web.context import Web
from bot.web.server import WebServer
from core.assemble import Core
from tests.conftest import ADA, House

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
MODULES = ROOT / ".webtools/node_modules"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
MISSING = [
    what
    for what, there in {
        "Chromium": CHROMIUM,
        "node": shutil.which("node"),
        "oidc-provider (make web-tools)": (MODULES / "oidc-provider").exists(),
    }.items()
    if not there
]

if MISSING:
    if os.environ.get("WEB_TOOLS") == "required":
        pytest.fail(f"CI needs {', '.join(MISSING)}", pytrace=False)
    pytest.skip(f"not on this machine: {', '.join(MISSING)}", allow_module_level=True)


@asynccontextmanager
async def provider(redirect: str) -> AsyncIterator[str]:
    """Gives its issuer."""
    script = str(ROOT / "tests/support/oidc.mjs")
    node = await asyncio.create_subprocess_exec(
        "node",
        script,
        str(MODULES),
        TENANT,
        redirect,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert node.stdout is not None
        async with asyncio.timeout(60):
            while not (line := (await node.stdout.readline()).decode().strip()).startswith("http"):
                assert node.returncode is None
        yield line
    finally:
        node.kill()
        await node.wait()


@asynccontextmanager
async def linking(core: Core, discord: Place) -> AsyncIterator[str]:
    """The face, with both providers. Gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    async with provider(f"{url}/auth/oidc/callback") as issuer:
        settings = Settings(
            public_url=url,
            oidc_issuer=issuer,
            oidc_client_id="dormouse",
            oidc_client_secret="a secret: with %",  # type: ignore[arg-type]
            **discord.settings(),
        )
        async with WebServer(("127.0.0.1", port), make_app(Web(core, settings))):
            yield url


async def test_somebody_links_themselves_on_a_phone_and_signs_in_with_that(house: House, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("PICTURES") or tmp_path)
    async with place() as discord, linking(house.core, discord) as url, async_playwright() as play:
        discord.says_yes = (ADA.user, "Ada")
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        phone: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": False}
        page = await (await browser.new_context(**phone)).new_page()
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.location["url"].startswith(url) else None)

        await page.goto(f"{url}/auth/link")
        await page.screenshot(path=pictures / "link.png")
        await page.get_by_role("button", name="Begin with Discord").or_(page.get_by_text("Begin with Discord")).click()
        await page.locator("input[name=login]").fill("ada")
        await page.locator("input[name=password]").fill("anything")
        await page.locator("button[type=submit]").click()
        await page.locator("button[type=submit]").click()  # she lets Dormouse know who she is
        await expect(page.get_by_role("heading")).to_have_text("Link @Ada to Ada Lovelace of contoso.example?")
        await page.screenshot(path=pictures / "confirm.png")
        assert await house.core.identities.of(ADA.user) is None
        await page.get_by_role("button", name="Yes, both are me").click()
        await expect(page.get_by_role("main")).to_contain_text("@Ada is linked to Ada Lovelace of contoso.example.")
        await page.screenshot(path=pictures / "linked.png")
        linked = await house.core.identities.of(ADA.user)
        assert linked is not None
        assert linked.roles == ("Server.Admins",)

        await page.goto(f"{url}/auth/sign-in?then=/auth/sign-in")
        await expect(page.get_by_text("You are signed in as Ada.")).to_be_visible()
        await page.screenshot(path=pictures / "sign_in.png")
        await page.get_by_role("main").get_by_role("button", name="Sign out").click()
        await expect(page.get_by_text("You are signed in as Ada.")).to_have_count(0)
        await page.get_by_text("Sign in with Microsoft").click()
        await page.locator("input[name=login]").fill("ada")
        await page.locator("input[name=password]").fill("anything")
        await page.locator("button[type=submit]").click()
        await page.wait_for_url(f"{url}/")
        await page.goto(f"{url}/auth/sign-in")
        await expect(page.get_by_text("You are signed in as Ada.")).to_be_visible()

        stolen = await (await browser.new_context(**phone)).new_page()
        await stolen.goto(f"{url}/auth/link/confirm?ask=whatever")
        await expect(stolen.get_by_role("alert")).to_contain_text("did not begin in this browser")
        await stolen.screenshot(path=pictures / "refused.png")
        assert [line for line in wrong if "404" not in line] == []  # there is no icon, and no page to go on to
        await browser.close()
