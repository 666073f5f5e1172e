"""`dormouse check`: looks at the whole configuration and what is around it, and says all at once, in words, what is
wrong and how to mend it. It changes nothing, and no secret is in what it says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.check import containers, database, discord, folder, games, listening, scratch, sign_in, store
from bot.check.report import Report
from bot.settings import Settings, load
from core.errors import Misconfigured
from core.games.form.game import Game


async def check(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> Report:
    report = Report()
    try:
        settings, unknown = load(environ, env_file)
    except Misconfigured as wrong:
        return Report(wrong.lines)
    report.remarks.extend(f"{name} is set, but Dormouse does not know it." for name in unknown)
    await discord.check(settings, report)
    offered = games.check(settings, report)
    await containers.check(settings, offered, report)
    usable, running = folder.can_be_used(settings, report), folder.is_held(settings, report)
    if usable:
        scratch.check(settings, offered, report)
    given = await database.check(settings, report) if usable or settings.database_url else set()
    if usable or settings.store:
        await store.check(settings, report)
    if settings.cluster == "kubernetes":
        await _kubernetes(settings, offered, len(given), report)
    elif not running:  # its servers would be in the way of themselves
        listening.ports(settings, given, report)
    if not running:  # and so would its own ports
        listening.health(settings, report)
    listening.web(settings, report, running=running)
    sign_in.check(settings, report)
    return report


async def _kubernetes(settings: Settings, offered: tuple[Game, ...], given: int, report: Report) -> None:
    from bot.check import kubernetes  # its client costs 60 MiB

    await kubernetes.check(kubernetes.target_of(settings, offered, given, report), report)
