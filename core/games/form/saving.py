"""How a game ends, and how its world is saved while it runs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.games.form.model import Model


class Stop(Model):
    signal: Literal["SIGTERM", "SIGINT"] = "SIGTERM"
    console: str = ""  # sent first where the signal alone does not save
    command: tuple[str, ...] = ()  # run first beside the game, in its container; it may name no secret
    grace: int = Field(30, ge=1, le=600)  # seconds until SIGKILL


class Save(Model):
    """Console lines that quiet the world for a copy; `include`/`exclude` are globs below the data folder."""

    off: str = ""
    flush: str = ""
    on: str = ""
    done: str = ""  # a regular expression: the line that says that `flush` is over; empty: its answer does
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
