"""Death at every point: the bot is killed at its n-th commit, or at its n-th request to Discord, for every n.

After each death it is started again and has to converge: one effect, one card, one message an episode, and the games
as many as are wanted.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from reading import texts
from shipped import Shipped, has, shipped

from bot.demo.guild.cast import CHAT

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]
KILLABLE = Path(__file__).parents[1] / "support" / "killable.py"
MOST = 60  # points of one action; it has fewer
STEP = 1 if os.environ.get("DEATHS") == "all" else 3  # CI tries every point, a contributor every third
Act = Callable[[Shipped], Awaitable[None]]


class Fuse:
    """Kills the bot at a point; `burnt` tells whether it came to that."""

    def __init__(self, house: Shipped, where: str) -> None:
        self.house, self.where = house, where
        self.file = house.folder / "fuse"
        self.left = 0
        house.guild.before.append(self._before)
        house.guild.after.append(self._after)

    async def light(self, n: int) -> None:
        what, _, when = self.where.partition(" ")
        if what == "request":
            self.left = n
            return
        await self._tell(f"{when} {n}")

    async def put_out(self) -> None:
        self.left = 0
        if self.where.startswith("commit") and not self.burnt:
            await self._tell("")

    @property
    def burnt(self) -> bool:
        return self.house.process is not None and self.house.process.returncode is not None

    async def _tell(self, text: str) -> None:
        lit = self.file.with_suffix(".lit")
        lit.unlink(missing_ok=True)
        self.file.write_text(text)
        assert self.house.process is not None
        self.house.process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(10):
            while not lit.exists() and not self.burnt:
                await asyncio.sleep(0.01)

    async def _before(self, request: web.Request) -> None:
        self._count("before")

    async def _after(self, request: web.Request, *_: Any) -> None:
        self._count("after")

    def _count(self, when: str) -> None:
        if self.where != f"request {when}" or self.left == 0:
            return
        self.left -= 1
        if self.left == 0 and not self.burnt:
            assert self.house.process is not None
            self.house.process.kill()


async def ask(house: Shipped, command: str, **options: str) -> dict[str, Any]:
    return await house.people["Ada"].slash(CHAT, command, **options)


async def create(house: Shipped) -> None:
    await ask(house, "server create", game="meadow", name="Pond")


async def pause(house: Shipped) -> None:
    await ask(house, "server pause", server="Pond")


async def resume(house: Shipped) -> None:
    await ask(house, "server resume", server="Pond")


async def restart(house: Shipped) -> None:
    await ask(house, "server restart", server="Pond")


async def delete(house: Shipped) -> None:
    asked = await ask(house, "server delete", server="Pond")
    if asked.get("modal"):
        await house.people["Ada"].submit(CHAT, asked["modal"], name="Pond")


async def edit(house: Shipped) -> None:
    shown = await ask(house, "server edit", server="Pond")
    page = shown.get("message")
    if page is None:
        return
    async with asyncio.timeout(5):
        while not texts((page := await fetch(house, page["id"]) or page)["components"]):
            await asyncio.sleep(0.05)
    opened = await house.press("Name and description", page)
    if opened.get("modal"):
        await house.people["Ada"].submit(CHAT, opened["modal"], name="Pond", description="A quiet place")


async def fetch(house: Shipped, message: str) -> dict[str, Any] | None:
    return next((each for each in await house.messages() if each["id"] == message), None)


async def running(house: Shipped) -> None:
    await house.message("### Pond", "Running", within=40)


async def paused(house: Shipped) -> None:
    await house.message("### Pond", "Paused", within=40)


async def deleted(house: Shipped) -> None:
    await house.message("### Pond", "Deleted", within=40)


ACTIONS: dict[str, tuple[Act | None, Act, Act]] = {  # what is before, the action, what has to be after
    "create": (None, create, running),
    "pause": (running, pause, paused),
    "resume": (paused, resume, running),
    "restart": (running, restart, running),
    "edit": (running, edit, running),
    "delete": (running, delete, deleted),
}
TO: dict[Act, Act] = {running: resume, paused: pause}


async def bring(house: Shipped, state: Act | None) -> None:
    """The server as it has to be before the action."""
    if not await house.cards():
        await create(house)
        await running(house)
    if state is not None:
        await TO[state](house)
        await state(house)


@pytest.mark.parametrize("where", ["commit before", "commit after", "request before", "request after"])
@pytest.mark.parametrize("action", ACTIONS)
async def test_it_converges_wherever_it_was_killed(action: str, where: str, tmp_path: Path) -> None:
    before, act, after = ACTIONS[action]
    n = 1 - STEP
    while n < MOST:
        folder = tmp_path / f"from{n}"
        folder.mkdir()
        # One world serves many deaths, unless the action cannot be undone.
        async with shipped(
            folder, command=[sys.executable, str(KILLABLE), str(folder / "fuse")], IDLE_AFTER="3600"
        ) as house:
            fuse = Fuse(house, where)
            while n < MOST:
                if before is not None:
                    await bring(house, before)
                n += STEP
                await fuse.light(n)
                acting = asyncio.create_task(attempt(act, house))
                died = await wait_for_death(house, acting, after)
                await fuse.put_out()
                if not died:
                    assert n > STEP, "there was no point at all"
                    return
                await house.start()
                if action == "create" and not await asked_again(house):
                    await create(house)
                elif action in ("pause", "resume", "delete"):
                    await attempt(act, house)  # idempotent: whoever saw no answer asks again
                await after(house)
                await check(house)
                if action in ("create", "delete") or len(await house.messages()) > 60:
                    break


async def attempt(act: Act, house: Shipped) -> None:
    try:
        await act(house)
    except Exception:
        return


async def wait_for_death(house: Shipped, acting: asyncio.Task[None], after: Act) -> bool:
    """True when it died; False when all was done and it lives."""

    async def done() -> None:
        await acting
        await after(house)

    assert house.process is not None
    dead, lives = asyncio.create_task(house.process.wait()), asyncio.create_task(done())
    await asyncio.wait([dead, lives], return_when=asyncio.FIRST_COMPLETED)
    if not dead.done():
        # What follows the last visible effect is a point too.
        await asyncio.wait([dead], timeout=1.0)
    for task in (dead, lives):
        task.cancel()
    await asyncio.gather(dead, lives, return_exceptions=True)
    return house.process.returncode is not None


async def asked_again(house: Shipped) -> bool:
    """Whether the first create was recorded before the death."""
    found = await house.people["Ada"].autocomplete(CHAT, "server show", "server", server="Pond")
    return bool(found)


async def check(house: Shipped) -> None:
    cards = await house.cards()
    assert len(cards) == 1, "one card a server"
    said = [texts(m["components"]) for m in await house.messages() if not m.get("ephemeral_for")]
    notices = [text for text in said if "### Pond" not in text]
    for kind in ("was paused by", "was deleted by"):
        assert sum(kind in text for text in notices) <= 1 + sum("resumed" in text for text in notices), said
    games = list((house.folder / "bot" / "servers").glob("*/pod/pod.json"))
    wanted = 1 if has(cards[0], "Running") else 0
    assert len(games) == wanted, "as many games as are wanted"
