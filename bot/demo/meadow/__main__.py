"""`python -m bot.demo.meadow`: loads the world, serves it until told to stop, and saves it.

Exit codes: 0 stopped and saved, 2 wrong settings, 3 damaged world (nothing written), 4 no access to folder or port, or
the last save failed.
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys

from .console import Console, listen
from .output import say
from .server import Server
from .settings import Settings, SettingsError, read
from .storage import WORLD_FILE, Keeper, load
from .world import DamagedWorldError

WRONG_SETTINGS = 2
DAMAGED_WORLD = 3
NO_ACCESS = 4


class RunningGame:
    """The game from its first save to its last: what the console commands (`console.Game`) and the signals act on."""

    def __init__(self, settings: Settings, server: Server, keeper: Keeper) -> None:
        self._settings = settings
        self._server = server
        self._keeper = keeper
        self._stopping = asyncio.Event()

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            port = await self._server.start()
        except OSError as error:
            say(f"Meadow cannot listen on {self._settings.host} port {self._settings.port}: {error.strerror}")
            return NO_ACCESS
        say(f"Meadow is ready on port {port}")
        listen(Console(self, self._settings.debug).run, loop)
        saving = asyncio.create_task(self._save_at_intervals())
        await self._stopping.wait()
        self._server.freeze()
        # Cancelled in the middle of a save, the task would let go of the lock while the thread still writes.
        await self._keeper.hold()
        saving.cancel()
        last_words = await self.save()
        await self._server.stop()
        say(f"Meadow stopped, {last_words}")
        return 0 if self._keeper.up_to_date else NO_ACCESS

    async def _save_at_intervals(self) -> None:
        while True:
            await asyncio.sleep(self._settings.save_every)
            try:
                await self._keeper.save_if_due()
            except OSError as error:
                say(_not_saved(error))

    def announce(self, text: str) -> None:
        self._server.announce(text)

    def players(self) -> str:
        crowd = self._server.crowd
        return f"{len(crowd)} of {crowd.maximum} players: {', '.join(crowd.names())}".rstrip(": ")

    def kick(self, name: str) -> str | None:
        return self._server.kick(name)

    async def save(self) -> str:
        try:
            saved = await self._keeper.save()
        except OSError as error:
            return _not_saved(error)
        return f"saved revision {saved.revision}"

    async def hold_saves(self) -> None:
        await self._keeper.hold()

    def release_saves(self) -> None:
        self._keeper.release()

    def stop(self) -> None:
        self._stopping.set()


def _not_saved(error: OSError) -> str:
    return f"not saved: {error.strerror}"


async def run(settings: Settings) -> int:
    try:
        world, saved = load(settings.data)
    except DamagedWorldError as error:
        say(f"Meadow will not start: {WORLD_FILE} is damaged ({error}). Nothing was changed.")
        return DAMAGED_WORLD
    except OSError as error:
        say(f"Meadow cannot use its folder {settings.data}: {error.strerror}")
        return NO_ACCESS
    keeper = Keeper(settings.data, world, saved)
    return await RunningGame(settings, Server(settings, world, keeper), keeper).run()


def main() -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        settings = read(os.environ)
    except SettingsError as error:
        say(f"Meadow cannot start: {error}")
        return WRONG_SETTINGS
    return asyncio.run(run(settings))


if __name__ == "__main__":
    sys.exit(main())
