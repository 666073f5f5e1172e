"""Languages that people chose are read once in a while, and never keep anybody from an answer."""

from __future__ import annotations

import asyncio

import pytest

from cogs import languages
from cogs.languages import AGAIN, LIFE, Languages


class Book:
    """What the database says, and how often it was asked."""

    def __init__(self) -> None:
        self.asked, self.chosen, self.now, self.away = 0, {1: "de"}, 0.0, False
        self.languages = Languages(self.ask, lambda: self.now)

    async def ask(self) -> dict[int, str]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise OSError
        return dict(self.chosen)


async def test_it_is_asked_once_for_everybody_until_its_time_is_over_or_it_is_edited() -> None:
    book = Book()
    assert await asyncio.gather(*(book.languages.of(user) for user in (1, 2, 1))) == ["de", None, "de"]
    assert book.asked == 1
    book.chosen[1] = "en"
    book.now += LIFE
    assert await book.languages.of(1) == "en"
    book.chosen[1] = "de"
    book.languages.forget()
    assert await book.languages.of(1) == "de"
    assert book.asked == 3


async def test_what_was_read_before_an_edit_is_not_remembered() -> None:
    book = Book()
    looking = asyncio.create_task(book.languages.of(1))
    await asyncio.sleep(0)
    book.languages.forget()
    await looking
    book.chosen[1] = "en"
    assert await book.languages.of(1) == "en"


async def test_where_nobody_can_tell_it_is_as_it_was_known_last(monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book()
    await book.languages.of(1)
    book.away, book.now = True, LIFE
    assert [await book.languages.of(1) for _ in range(3)] == ["de"] * 3
    assert book.asked == 2, "nobody waits for it at each answer"
    book.away, book.now = False, LIFE + AGAIN
    assert await book.languages.of(1) == "de"
    assert book.asked == 3


async def test_where_it_takes_too_long_it_is_discords(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> dict[int, str]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(languages, "WITHIN", 0.001)
    assert await Languages(never).of(1) is None
