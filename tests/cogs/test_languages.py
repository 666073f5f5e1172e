"""Languages that people chose are looked up once in a while, and never keep anybody from an answer."""

from __future__ import annotations

import asyncio

import pytest

from cogs import languages
from cogs.languages import LIFE, Languages


class Book:
    """What the database says, and how often it was asked."""

    def __init__(self) -> None:
        self.asked, self.language, self.now = 0, "de", 0.0
        self.languages = Languages(self.ask, lambda: self.now)

    async def ask(self, user: int) -> str | None:
        self.asked += 1
        await asyncio.sleep(0)
        return self.language


async def test_it_is_asked_once_until_its_time_is_over_or_it_is_edited() -> None:
    book = Book()
    assert [await book.languages.of(1) for _ in range(3)] == ["de"] * 3
    assert book.asked == 1
    book.language = "en"
    book.now += LIFE
    assert await book.languages.of(1) == "en"
    book.language = "de"
    book.languages.forget(1)
    assert await book.languages.of(1) == "de"
    assert book.asked == 3


async def test_what_was_read_before_an_edit_is_not_remembered() -> None:
    book = Book()
    looking = asyncio.create_task(book.languages.of(1))
    await asyncio.sleep(0)
    book.languages.forget(1)
    await looking
    book.language = "en"
    assert await book.languages.of(1) == "en"


async def test_where_nobody_can_tell_it_is_discords(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_: int) -> str | None:
        raise OSError

    async def never(_: int) -> str | None:
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr(languages, "WITHIN", 0.001)
    assert await Languages(fails).of(1) is None
    assert await Languages(never).of(1) is None


async def test_no_more_people_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "MOST", 2)
    book = Book()
    for user in (1, 2, 3, 2, 1):
        await book.languages.of(user)
    assert book.asked == 4
