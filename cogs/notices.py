"""Pure: a notice as the message that reports it now.

One message an episode: when its state has moved on the same message says so, and its buttons go. Every button carries
the guild, so that it works in the owner's direct messages too, where Discord does not tell one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
from discord.ui import Button, Container, LayoutView, TextDisplay

from cogs import alarms
from cogs.cards import AMBER, BLUE, GREEN, GREY, RED, button, names, receipt, rows, story
from cogs.escape import block, code, escape, when
from cogs.trouble import cause, last_exit, what_to_do
from core.guilds.storage import Fill
from core.servers.views import NoticeView, ServerView, Trouble
from core.text import duration, say, size
from core.words import Because, Desired, NoticeKind, Phase

LOG_LINES = 12


def notice(view: NoticeView) -> LayoutView | None:
    """None when there is nothing left to say: what it would report no longer holds."""
    if view.kind is NoticeKind.WELCOME:
        setup: Button[LayoutView] = Button(label=say(view.language, "button.setup"), custom_id="dm:setup")
        return _layout(view.number, _Parts(GREEN, [say(view.language, "notice.welcome")], [setup]))
    if view.kind is NoticeKind.ALARM:
        return _layout(view.number, _Parts(RED, alarms.in_full(view.data), []))
    if view.kind is NoticeKind.STORAGE and view.server is None:
        return _layout(view.number, _storage(view))
    if view.server is None:
        return None
    parts = _RENDER[view.kind](_Teller(view, view.server))
    return None if parts is None else _layout(view.number, parts)


@dataclass(frozen=True, slots=True)
class _Parts:
    colour: int
    lines: list[str]
    buttons: list[Button[LayoutView]]


class _Teller:
    """Words and buttons about one server, in the notice's language."""

    def __init__(self, view: NoticeView, server: ServerView) -> None:
        self.data = view.data
        self.server = server
        self.language = view.language
        self._guild = view.guild
        self.trouble = Trouble.of(view.data)

    def say(self, message: str, **values: Any) -> str:
        return say(self.language, message, name=f"**{escape(self.server.name)}**", **values)

    def by(self, message: str, **values: Any) -> str:
        """With who did it, where that is known: `message` or `message_by`."""
        by = self.data.get("by")
        return self.say(f"{message}_by", by=by, **values) if by else self.say(message, **values)

    def button(self, verb: str, *, label: str | None = None) -> Button[LayoutView]:
        return button(verb, self.server.id, self.language, label=label, more=self._guild)

    def if_paused(self, *verbs: str) -> list[Button[LayoutView]]:
        asleep = self.server.desired in (Desired.PAUSED, Desired.ARCHIVED)
        return [self.button(verb) for verb in verbs] if asleep else []

    def log(self) -> str:
        return block(str(self.data.get("log") or ""), LOG_LINES)


def _idle(tell: _Teller) -> _Parts | None:
    match tell.data.get("state"):
        case "warned":
            return _warned(tell)
        case "kept":
            return _Parts(GREEN, [tell.by("notice.kept", until=_when(tell.data.get("keep_until"), "t"))], [])
        case "joined":
            who = names(tell.data.get("names") or [])
            return _Parts(GREEN, [tell.say("notice.joined" if who else "notice.joined_unnamed", names=who)], [])
        case "paused":
            return _asleep(tell)
        case "resumed":
            return _Parts(GREEN, [tell.by("notice.resumed")], [])
        case _:
            return _Parts(GREY, [tell.say("notice.ended")], [])


def _warned(tell: _Teller) -> _Parts | None:
    idle, data = tell.server.idle, tell.data
    pause_at = idle.pause_at or data.get("pause_at")
    if not idle.warned or tell.server.desired is not Desired.RUNNING or pause_at is None:
        return None
    since = idle.empty_since or data.get("empty_since") or pause_at
    lines = [tell.say("notice.warned", since=when(since, "t"), when=when(pause_at))]
    if last := names(data.get("last_players") or []):
        lines.append(tell.say("notice.last_players", names=last))
    return _Parts(AMBER, lines, [tell.button("keep"), tell.button("pause", label="pause_now")])


def _asleep(tell: _Teller) -> _Parts:
    """Paused: by the idle rules, or by whoever asked for it."""
    why, words = tell.data.get("because"), tell.data.get("words")
    if tell.data.get("by") and why != Because.OPERATOR:  # whoever runs the bot is nobody of this guild
        first = tell.by("notice.paused")
    elif tell.data.get("after"):
        first = tell.say("notice.paused_idle", after=duration(tell.language, tell.data["after"]))
    elif why in ("budget", "schedule", "operator", "guild_gone"):
        first = tell.say("notice.paused_because", why=say(tell.language, f"because.{why}"))
    else:
        first = tell.say("notice.paused")
    said = [f"> {escape(words)}"] if words else []
    return _Parts(BLUE, [first, *said, receipt(tell.server, tell.language)], tell.if_paused("resume"))


def _paused(tell: _Teller) -> _Parts:
    return _Parts(GREEN, [tell.by("notice.resumed")], []) if tell.data.get("state") == "resumed" else _asleep(tell)


def _ready(tell: _Teller) -> _Parts | None:
    server = tell.server
    if server.phase is not Phase.RUNNING:
        return None
    took = tell.data.get("took")
    first = tell.say("notice.ready_took", took=duration(tell.language, max(1.0, took))) if took else ""
    lines = [first or tell.say("notice.ready")]
    if server.address:
        lines.append(say(tell.language, "card.address", address=code(server.address)))
    if server.url:
        lines.append(say(tell.language, "card.open", url=server.url))
    return _Parts(GREEN, lines, [])


def _crashed(tell: _Teller) -> _Parts:
    trouble, language = tell.trouble, tell.language
    said = cause(trouble, language)
    if tell.data.get("state") == "resumed":
        return _Parts(GREEN, [tell.say("notice.crashed_before", cause=said), tell.by("notice.started_again")], [])
    todo = what_to_do(trouble, language)
    if not tell.data.get("gave_up"):
        return _Parts(AMBER, [tell.say("notice.crashed", cause=said), tell.log(), todo], [])
    first = tell.say(
        "notice.gave_up" if trouble.ever_ready is False else "notice.gave_up_again", count=trouble.count or 3
    )
    lines = [first, last_exit(trouble, language), tell.log(), *_next(tell, todo, "notice.gave_up_next")]
    verbs = ["restart", *(["world_good"] if tell.server.good else [])]
    return _Parts(RED, lines, tell.if_paused(*verbs))


def _start_failed(tell: _Teller) -> _Parts:
    if tell.data.get("state") == "resumed":
        return _Parts(GREEN, [tell.say("notice.start_failed_before"), tell.by("notice.started_again")], [])
    todo = what_to_do(tell.trouble, tell.language)
    lines = [tell.say("notice.start_failed"), *story(tell.trouble, tell.language), tell.log()]
    return _Parts(RED, [*lines, *_next(tell, todo, "notice.start_failed_next")], tell.if_paused("restart"))


def _next(tell: _Teller, todo: str, otherwise: str) -> list[str]:
    """What to do, and that another try may be made; `otherwise` where nothing special is to be done."""
    return [todo, tell.say("notice.again")] if todo else [tell.say(otherwise)]


def _deleted(tell: _Teller) -> _Parts:
    if tell.data.get("state") == "undone":
        return _Parts(GREEN, [tell.by("notice.undone")], [])
    open_still = tell.server.purge_at is not None and tell.server.desired is Desired.DELETED
    if not open_still:
        return _Parts(GREY, [tell.by("notice.purged")], [])
    until = _when(tell.server.purge_at or tell.data.get("purge_at"), "f")
    return _Parts(GREY, [tell.by("notice.deleted"), tell.say("notice.undo_until", until=until)], [tell.button("undo")])


def _restored(tell: _Teller) -> _Parts:
    """A world goes back, or was lost and comes back."""
    data, server = tell.data, tell.server
    to, back = _when(data.get("to"), "f"), data.get("back")
    if data.get("state") == "lost":
        lines = [tell.say("notice.lost"), tell.say("notice.lost_back", to=to) if back else ""]
        return _Parts(AMBER, lines, [])
    first = tell.by("notice.restored" if back else "notice.restoring", to=to)
    current = server.volume == data.get("volume") and server.desired is not Desired.DELETED
    buttons = [tell.button("world_undo", label="undo")] if back and current and server.can_undo else []
    return _Parts(GREEN if back else AMBER, [first], buttons)


def _storage(view: NoticeView) -> _Parts:
    """A guild's worlds take most of what they may."""
    language, data = view.language, view.data
    lines = [say(language, f"notice.storage.{_how_full(data)}", **_amounts(data, language))]
    largest = data.get("largest") or []
    if largest:
        named = ", ".join(f"**{escape(str(name))}** ({size(language, amount)})" for name, amount in largest)
        lines.append(say(language, "notice.storage.largest", servers=named))
    return _Parts(_fill_colour(data), [*lines, say(language, "notice.storage.next")], [])


def _world(tell: _Teller) -> _Parts:
    first = tell.say(f"notice.storage.world_{_how_full(tell.data)}", **_amounts(tell.data, tell.language))
    return _Parts(_fill_colour(tell.data), [first], [])


def _how_full(data: dict[str, Any]) -> str:
    return {Fill.FULL: "full", Fill.NEARLY: "nearly"}.get(data.get("fill", 0), "close")


def _fill_colour(data: dict[str, Any]) -> int:
    return RED if data.get("fill") == Fill.FULL else AMBER


def _amounts(data: dict[str, Any], language: str) -> dict[str, str]:
    used, limit = int(data.get("used") or 0), int(data.get("limit") or 0)
    return {"used": size(language, used), "limit": size(language, limit)}


def _unknown(tell: _Teller) -> _Parts | None:
    since = tell.server.idle.unknown_since
    if since is None or tell.server.phase is not Phase.RUNNING:
        return None
    return _Parts(AMBER, [tell.say("notice.unknown", since=when(since))], [tell.button("pause", label="pause_now")])


def _when(moment: Any, style: str) -> str:
    return when(moment, style) if moment else "…"


def _layout(number: int, parts: _Parts) -> LayoutView:
    container: Container[LayoutView] = Container(accent_colour=discord.Colour(parts.colour), id=number)
    container.add_item(TextDisplay("\n".join(filter(None, parts.lines))))
    for row in rows(parts.buttons):
        container.add_item(row)
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout


_RENDER = {
    NoticeKind.IDLE: _idle,
    NoticeKind.PAUSED: _paused,
    NoticeKind.READY: _ready,
    NoticeKind.CRASHED: _crashed,
    NoticeKind.START_FAILED: _start_failed,
    NoticeKind.DELETED: _deleted,
    NoticeKind.UNKNOWN: _unknown,
    NoticeKind.RESTORED: _restored,
    NoticeKind.STORAGE: _world,
}
