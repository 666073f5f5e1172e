"""A server as its card says it, for templates: core decides what is said, `marks` how it looks here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup

from bot.web.pages.marks import HtmlMarks, bdi
from core.guilds.access import Rights
from core.servers import answer_text, card_text
from core.servers.views import ServerView
from core.text import count, say
from core.text.marks import Marks
from core.words import Phase

NOT_PRESSED = ("join", "more")
"""Buttons of Discord's card that are links or sections of a page."""

ANSWERS: dict[str, Callable[[ServerView, str, Marks], str]] = {
    "resume": answer_text.resumed,
    "pause": answer_text.pausing,
    "restart": answer_text.restarted,
    "keep": answer_text.kept,
    "undo": lambda view, language, marks: say(language, "answer.undone", name=marks.typed(view.name)),
}


@dataclass(frozen=True, slots=True)
class Secret:
    """`key`: another one where the value is another."""

    label: Markup
    value: str
    key: str


@dataclass(frozen=True, slots=True)
class Card:
    """`tone`: a class of the style. `phase` in one or two words. `buttons`: verbs that make sense now, if they are
    this reader's. `joins`: they may know how to join; `join` is what else a player needs, `secrets` the passwords."""

    view: ServerView
    tone: str
    phase: str
    first: Markup
    lines: list[Markup]
    footer: Markup
    buttons: list[tuple[str, str]]
    joins: bool
    join: list[Markup]
    secrets: list[Secret]
    crowd: str


def card(marks: HtmlMarks, view: ServerView, rights: Rights) -> Card:
    language = marks.language
    pressed = [verb for verb in card_text.verbs(view) if verb not in NOT_PRESSED]
    joins = rights.may(card_text.needs("join")) and view.phase is Phase.RUNNING and view.address is not None
    crowd = count(language, "list.players", view.players_online)
    return Card(
        view=view,
        tone="bad" if card_text.is_bad(view) else str(view.phase),
        phase=say(language, f"phase.{view.phase}"),
        first=marks.html(card_text.first_line(view, language, marks)),
        lines=[marks.html(line) for line in card_text.body(view, language, marks) if line],
        footer=marks.html(card_text.footer(view, language, marks)),
        buttons=[(verb, say(language, f"button.{verb}")) for verb in pressed if rights.may(card_text.needs(verb))],
        joins=joins,
        join=_join(marks, view) if joins else [],
        secrets=_secrets(view) if joins else [],
        crowd=crowd if view.phase is Phase.RUNNING and view.players_known else "",
    )


def people_in(views: Iterable[ServerView]) -> set[int]:
    """Whom their cards name."""
    found: set[int] = set()
    for view in views:
        idle = view.idle
        found |= {who for who in (view.owner, view.by, idle.keep_by, idle.vote_by, idle.event_by) if who}
    return found


def answer(marks: HtmlMarks, verb: str, view: ServerView) -> Markup:
    """What is said to whoever pressed it."""
    said = ANSWERS.get(verb)
    return marks.html(said(view, marks.language, marks)) if said else Markup("")


def _join(marks: HtmlMarks, view: ServerView) -> list[Markup]:
    shown = [
        Markup("{}: <code>{}</code>").format(setting.label, value)
        for setting, value in card_text.needed(view)
        if setting.type != "secret"
    ]
    text = view.game.join.text if view.game else ""
    return [*shown, *([marks.html(text)] if text else [])]


def _secrets(view: ServerView) -> list[Secret]:
    return [
        Secret(bdi(setting.label), value, hashlib.sha256(f"{view.id}{value}".encode()).hexdigest()[:8])
        for setting, value in card_text.needed(view)
        if setting.type == "secret"
    ]
