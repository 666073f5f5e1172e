"""What a warning about storage says, and in which language."""

from __future__ import annotations

from typing import Any

import pytest
from samples import ID, view

from cogs.notices import notice
from core.servers.views import NoticeView
from core.words import NoticeKind

GIB = 2**30
GUILDS: dict[str, Any] = {"used": 96 * GIB, "limit": 100 * GIB, "largest": [["Po*nd", 60 * GIB], ["Lake", 36 * GIB]]}


def said(language: str, data: dict[str, Any], *, of_server: bool = False) -> str:
    shown = notice(NoticeView(2, NoticeKind.STORAGE, 700, language, view() if of_server else None, data))
    assert shown is not None
    return "\n".join(str(getattr(part, "content", "")) for part in shown.walk_children())


@pytest.mark.parametrize(
    ("fill", "words"),
    [
        (80, "more than 80 % of their storage"),
        (95, "more than 95 % of their storage. When it is full, nobody can take snapshots by hand"),
        (100, "The storage for this guild's worlds is full: 96.0 GiB of 100 GiB. Worlds go on being saved."),
    ],
)
def test_the_guilds(fill: int, words: str) -> None:
    text = said("en", GUILDS | {"fill": fill})
    assert words in text
    assert "Largest: **Po\\*nd** (60.0 GiB), **Lake** (36.0 GiB)" in text
    assert "/guild quota" in text


def test_it_speaks_the_guilds_language() -> None:
    assert "mehr als 80 % ihres Speichers" in said("de", GUILDS | {"fill": 80})
    assert "60,0 GiB" in said("de", GUILDS | {"fill": 80})


@pytest.mark.parametrize(("fill", "words"), [(80, "more than 80 %"), (95, "more than 95 %"), (100, "nobody can clone")])
def test_a_worlds(fill: int, words: str) -> None:
    text = said("en", {"fill": fill, "used": 8 * GIB, "limit": 10 * GIB}, of_server=True)
    assert "The world of **Pond** is 8.0 GiB large" in text
    assert words in text
    assert ID not in text
