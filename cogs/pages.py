"""Pure: the ephemeral answers, pages and modals about one server."""

from __future__ import annotations

from typing import Any

from discord.ui import ActionRow, Button, Container, Label, LayoutView, Modal, Select, TextDisplay, TextInput

from cogs.cards import button, card, verbs
from cogs.escape import escape, when
from core.games.catalogue import Setting
from core.servers.views import ServerView
from core.text import duration, say
from core.words import Desired, Phase

PER_MODAL = 5
ABOUT = "about"
Group = tuple[str, str, tuple[Setting, ...]]  # id of the button, title, settings


def done(verb: str, view: ServerView, language: str) -> str:
    """What a resume, pause or restart says; a server that runs already gives its address."""
    if verb == "resume" and view.phase is Phase.RUNNING and view.address:
        return say(language, "answer.running", name=escape(view.name), address=view.address)
    return say(language, f"answer.{verb}", name=escape(view.name))


def kept(view: ServerView, language: str) -> str:
    until = when(view.idle.keep_until, "t") if view.idle.keep_until else "?"
    return say(language, "answer.keep", name=escape(view.name), until=until)


def undone(view: ServerView, language: str) -> str:
    return say(language, "answer.undone", name=escape(view.name))


def deleted(view: ServerView, language: str) -> str:
    until = when(view.purge_at, "f") if view.purge_at else "?"
    return say(language, "answer.deleted", name=escape(view.name), until=until)


def idle(view: ServerView, language: str) -> str:
    if not view.idle.after:
        return say(language, "answer.idle_never", name=escape(view.name))
    after, warn = duration(language, view.idle.after), duration(language, view.idle.warn)
    return say(language, "answer.idle", name=escape(view.name), after=after, warn=warn)


def join(view: ServerView, language: str) -> str:
    how = view.game.join.text if view.game else ""
    lines = [say(language, "answer.join", name=escape(view.name), address=view.address or "?", how=how)]
    if view.url:
        lines.append(say(language, "card.open", url=view.url))
    if password := view.settings.get("password"):
        lines.append(say(language, "answer.password", password=escape(password)))
    return "\n".join(lines)


def not_up(view: ServerView, language: str) -> str:
    return say(language, "answer.not_up", name=escape(view.name))


def show(view: ServerView, language: str) -> LayoutView:
    return card(view, language, number=1)


def listing(views: list[ServerView], language: str, most: int = 20) -> str:
    if not views:
        return say(language, "list.none")
    lines = [
        say(
            language,
            "list.line",
            name=escape(view.name),
            game=view.game_name,
            phase=say(language, f"phase.{view.phase}"),
            owner=view.owner,
        )
        for view in views[:most]
    ]
    if len(views) > most:
        lines.append(say(language, "list.more", n=len(views) - most))
    return "\n".join(lines)


def more(view: ServerView, language: str) -> LayoutView:
    wanted = [verb for verb in verbs(view) if verb not in ("more", "join")]
    extra = [] if view.desired is Desired.DELETED else ["edit", "delete"]
    buttons = [button(verb, view.id, language) for verb in dict.fromkeys([*wanted, *extra])]
    return _page(f"**{escape(view.name)}**\n{idle(view, language)}", buttons)


def groups(view: ServerView, language: str) -> list[Group]:
    """The modals that `/server edit` offers: name and description, then the game's settings by group, five each."""
    found: list[Group] = [(ABOUT, say(language, "edit.group.about"), ())]
    by_name: dict[str, list[Setting]] = {}
    for setting in view.game.settings if view.game else ():
        by_name.setdefault(setting.group, []).append(setting)
    for number, (name, settings) in enumerate(by_name.items()):
        parts = range(0, len(settings), PER_MODAL)
        found += [(f"g{number}_{part}", name, tuple(settings[part : part + PER_MODAL])) for part in parts]
    return found


def edit(view: ServerView, language: str) -> LayoutView:
    lines = [say(language, "edit.page", name=escape(view.name), game=view.game_name)]
    empty = say(language, "edit.empty")
    lines.append(f"{say(language, 'edit.description')}: {escape(view.description) or empty}")
    buttons: list[Button[LayoutView]] = []
    for number, title, settings in groups(view, language):
        if settings:
            lines.append(f"**{title}**")
        lines += [f"{setting.label}: {_shown(setting, view.settings[setting.id]) or empty}" for setting in settings]
        buttons.append(Button(label=title[:80], custom_id=f"dm:change:{view.id}:{number}"))
    return _page("\n".join(lines), buttons)


def edit_modal(view: ServerView, group: str, language: str) -> Modal:
    title = say(language, "edit.title", name=view.name)[:45]
    modal = Modal(title=title, custom_id=f"dm:modal_edit:{view.id}:{group}", timeout=None)
    chosen = next((each for each in groups(view, language) if each[0] == group), None)
    if chosen is None or group == ABOUT:
        modal.add_item(_text("name", say(language, "edit.name"), view.name, 32, required=True))
        modal.add_item(_text("description", say(language, "edit.description"), view.description, 200))
        return modal
    for setting in chosen[2]:
        modal.add_item(_field(setting, view.settings[setting.id]))
    return modal


def delete_modal(view: ServerView, language: str) -> Modal:
    title = say(language, "delete.title", name=view.name)[:45]
    modal = Modal(title=title, custom_id=f"dm:modal_delete:{view.id}", timeout=None)
    modal.add_item(_text("name", say(language, "delete.label"), "", 100, required=True, placeholder=view.name))
    return modal


def _field(setting: Setting, value: str) -> Label[Any]:
    choices = ("yes", "no") if setting.type == "bool" else setting.choices
    if setting.type not in ("choice", "bool"):
        most = 11 if setting.type == "int" else setting.max_length
        return _text(setting.id, setting.label, value, most, description=setting.description)
    if setting.type == "bool":
        value = "yes" if value == "true" else "no"
    select: Select[Any] = Select(custom_id=setting.id)
    for choice in choices[:25]:
        select.add_option(label=choice, value=choice, default=choice == value)
    return Label(text=setting.label, description=setting.description or None, component=select)


def _text(
    key: str,
    label: str,
    value: str,
    most: int,
    *,
    required: bool = False,
    description: str = "",
    placeholder: str | None = None,
) -> Label[Any]:
    field: TextInput[Any] = TextInput(
        custom_id=key, default=value or None, required=required, max_length=most, placeholder=placeholder
    )
    return Label(text=label[:45], description=description[:100] or None, component=field)


def _shown(setting: Setting, value: str) -> str:
    return "••••" if setting.type == "secret" and value else escape(value)


def _page(text: str, buttons: list[Button[LayoutView]]) -> LayoutView:
    container: Container[LayoutView] = Container(TextDisplay(text[:3900]))
    for start in range(0, len(buttons), 3):
        container.add_item(ActionRow(*buttons[start : start + 3]))
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout
