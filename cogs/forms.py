"""Pure: the page of `/server edit`, and the modals that change or delete a server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from discord import TextStyle
from discord.ui import ActionRow, Button, Container, Label, LayoutView, Modal, Select, TextInput

from cogs.cards import button
from cogs.escape import escape
from cogs.marks import MARKDOWN
from cogs.pages import LONGEST, deleted, page_of
from core.games.form.game import Game
from core.games.form.setting import Setting
from core.servers.card_text import pending
from core.servers.edit import Shown
from core.servers.trouble_text import memory
from core.servers.views import ServerView
from core.text import say
from core.words import Desired

MODAL = re.compile(
    r"dm:(?P<verb>change|console|delete|purge|entry|zone|guild_zone|forget)_form(?::(?P<server>[a-z][a-z2-7]{11})"
    r"(?::(?P<group>[a-z0-9_]+)(?::(?P<mark>[0-9a-f]{16}))?)?)?"
)
"""Custom ids of submitted modals."""
PER_MODAL = 5
MOST_GROUPS = 24
ABOUT = "about"
_LABEL, _HINT, _OPTIONS, _YES = 45, 100, 25, {"true": "yes", "false": "no"}

_LONG = 250  # characters: what may be longer, as a list of names, is typed where one sees more than its end
_SHORTER = (100, 40, 20, 8, 0)  # characters of a value, until all of a game's settings fit on a page

Group = tuple[str, str, tuple[Setting, ...]]
"""Id, title, settings."""


def page(view: ServerView, language: str) -> LayoutView:
    """Name, description and the game's settings as they are chosen, a button for each group of them, and a select of
    its size. What the next start takes is said, with a way to start it anew."""
    buttons: list[Button[LayoutView]] = [
        Button(label=title[:80], custom_id=f"dm:change:{view.id}:{group}") for group, title, _ in groups(view, language)
    ]
    buttons += restart_now(view, language)
    texts = (_page_text(view, language, most) for most in _SHORTER)
    layout = page_of(next((text for text in texts if len(text) <= LONGEST), ""), buttons)
    if view.game is not None and len(view.game.sizes) > 1:
        [container] = layout.children
        assert isinstance(container, Container)
        container.add_item(ActionRow(_sizes(view, view.game, language)))
    return layout


def _page_text(view: ServerView, language: str, most: int) -> str:
    """Values with at most so many characters; 0: without values."""
    lines = [f"### {escape(view.name)}", *pending(view, language, MARKDOWN), say(language, "edit.page")]
    for _, title, settings in groups(view, language) if most else ():
        lines += ["", f"**{escape(title)}**", *_stored(settings, view, language, most)]
    if view.game is not None:
        lines += [
            "",
            f"**{say(language, 'edit.size')}**: {_size_of(view.size, view.game, language)}",
            *_disk(view, language),
        ]
    return "\n".join(lines)


def _size_of(size: str, game: Game, language: str) -> str:
    name = say(language, f"size.{size}")
    return say(language, "games.size", size=name, memory=memory(game.sized(size).memory, language))


def _sizes(view: ServerView, game: Game, language: str) -> Select[LayoutView]:
    select: Select[LayoutView] = Select(custom_id=f"dm-size:{view.id}", placeholder=say(language, "edit.choose_size"))
    for size in game.sizes[:_OPTIONS]:
        label, disk = _size_of(size.id, game, language), say(language, "edit.size_disk", disk=game.volume_of(size))
        select.add_option(label=label, value=size.id, description=disk, default=size.id == view.size)
    return select


def _disk(view: ServerView, language: str) -> list[str]:
    """That it keeps a disk which is larger than that of the size it is to have."""
    now, chosen = view.sized, view.game.sized(view.size) if view.game else None
    if view.game is None or now is None or chosen is None or view.game.volume_of(chosen) >= view.game.volume_of(now):
        return []
    return [f"-# {say(language, 'edit.disk_stays')}"]


def restart_now(view: ServerView, language: str) -> list[Button[LayoutView]]:
    """The offer to start it anew for that."""
    return [button("restart", view.id, language, label="restart_now")] if view.pending else []


def groups(view: ServerView, language: str) -> list[Group]:
    """Name and description first, then the settings by group in the game's order, five to a modal."""
    found: list[Group] = [(ABOUT, say(language, "edit.group.about"), ())]
    by_name: dict[str, list[Setting]] = {}
    for setting in view.game.settings if view.game else ():
        by_name.setdefault(setting.group, []).append(setting)
    for number, (name, settings) in enumerate(by_name.items()):
        for part, start in enumerate(range(0, len(settings), PER_MODAL)):
            title = f"{name} ({part + 1})" if len(settings) > PER_MODAL else name
            found.append((f"g{number}_{part}", title, tuple(settings[start : start + PER_MODAL])))
    return found[:MOST_GROUPS]


def change(view: ServerView, group: str, language: str, draft: Mapping[str, str] | None = None) -> Modal:
    """The modal of one group; a group of an older catalogue opens name and description. `draft` goes before what is
    stored. The custom id carries the mark of what is stored, so that no submit undoes what it never showed."""
    settings = _settings(view, group, language)
    title, known = say(language, "edit.title", name=view.name), group if settings else ABOUT
    mark = Shown.of(view.editable, fields(view, group, language)).mark
    modal = Modal(title=title[:_LABEL], custom_id=f"dm:change_form:{view.id}:{known}:{mark}", timeout=None)
    values = view.editable | dict(draft or {})
    if not settings:
        modal.add_item(_text("name", say(language, "edit.name"), values["name"], 32, required=True))
        modal.add_item(_text("description", say(language, "edit.description"), values["description"], 200))
    for setting in settings:
        modal.add_item(_field(setting, values.get(setting.id, setting.fallback), language))
    return modal


def fields(view: ServerView, group: str, language: str) -> tuple[str, ...]:
    """The keys of what the modal of this group changes."""
    return tuple(setting.id for setting in _settings(view, group, language)) or ("name", "description")


def open_delete(view: ServerView, language: str) -> Modal | LayoutView:
    """Of a server that is deleted already, until when it can be brought back."""
    return deleted(view, language) if view.desired is Desired.DELETED else delete(view, language)


def delete(view: ServerView, language: str) -> Modal:
    title, label = say(language, "delete.title", name=view.name), say(language, "delete.label")
    return _by_name("delete", view, title, label, say(language, "delete.hint"))


def purge(view: ServerView, language: str) -> Modal:
    title, label = say(language, "purge.title", name=view.name), say(language, "purge.label")
    return _by_name("purge", view, title, label, say(language, "purge.hint"))


def forget(view: ServerView, language: str) -> Modal:
    """Asks for the name of a player that is to be kept no more."""
    modal = Modal(title=say(language, "forget.title")[:_LABEL], custom_id=f"dm:forget_form:{view.id}", timeout=None)
    hint = say(language, "forget.hint")
    modal.add_item(_text("player", say(language, "forget.label"), "", 32, required=True, hint=hint))
    return modal


def _by_name(verb: str, view: ServerView, title: str, label: str, hint: str) -> Modal:
    """Asks for the name, so that nobody does it by a slip of the finger."""
    modal = Modal(title=title[:_LABEL], custom_id=f"dm:{verb}_form:{view.id}", timeout=None)
    modal.add_item(_text("name", label, "", 100, required=True, hint=hint, placeholder=view.name))
    return modal


def again(refusal: str, verb: str, server: str, language: str) -> LayoutView:
    """What is wrong with a form, and the button that opens it again; `verb` with its group, as in a custom id.
    `server` is empty where it is about none."""
    name, _, group = verb.partition(":")
    custom_id = ":".join(filter(None, ("dm", name, server, group)))
    return page_of(refusal, [Button(label=say(language, "button.again"), custom_id=custom_id)])


def meanwhile(refusal: str, view: ServerView, group: str, language: str) -> LayoutView:
    """Somebody else changed what a form showed: how it is now, and the button that opens the form again."""
    lines = [refusal, "", *_stored(_settings(view, group, language), view, language)]
    return again("\n".join(lines), f"change:{group}", view.id, language)


def changed(before: ServerView, after: ServerView, language: str) -> LayoutView | str:
    """What an edit changed, by name, and what of that waits for the next start."""
    names = [say(language, f"edit.{key}") for key in ("name", "description") if _get(before, key) != _get(after, key)]
    settings = after.game.settings if after.game else ()
    names += [each.label for each in settings if before.settings.get(each.id) != after.settings.get(each.id)]
    name = f"**{escape(after.name)}**"
    if not names:
        return say(language, "answer.edited_nothing", name=name)
    said = say(language, "answer.edited", name=name, what=", ".join(names))
    if not after.pending:
        return said
    return page_of("\n".join([said, *pending(after, language, MARKDOWN)]), restart_now(after, language))


def shown(setting: Setting, view: ServerView, language: str, most: int = 100) -> str:
    """A setting's value for eyes: secrets hidden, yes and no in words. Empty for empty."""
    value = view.settings.get(setting.id, setting.fallback)
    if setting.type == "secret":
        return "••••" if value else ""
    if setting.type == "bool":
        return say(language, f"word.{_YES.get(value, 'no')}")
    return escape(value, most)


def _settings(view: ServerView, group: str, language: str) -> tuple[Setting, ...]:
    """Empty for name and description, and for a group of an older catalogue."""
    return next((settings for known, _, settings in groups(view, language) if known == group), ())


def _stored(settings: tuple[Setting, ...], view: ServerView, language: str, most: int = 100) -> list[str]:
    """These settings as they are, a line each; for none, name and description."""
    empty = say(language, "edit.empty")
    if not settings:
        return [
            f"{say(language, 'edit.name')}: {escape(view.name)}",
            f"{say(language, 'edit.description')}: {escape(view.description) or empty}",
        ]
    return [f"{setting.label}: {shown(setting, view, language, most) or empty}" for setting in settings]


def _field(setting: Setting, value: str, language: str) -> Label[Any]:
    if setting.type == "bool":
        value = _YES.get(value, value)
        options = [(each, say(language, f"word.{each}")) for each in _YES.values()]
    elif setting.type == "choice" and len(setting.choices) <= _OPTIONS:
        options = [(choice, choice) for choice in setting.choices]
    else:
        most = 11 if setting.type == "int" else setting.max_length
        return _text(setting.id, setting.label, value, most, hint=setting.description)
    select: Select[Any] = Select(custom_id=setting.id)
    for option, label in options:
        select.add_option(label=label, value=option, default=option == value)
    return Label(text=setting.label, description=setting.description or None, component=select)


def _text(
    key: str,
    label: str,
    value: str,
    most: int,
    *,
    required: bool = False,
    hint: str = "",
    placeholder: str | None = None,
) -> Label[Any]:
    field: TextInput[Any] = TextInput(
        style=TextStyle.paragraph if most > _LONG else TextStyle.short,
        custom_id=key,
        default=value[:most] or None,
        required=required,
        max_length=most,
        placeholder=placeholder,
    )
    return Label(text=label[:_LABEL], description=hint[:_HINT] or None, component=field)


def _get(view: ServerView, key: str) -> str:
    return view.name if key == "name" else view.description
