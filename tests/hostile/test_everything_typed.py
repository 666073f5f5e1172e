"""Whatever is typed, wherever: an answer in plain words, nothing half done, and nothing of it does anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from babel.messages.pofile import read_po
from hostile import INPUTS, LOOK_ALIKES, OTHERS, TAKEN, Place, cases
from marks import marks, tricks
from rendered import STATES, messages, modals, plain_texts
from sampling import sample
from sqlmodel import SQLModel, delete, select
from structlog.testing import capture_logs
from wire import ADA, Said, Wire

from bot.demo.guild import components
from core.data.tables import CardRow, EventRow, FollowRow, PortRow, TokenRow
from core.servers import names
from core.servers.create import LONGEST_DESCRIPTION
from core.servers.views import ServerView
from core.text import LOCALES
from core.typed import one_line

Rows = dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]
"""By table and primary key."""


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("place", "name"), list(cases()))
async def test_what_is_typed_is_only_text(den: Wire, place: Place, name: str, caplog: pytest.LogCaptureFixture) -> None:
    typed = INPUTS[name]
    pond = (await den.core.servers.lookup.get(den.actor(), TAKEN)).id
    before = await rows(den)
    with capture_logs() as logged:
        if place.completes:
            suggested = await den.complete(ADA, place.command, place.field, typed)
            assert suggested.kind == "choices"
            assert all(1 <= len(each["name"]) <= 100 and not tricks(each["name"]) for each in suggested.choices)
        said = await type_in(den, place, typed, pond)
    await end_what_is_meant(den)
    assert [line for line in logged if line["log_level"] in ("error", "critical")] == []
    assert [line.message for line in caplog.records if line.levelname in ("ERROR", "CRITICAL")] == []

    changed = touched(before, await rows(den))
    views = [await whole(den, server) for server in changed or [pond]]
    if not changed:
        assert await rows(den) == before
    for view in views if changed else ():
        shows_only_text(view, sample(list(STATES), 2, f"{place} {name}"))
    answered_in_words(said, views)
    if typed in LOOK_ALIKES.values():
        taken_for_the_same(place, said, views)
    if changed:
        await start_over(den)


async def type_in(wire: Wire, place: Place, typed: str, pond: str) -> Said:
    if place.is_form:
        form, _, group = place.command.partition(":")
        return await wire.submit(ADA, f"dm:{form}:{pond}" + (f":{group}" if group else ""), {place.field: typed})
    return await wire.command(ADA, place.command, **(OTHERS.get(place.command, {}) | {place.field: typed}))


def answered_in_words(said: Said, views: Iterable[ServerView]) -> None:
    """Plain words for the one who asked; nothing in them that the same words about a plain server do not have."""
    assert said.kind in ("message", "update", "modal")
    assert said.private
    assert "our fault" not in said.text
    if said.kind == "modal":
        modal_is_only_text(said.modal)
        return
    assert said.text.strip()
    assert tricks(said.text) == []
    if timeless(said.text) not in map(timeless, refusals(said.text)):
        known = [texts(parts) for view in views for _, parts in messages(plain(view), "en")]
        assert timeless(said.text) in map(timeless, known)


async def whole(wire: Wire, server: str) -> ServerView:
    """The server when all has come to rest; everything that belongs to it is there, once."""
    row = await wire.row(server)
    row = await wire.until(server, {"deleted": "deleting", "archived": "archiving"}.get(row.desired, row.desired))
    async with wire.database.session() as session:
        ports = list(await session.exec(select(PortRow).where(PortRow.server == server)))
        cards = list(await session.exec(select(CardRow).where(CardRow.server == server)))
        created = select(EventRow).where(EventRow.server == server, EventRow.kind == "created")
        game = wire.core.parts.projections.game(row)
        assert game is not None
        assert {port.name for port in ports} == {port.name for port in game.ports}
        assert len(cards) == len(list(await session.exec(created))) == 1
    assert (row.name, row.name_key) == (names.clean(row.name), names.key(row.name))
    assert row.description == one_line(row.description)
    assert len(row.description) <= LONGEST_DESCRIPTION
    assert all(value == setting.parse(value) for setting in game.settings if (value := row.settings.get(setting.id)))
    return await wire.core.servers.lookup.get(wire.actor(), server)


def shows_only_text(view: ServerView, states: list[str]) -> None:
    expecting = messages(plain(view), "en", states)
    for (where, shown), (_, expected) in zip(messages(view, "en", states), expecting, strict=True):
        assert list(components.check_message(shown, v2=True)) == [], where
        assert same(marks(texts(shown)), marks(texts(expected))), where
        assert tricks(texts(shown)) == [], where
    for _, modal in modals(view, "en"):
        modal_is_only_text(modal)


def modal_is_only_text(modal: Mapping[str, Any]) -> None:
    assert list(components.check_modal(modal)) == []
    assert [text for text in plain_texts(modal) if tricks(text) or "\n" in text] == []


def taken_for_the_same(place: Place, said: Said, views: list[ServerView]) -> None:
    if place == Place("server create", "name"):
        assert f"a server called {TAKEN} here already" in said.text
    elif place.field == "server":
        assert "no such server" not in said.text
    elif place.command == "delete_form":
        assert [view.desired for view in views] == ["deleted"]


# what is expected


def plain(view: ServerView) -> ServerView:
    """The same server with words that cannot do anything."""
    settings = {
        key: value and ("word" if setting_is_text(view, key) else value) for key, value in view.settings.items()
    }
    return replace(view, name="Word", description=view.description and "word", settings=settings)


def setting_is_text(view: ServerView, key: str) -> bool:
    setting = view.game.setting(key) if view.game else None
    return setting is not None and setting.type in ("text", "secret")


def same(shown: list[tuple[str, str]], expected: list[tuple[str, str]]) -> bool:
    """What cannot stand in a code span, such as a password of backticks, is shown without one."""
    code = ("code", "")
    fewer = shown.count(code) <= expected.count(code)
    return fewer and [each for each in shown if each != code] == [each for each in expected if each != code]


def timeless(text: str) -> list[tuple[str, str]]:
    return [(kind, "" if kind == "time" else what) for kind, what in marks(text)]


def texts(parts: list[dict[str, Any]]) -> str:
    return "\n".join(components.texts(parts))


def refusals(text: str) -> list[str]:
    """The sentences that `text` may be, each with plain words in its gaps."""
    return [re.sub(r"\{\w+\}", "word", sentence) for sentence in sentences() if pattern(sentence).fullmatch(text)]


@cache
def sentences() -> list[str]:
    with (LOCALES / "en.po").open("rb") as file:
        return [str(each.string) for each in read_po(file) if each.id and isinstance(each.string, str)]


@cache
def pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, re.split(r"\{\w+\}", sentence))), re.DOTALL)


# the database


async def rows(wire: Wire) -> Rows:
    """All there is, but for who did what (their names are kept on every try, and each interaction's number)."""
    found: Rows = {}
    async with wire.database.engine.connect() as connection:
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in ("members", "interactions"):
                keys = [column.name for column in table.primary_key]
                result = (await connection.execute(table.select())).mappings()
                found[table.name] = {tuple(row[key] for key in keys): tuple(map(str, row.values())) for row in result}
    return found


def touched(before: Rows, after: Rows) -> list[str]:
    servers = after["servers"]
    return [key[0] for key in servers if before["servers"].get(key) != servers[key]]


async def end_what_is_meant(wire: Wire) -> None:
    """Who types a server's name after `/server follow` follows it, and who names a token has one: nothing else has
    changed."""
    async with wire.database.begin() as session:
        await session.exec(delete(FollowRow))
        await session.exec(delete(TokenRow))


async def start_over(wire: Wire) -> None:
    """One server called Pond, as new, and nothing of any other."""
    await wire.forget_all()
    await wire.create(TAKEN)
