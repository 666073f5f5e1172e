"""Everything that shows a server, as Discord gets it: its card, all its notices, the answers and the modals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from discord.ui import LayoutView, Modal
from made_up import made_up

from bot.demo.guild import cast, components
from cogs import account, account_pages, activity_pages, console_page, forms, licence_page, pages, schedule_page
from cogs.cards import card
from cogs.notices import notice
from cogs.replies import WithFile
from core.accounts.forgetting import Stays
from core.accounts.identities import Linked
from core.accounts.profiles import Profile
from core.accounts.scopes import READ
from core.accounts.tokens import Token
from core.errors import LicenceNeeded
from core.guilds.access import Share
from core.notices.codec import NOTICES
from core.notices.kinds.carried import Trouble
from core.notices.kinds.notices import CrashedNotice, Notice
from core.servers.console import GameLog, Sent
from core.servers.following import Followed
from core.servers.sharing import Shares
from core.servers.views import NoticeView, ServerView
from core.words import ADMINS, Because, Desired, Phase

STATES: dict[str, dict[str, Any]] = {
    "starting": {"phase": Phase.STARTING, "desired": Desired.RUNNING},
    "running": {"phase": Phase.RUNNING, "desired": Desired.RUNNING},
    "paused": {"phase": Phase.PAUSED, "desired": Desired.PAUSED},
    "crashed": {"phase": Phase.PAUSED, "desired": Desired.PAUSED, "because": Because.CRASHES},
    "deleted": {"phase": Phase.DELETING, "desired": Desired.DELETED},
}
SOON = datetime(1970, 1, 1, tzinfo=UTC)


def messages(
    view: ServerView, language: str, states: Iterable[str] = tuple(STATES)
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every message by name, as components. Only `view`'s texts change what they say."""
    for state in states:
        now = replace(view, **STATES[state])
        yield from ((f"{state} {name}", _components(shown)) for name, shown in _answers(now, language))
        for told in _notices():
            shown = notice(NoticeView(2, view.guild, language, now, told))
            if shown is not None:
                yield f"{state} {type(told).__name__}", _components(shown)


def modals(view: ServerView, language: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for group, _, _ in forms.groups(view, language):
        yield f"edit {group}", _modal(forms.change(view, group, language))
    yield "delete", _modal(forms.delete(view, language))
    yield "console", _modal(console_page.form(view, language))
    yield "forget", _modal(forms.forget(view, language))


def plain_texts(modal: Mapping[str, Any]) -> Iterator[str]:
    """What a modal shows without markdown, but for the values of its fields: those are to be typed on."""
    yield modal["title"]
    for each, _ in components.walk(modal["components"]):
        yield from (each[key] for key in ("label", "description", "placeholder") if each.get(key))
        yield from (option["label"] for option in each.get("options") or ())


def _answers(view: ServerView, language: str) -> Iterator[tuple[str, LayoutView | WithFile | str]]:
    yield "card", card(view, language, number=1)
    yield "created", pages.created(view, language)
    yield "resumed", pages.resumed(view, language)
    yield "pausing", pages.pausing(view, language)
    yield "restarted", pages.restarted(view, language)
    yield "kept", pages.kept(view, language)
    yield "undone", pages.undone(view, language)
    yield "deleted", pages.deleted(view, language)
    yield "idle", pages.idle(view, language)
    yield "join", pages.join(view, language)
    yield "more", pages.more(view, language)
    yield "show", pages.show(view, language)
    yield "list", pages.listing([view], language, whose="guild")
    for changed in (True, False):
        yield "shared", pages.shared(Shares(view, (Share(int(cast.BO), "member", "player"),), changed), language)
    deleted = Shares(view, (Share(7, "role", "player"),), changed=False)
    yield "shared with a deleted role", pages.shared(deleted, language, {7})
    for follows, changed in ((True, True), (False, True), (False, False)):
        yield f"follows {follows} {changed}", pages.followed(Followed(view, follows, changed), language)
    yield "inherited", pages.inherited(view, language)
    yield "of the admins", pages.show(replace(view, owner=ADMINS), language)
    yield "account", account.shown(Profile(name=view.name, here=(view.name,), servers=2), language, language)
    linked = Linked(1, view.name, view.name, view.name, SOON, SOON)
    token = Token("abcdefghijkl", view.name, tuple(READ), SOON, SOON, None)
    yield "link", account_pages.link("https://dormouse.example.org/auth/link", linked, language)
    yield "no link", account_pages.link("", None, language)
    yield "unlinked", account_pages.unlinked(linked, language)
    yield "token", account_pages.made(token, f"dormouse_abcdefghijkl_{'x' * 43}", language)
    yield "tokens", account_pages.tokens([token], language)
    yield "no tokens", account_pages.tokens([], language)
    yield "revoked", account_pages.revoked(token, language)
    yield "forget", account_pages.ask_to_forget(Stays(2), language)
    yield "account forgotten", account_pages.forgotten(Stays(0), language)
    licence = LicenceNeeded(
        game=view.name, licence=view.name, url="https://example.org", mark="0" * 16, guild=view.guild, server=view.id
    )
    yield "licence", licence_page.question(licence, language)
    for days, most in ((7, 6), (1, 0)):
        report = replace(made_up(days, most=most), server=view.id, name=view.name)
        yield f"activity {days}", activity_pages.page(report, language)
    yield "forgotten", activity_pages.forgotten(view.name, language)
    yield "licence of a start", licence_page.accepted_without_file(language)
    yield "licence before", licence_page.went_on(language, view.name)
    yield "schedule", schedule_page.page(view, language)
    yield "console", console_page.answer(Sent(view, view.name, view.description), language)
    yield "console silent", console_page.answer(Sent(view, view.name, ""), language)
    yield "logs", console_page.log(GameLog(view, view.name), language)
    yield "no logs", console_page.log(GameLog(view, ""), language)
    yield "schedule from afar", schedule_page.page(view, language, "Pacific/Kiritimati")
    yield "edit", forms.page(view, language)
    yield "edited", forms.changed(replace(view, name="Before", description="before"), view, language)


def _notices() -> Iterator[Notice]:
    """Every state of every kind, with as much in it as it has defaults for."""
    moments = {"pause_at": SOON, "empty_since": SOON, "keep_until": SOON, "by": 1}
    for states in NOTICES.values():
        for state in states:
            known = {each.name for each in fields(state)}
            yield state(**{name: value for name, value in moments.items() if name in known})
    yield CrashedNotice(Trouble(count=3), gave_up=True)


def _components(shown: LayoutView | WithFile | str) -> list[dict[str, Any]]:
    if isinstance(shown, str):
        return [{"type": components.TEXT_DISPLAY, "content": shown}]
    if isinstance(shown, WithFile):
        shown = shown.layout
    return shown.to_components()  # type: ignore[no-untyped-call,no-any-return]


def _modal(modal: Modal) -> dict[str, Any]:
    return modal.to_dict()
