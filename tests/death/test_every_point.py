"""Death at every point: the bot is killed at its n-th commit, or at its n-th request to Discord, for every n.

After each death it is started again and has to converge: one effect, one card, one message an episode, and the games
as many as are wanted.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from reading import texts
from sampling import ALL, sample
from shipped import Shipped, has, shipped

from bot.demo.guild.cast import BO, CHAT

pytestmark = [pytest.mark.deep, pytest.mark.process, pytest.mark.timeout(3600 if ALL else 600)]
KILLABLE = Path(__file__).parents[1] / "support" / "killable.py"
DEATHS = 3  # of each action, each way; `make soak` dies at every point
SMALL_ONES = 2  # of these, with one way to die
Act = Callable[[Shipped], Awaitable[None]]


class Fuse:
    """Kills the bot at a point, and counts those that were passed since it was lit."""

    def __init__(self, house: Shipped, where: str) -> None:
        self.house = house
        self.what, _, self.when = where.partition(" ")
        self.file = house.folder / "fuse"
        self.last = self.passed = 0
        getattr(house.guild, self.when).append(self._request)

    async def light(self, n: int) -> None:
        """0: it only counts."""
        self.last, self.passed = n, 0
        if self.what == "commit":
            await self._tell(f"{self.when} {n}")

    async def put_out(self) -> None:
        self.last = 0
        if self.what == "commit" and not self.burnt:
            self.passed = await self._tell("")

    @property
    def burnt(self) -> bool:
        return self.house.process is not None and self.house.process.returncode is not None

    async def _tell(self, text: str) -> int:
        lit = self.file.with_suffix(".lit")
        lit.unlink(missing_ok=True)
        self.file.write_text(text)
        assert self.house.process is not None
        self.house.process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(10):
            while not lit.exists() and not self.burnt:
                await asyncio.sleep(0.01)
        return int(lit.read_text()) if lit.exists() else 0

    async def _request(self, *_: Any) -> None:
        if self.what != "request":
            return
        self.passed += 1
        if self.passed == self.last and not self.burnt:
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


async def transfer(house: Shipped) -> None:
    await ask(house, "server transfer", server="Pond", to=BO)


async def offered(house: Shipped) -> None:
    await house.message("offers you", "Pond", within=40)
    await running(house)


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
    "transfer": (running, transfer, offered),
    "delete": (running, delete, deleted),
}


class Small:
    """What is said at once and starts nothing: each time with another number, so that it always changes something."""

    def __init__(
        self, who: str, command: str, given: Callable[[int], dict[str, Any]], shows: str, says: Callable[[int], str]
    ) -> None:
        self.who, self.command, self.given, self.shows, self.says = who, command, given, shows, says
        self.number = 0

    async def act(self, house: Shipped) -> None:
        await house.people[self.who].slash(CHAT, self.command, **self.given(self.number))

    async def after(self, house: Shipped) -> None:
        """What is kept says so, once."""
        async with asyncio.timeout(40):
            while (await self._page(house)).count(self.says(self.number)) != 1:
                await asyncio.sleep(1)  # who asks too fast is refused

    async def _page(self, house: Shipped) -> str:
        options = {"server": "Pond"} if self.shows.startswith("server") else {}
        answer = await house.people[self.who].slash(CHAT, self.shows, **options)
        number = answer["message"]["id"]
        found = await house.until(lambda all: [m for m in all if m["id"] == number and not m.get("thinking")], self.who)
        return texts(found[0]["components"])


SMALL: dict[str, Small] = {
    "setup": Small(
        "Cy",
        "guild setup",
        lambda number: {"time_zone": ("Europe/Berlin", "Asia/Tokyo")[number % 2]},
        "guild setup",
        lambda number: ("Europe/Berlin", "Asia/Tokyo")[number % 2],
    ),
    "keep": Small(
        "Ada", "server keep", lambda n: {"server": "Pond", "hours": 1 + n}, "server show", lambda n: "Kept awake by"
    ),
    "account": Small(
        "Ada",
        "account edit",
        lambda number: {"time_zone": ("Europe/Berlin", "Asia/Tokyo")[number % 2]},
        "account show",
        lambda number: ("Europe/Berlin", "Asia/Tokyo")[number % 2],
    ),
}
ACTIONS |= {name: (running, small.act, small.after) for name, small in SMALL.items()}
WHERE = ("commit before", "commit after", "request before", "request after")
TO: dict[Act, Act] = {running: resume, paused: pause}


async def bring(house: Shipped, state: Act | None) -> None:
    """The server as it has to be before the action."""
    if not await house.cards():
        await create(house)
        await running(house)
    if state is not None:
        await TO[state](house)
        await state(house)


class Deaths:
    """One action, and deaths of one kind while it is done. One bot serves many, unless the action cannot be undone."""

    def __init__(self, action: str, where: str, folder: Path) -> None:
        self.action, self.where, self.folder = action, where, folder
        self.before, self.act, self.after = ACTIONS[action]
        self._worlds = contextlib.AsyncExitStack()
        self._number = 0
        self._fuse: Fuse | None = None

    async def __aenter__(self) -> Deaths:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._worlds.aclose()

    async def points(self) -> int:
        """At how many the bot can die."""
        fuse = await self._ready()
        assert not await self._dies(fuse, 0)
        assert fuse.passed, "there was no point at all"
        await check(fuse.house)
        return fuse.passed

    async def at(self, n: int) -> bool:
        """Die there, and converge. False: the action was done before it came to that."""
        fuse = await self._ready()
        if not await self._dies(fuse, n):
            return False
        house = fuse.house
        await house.start()
        if self.action == "create" and not await asked_again(house):
            await create(house)
        elif self.action in SMALL or self.action in ("pause", "resume", "transfer", "delete"):
            await attempt(self.act, house)  # idempotent: whoever saw no answer asks again
        await self.after(house)
        await check(house)
        return True

    async def _ready(self) -> Fuse:
        """In a bot whose server is as it has to be before the action."""
        if self._fuse is None or await self._used(self._fuse.house):
            await self._worlds.aclose()
            folder = self.folder / str(self._number)
            folder.mkdir()
            self._number += 1
            command = [sys.executable, str(KILLABLE), str(folder / "fuse")]
            house = await self._worlds.enter_async_context(shipped(folder, command=command, IDLE_AFTER="3600"))
            self._fuse = Fuse(house, self.where)
        if self.action in SMALL:
            SMALL[self.action].number += 1
        if self.before is not None:
            await bring(self._fuse.house, self.before)
        return self._fuse

    async def _used(self, house: Shipped) -> bool:
        return self.action in ("create", "transfer", "delete") or len(await house.messages()) > 60

    async def _dies(self, fuse: Fuse, n: int) -> bool:
        await fuse.light(n)
        died = await wait_for_death(fuse.house, asyncio.create_task(attempt(self.act, fuse.house)), self.after)
        await fuse.put_out()
        return died


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("action", [action for action in ACTIONS if action not in SMALL])
async def test_it_converges_wherever_it_was_killed(action: str, where: str, tmp_path: Path) -> None:
    async with Deaths(action, where, tmp_path) as deaths:
        points = await deaths.points()
        died = [await deaths.at(n) for n in sample(range(1, points + 1), DEATHS, f"{action} {where}")]
        assert any(died)
        while ALL and await deaths.at(points := points + 1):
            pass  # it was counted once, and there is not always the same number of points


@pytest.mark.parametrize(
    ("action", "where"), sample([(action, where) for action in SMALL for where in WHERE], SMALL_ONES, "small")
)
async def test_what_is_said_at_once_is_kept_once_wherever_it_was_killed(
    action: str, where: str, tmp_path: Path
) -> None:
    async with Deaths(action, where, tmp_path) as deaths:
        points = await deaths.points()
        for n in sample(range(1, points + 1), 2, f"{action} {where}"):
            await deaths.at(n)


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
    assert sum("offers you" in text for text in notices) <= 1, said
    games = list((house.folder / "bot" / "servers").glob("*/pod/pod.json"))
    wanted = 1 if has(cards[0], "Running") else 0
    assert len(games) == wanted, "as many games as are wanted"
