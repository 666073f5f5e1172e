"""All pages."""

from __future__ import annotations

from bot.web.pages import account, activity, console, edit, guilds, home, host, servers, snapshots, static

PAGES = tuple(
    part.router for part in (static, home, servers, activity, console, edit, snapshots, guilds, account, host)
)
