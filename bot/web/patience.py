"""What takes longer than other answers says so: the limit of guard.py is lifted for its route."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, Request

from bot.web.guard import PATIENT

MINUTES = 600.0
"""Seconds for what waits for a snapshot, or for the agent of a server that is paused."""
AN_HOUR = 4200.0
"""Seconds for a file that comes in (core.servers.files gives it an hour), and takes its place then."""


def patient(seconds: float) -> Any:
    """Among a route's `dependencies`."""

    async def lift(request: Request) -> None:
        if (given := getattr(request.state, PATIENT, None)) is not None:
            given(seconds)

    return Depends(lift)
