"""The shipped bot with its worlds on a B2 on loopback: what is done there, typed there, and looked up in the bucket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import warm
from b2server import B2Server, Key
from reading import server_of, texts
from shipped import Shipped, shipped

from bot.demo.guild.cast import CHAT
from core.worlds.store import Store, open_store

HERE = Path(__file__).parent
BUCKET, PREFIX = "dormouse-worlds", "den/"
NEEDED = ("listBuckets", "listFiles", "readFiles", "writeFiles", "shareFiles")
LONG = 150.0
"""Seconds that a member may wait for words while the store is given every chance."""


class OnB2:
    """A bot, and the B2 that it uses. `store` is the bot's own view of the bucket."""

    def __init__(self, house: Shipped, b2: B2Server, key: Key) -> None:
        self.house = house
        self.b2 = b2
        self.key = key
        self.environ = store_settings(b2, key)
        self.store: Store = open_store(self.environ["DORMOUSE_STORE"], self.environ)

    def world(self, server: str, volume: int = 1) -> Path:
        return self.house.folder / "bot" / "servers" / server / "volumes" / str(volume) / "data"

    async def create(self, castle: str = "tall") -> str:
        """Pond, running, with a castle in it; its id."""
        server = server_of(await self.house.create())
        (self.world(server) / "castle").write_text(castle)
        return server

    async def ask(self, command: str, *, who: str = "Ada", **options: Any) -> str:
        """All that the member reads in answer to a command, once it is there."""
        answer = await self.house.people[who].slash(CHAT, command, **options)
        number = answer["message"]["id"]
        return str(
            await self.house.until(
                lambda found: next((m["content"] + texts(m["components"]) for m in found if m["id"] == number), None),
                who,
                LONG,
            )
        )

    async def card(self, *words: str) -> dict[str, Any]:
        """Pond's card, once it has these words."""
        return await self.house.message("### Pond", *words, within=LONG)

    async def pause(self) -> None:
        await self.ask("server pause", server="Pond")
        await self.card("Paused")

    async def resume(self) -> None:
        await self.ask("server resume", server="Pond")
        await self.card("Running")

    async def saved(self) -> None:
        said = await self.ask("world snapshot", server="Pond", note="by hand")
        assert "is saved" in said, said


@contextlib.asynccontextmanager
async def on_b2(
    folder: Path, *, hurried: float | None = None, only_late: bool = False, **settings: str
) -> AsyncIterator[OnB2]:
    """A started bot; `hurried`: what it does by the hour it does each so many seconds (`only_late`: hurried.run). No
    secret is in its log."""
    with B2Server() as b2:
        b2.account.add_bucket(BUCKET)
        key = b2.account.add_key(NEEDED, bucket=BUCKET, prefix=PREFIX)
        hurry = f"import hurried; hurried.run({hurried}, only_late={only_late})"
        start = f"import sys; sys.path.insert(0, {str(HERE)!r}); {hurry}"
        command = None if hurried is None else [sys.executable, "-c", start]
        told = {name.removeprefix("DORMOUSE_"): value for name, value in store_settings(b2, key).items()}
        told |= {"IDLE_AFTER": "0", "SNAPSHOT_EVERY": "600"} | settings
        async with shipped(folder, command=command, **told) as house:
            yield OnB2(house, b2, key)
        assert key.secret not in house.log


def store_settings(b2: B2Server, key: Key) -> dict[str, str]:
    names = {"STORE": f"b2:{BUCKET}/{PREFIX}", "B2_KEY_ID": key.id, "B2_KEY": key.secret, "B2_REALM": b2.url}
    return {f"DORMOUSE_{name}": value for name, value in names.items()}


def measured() -> dict[str, str]:
    """So that coverage sees a process that is started with an environment of its own."""
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


async def dormouse(*arguments: str, environ: Mapping[str, str]) -> tuple[int, str]:
    """`dormouse …` at a shell that has these variables and no others; its exit code and all it says."""
    command, has = [sys.executable, "-m", "bot", *arguments], {"PATH": os.environ["PATH"], **measured(), **environ}
    with tempfile.TemporaryFile() as output:
        code = await asyncio.wait_for(warm.start(command, has, output.fileno()).wait(), 60)
        output.seek(0)
        return code, output.read().decode()
