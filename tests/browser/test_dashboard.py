"""The dashboard in a real browser: what a person does there, and that everybody can, on a phone and on a desk."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from licensed import license_meadow
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from webface import Face, present, serving

from bot.web.callers import COOKIE
from core.accounts.claims import Identity
from core.accounts.scopes import READ
from core.data.tables import BucketRow, ServerRow
from core.notices.kinds.alarms import NodeAlarm
from core.servers.host_rules import HostRules
from core.worlds.gaps import Gaps
from core.worlds.listing import Snapshot
from core.worlds.receipt import Receipt
from core.worlds.turns import Turns
from tests.conftest import ADA, BO, CY, GUILD, House

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
AXE = Path(__file__).parents[2] / ".webtools" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = os.environ.get("DORMOUSE_TEST_PICTURES")  # a folder: there each page is left as it looked
NOWHERE = "abcdefghijkl"  # as an id looks
SIGN_IN = {
    "web": "127.0.0.1:0",
    "public_url": "http://127.0.0.1:1",
    "oidc_issuer": "https://id.example",
    "oidc_client_id": "dormouse",
    "discord_client_id": "1",
}
SIZES = {"360": {"width": 360, "height": 740}, "1280": {"width": 1280, "height": 800}}

if CHROMIUM is None:
    if os.environ.get("CI"):
        pytest.fail("CI needs Chromium", pytrace=False)
    pytest.skip("no Chromium on this machine (install it, or set CHROMIUM)", allow_module_level=True)


class Shelf:
    """The worlds of a test: as many snapshots as it says."""

    def __init__(self) -> None:
        self.turns = Turns()
        at = datetime.now(UTC) - timedelta(hours=3)
        name = f"000001-000001-000001-{'0' * 32}"
        self.found = [Snapshot(name, at, 48 * 2**20, 12, 2**20, "before <b>the</b> raid", Gaps(), False)]

    async def snapshots(self, server: str) -> list[Snapshot]:
        return self.found


@pytest.fixture
def rules(rules: HostRules) -> HostRules:
    return replace(rules, keeps_worlds=True)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def face(house: House) -> AsyncIterator[Face]:
    house.membership.present = {each.user: present(each) for each in (ADA, BO, CY)}
    house.core.operations.operators = frozenset({CY.user})
    known = {"guild_name": {GUILD: "The Frogs of the Everlasting Meadow"}.get, "lacks": lambda: "not connected"}
    async with serving(house.core, known=known, **SIGN_IN) as face:
        yield face


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        yield browser
        await browser.close()


@asynccontextmanager
async def signing_in(secret: str) -> AsyncIterator[str]:
    """Where a browser gets the cookie of a sign-in, which holds for every port of this host: nobody may put one with
    such a name into a browser by another way."""

    async def answer(_: web.Request) -> web.Response:
        cookie = f"{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Lax"
        return web.Response(text="signed in", headers={"Set-Cookie": cookie})

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/"))


async def sit_down(browser: Browser, face: Face, secret: str | None, **options: Any) -> BrowserContext:
    """A browser of somebody's; nothing that it loads may come from elsewhere."""
    context = await browser.new_context(base_url=face.url, reduced_motion="reduce", **options)
    if secret is not None:
        async with signing_in(secret) as place:
            page = await context.new_page()
            await page.goto(place)
            await page.close()
    return context


async def opened(context: BrowserContext, path: str) -> Page:
    """With a fault for what is refused by the policy of its content, or breaks."""
    page = await context.new_page()
    page.faults = []  # type: ignore[attr-defined]

    def note(text: str) -> None:
        if "Content Security Policy" in text or "Uncaught" in text:
            page.faults.append(text)  # type: ignore[attr-defined]

    page.on("console", lambda told: note(told.text))
    page.on("pageerror", lambda wrong: note(f"Uncaught {wrong}"))
    got = await page.goto(path)
    assert got is not None
    assert got.status == (404 if path.endswith(NOWHERE) else 200), await page.content()
    return page


async def faults_of(page: Page, *, whole: bool) -> list[str]:
    """What axe finds that is serious; not `whole`: only what depends on colours."""
    only = "" if whole else ", runOnly: ['color-contrast', 'link-in-text-block']"
    found = await page.evaluate(f"axe.run(document, {{ resultTypes: ['violations']{only} }})")
    serious = [each for each in found["violations"] if each["impact"] in ("serious", "critical")]
    return [
        f"{each['id']}: {', '.join(str(node['target']) for node in each['nodes'])} {each['nodes'][0]['failureSummary']}"
        for each in serious
    ]


async def filled(house: House) -> str:
    """A guild with servers in several states, one of which is shown; people played on it."""

    async def snapshot(server: str, *, note: str = "", full: bool = False) -> Receipt:
        return Receipt(f"000001-000002-000001-{'0' * 32}", datetime.now(UTC), 100)

    house.cluster.snapshot = snapshot  # type: ignore[method-assign]
    pond = await house.create("Pond")
    await house.phase(pond, "running")
    await house.servers.editing.edit(ADA, pond, {"description": "For <i>everybody</i> who likes to build."})
    house.cluster.say(pond, "[12:00:01] Done (2.1s)! <script>alert(1)</script>")
    house.cluster.say(pond, "[12:00:07] Bo joined the game")
    other = await house.create("Watch of the Everlasting Meadow", CY)
    await house.phase(other, "running")
    await house.servers.power.pause(CY, other)
    await house.phase(other, "paused")
    (house.cluster.world(pond) / "rules.txt").write_text("be kind\n")
    now = int(time.time())
    async with house.database.begin() as session:
        row = await session.get_one(ServerRow, pond)
        row.saved_at, row.saved_bytes, row.stored_bytes = datetime.now(UTC) - timedelta(hours=3), 48 * 2**20, 2**26
        row.players, row.players_online, row.players_max = ["Bo", "<b>Eve</b>"], 2, 16
        row.known_at, row.empty_since = datetime.now(UTC), None
        session.add(row)
        for hour in range(24 * 7):
            start = now // 3600 * 3600 - hour * 3600
            played = max(0, 3 - abs(20 - hour % 24)) * 3600
            session.add(BucketRow(server=pond, span=3600, start=start, known=3600, seconds=played, high=played // 3600))
    await house.core.tokens.make(CY, "a script", READ)
    await house.core.identities.link(CY.user, CY.name, Identity("https://id.example", "1", "Cy C.", "contoso.example"))
    await house.core.alarms.begin(NodeAlarm("node-7"))
    await house.guilds.setup(CY, {"language": "en", "time_zone": "Europe/Berlin", "entra_admin": "Dormouse.Admin"})
    return pond


def pages_of(pond: str) -> dict[str, str]:
    snapshot = f"000001-000001-000001-{'0' * 32}"
    return {
        "home": "/",
        "server": f"/servers/{pond}",
        "activity": f"/servers/{pond}/activity",
        "console": f"/servers/{pond}/console",
        "files": f"/servers/{pond}/files",
        "file": f"/servers/{pond}/files/view?path=rules.txt",
        "file-change": f"/servers/{pond}/files/change?path=rules.txt",
        "snapshots": f"/servers/{pond}/snapshots",
        "restore": f"/servers/{pond}/snapshots/{snapshot}",
        "edit": f"/servers/{pond}/edit",
        "guild": f"/guilds/{GUILD}",
        "guild-activity": f"/guilds/{GUILD}/activity",
        "audit": f"/guilds/{GUILD}/audit",
        "account": "/account",
        "host": "/host",
        "problem": f"/servers/{NOWHERE}",
    }


async def test_everybody_can_use_every_page(house: House, face: Face, browser: Browser) -> None:
    if not AXE.exists():
        if os.environ.get("WEB_TOOLS") == "required":
            pytest.fail("CI needs axe (make web-tools)", pytrace=False)
        pytest.skip("axe is not here (make web-tools)")
    pond, den = await filled(house), await house.create("Den")
    await house.phase(den, "running")
    house.cluster.lose_node(den)
    await house.until(den, lambda row: row.problem is not None)
    context = await sit_down(browser, face, await face.session(CY, GUILD), color_scheme="light")
    stranger = await sit_down(browser, face, None, color_scheme="light")
    wrong: dict[str, Any] = {}
    for name, path in {"welcome": "/", **pages_of(pond)}.items():
        page = await opened(stranger if name == "welcome" else context, path)
        await expect(page.locator("h1")).to_be_visible()
        await page.evaluate(AXE.read_text())
        for scheme, (size, viewport) in itertools.product(("light", "dark"), SIZES.items()):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            await page.set_viewport_size(viewport)  # type: ignore[arg-type]
            if name.endswith("activity"):
                await expect(page.locator("#chart canvas")).to_be_visible()
            if PICTURES:
                await page.screenshot(path=Path(PICTURES) / f"{name}-{size}-{scheme}.png", full_page=True)
            said = await faults_of(page, whole=scheme == "light")
            width = await page.evaluate("document.documentElement.scrollWidth")
            said += [f"{width} wide"] if width > viewport["width"] else []
            if said:
                wrong[f"{name} {size} {scheme}"] = said
        if page.faults:  # type: ignore[attr-defined]
            wrong[name] = page.faults  # type: ignore[attr-defined]
        await page.close()
    await context.close()
    await stranger.close()
    assert wrong == {}, json.dumps(wrong, indent=1)


async def test_a_server_is_paused_and_resumed_by_keyboard(house: House, face: Face, browser: Browser) -> None:
    pond = await filled(house)
    context = await sit_down(browser, face, await face.session(ADA, GUILD), viewport=SIZES["360"])
    page = await opened(context, "/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    card = page.locator(f"#server-{pond}")
    await card.get_by_role("button", name="Pause").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#said")).to_contain_text("saves its world")
    await house.phase(pond, "paused")
    await page.reload()
    await expect(card).to_contain_text("Paused")
    await card.get_by_role("button", name="Resume").press("Enter")
    await expect(page.locator("#said")).to_contain_text("is waking up")
    await house.phase(pond, "running")
    await context.close()


async def test_what_is_refused_is_said_where_the_reader_is(house: House, face: Face, browser: Browser) -> None:
    pond = await filled(house)
    context = await sit_down(browser, face, await face.session(ADA, GUILD))
    page = await opened(context, f"/servers/{pond}")
    house.membership.gone.add(ADA.user)
    house.pass_time(timedelta(minutes=2))  # type: ignore[attr-defined]
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("alert")).to_contain_text("There is no such server here.")
    await context.close()


async def test_all_works_without_a_script(house: House, face: Face, browser: Browser) -> None:
    pond = await filled(house)
    context = await sit_down(browser, face, await face.session(ADA, GUILD), java_script_enabled=False)
    page = await opened(context, f"/servers/{pond}/activity")
    await expect(page.locator("img.picture")).to_be_visible()
    await page.goto(f"/servers/{pond}/console")
    await expect(page.locator("#log")).to_contain_text("<script>alert(1)</script>")
    await page.goto(f"/servers/{pond}")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.locator("#said")).to_contain_text("Done: Pause.")
    await context.close()


async def test_an_edit_of_somebody_else_is_not_overwritten(house: House, face: Face, browser: Browser) -> None:
    pond = await filled(house)
    context = await sit_down(browser, face, await face.session(ADA, GUILD))
    page = await opened(context, f"/servers/{pond}/edit")
    await house.servers.editing.edit(CY, pond, {"description": "of Cy"})
    await page.get_by_label("Description").fill("of Ada")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("was changed while this form was open")
    await expect(page.get_by_label("Description")).to_have_value("of Ada")
    assert (await house.row(pond)).description == "of Cy"
    await context.close()


async def test_what_changes_is_there_without_a_look(house: House, face: Face, browser: Browser) -> None:
    pond = await filled(house)
    context = await sit_down(browser, face, await face.session(ADA, GUILD))
    page = await opened(context, "/")
    async with page.expect_response(lambda got: got.url.endswith("/api/v1/live")):
        await page.reload()
    await page.evaluate("window.same = true")
    await house.servers.power.pause(CY, pond)
    await expect(page.locator(f"#server-{pond}")).to_contain_text("Paus")
    await house.phase(pond, "paused")
    await expect(page.locator(f"#server-{pond}")).to_contain_text("Paused")
    await expect(page.locator("#announce")).to_contain_text("Pond: ")
    assert await page.evaluate("window.same"), "the page was not loaded anew"
    await context.close()


async def test_the_log_comes_as_it_is_written(house: House, face: Face, browser: Browser) -> None:
    pond = await filled(house)
    context = await sit_down(browser, face, await face.session(ADA, GUILD))
    page = await opened(context, f"/servers/{pond}/console")
    async with page.expect_response(lambda got: got.url.endswith("/log")):
        await page.reload()
    await expect(page.locator("#log")).to_contain_text("Bo joined the game")
    house.cluster.say(pond, "[12:00:09] <img src=x> Bo left the game")
    await expect(page.locator("#log")).to_contain_text("[12:00:09] <img src=x> Bo left the game")
    assert page.faults == []  # type: ignore[attr-defined]
    await context.close()


async def test_a_file_is_sent_by_the_form(house: House, face: Face, browser: Browser, tmp_path: Path) -> None:
    pond = await filled(house)
    (tmp_path / "law.txt").write_text("be very kind\n")
    context = await sit_down(browser, face, await face.session(ADA, GUILD), viewport=SIZES["360"])
    page = await opened(context, f"/servers/{pond}/files")
    await page.locator("summary", has_text="Upload").click()
    await page.locator("input[type=file]").set_input_files(tmp_path / "law.txt")
    await page.get_by_role("button", name="Upload").click()
    await expect(page.get_by_role("link", name="law.txt", exact=True)).to_be_visible()
    assert (house.cluster.world(pond) / "law.txt").read_text() == "be very kind\n"
    await context.close()


async def test_a_world_goes_back_after_a_question(house: House, face: Face, browser: Browser) -> None:
    pond = await filled(house)
    context = await sit_down(browser, face, await face.session(ADA, GUILD))
    page = await opened(context, f"/servers/{pond}/snapshots")
    await page.locator("td a").first.click()
    await expect(page.locator("h1")).to_be_visible()
    assert (await house.row(pond)).desired == "running", "nothing is done before the answer"
    await page.get_by_role("button", name="Restore").click()
    await expect(page.locator("#said")).not_to_be_empty()
    assert "restore" in {each.kind for each in await house.events(pond)}
    await context.close()


async def test_a_licence_is_asked_about_before_a_server_wakes(house: House, face: Face, browser: Browser) -> None:
    pond = await filled(house)
    await house.servers.power.pause(ADA, pond)
    await house.phase(pond, "paused")
    license_meadow(house.core)
    context = await sit_down(browser, face, await face.session(ADA, GUILD))
    page = await opened(context, "/")
    await page.locator(f"#server-{pond}").get_by_role("button", name="Resume").click()
    await expect(page.get_by_role("link", name="Meadow Licence")).to_be_visible()
    assert (await house.row(pond)).desired == "paused"
    await page.get_by_role("button", name="Accept").click()
    await expect(page.locator("#said")).to_contain_text("Done: Resume.")
    assert (await house.row(pond)).desired == "running"
    await context.close()
