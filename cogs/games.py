"""The pages of `/guild games`: which games and sizes there may be new servers of. Each choice is kept at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

from discord.ui import ActionRow, Button, Container, DynamicItem, Item, LayoutView, Select

from cogs.escape import escape
from cogs.pages import page_of
from cogs.replies import Answer, How, Interaction, actor_of, language_of
from core.guilds.games import Games, Offer
from core.servers.trouble_text import memory
from core.text import say

TEMPLATE = r"dm-games:(?P<field>game|sizes)(?::(?P<game>[a-z][a-z0-9_-]{0,31}))?"
MOST_OPTIONS, LONGEST_LABEL, LONGEST_PLACEHOLDER = 25, 100, 150
MOST_SELECTS = 6
"""Games beyond those are reached by `/guild games game:`."""


def listing(offers: Sequence[Offer], language: str) -> LayoutView:
    """Each game with the sizes in which it is offered, and a select of them."""
    lines = [f"### {say(language, 'games.title')}"]
    lines += [
        say(language, "games.line", game=f"**{escape(each.game.name)}**", sizes=_sizes(each, language))
        for each in offers
    ]
    lines.append(f"-# {say(language, 'games.next')}")
    layout = page_of("\n".join(lines), [])
    for number, start in enumerate(range(0, min(len(offers), MOST_SELECTS * MOST_OPTIONS), MOST_OPTIONS)):
        part = offers[start : start + MOST_OPTIONS]
        select: Select[Any] = Select(
            custom_id=f"dm-games:game:p{number}" if number else "dm-games:game",
            placeholder=_placeholder(part, offers, language),
        )
        for each in part:
            select.add_option(label=each.game.name[:LONGEST_LABEL], value=each.game.id)
        _container(layout).add_item(ActionRow(Pick(select)))
    return layout


def _placeholder(part: Sequence[Offer], offers: Sequence[Offer], language: str) -> str:
    """Where one select does not hold them all, from which game to which this one goes."""
    if len(part) == len(offers):
        return say(language, "setup.choose")
    return f"{part[0].game.name} – {part[-1].game.name}"[:LONGEST_PLACEHOLDER]


def page(offer: Offer, language: str) -> LayoutView:
    """One game, with a select of its sizes."""
    game = offer.game
    said = say(language, "games.sizes", sizes=_sizes(offer, language))
    layout = page_of(f"### {escape(game.name)}\n{escape(game.summary)}\n{said}", [])
    select: Select[Any] = Select(
        custom_id=f"dm-games:sizes:{game.id}",
        placeholder=say(language, "games.choose_sizes"),
        min_values=0,
        max_values=min(MOST_OPTIONS, len(game.sizes)),
    )
    for size in game.sizes[:MOST_OPTIONS]:
        known = say(language, "games.size", size=_size(size.id, language), memory=memory(size.memory, language))
        select.add_option(label=known[:LONGEST_LABEL], value=size.id, default=size.id in offer.sizes)
    _container(layout).add_item(ActionRow(Pick(select)))
    verb = "game_off" if offer.sizes else "game_on"
    buttons: list[Button[LayoutView]] = [
        Button(label=say(language, f"button.{verb}"), custom_id=f"dm:{verb}:{_more(game.id)}"),
        Button(label=say(language, "button.games"), custom_id="dm:games"),
    ]
    _container(layout).add_item(ActionRow(*buttons))
    return layout


class Pick(DynamicItem[Select[Any]], template=TEMPLATE):
    """The selects of both pages."""

    def __init__(self, item: Select[Any], field: str = "", game: str = "") -> None:
        super().__init__(item)
        self.field, self.game = field, game

    @classmethod
    async def from_custom_id(cls, interaction: Interaction, item: Item[Any], match: re.Match[str], /) -> Self:
        assert isinstance(item, Select)
        return cls(item, match["field"], match["game"] or "")

    async def callback(self, interaction: Interaction) -> Any:
        games: Games = interaction.client.faces.games
        data: Any = interaction.data
        values = [str(each) for each in data.get("values") or ()]

        async def handle() -> Answer:
            actor, language = actor_of(interaction), language_of(interaction)
            if self.field == "game":
                return page(await games.look_at(actor, values[0] if values else ""), language)
            return page(await games.choose_sizes(actor, self.game, values), language)

        await interaction.client.faces.replies.answer(interaction, handle, how=How.UPDATE)


def game_of(more: str) -> str:
    """The game that a button of ours names."""
    return more.removeprefix("g_").replace("_d", "-").replace("_u", "_")


def _more(game: str) -> str:
    """A game's id as the third part of a custom id, which has no dashes, and never looks like a server's id."""
    return f"g_{game.replace('_', '_u').replace('-', '_d')}"


def _sizes(offer: Offer, language: str) -> str:
    return ", ".join(_size(each, language) for each in offer.sizes) or say(language, "games.not_offered")


def _size(size: str, language: str) -> str:
    """A game's file may name sizes that no language knows: these are shown as they are."""
    known = say(language, f"size.{size}")
    return escape(size) if known == f"size.{size}" else known


def _container(layout: LayoutView) -> Container[LayoutView]:
    [container] = layout.children
    assert isinstance(container, Container)
    return container
