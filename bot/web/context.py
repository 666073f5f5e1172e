"""What every route needs, in one place: a route finds it by `web_of(request)`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import Request

from bot.settings import Settings
from bot.web.jobs import Jobs
from bot.web.places import DOWNLOADS, STREAMS, UPLOADS, Places
from core.assemble import Core
from core.guilds.pace import Pace
from core.worlds.store.folder import FolderStore

OPEN_BURST, OPEN_EVERY = 1000, 0.25
"""Requests of one address for what is open to everybody, and seconds for each after that. Behind a proxy everybody has
the same, so it is a lot: 300 people who sign in at once. It begins at most 3,400 sign-ins in the 10 minutes that one
lasts, of the 20,000 that may be on their way (core.accounts.flows)."""

Served = Callable[[str, int, float], None]
"""Told of a request: its route's operation id, its status, and the seconds until the answer began. Must not raise."""


@dataclass(frozen=True, slots=True)
class Web:
    """`links`: the store that downloads are served from, where it is a folder. `served` is told of each request
    (guard.py). `pace`: how fast each caller may ask of this process; `strangers`: how often somebody may fail to prove
    who they are, by address; `open`: how often an address may ask for what is open to everybody. `guild_name`: as
    Discord told. `lacks`: what is between this process and Discord, in English, empty where all is well; None where it
    has no line to Discord."""

    core: Core
    settings: Settings
    links: FolderStore | None = None
    served: Served = lambda *_: None
    pace: Pace = field(default_factory=Pace)
    streams: Places = field(default_factory=lambda: Places("web.streams", "web.streams_full", *STREAMS))
    downloads: Places = field(default_factory=lambda: Places("web.downloads", "web.downloads_full", *DOWNLOADS))
    uploads: Places = field(default_factory=lambda: Places("web.uploads", "web.uploads_full", *UPLOADS))
    strangers: Pace = field(default_factory=Pace)
    open: Pace = field(default_factory=lambda: Pace(burst=OPEN_BURST, every=OPEN_EVERY))
    jobs: Jobs = field(default_factory=Jobs)
    guild_name: Callable[[int], str | None] = lambda _: None
    lacks: Callable[[], str | None] = lambda: None

    def stop(self) -> None:
        """The process ends: so do streams, which would go on for ever."""
        self.core.feed.close()
        self.core.live.close()

    @property
    def public_url(self) -> str:
        """Where people reach the face, without a slash at its end; empty where nobody said."""
        return (self.settings.public_url or "").rstrip("/")


def web_of(request: Request) -> Web:
    found: Web = request.app.state.web
    return found
