"""Draws the picture of an answer beside the event loop, in a child.

Where resvg is not there (there is no wheel of it for this machine), or something goes wrong, there is no picture: the
text says the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile

import structlog

from core.activity.chart import svg
from core.activity.draw import NOT_THERE
from core.activity.report import Report
from core.children import Program, command, minimal_env

log = structlog.get_logger()
AT_ONCE = 2
WITHIN = 20.0  # seconds; a picture takes a quarter of one
MOST = 8 * 2**20  # bytes: what every guild takes in a message


class Pictures:
    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._is_there = True

    async def draw(self, found: Report, language: str) -> bytes | None:
        """A PNG; None: there is none."""
        if not self._is_there:
            return None
        try:
            async with asyncio.timeout(WITHIN), self._turns:
                return await self._drawn(svg(found, language).encode())
        except (TimeoutError, OSError) as wrong:
            log.warning("picture not drawn", why=str(wrong) or "it took too long")
            return None

    async def _drawn(self, drawing: bytes) -> bytes | None:
        process = await asyncio.create_subprocess_exec(
            *command(Program.DRAW),
            env=minimal_env(tempfile.gettempdir(), python=True),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            picture, said = await process.communicate(drawing)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if process.returncode == NOT_THERE:
            self._is_there = False
            log.info("no pictures", why="resvg-py is not installed: it has no wheel for this machine")
        elif process.returncode or not 0 < len(picture) <= MOST:
            log.warning("picture not drawn", code=process.returncode, why=said.decode(errors="replace")[-500:])
        else:
            return picture
        return None
