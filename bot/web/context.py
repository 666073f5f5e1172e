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

Served = Callable[[str, int, float], None]
"""Told of a request: its route's operation id, its status, and the seconds until the answer began. Must not raise."""


@dataclass(frozen=True, slots=True)
class Web:
    """`links`: the store that downloads are served from, where it is a folder. `served` is told of each request
    (guard.py). `pace`: how fast each caller may ask of this process; `strangers`: how often somebody may fail to prove
    who they are, by address. `guild_name`: as Discord told."""

    core: Core
    settings: Settings
    links: FolderStore | None = None
    served: Served = lambda *_: None
    pace: Pace = field(default_factory=Pace)
    streams: Places = field(default_factory=lambda: Places("web.streams", "web.streams_full", *STREAMS))
    downloads: Places = field(default_factory=lambda: Places("web.downloads", "web.downloads_full", *DOWNLOADS))
    uploads: Places = field(default_factory=lambda: Places("web.uploads", "web.uploads_full", *UPLOADS))
    strangers: Pace = field(default_factory=Pace)
    jobs: Jobs = field(default_factory=Jobs)
    guild_name: Callable[[int], str | None] = lambda _: None

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
