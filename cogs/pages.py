"""Pure: the answers to commands and buttons, which only the member who asked can see."""

from __future__ import annotations

from collections.abc import Sequence

from discord.ui import Button, Container, LayoutView, TextDisplay

from cogs.cards import button, card, rows
from cogs.escape import code, escape, when
from cogs.trouble import gib, memory
from core.cluster.port import InUse
from core.games.catalogue import Size
from core.servers.views import ServerView
from core.text import count, duration, say
from core.words import Desired, Phase

PER_PAGE = 10
LONGEST = 3900
SECRET_WORDS = ("password",)
"""Ids of settings that a player needs to join."""


def created(view: ServerView, language: str) -> str:
    return say(language, "answer.created", name=_name(view))


def resumed(view: ServerView, language: str) -> str:
    if view.phase is Phase.RUNNING and view.address:
        return say(language, "answer.running", name=_name(view), address=code(view.address))
    return say(language, "answer.resume", name=_name(view))


def pausing(view: ServerView, language: str) -> str:
    still = view.phase in (Phase.PAUSED, Phase.ARCHIVING, Phase.ARCHIVED)
    return say(language, "answer.paused" if still else "answer.pause", name=_name(view))


def restarted(view: ServerView, language: str) -> str:
    on = view.phase in (Phase.RUNNING, Phase.STARTING, Phase.STOPPING)
    return say(language, "answer.restart" if on else "answer.resume", name=_name(view))


def kept(view: ServerView, language: str) -> str:
    until = when(view.idle.keep_until, "t") if view.idle.keep_until else "…"
    return say(language, "answer.keep", name=_name(view), until=until)


def undone(view: ServerView, language: str) -> LayoutView:
    resume = [button("resume", view.id, language)] if view.desired is Desired.PAUSED else []
    return page_of(say(language, "answer.undone", name=_name(view)), resume)


def deleted(view: ServerView, language: str) -> LayoutView:
    until = when(view.purge_at, "f") if view.purge_at else "…"
    text = say(language, "answer.deleted", name=_name(view), until=until)
    return page_of(text, [button("undo", view.id, language)])


def idle(view: ServerView, language: str) -> str:
    """When it pauses, and whose rule that is."""
    if not view.idle.after:
        return say(language, "answer.idle_never", name=_name(view))
    after, warn = duration(language, view.idle.after), duration(language, view.idle.warn)
    whose = "" if view.idle.own else f" {say(language, 'answer.idle_default')}"
    return say(language, "answer.idle", name=_name(view), after=after, warn=warn) + whose


def join(view: ServerView, language: str) -> LayoutView | str:
    """Address, password and how to, or what has to happen first."""
    if view.phase is not Phase.RUNNING or view.address is None:
        return _not_up(view, language)
    lines = [f"### {escape(view.name)}", say(language, "card.address", address=code(view.address))]
    if view.url:
        lines.append(say(language, "card.open", url=view.url))
    lines += [say(language, "answer.password", password=_spoiler(view.settings[key])) for key in _secrets(view)]
    lines += [view.game.join.text] if view.game and view.game.join.text else []
    return page_of("\n".join(lines), [])


def more(view: ServerView, language: str) -> LayoutView:
    """What the card has no room for, and the way to change it."""
    verbs = [] if view.desired is Desired.DELETED else ["edit", "snapshots", "delete"]
    return page_of(
        f"### {escape(view.name)}\n{_details(view, language)}", [button(verb, view.id, language) for verb in verbs]
    )


def show(view: ServerView, language: str, in_use: InUse | None = None) -> LayoutView:
    """The card, and below it the details, with what it uses now where that is known."""
    layout = card(view, language, number=1)
    layout.add_item(Container(TextDisplay(_details(view, language, in_use))))
    return layout


def listing(views: Sequence[ServerView], language: str, *, whose: str, page: int = 0) -> LayoutView | str:
    """Ten to a page; a page beyond the last shows the last."""
    if not views:
        return say(language, f"list.none_{whose}")
    last = (len(views) - 1) // PER_PAGE
    page = min(page, last)
    lines = [f"### {count(language, 'list.title', len(views))}"]
    for view in views[page * PER_PAGE : (page + 1) * PER_PAGE]:
        lines += [
            f"**{escape(view.name)}** · {say(language, f'phase.{view.phase}')}{_crowd(view, language)}",
            f"-# {say(language, 'list.line', game=escape(view.game_name), owner=view.owner)}",
        ]
    if not last:
        return page_of("\n".join(lines), [])
    lines += ["", f"-# {say(language, 'list.page', page=page + 1, pages=last + 1)}"]
    turns = {"back": page - 1, "next": page + 1}
    buttons: list[Button[LayoutView]] = [
        Button(label=say(language, f"button.{way}"), custom_id=f"dm:list:{whose}_{to}")
        for way, to in turns.items()
        if 0 <= to <= last
    ]
    return page_of("\n".join(lines), buttons)


def page_of(text: str, buttons: list[Button[LayoutView]]) -> LayoutView:
    """A box of text with buttons below."""
    container: Container[LayoutView] = Container(TextDisplay(text if len(text) <= LONGEST else f"{text[:LONGEST]}…"))
    for row in rows(buttons):
        container.add_item(row)
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout


def _name(view: ServerView) -> str:
    return f"**{escape(view.name)}**"


def _details(view: ServerView, language: str, in_use: InUse | None = None) -> str:
    lines, size = [escape(view.description)], say(language, f"size.{view.size}")
    known = memory(view.sized.memory, language) if view.sized else ""
    lines.append(say(language, "more.size", size=size, memory=known) if known else size)
    if in_use is not None:
        lines.append(_in_use(in_use, view.sized, language))
    lines.append(say(language, "more.owner", owner=view.owner))
    lines.append(idle(view, language))
    if len(view.addresses) > 1:
        lines += [f"{escape(port)}: {code(address)}" for port, address in view.addresses.items()]
    if view.game is None:
        lines.append(say(language, "more.no_game", game=escape(view.game_name)))
    return "\n".join(filter(None, lines))


def _in_use(in_use: InUse, size: Size | None, language: str) -> str:
    """Both memories in one unit; 100 % is one core."""
    used, cpu = max(1, round(in_use.memory / (1 << 20))), round(in_use.cpu / 10)
    if size is None:
        return say(language, "more.in_use_unsized", used=memory(used, language), cpu=cpu)
    whole = memory(size.memory, language)
    if whole.endswith("GiB"):
        return say(language, "more.in_use", used=gib(in_use.memory, language), memory=whole, cpu=cpu)
    return say(language, "more.in_use", used=used, memory=whole, cpu=cpu)


def _not_up(view: ServerView, language: str) -> LayoutView | str:
    if view.desired is Desired.RUNNING:
        return say(language, "answer.not_up", name=_name(view))
    if view.desired is Desired.DELETED:
        return say(language, "server.deleted", name=_name(view))
    return page_of(say(language, "answer.not_on", name=_name(view)), [button("resume", view.id, language)])


def _crowd(view: ServerView, language: str) -> str:
    if view.phase is not Phase.RUNNING or not view.players_known:
        return ""
    return f" · {count(language, 'list.players', view.players_online)}"


def _secrets(view: ServerView) -> list[str]:
    return [key for key in SECRET_WORDS if view.settings.get(key)]


def _spoiler(password: str) -> str:
    """Hidden until it is pressed. Escaping parts the bars inside, the spaces those at its ends."""
    return f"|| {escape(password)} ||" if "||" in password else f"||{code(password)}||"
