"""Which games and sizes a guild offers: all of the catalogue, but for what its admins withhold.

`withheld` has a game's id where it is not offered at all, and `game/size` for a size. Servers that are there go on,
whatever is withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.changes import Changes
from core.data.database import Database, insert_missing
from core.data.tables import GuildRow
from core.errors import BadInput, Refusal
from core.games.catalogue import Catalogue
from core.games.form.game import Game
from core.games.form.setting import Size
from core.guilds.access import Actor, DoInGuild, judge
from core.guilds.quotas import rules_of
from core.notices.events import record
from core.notices.kinds.events import GameOffered


@dataclass(frozen=True, slots=True)
class Offer:
    """A game of the host's, and the sizes in which it is offered; none: it is not offered."""

    game: Game
    sizes: tuple[str, ...]


def offer_of(game: Game, withheld: Collection[str]) -> Offer:
    sizes = [] if game.id in withheld else [size.id for size in game.sizes if f"{game.id}/{size.id}" not in withheld]
    return Offer(game, tuple(sizes))


def pick(game: Game, wanted: str | None, withheld: Collection[str], catalogue: Iterable[Game]) -> Size:
    """The size asked for; without a wish the smallest that is offered. Refusal, with what there is, where an admin
    decided that it is not."""
    offer = offer_of(game, withheld)
    if not offer.sizes:
        others = ", ".join(each.name for each in catalogue if offer_of(each, withheld).sizes)
        raise Refusal("games.withheld" if others else "games.none", game=game.name, games=others)
    if wanted is None or wanted in offer.sizes:
        return game.size(wanted or offer.sizes[0])
    game.size(wanted)
    raise Refusal("games.size_withheld", game=game.name, sizes=", ".join(offer.sizes))


class Games:
    """Every method but `offered` raises NotAllowed for all but the guild's admins. `game`: an id, or a typed name."""

    def __init__(self, database: Database, catalogue: Catalogue, changes: Changes, now: Callable[[], datetime]) -> None:
        self._database = database
        self._catalogue = catalogue
        self._changes = changes
        self._now = now

    async def offered(self, guild: int) -> list[Game]:
        """Those that a member may choose from."""
        async with self._database.session() as session:
            withheld = _withheld(await session.get(GuildRow, guild))
        return [game for game in self._catalogue if offer_of(game, withheld).sizes]

    async def look(self, actor: Actor) -> list[Offer]:
        """All games of the host's."""
        async with self._database.session() as session:
            row = await session.get(GuildRow, actor.guild)
            _judge(actor, row)
        return [offer_of(game, _withheld(row)) for game in self._catalogue]

    async def look_at(self, actor: Actor, game: str) -> Offer:
        async with self._database.session() as session:
            row = await session.get(GuildRow, actor.guild)
            _judge(actor, row)
        return offer_of(self._catalogue.find(game), _withheld(row))

    async def offer(self, actor: Actor, game: str, *, offered: bool) -> Offer:
        """All of a game, or nothing of it. Its sizes stay as they were chosen, while one of them is left."""

        def chosen(found: Game, withheld: set[str]) -> set[str]:
            if not offered:
                return withheld | {found.id}
            left = withheld - {found.id}
            return left if offer_of(found, left).sizes else left - _sizes(found, (size.id for size in found.sizes))

        return await self._change(actor, game, chosen)

    async def choose_sizes(self, actor: Actor, game: str, sizes: Collection[str]) -> Offer:
        """The sizes that are offered; none: the game is not."""

        def chosen(found: Game, withheld: set[str]) -> set[str]:
            known = {size.id for size in found.sizes}
            if not set(sizes) <= known:
                raise BadInput("command.value")
            if not sizes:
                return withheld | {found.id}
            return withheld - {found.id} - _sizes(found, known) | _sizes(found, known - set(sizes))

        return await self._change(actor, game, chosen)

    async def _change(self, actor: Actor, game: str, chosen: Callable[[Game, set[str]], set[str]]) -> Offer:
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            row = await _locked(session, actor.guild)
            _judge(actor, row)
            found = self._catalogue.find(game)
            before, after = _withheld(row), chosen(found, set(_withheld(row)))
            if after != before:
                row.games_withheld = sorted(after)
                session.add(row)
                sizes, those_before = offer_of(found, after).sizes, offer_of(found, before).sizes
                record(session, GameOffered(found.id, sizes, those_before, actor.user), self._now(), guild=row.id)
        self._changes.tell("")
        return offer_of(found, after)


def _sizes(game: Game, sizes: Iterable[str]) -> set[str]:
    return {f"{game.id}/{size}" for size in sizes}


def _withheld(row: GuildRow | None) -> frozenset[str]:
    return frozenset(row.games_withheld if row else ())


def _judge(actor: Actor, row: GuildRow | None) -> None:
    if refused := judge(actor, DoInGuild.GAMES, rules_of(row)):
        raise refused


async def _locked(session: AsyncSession, guild: int) -> GuildRow:
    await insert_missing(session, GuildRow(id=guild))
    return await session.get_one(GuildRow, guild, with_for_update=True)
