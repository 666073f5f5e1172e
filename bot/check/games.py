"""The part of `dormouse check` that reads the catalogue."""

from __future__ import annotations

from bot import from_settings
from bot.check.report import Report
from bot.settings import Settings
from core.errors import Misconfigured
from core.games.form.game import Game


def check(settings: Settings, report: Report) -> tuple[Game, ...]:
    try:
        games = tuple(from_settings.catalogue(settings))
    except Misconfigured as wrong:
        report.mistakes += wrong.lines
        return ()
    report.remarks.append(f"Games on offer: {', '.join(game.name for game in games)}.")
    return games
