"""How large disks and worlds may be: a game's entry, a server's size and the guild's quota say."""

from __future__ import annotations

import pytest
from kube import TINY

from core.games.catalogue import BUILT_IN, Catalogue
from core.games.form.game import Game
from core.games.form.setting import Size
from core.guilds.limits import Limits, volume_bytes, world_bytes

GIB = 2**30


def game(volume: int | None = None, *, large: int | None = None, downloads: bool = False) -> Game:
    assert TINY.image is not None
    sizes = (Size(id="small", cpu=100, memory=64), Size(id="large", cpu=100, memory=64, volume=large))
    given = {} if volume is None else {"volume": volume}
    image = TINY.image.model_copy(update={"downloads": downloads})
    return TINY.model_copy(update={"sizes": sizes, "image": image, **given})


@pytest.mark.parametrize(
    ("given", "size", "world", "gib"),
    [
        (game(), "small", 10, 10),
        (game(1), "small", 10, 1),  # no more than the game needs
        (game(1, large=3), "large", 10, 3),
        (game(40), "small", 10, 10),  # no more than the guild wants
        (game(40), "small", 40, 40),
        (game(40), "small", 100, 40),  # a guild makes no disk larger than whoever runs the bot
        (game(), "small", 2, 2),
        (game(downloads=True), "small", 2, 6),  # the game itself lies on it too
        (game(3, downloads=True), "small", 2, 3),
    ],
)
def test_the_size_of_a_disk(given: Game, size: str, world: int, gib: int) -> None:
    assert volume_bytes(given, given.size(size), Limits(world_bytes=world * GIB)) == gib * GIB


def test_a_world_is_brought_in_only_where_its_disk_holds_it() -> None:
    small = game(1)
    assert world_bytes(small, small.sizes[0], Limits()) == GIB
    assert world_bytes(game(40), game(40).sizes[0], Limits(world_bytes=2 * GIB)) == 2 * GIB


@pytest.mark.parametrize("each", list(Catalogue.load(BUILT_IN)), ids=lambda each: each.id)
def test_games_that_come_with_dormouse_fit_the_default_quota(each: Game) -> None:
    for size in each.sizes:
        room = each.image.room if each.image else 0
        assert volume_bytes(each, size, Limits()) == (each.volume_of(size) + room) * GIB
