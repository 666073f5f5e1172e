"""All pages."""

from __future__ import annotations

from bot.web.pages import account, activity, console, edit, files, guilds, home, host, servers, snapshots, static

PAGES = tuple(
    part.router for part in (static, home, servers, activity, console, files, edit, snapshots, guilds, account, host)
)
