"""What a warning about storage says, and in which language."""

from __future__ import annotations

import pytest
from samples import ID, view

from cogs.notices import notice
from core.notices.kinds.notices import StorageNotice
from core.servers.views import NoticeView
from core.words import Fill

GIB = 2**30
LARGEST = (("Po*nd", 60 * GIB), ("Lake", 36 * GIB))


def said(language: str, told: StorageNotice, *, of_server: bool = False) -> str:
    shown = notice(NoticeView(2, 700, language, view() if of_server else None, told))
    assert shown is not None
    return "\n".join(str(getattr(part, "content", "")) for part in shown.walk_children())


@pytest.mark.parametrize(
    ("fill", "words"),
    [
        (Fill.CLOSE, "more than 80 % of their storage"),
        (Fill.NEARLY, "more than 95 % of their storage. When it is full, nobody can take snapshots by hand"),
        (Fill.FULL, "The storage for the worlds here is full: 96.0 GiB of 100 GiB. Worlds go on being saved."),
    ],
)
def test_the_guilds(fill: Fill, words: str) -> None:
    text = said("en", StorageNotice(fill, 96 * GIB, 100 * GIB, LARGEST))
    assert words in text
    assert "Largest: **Po\\*nd** (60.0 GiB), **Lake** (36.0 GiB)" in text
    assert "/guild quota" in text


def test_it_speaks_the_guilds_language() -> None:
    text = said("de", StorageNotice(Fill.CLOSE, 96 * GIB, 100 * GIB, LARGEST))
    assert "mehr als 80 % ihres Speichers" in text
    assert "60,0 GiB" in text


@pytest.mark.parametrize(
    ("fill", "words"),
    [(Fill.CLOSE, "more than 80 %"), (Fill.NEARLY, "more than 95 %"), (Fill.FULL, "nobody can clone")],
)
def test_a_worlds(fill: Fill, words: str) -> None:
    text = said("en", StorageNotice(fill, 8 * GIB, 10 * GIB), of_server=True)
    assert "The world of **Pond** is 8.0 GiB large" in text
    assert words in text
    assert ID not in text
