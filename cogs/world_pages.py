"""Pure: the answers about worlds, which only the member who asked can see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from babel.dates import format_datetime
from discord.ui import Button, Container, File, LayoutView, TextDisplay

from cogs.cards import button
from cogs.escape import escape, when
from cogs.marks import MARKDOWN
from cogs.pages import page_of
from cogs.replies import WithFile
from core.servers.card_text import lacking
from core.servers.views import ServerView
from core.servers.world_text import remark
from core.servers.worlds import Download, TakenIn
from core.text import choose, count, say, size
from core.words import Phase
from core.worlds.listing import Snapshot
from core.worlds.receipt import Receipt

MOST_SHOWN = 15


def snapshots(view: ServerView, found: Sequence[Snapshot], language: str) -> LayoutView | str:
    if not found:
        return say(language, "world.none_yet", name=_name(view))
    lines = [f"### {count(language, 'snapshots.title', len(found), name=escape(view.name))}"]
    lines += [
        f"{when(each.at, 'f')} · {size(language, each.size)}{_remark(each, language)}" for each in found[:MOST_SHOWN]
    ]
    if len(found) > MOST_SHOWN:
        lines.append("…")
    lines += ["", f"-# {say(language, 'snapshots.next')}"]
    return page_of("\n".join(lines), [button("world_undo", view.id, language)] if view.can_undo else [])


def label(each: Snapshot, language: str, now: datetime) -> str:
    """For a list of choices, which knows no time stamps of Discord's."""
    form = "dd MMM HH:mm" if each.at.year == now.year else "dd MMM yyyy HH:mm"
    said = format_datetime(each.at, form, locale=choose(language))
    return f"{said} UTC · {size(language, each.size)}{_remark(each, language)}"


def taken(view: ServerView, saved: Receipt, language: str) -> str:
    values = {"size": size(language, saved.size), "new": size(language, saved.new_bytes)}
    said = say(language, "answer.snapshot", name=_name(view), when=when(saved.at), **values)
    return "\n".join(filter(None, [said, lacking(replace(view, saved_gaps=saved.gaps), language, MARKDOWN)]))


def restoring(view: ServerView, language: str) -> LayoutView | str:
    return _brought(view, language, running="answer.restoring_running", paused="answer.restoring_paused")


def cloned(view: ServerView, language: str) -> str:
    return say(language, "answer.cloned", name=_name(view))


def archiving(view: ServerView, language: str) -> str:
    said = "answer.archived" if view.phase == Phase.ARCHIVED else "answer.archiving"
    return say(language, said, name=_name(view))


def imported(made: TakenIn, language: str) -> LayoutView | str:
    said = _contents(made, language)
    return _brought(made.view, language, said, running="answer.imported_running", paused="answer.imported_paused")


def _contents(made: TakenIn, language: str) -> list[str]:
    """What of it was taken and what was left out."""
    lines = []
    if made.taken:
        lines.append(say(language, "answer.imported_taken", what=_names(made.taken)))
    if made.setting is not None:
        lines.append(say(language, "answer.imported_called", called=escape(made.called)))
    if made.left:
        what = _names(made.left)
        if made.more:
            what = count(language, "answer.and_more", made.more, what=what)
        lines.append(say(language, "answer.imported_left", what=what))
    return lines


def _names(names: Sequence[str]) -> str:
    return ", ".join(escape(each) for each in names)


def _brought(
    view: ServerView, language: str, more: Sequence[str] = (), *, running: str, paused: str
) -> LayoutView | str:
    """Another world comes into a server, which is stopped for that; or started, where one may want it to pause."""
    kept = f" {say(language, 'answer.world_kept')}" if view.can_undo else ""
    if view.phase in (Phase.STARTING, Phase.RUNNING, Phase.STOPPING):
        return "\n".join([say(language, running, name=_name(view)) + kept, *more])
    said = "\n".join([say(language, paused, name=_name(view)) + kept, *more])
    return page_of(said, [button("pause", view.id, language)])


def download(made: Download, language: str) -> LayoutView | WithFile:
    values = {"size": size(language, made.size), "when": when(made.snapshot.at, "f")}
    if made.link:
        until = when(made.until, "f") if made.until else "…"
        text = say(language, "answer.download_link", until=until, **values)
        return page_of(text, [Button(label=say(language, "button.download"), url=made.link)])
    container: Container[LayoutView] = Container(TextDisplay(say(language, "answer.download", **values)))
    container.add_item(File(f"attachment://{made.name}"))
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return WithFile(layout, made.name, made.data)


def _remark(each: Snapshot, language: str) -> str:
    return "".join(f" · {part}" for part in remark(each, language, MARKDOWN))


def _name(view: ServerView) -> str:
    return f"**{escape(view.name)}**"
