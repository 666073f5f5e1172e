"""Pure: a notice as the message that reports it now. One message an episode: what moved on says so, its buttons go."""

from __future__ import annotations

from typing import Any

import discord
from discord.ui import ActionRow, Button, Container, LayoutView, TextDisplay

from cogs.cards import RED, button
from cogs.escape import block, escape, when
from core.servers.views import NoticeView, ServerView
from core.text import duration, say
from core.words import Desired, NoticeKind

AMBER, GREEN, BLUE, GREY = 0xE8A33D, 0x4FA36B, 0x6F7BB5, 0x7A7F87


def notice(view: NoticeView) -> LayoutView | None:
    """None when there is nothing left to say: a warning that was never sent and no longer holds."""
    if view.kind is NoticeKind.WELCOME:
        setup: Button[LayoutView] = Button(label=say(view.language, "button.setup"), custom_id="dm:setup:guild")
        return _layout(view.number, GREEN, [say(view.language, "notice.welcome")], [setup])
    if view.server is None:
        return None
    colour, lines, buttons = _RENDER[view.kind](view.data, view.server, view.language)
    return _layout(view.number, colour, [line for line in lines if line], buttons) if lines else None


_Parts = tuple[int, list[str], list[Button[LayoutView]]]


def _layout(number: int, colour: int, lines: list[str], buttons: list[Button[LayoutView]]) -> LayoutView:
    container: Container[LayoutView] = Container(accent_colour=discord.Colour(colour), id=number)
    container.add_item(TextDisplay("\n".join(lines)))
    if buttons:
        container.add_item(ActionRow(*buttons))
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout


def _idle(data: dict[str, Any], server: ServerView, language: str) -> _Parts:
    name = escape(server.name)
    match data.get("state"):
        case "warned":
            pause_at = server.idle.pause_at.timestamp() if server.idle.pause_at else data.get("pause_at")
            if not server.idle.warned or server.desired is not Desired.RUNNING or pause_at is None:
                return GREY, [], []
            since = data.get("empty_since") or pause_at
            last = ", ".join(map(escape, data.get("last_players", [])[:8]))
            lines = [say(language, "notice.warned", name=name, since=when(since), when=when(pause_at))]
            lines += [say(language, "notice.last_players", names=last)] if last else []
            return (
                AMBER,
                lines,
                [button("keep", server.id, language), button("pause", server.id, language, label="pause_now")],
            )
        case "kept":
            text = say(language, "notice.kept", name=name, by=data.get("by"), until=when(data["keep_until"], "t"))
            return GREEN, [text], []
        case "joined":
            names = ", ".join(map(escape, data.get("names", [])[:8]))
            message = "notice.joined" if names else "notice.joined_unnamed"
            return GREEN, [say(language, message, name=name, names=names)], []
        case "paused" if data.get("by"):
            return BLUE, [say(language, "notice.paused_by", name=name, by=data["by"])], _resume(server, language)
        case "paused":
            after = duration(language, data.get("after") or server.idle.after)
            return BLUE, [say(language, "notice.paused_idle", name=name, after=after)], _resume(server, language)
        case "resumed":
            return GREEN, [say(language, "notice.resumed", name=name, by=data.get("by"))], []
        case _:
            return GREY, [say(language, "notice.ended", name=name)], []


def _paused(data: dict[str, Any], server: ServerView, language: str) -> _Parts:
    name = escape(server.name)
    if data.get("state") == "resumed":
        return GREEN, [say(language, "notice.resumed", name=name, by=data.get("by"))], []
    message = "notice.paused_by" if data.get("by") else "notice.paused"
    return BLUE, [say(language, message, name=name, by=data.get("by"))], _resume(server, language)


def _ready(data: dict[str, Any], server: ServerView, language: str) -> _Parts:
    took = duration(language, max(1, round(data.get("took") or 1)))
    text = say(language, "notice.ready", name=escape(server.name), took=took, address=server.address or "?")
    return GREEN, [text, say(language, "card.open", url=server.url) if server.url else ""], []


def _crashed(data: dict[str, Any], server: ServerView, language: str) -> _Parts:
    gave_up = bool(data.get("gave_up"))
    values = {"name": escape(server.name), "count": data.get("count", 1), "cause": _cause(data, language)}
    lines = [say(language, "notice.gave_up" if gave_up else "notice.crashed", **values)]
    lines += [block(data["log"], 600)] if data.get("log") else []
    still = gave_up and server.desired is Desired.PAUSED
    return RED if gave_up else AMBER, lines, [button("restart", server.id, language)] if still else []


def _start_failed(data: dict[str, Any], server: ServerView, language: str) -> _Parts:
    lines = [say(language, "notice.start_failed", name=escape(server.name))]
    lines += [say(language, f"problem.{data['problem']}")] if data.get("problem") else []
    lines += [block(data["log"], 600)] if data.get("log") else []
    still = server.desired is Desired.PAUSED
    return RED, lines, [button("restart", server.id, language)] if still else []


def _deleted(data: dict[str, Any], server: ServerView, language: str) -> _Parts:
    name, by = escape(server.name), data.get("by")
    if data.get("state") == "undone":
        return GREEN, [say(language, "notice.undone", name=name, by=by)], []
    until = when(data.get("purge_at", 0), "f")
    buttons = [button("undo", server.id, language)] if server.desired is Desired.DELETED and server.purge_at else []
    return GREY, [say(language, "notice.deleted", name=name, by=by, until=until)], buttons


def _unknown(data: dict[str, Any], server: ServerView, language: str) -> _Parts:
    text = say(language, "notice.unknown", name=escape(server.name), since=when(data.get("since", 0)))
    return AMBER, [text], [button("pause", server.id, language, label="pause_now")]


def _resume(server: ServerView, language: str) -> list[Button[LayoutView]]:
    return [button("resume", server.id, language)] if server.desired is Desired.PAUSED else []


def _cause(data: dict[str, Any], language: str) -> str:
    code = data.get("code")
    if data.get("reason") == "OOMKilled":
        return say(language, "cause.memory")
    if code == 137:
        return say(language, "cause.killed")
    return say(language, "cause.none") if code is None else say(language, "cause.code", code=code)


_RENDER = {
    NoticeKind.IDLE: _idle,
    NoticeKind.PAUSED: _paused,
    NoticeKind.READY: _ready,
    NoticeKind.CRASHED: _crashed,
    NoticeKind.START_FAILED: _start_failed,
    NoticeKind.DELETED: _deleted,
    NoticeKind.UNKNOWN: _unknown,
}
