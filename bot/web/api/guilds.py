"""A guild's rules, for its admins: settings, limits, games."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import Field

from bot.web.api.models import Body, Model, Page, Snowflake, Typed
from bot.web.api.targets import target_in
from bot.web.callers import Called, actor_in, actors_of
from bot.web.context import web_of
from core.guilds.games import Offer
from core.guilds.limits import Quota
from core.guilds.quotas import MOST_MEMORY, MOST_PER_MEMBER, Status
from core.guilds.settings import LONGEST_ELSEWHERE, MOST_ELSEWHERE, GuildView
from core.words import Phase, Sharer

router = APIRouter(prefix="/guilds", tags=["guilds"])

GuildId = Annotated[Snowflake, Path(description="The guild's id.", examples=["80351110224678912"])]
SnowflakeOrNone = Snowflake | None
Elsewhere = Annotated[
    list[Annotated[Typed, Field(min_length=1, max_length=LONGEST_ELSEWHERE)]],
    Field(max_length=MOST_ELSEWHERE, examples=[["Dormouse.Admins"]]),
]
MOST_BYTES = 2**50


class Guild(Model):
    id: Snowflake
    name: str | None
    """null: nobody here knows it."""


class GuildSettings(Model):
    """null: not set; Discord's or the host's default applies."""

    server_channel: SnowflakeOrNone
    """Where cards stand."""
    notice_channel: SnowflakeOrNone
    admin_role: SnowflakeOrNone
    create_role: SnowflakeOrNone
    """Who may make servers; null: everybody."""
    language: str | None
    time_zone: str | None
    names: bool
    """Whether players are named."""
    link_to_create: bool
    """Whether only those who linked an account at the OpenID provider make servers."""
    entra_admin: list[str]
    """The provider's app roles and groups that stand for admin."""
    entra_create: list[str]
    """Those whose people may make servers."""
    idle_after: int | None
    """Seconds that a server is empty before it pauses; 0: never."""
    idle_warn: int | None
    """Seconds before that."""

    @classmethod
    def of(cls, view: GuildView) -> GuildSettings:
        return cls(
            server_channel=_id(view.server_channel),
            notice_channel=_id(view.notice_channel),
            admin_role=_id(view.admin_role),
            create_role=_id(view.create_role),
            language=view.language,
            time_zone=view.time_zone,
            names=view.names,
            link_to_create=view.link_to_create,
            entra_admin=list(view.entra_admin),
            entra_create=list(view.entra_create),
            idle_after=view.idle_after,
            idle_warn=view.idle_warn,
        )


class GuildEdit(Body):
    """Only what is given changes; null unsets it."""

    server_channel: SnowflakeOrNone = None
    notice_channel: SnowflakeOrNone = None
    admin_role: SnowflakeOrNone = None
    create_role: SnowflakeOrNone = None
    language: Annotated[Typed, Field(examples=["de"])] | None = None
    time_zone: Annotated[Typed, Field(min_length=1, examples=["Europe/Berlin"])] | None = None
    names: bool | None = None
    link_to_create: bool | None = None
    entra_admin: Elsewhere | None = None
    """All of them, each by its name or as `TENANT/NAME`."""
    entra_create: Elsewhere | None = None
    idle_after: Annotated[int, Field(ge=0, le=86400)] | None = None
    idle_warn: Annotated[int, Field(ge=0, le=3600)] | None = None


class Limits(Model):
    """Bytes; memory in MiB. null: as much as the host has."""

    per_member: int
    servers: int
    memory: int | None
    world: int
    storage: int
    retention: str | None
    """How far back one can go; null: the default."""


class SpecialQuota(Model):
    """Of one member, or of each member with one role. null: the guild's rule holds."""

    kind: Sharer
    id: Snowflake
    servers: int | None
    memory: int | None
    storage: int | None


class Usage(Model):
    """What one owner has."""

    owner: Snowflake | None
    """null: the guild's admins."""
    servers: int
    memory: int
    storage: int


class GuildStatus(Model):
    """What there is, and what of the limits is used. Bytes; memory in MiB."""

    limits: Limits
    special: list[SpecialQuota]
    used: list[Usage]
    phases: dict[Phase, int]
    deleted: int
    """Servers that can still be brought back."""
    memory: int
    storage: int
    most_storage: int
    """What the host gives."""
    most_world: int

    @classmethod
    def of(cls, found: Status) -> GuildStatus:
        limits = found.limits
        return cls(
            limits=Limits(
                per_member=limits.per_member,
                servers=limits.per_guild,
                memory=limits.memory,
                world=limits.world_bytes,
                storage=limits.storage_bytes,
                retention=limits.retention,
            ),
            special=[
                SpecialQuota(
                    kind=each.kind,
                    id=str(each.target),
                    servers=each.quota.servers,
                    memory=each.quota.memory,
                    storage=each.quota.storage,
                )
                for each in found.special
            ],
            used=[_usage(owner, each) for owner, each in found.used.items()],
            phases={Phase(phase): count for phase, count in found.phases.items()},
            deleted=found.kept,
            memory=found.memory,
            storage=found.storage.used,
            most_storage=found.most_storage,
            most_world=found.most_world,
        )


class LimitEdit(Body):
    """Only what is given changes. Bytes; memory in MiB, 0: no limit."""

    per_member: Annotated[int, Field(ge=0, le=MOST_PER_MEMBER)] | None = None
    servers: Annotated[int, Field(ge=0, le=1000)] | None = None
    memory: Annotated[int, Field(ge=0, le=MOST_MEMORY)] | None = None
    world: Annotated[int, Field(ge=2**20, le=MOST_BYTES)] | None = None
    storage: Annotated[int, Field(ge=2**20, le=MOST_BYTES)] | None = None
    retention: Literal["days", "weeks", "months", "year"] | None = None


class QuotaEdit(Body):
    """Only what is given changes. Bytes; memory in MiB, 0: no limit of theirs."""

    servers: Annotated[int, Field(ge=0, le=MOST_PER_MEMBER)] | None = None
    memory: Annotated[int, Field(ge=0, le=MOST_MEMORY)] | None = None
    storage: Annotated[int, Field(ge=0, le=MOST_BYTES)] | None = None


class OfferedGame(Model):
    """`sizes` of which there may be new servers; none: it is not offered."""

    id: str
    name: str
    sizes: list[str]

    @classmethod
    def of(cls, offer: Offer) -> OfferedGame:
        return cls(id=offer.game.id, name=offer.game.name, sizes=list(offer.sizes))


class Sizes(Body):
    sizes: Annotated[list[Typed], Field(max_length=20, examples=[["small"]])]
    """None: the game is not offered."""


TargetKind = Annotated[Sharer, Path(description="Whether it is a member's id or a role's.")]
TargetId = Annotated[Snowflake, Path(description="The member's or the role's id.", examples=["80351110224678912"])]


@router.get("", operation_id="list_guilds")
async def list_guilds(request: Request, caller: Called) -> Page[Guild]:
    """Those in which the caller is, and that are known of them here."""
    web = web_of(request)
    found = sorted(actor.guild for actor in await actors_of(web, caller))
    return Page(items=[Guild(id=str(guild), name=web.guild_name(guild)) for guild in found])


@router.get("/{guild}", operation_id="get_guild")
async def get_guild(request: Request, caller: Called, guild: GuildId) -> Guild:
    """One in which the caller is."""
    web = web_of(request)
    actor = await actor_in(web, caller, int(guild))
    return Guild(id=str(actor.guild), name=web.guild_name(actor.guild))


@router.get("/{guild}/settings", operation_id="get_guild_settings")
async def get_guild_settings(request: Request, caller: Called, guild: GuildId) -> GuildSettings:
    """What its admins chose."""
    web = web_of(request)
    return GuildSettings.of(await web.core.guilds.look(await actor_in(web, caller, int(guild))))


@router.patch("/{guild}/settings", operation_id="edit_guild_settings")
async def edit_guild_settings(request: Request, caller: Called, guild: GuildId, body: GuildEdit) -> GuildSettings:
    """Change what is given. A time zone as people type it."""
    web = web_of(request)
    changes = {key: getattr(body, key) for key in body.model_fields_set}
    for key in ("server_channel", "notice_channel", "admin_role", "create_role"):
        if changes.get(key) is not None:
            changes[key] = int(changes[key])
    return GuildSettings.of(await web.core.guilds.setup(await actor_in(web, caller, int(guild)), changes))


@router.get("/{guild}/status", operation_id="get_guild_status")
async def get_guild_status(request: Request, caller: Called, guild: GuildId) -> GuildStatus:
    """Its limits, and what is used of them."""
    web = web_of(request)
    return GuildStatus.of(await web.core.quotas.status(await actor_in(web, caller, int(guild))))


@router.patch("/{guild}/quota", operation_id="edit_guild_quota")
async def edit_guild_quota(request: Request, caller: Called, guild: GuildId, body: LimitEdit) -> GuildStatus:
    """What the guild may have, at most."""
    web = web_of(request)
    changes = body.model_dump(exclude_none=True)
    return GuildStatus.of(await web.core.quotas.set(await actor_in(web, caller, int(guild)), changes))


@router.put("/{guild}/quota/{kind}/{target}", operation_id="set_quota")
async def set_quota(
    request: Request, caller: Called, guild: GuildId, kind: TargetKind, target: TargetId, body: QuotaEdit
) -> GuildStatus:
    """What one member, or each member with a role, may have."""
    web = web_of(request)
    actor = await actor_in(web, caller, int(guild))
    await web.core.quotas.status(actor)  # who may not, learns nothing of who is a member
    whom = await target_in(web, actor, kind, int(target))
    return GuildStatus.of(
        await web.core.quotas.set_for(
            actor, whom.id, whom.kind, servers=body.servers, memory=body.memory, storage=body.storage
        )
    )


@router.delete("/{guild}/quota/{kind}/{target}", operation_id="remove_quota")
async def remove_quota(
    request: Request, caller: Called, guild: GuildId, kind: TargetKind, target: TargetId
) -> GuildStatus:
    """The guild's rules hold for them again."""
    web = web_of(request)
    return GuildStatus.of(await web.core.quotas.remove(await actor_in(web, caller, int(guild)), int(target), kind))


@router.get("/{guild}/games", operation_id="list_guild_games")
async def list_guild_games(request: Request, caller: Called, guild: GuildId) -> Page[OfferedGame]:
    """All games of the host's, and in which sizes they are offered."""
    web = web_of(request)
    found = await web.core.games.look(await actor_in(web, caller, int(guild)))
    return Page(items=[OfferedGame.of(each) for each in found])


@router.put("/{guild}/games/{game}", operation_id="offer_game")
async def offer_game(
    request: Request,
    caller: Called,
    guild: GuildId,
    game: Annotated[str, Path(max_length=100, description="Its id.", examples=["meadow"])],
    body: Sizes,
) -> OfferedGame:
    """In which sizes a game is offered. Servers that are there go on."""
    web = web_of(request)
    actor = await actor_in(web, caller, int(guild))
    return OfferedGame.of(await web.core.games.choose_sizes(actor, game, body.sizes))


def _id(found: int | None) -> str | None:
    return str(found) if found else None


def _usage(owner: int, used: Quota) -> Usage:
    return Usage(
        owner=str(owner) if owner > 0 else None,
        servers=used.servers or 0,
        memory=used.memory or 0,
        storage=used.storage or 0,
    )
