"""Killing the shipped bot at its n-th commit, or its n-th request to Discord, while something is done; and what has to
be so after it was started again."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reading import texts
from shipped import Shipped, has, shipped

from bot.demo.guild.cast import CHAT

KILLABLE = Path(__file__).parent / "killable.py"
WHERE = ("commit before", "commit after", "request before", "request after")
WITHIN = 40.0  # seconds in which all has to be as it should
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


async def check(house: Shipped) -> None:
    """One card, one message of what happened, and as many games as are wanted."""
    cards = await house.cards()
    assert len(cards) == 1, "one card a server"
    said = [texts(m["components"]) for m in await house.messages() if not m.get("ephemeral_for")]
    notices = [text for text in said if "### Pond" not in text]
    for kind in ("was paused by", "was deleted by"):
        assert sum(kind in text for text in notices) <= 1 + sum("resumed" in text for text in notices), said
    assert sum("offers you" in text for text in notices) <= 1, said
    assert games(house) == (1 if has(cards[0], "Running") else 0), "as many games as are wanted"


@dataclass(frozen=True)
class Action:
    act: Act
    after: Act
    """Comes back once all is as it has to be."""
    before: Act | None = None
    """Makes all as it has to be before."""
    again: Act | None = None
    """What people do who saw no answer."""
    check: Act = check
    once: tuple[str, ...] = ()
    """Kinds of events of which there is exactly one, however it came to be."""
    says: str = ""
    """Words of the one message of it."""
    can_be_undone: bool = True
    """So one bot serves many deaths."""
    hasty: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    games: Callable[[Path], None] | None = None
    """Writes the files of games of the operator's own into a folder."""


class Deaths:
    """One action, and deaths of one kind while it is done."""

    def __init__(self, action: Action, where: str, folder: Path) -> None:
        self.action, self.where, self.folder = action, where, folder
        self._worlds = contextlib.AsyncExitStack()
        self._number = 0
        self._fuse: Fuse | None = None
        self._event = self._said = 0

    async def __aenter__(self) -> Deaths:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._worlds.aclose()

    async def points(self) -> int:
        """At how many the bot can die; 0 where it asks Discord for nothing meanwhile."""
        fuse = await self._ready()
        assert not await self._dies(fuse, 0)
        await self.action.after(fuse.house)
        await self._check(fuse.house)
        return fuse.passed

    async def at(self, n: int) -> bool:
        """Die there, and converge. False: the action was done before it came to that."""
        fuse = await self._ready()
        if not await self._dies(fuse, n):
            return False
        house = fuse.house
        await house.start()
        if self.action.again is not None:
            await self.action.again(house)
        await self.action.after(house)
        await self._check(house)
        return True

    async def _ready(self) -> Fuse:
        """In a bot whose server is as it has to be before the action."""
        if self._fuse is None or not self.action.can_be_undone or len(await self._fuse.house.messages("Cy")) > 30:
            await self._worlds.aclose()
            folder = self.folder / str(self._number)
            folder.mkdir()
            self._number += 1
            settings = {"IDLE_AFTER": "3600"} | self.action.settings
            if self.action.games is not None:
                settings["GAMES_DIR"] = str(folder / "games")
                (folder / "games").mkdir()
                self.action.games(folder)
            command = [sys.executable, str(KILLABLE), str(folder / "fuse"), *["hasty"] * self.action.hasty]
            self._fuse = Fuse(
                await self._worlds.enter_async_context(shipped(folder, command=command, **settings)), self.where
            )
        house = self._fuse.house
        if self.action.before is not None:
            await self.action.before(house)
        self._event = (rows(house, "SELECT coalesce(max(id), 0) FROM events"))[0][0]
        self._said = await self._sayings(house)
        return self._fuse

    async def _dies(self, fuse: Fuse, n: int) -> bool:
        await fuse.light(n)
        acting = asyncio.create_task(attempt(self.action.act, fuse.house) if n else self.action.act(fuse.house))
        died = await wait_for_death(fuse.house, acting, self.action.after)
        await fuse.put_out()
        return died

    async def _check(self, house: Shipped) -> None:
        query = "SELECT kind, count(*) FROM events WHERE id > ? GROUP BY kind"
        found = dict(rows(house, query, self._event))
        assert {kind: found.get(kind, 0) for kind in self.action.once} == dict.fromkeys(self.action.once, 1), found
        if self.action.says:
            async with asyncio.timeout(WITHIN):
                while await self._sayings(house) != self._said + 1:
                    await asyncio.sleep(0.1)
        await self.action.check(house)

    async def _sayings(self, house: Shipped) -> int:
        if not self.action.says:
            return 0
        return sum(has(m, self.action.says) for m in await house.messages("Cy") if not m.get("ephemeral_for"))


async def attempt(act: Act, house: Shipped) -> None:
    try:
        await act(house)
    except Exception:
        return


def tries(act: Act) -> Act:
    """The same, whatever becomes of it."""
    return lambda house: attempt(act, house)


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
    [_, went] = await asyncio.gather(dead, lives, return_exceptions=True)
    died = house.process.returncode is not None
    if not died and isinstance(went, Exception):
        raise went
    return died


# what there is


def rows(house: Shipped, query: str, *values: Any) -> list[Any]:
    """Of the bot's database, whether it runs or not."""
    with contextlib.closing(sqlite3.connect(house.folder / "bot" / "dormouse.db", timeout=20)) as connection:
        return connection.execute(query, values).fetchall()


async def until_row(house: Shipped, query: str, expected: Sequence[Any]) -> None:
    """The first row of a query says so."""
    async with asyncio.timeout(WITHIN):
        while (found := rows(house, query)[:1]) != [tuple(expected)]:
            try:
                await asyncio.sleep(0.1)
            except asyncio.CancelledError:
                print(f"{query} says {found}, not {expected}")
                raise


def games(house: Shipped) -> int:
    """Game servers that there are."""
    return len(list((house.folder / "bot" / "servers").glob("*/pod/pod.json")))


async def running(house: Shipped) -> None:
    await house.message("### Pond", "Running", within=WITHIN)


async def paused(house: Shipped) -> None:
    await house.message("### Pond", "Paused", within=WITHIN)


async def fetch(house: Shipped, message: str, who: str = "Ada") -> dict[str, Any] | None:
    return next((each for each in await house.messages(who) if each["id"] == message), None)


# what people do


async def ask(house: Shipped, command: str, who: str = "Ada", **options: Any) -> dict[str, Any]:
    return await house.people[who].slash(CHAT, command, **options)


async def page_of(house: Shipped, command: str, who: str = "Ada", **options: Any) -> dict[str, Any]:
    """The whole answer to a command. Everything that is asked of a bot that runs has one."""
    answer = await ask(house, command, who, **options)
    assert "message" in answer, f"/{command} was not answered: {answer}\n{house.log[-3000:]}"
    number = answer["message"]["id"]
    try:
        found: list[dict[str, Any]] = await house.until(
            lambda all: [m for m in all if m["id"] == number and not m.get("thinking")], who, within=20
        )
    except TimeoutError as never:
        raise AssertionError(f"/{command} was acknowledged, and never answered\n{house.log[-3000:]}") from never
    return found[0]


async def create(house: Shipped) -> None:
    await ask(house, "server create", game="meadow", name="Pond")


async def pause(house: Shipped) -> None:
    await ask(house, "server pause", server="Pond")


async def resume(house: Shipped) -> None:
    await ask(house, "server resume", server="Pond")


async def is_running(house: Shipped) -> None:
    """Whatever was before, Pond is there and runs."""
    if not rows(house, "SELECT 1 FROM servers"):
        await create(house)
    elif rows(house, "SELECT desired FROM servers") != [("running",)]:
        await resume(house)
    await running(house)


async def is_paused(house: Shipped) -> None:
    await is_running(house)
    await pause(house)
    await paused(house)
