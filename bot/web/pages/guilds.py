"""A guild: its servers and how they are; for its admins, its rules, limits and games, and who did what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from bot.web.api.models import Snowflake
from bot.web.callers import actor_in
from bot.web.context import web_of
from bot.web.pages.cards import card, people_in
from bot.web.pages.forms import Sent
from bot.web.pages.render import Viewing, marks_of, render
from bot.web.problems import language_of
from core.errors import BadInput, NotAllowed
from core.guilds.settings import MOST_ELSEWHERE, GuildView
from core.servers.audit import KINDS, Asked
from core.servers.audit_text import people_named, what
from core.text import languages, name_of
from core.words import GuildSetting
from core.zones import COMMON_ZONES

router = APIRouter(include_in_schema=False)

Guild = Annotated[Snowflake, Path()]
MOST_ENTRIES = 25
"""Of the audit, on one page."""
_MINUTES = (GuildSetting.IDLE_AFTER, GuildSetting.IDLE_WARN)


@router.get("/guilds/{guild}", operation_id="page_guild")
async def page(request: Request, caller: Viewing, guild: Guild, done: bool = False) -> Response:
    web, language = web_of(request), language_of(request)
    actor = await actor_in(web, caller, int(guild))
    servers = await web.core.servers.lookup.list_with_rights(actor, mine=False)
    names = await web.core.servers.lookup.names(actor.guild, people_in(view for view, _ in servers))
    marks = marks_of(request, names)
    try:
        rules, limits = await web.core.guilds.look(actor), await web.core.quotas.status(actor)
        offers = await web.core.games.look(actor)
    except NotAllowed:  # members see the servers alone
        rules, limits, offers = None, None, []
    return render(
        request,
        "guild.html",
        caller,
        guild=guild,
        cards=[card(marks, view, rights) for view, rights in servers],
        rules=rules,
        limits=limits,
        offers=offers,
        zones=COMMON_ZONES,
        spoken=[(each, name_of(each, language)) for each in languages()],
        linkable=rules is not None and (bool(web.settings.link_url) or _asks_elsewhere(rules)),
        most_elsewhere=MOST_ELSEWHERE,
        done=done,
    )


@router.post("/guilds/{guild}/rules", operation_id="page_guild_rules")
async def save_rules(
    request: Request,
    caller: Sent,
    guild: Guild,
    language: Annotated[str, Form()] = "",
    time_zone: Annotated[str, Form()] = "",
    names: Annotated[bool, Form()] = False,
    idle_after: Annotated[str, Form()] = "",
    idle_warn: Annotated[str, Form()] = "",
) -> Response:
    """Minutes that are empty: the host's."""
    web = web_of(request)
    actor = await actor_in(web, caller, int(guild))
    changes: dict[str, int | str | bool | None] = {
        GuildSetting.LANGUAGE: language or None,
        GuildSetting.TIME_ZONE: time_zone.strip() or None,
        GuildSetting.NAMES: names,
    }
    for key, typed in zip(_MINUTES, (idle_after, idle_warn), strict=True):
        minutes = _number(typed)
        changes[key] = None if minutes is None else minutes * 60
    await web.core.guilds.setup(actor, changes)
    return RedirectResponse(f"/guilds/{guild}?done=1", 303)


@router.post("/guilds/{guild}/organisation", operation_id="page_guild_organisation")
async def save_organisation(
    request: Request,
    caller: Sent,
    guild: Guild,
    link_to_create: Annotated[bool, Form()] = False,
    entra_admin: Annotated[str, Form()] = "",
    entra_create: Annotated[str, Form()] = "",
) -> Response:
    web = web_of(request)
    changes: dict[str, int | str | bool | Sequence[str] | None] = {
        GuildSetting.LINK_TO_CREATE: link_to_create,
        GuildSetting.ENTRA_ADMIN: entra_admin,
        GuildSetting.ENTRA_CREATE: entra_create,
    }
    await web.core.guilds.setup(await actor_in(web, caller, int(guild)), changes)
    return RedirectResponse(f"/guilds/{guild}?done=1", 303)


@router.post("/guilds/{guild}/limits", operation_id="page_guild_limits")
async def save_limits(
    request: Request,
    caller: Sent,
    guild: Guild,
    per_member: Annotated[str, Form()] = "",
    servers: Annotated[str, Form()] = "",
    memory: Annotated[str, Form()] = "",
) -> Response:
    """What is empty stays as it is; memory in MiB, 0: no limit."""
    web = web_of(request)
    actor = await actor_in(web, caller, int(guild))
    typed = {GuildSetting.PER_MEMBER: per_member, GuildSetting.SERVERS: servers, GuildSetting.MEMORY: memory}
    numbers = {key: _number(value) for key, value in typed.items()}
    await web.core.quotas.set(actor, {key: value for key, value in numbers.items() if value is not None})
    return RedirectResponse(f"/guilds/{guild}?done=1", 303)


@router.post("/guilds/{guild}/games", operation_id="page_guild_games")
async def offer_game(
    request: Request,
    caller: Sent,
    guild: Guild,
    game: Annotated[str, Form(max_length=60)],
    offered: Annotated[bool, Form()] = False,
) -> Response:
    web = web_of(request)
    await web.core.games.offer(await actor_in(web, caller, int(guild)), game, offered=offered)
    return RedirectResponse(f"/guilds/{guild}?done=1#games", 303)


@router.get("/guilds/{guild}/audit", operation_id="page_audit")
async def audit(
    request: Request,
    caller: Viewing,
    guild: Guild,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    kind: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    web = web_of(request)
    asked = Asked(kind=kind if kind in KINDS else None, before=before)
    found = await web.core.audit.read(await actor_in(web, caller, int(guild)), asked, most=MOST_ENTRIES)
    marks = marks_of(request, await web.core.servers.lookup.names(int(guild), people_named(found.entries)))
    return render(
        request,
        "audit.html",
        caller,
        guild=guild,
        found=found,
        entries=[(entry, marks.html(what(entry, marks.language, marks))) for entry in found.entries],
        kinds=list(KINDS),
        kind=asked.kind or "",
    )


def _asks_elsewhere(rules: GuildView) -> bool:
    """Also where nobody can be linked any more: else it could not be taken back."""
    return rules.link_to_create or bool(rules.entra_admin or rules.entra_create)


def _number(typed: str) -> int | None:
    """None where nothing was typed."""
    typed = typed.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) < 8):
        raise BadInput("command.value")
    return int(typed)
