"""The catalogue: which games there are, in which sizes, and what can be set of each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from bot.web.api.models import Model, Page, Snowflake
from bot.web.callers import Called, actor_in
from bot.web.context import web_of
from core.errors import NotFound
from core.games.form.game import Game
from core.games.form.setting import Setting

router = APIRouter(prefix="/games", tags=["games"])


class SizeShown(Model):
    id: str
    cpu: int
    """Millicores."""
    memory: int
    """MiB."""
    disk: int
    """GiB."""


class SettingShown(Model):
    id: str
    group: str
    label: str
    description: str
    type: str
    default: str | None
    """null: of a secret."""
    low: int | None
    """Of a number."""
    high: int | None
    longest: int | None
    """Of a text, in characters."""
    choices: list[str]

    @classmethod
    def of(cls, each: Setting) -> SettingShown:
        low, high = each.limits if each.type == "int" else (None, None)
        return cls(
            id=each.id,
            group=each.group,
            label=each.label,
            description=each.description,
            type=each.type,
            default=None if each.type == "secret" else each.fallback,
            low=low,
            high=high,
            longest=each.max_length if each.type in ("text", "secret") else None,
            choices=list(each.choices),
        )


class LicenceShown(Model):
    name: str
    url: str


class GameShown(Model):
    id: str
    name: str
    summary: str
    licence: LicenceShown | None
    """It has to be accepted once in a guild."""
    sizes: list[SizeShown]
    settings: list[SettingShown]

    @classmethod
    def of(cls, game: Game) -> GameShown:
        return cls(
            id=game.id,
            name=game.name,
            summary=game.summary,
            licence=LicenceShown(name=game.licence.name, url=game.licence.url) if game.licence else None,
            sizes=[
                SizeShown(id=size.id, cpu=size.cpu, memory=size.memory, disk=game.volume_of(size))
                for size in game.sizes
            ],
            settings=[SettingShown.of(each) for each in game.settings],
        )


@router.get("", operation_id="list_games")
async def list_games(
    request: Request,
    caller: Called,
    guild: Annotated[Snowflake | None, Query(description="Only those that this guild offers.")] = None,
) -> Page[GameShown]:
    """All games of the host's."""
    web = web_of(request)
    if guild is None:
        return Page(items=[GameShown.of(game) for game in web.core.catalogue])
    actor = await actor_in(web, caller, int(guild))
    return Page(items=[GameShown.of(game) for game in await web.core.games.offered(actor.guild)])


@router.get("/{game}", operation_id="get_game")
async def get_game(
    request: Request,
    caller: Called,
    game: Annotated[str, Path(max_length=100, description="Its id.", examples=["meadow"])],
) -> GameShown:
    """One of them."""
    found = web_of(request).core.catalogue.get(game)
    if found is None:
        raise NotFound("web.no_game")
    return GameShown.of(found)
