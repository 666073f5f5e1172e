"""Pure: a notice as the message that reports it now.

One message an episode: when its state has moved on the same message says so, and its buttons go. Every button carries
the guild, so that it works in direct messages too, where Discord does not tell one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import discord
from discord.ui import Button, Container, LayoutView, TextDisplay

from cogs import alarms
from cogs.cards import (
    AMBER,
    BLUE,
    GREEN,
    GREY,
    RED,
    button,
    rows,
    voice,
)
from cogs.escape import block, code, escape, when
from cogs.marks import MARKDOWN
from cogs.people import mention
from core.notices.kinds.alarms import AlarmNotice
from core.notices.kinds.carried import Trouble
from core.notices.kinds.notices import (
    AddressNotice,
    BlockedNotice,
    BlockOver,
    BroadcastNotice,
    CrashedNotice,
    CrashOver,
    DeletedNotice,
    DeletionFinal,
    DeletionUndone,
    FollowNotice,
    IdleEnded,
    IdleGathered,
    IdleInVoice,
    IdleJoined,
    IdleKept,
    IdlePaused,
    IdleResumed,
    IdleVoted,
    IdleWarned,
    InterruptedNotice,
    InterruptionOver,
    NodeAwayNotice,
    NodeBack,
    NotWokenNotice,
    OfferNotice,
    OfferOver,
    OfferTaken,
    OwnerGoneAdmins,
    OwnerGoneBack,
    OwnerGoneNotice,
    OwnerGoneOver,
    OwnerGonePassed,
    OwnerGoneTaken,
    PausedNotice,
    PauseOver,
    ReadyNotice,
    RestoringNotice,
    StartFailedNotice,
    StartFailureOver,
    StorageNotice,
    UnknownNotice,
    WelcomeNotice,
    WorldLost,
)
from core.notices.names import without_names
from core.servers.card_text import LONGEST_EVENT, names, ports_taken, receipt, story
from core.servers.trouble_text import cause, last_exit, what_to_do, why
from core.servers.views import NoticeView, ServerView
from core.text import count, duration, say, size
from core.words import Because, Desired, Fill, Phase, Problem, Reason, Sharer

LOG_LINES = 12
LONGEST = 3900  # characters of a text; Discord takes 4000
_SAID = (Because.BUDGET, Because.SCHEDULE, Because.OPERATOR, Because.GUILD_GONE)
"""Reasons for a pause that have words of their own."""
_AMOUNTS = ("needs", "used", "limit")


def notice(view: NoticeView) -> LayoutView | None:
    """None when there is nothing left to say: what it would report no longer holds."""
    if view.server is not None and not view.server.names_shown:
        view = replace(view, told=without_names(view.told))
    match view.told:
        case WelcomeNotice():
            setup: Button[LayoutView] = Button(label=say(view.language, "button.setup"), custom_id="dm:setup")
            parts: _Parts | None = _Parts(GREEN, [say(view.language, "notice.welcome")], [setup])
        case AlarmNotice() as alarm:
            parts = _Parts(RED, alarms.in_full(alarm), [])
        case BlockedNotice(words=words):
            said = f"> {escape(words)}" if words else ""
            parts = _Parts(RED, [say(view.language, "notice.blocked"), said], [])
        case BlockOver():
            parts = _Parts(GREEN, [say(view.language, "notice.block_over")], [])
        case BroadcastNotice(words=words):
            said = "\n".join(f"> {escape(line)}" for line in words.splitlines())
            parts = _Parts(BLUE, [say(view.language, "notice.broadcast"), said[:LONGEST]], [])
        case StorageNotice() as told if view.server is None:
            parts = _storage(told, view.language)
        case _:
            parts = None if view.server is None else _of_server(view, _Teller(view, view.server))
    return None if parts is None else _layout(view.number, parts)


@dataclass(frozen=True, slots=True)
class _Parts:
    colour: int
    lines: list[str]
    buttons: list[Button[LayoutView]]


class _Teller:
    """Words and buttons about one server, in the notice's language."""

    def __init__(self, view: NoticeView, server: ServerView) -> None:
        self.server = server
        self.language = view.language
        self._guild = view.guild

    def say(self, message: str, **values: Any) -> str:
        return say(self.language, message, name=f"**{escape(self.server.name)}**", **values)

    def by(self, message: str, by: int | None, **values: Any) -> str:
        """With who did it, where that is known: `message` or `message_by`."""
        return self.say(f"{message}_by", by=by, **values) if by else self.say(message, **values)

    def button(self, verb: str, *, label: str | None = None) -> Button[LayoutView]:
        return button(verb, self.server.id, self.language, label=label, more=self._guild)

    def if_paused(self, *verbs: str) -> list[Button[LayoutView]]:
        asleep = self.server.desired in (Desired.PAUSED, Desired.ARCHIVED)
        return [self.button(verb) for verb in verbs] if asleep else []


def _of_server(view: NoticeView, tell: _Teller) -> _Parts | None:
    match view.told:
        case IdleWarned() as told:
            return _warned(tell, told)
        case IdleKept(keep_until=until, by=by):
            return _Parts(GREEN, [tell.by("notice.kept", by, until=_when(until, "t"))], [])
        case IdleVoted(until=until, by=by):
            return _Parts(GREEN, [tell.by("notice.voted", by, until=_when(until, "t"))], [])
        case IdleJoined(names=joined):
            who = names(joined, MARKDOWN)
            return _Parts(GREEN, [tell.say("notice.joined" if who else "notice.joined_unnamed", names=who)], [])
        case IdleInVoice(voice=channel) if channel is not None:
            return _Parts(GREEN, [tell.say("notice.in_voice", channel=voice(channel))], [])
        case IdleGathered(occasion=occasion) if occasion:
            return _Parts(GREEN, [tell.say("notice.gathered", event=escape(occasion, LONGEST_EVENT))], [])
        case IdleEnded() | IdleInVoice() | IdleGathered():
            return _Parts(GREY, [tell.say("notice.ended")], [])
        case IdlePaused() | PausedNotice() as told:
            return _paused(tell, told)
        case IdleResumed(by=by) | PauseOver(by=by):
            return _Parts(GREEN, [tell.by("notice.resumed", by)], [])
        case ReadyNotice(took=took):
            return _ready(tell, took)
        case CrashedNotice() as told:
            return _crashed(tell, told)
        case CrashOver(trouble=trouble, by=by):
            before = tell.say("notice.crashed_before", cause=cause(trouble, tell.language))
            return _Parts(GREEN, [before, tell.by("notice.started_again", by)], [])
        case StartFailedNotice() as told:
            return _start_failed(tell, told)
        case StartFailureOver(by=by):
            lines = [tell.say("notice.start_failed_before"), tell.by("notice.started_again", by)]
            return _Parts(GREEN, lines, [])
        case NodeAwayNotice() as told:
            return _node_away(tell, told)
        case NodeBack(node=node, since=since, until=until):
            values = {"node": code(node), "since": _when(since, "f"), "until": _when(until, "f")}
            return _Parts(GREEN, [tell.say("notice.node_back", **values)], [])
        case InterruptedNotice(problem=problem):
            return _interrupted(tell, Trouble(problem))
        case InterruptionOver(problem=problem):
            reason = why(Trouble(problem), tell.language, MARKDOWN)
            return _Parts(GREEN, [tell.say("notice.interruption_over", why=reason)], [])
        case DeletedNotice() as told:
            return _deleted(tell, told)
        case DeletionUndone(by=by):
            return _Parts(GREEN, [tell.by("notice.undone", by)], [])
        case DeletionFinal(by=by):
            return _Parts(GREY, [tell.by("notice.purged", by)], [])
        case UnknownNotice():
            return _unknown(tell)
        case AddressNotice(taken=taken) if taken:
            return _address(tell, taken)
        case NotWokenNotice(why=refusal, values=values, occasion=occasion):
            said = say(tell.language, refusal, **{key: _value(key, value, tell.language) for key, value in values})
            message = "notice.not_woken_event" if occasion else "notice.not_woken"
            line = tell.say(message, why=said, event=escape(occasion, LONGEST_EVENT))
            return _Parts(AMBER, [line], tell.if_paused("resume"))
        case OfferNotice() as told:
            return _offer(tell, told)
        case OfferTaken(by=by):
            return _Parts(GREEN, [tell.by("notice.offer_taken", by)], [])
        case OfferOver(by=by):
            return _Parts(GREY, [tell.by("notice.offer_over", by)], [])
        case OwnerGoneNotice() as told:
            return _owner_gone(tell, told)
        case OwnerGonePassed(owner=owner):
            return _Parts(GREY, [tell.say("notice.owner_gone_passed", owner=_member(owner))], [])
        case OwnerGoneAdmins(owner=owner):
            return _Parts(BLUE, [tell.say("notice.owner_gone_admins", owner=_member(owner))], [])
        case OwnerGoneTaken(by=by):
            return _Parts(GREEN, [tell.by("notice.offer_taken", by)], [])
        case OwnerGoneBack(owner=owner):
            return _Parts(GREEN, [tell.say("notice.owner_gone_back", owner=_member(owner))], [])
        case OwnerGoneOver():
            return _Parts(GREY, [tell.say("notice.offer_over")], [])
        case FollowNotice() as told:
            return _follow(tell, told)
        case RestoringNotice() as told:
            return _restoring(tell, told)
        case WorldLost(to=to, back=back):
            lines = [tell.say("notice.lost"), tell.say("notice.lost_back", to=_when(to, "f")) if back else ""]
            return _Parts(AMBER, lines, [])
        case StorageNotice() as told:
            return _world(tell, told)
    return None


def _warned(tell: _Teller, told: IdleWarned) -> _Parts | None:
    idle = tell.server.idle
    pause_at = idle.pause_at or told.pause_at
    if not idle.warned or tell.server.desired is not Desired.RUNNING or pause_at is None:
        return None
    if idle.reason is Reason.MAINTENANCE:
        schedule = tell.server.schedule
        span = schedule.state.maintenance if schedule else None
        lines = [
            tell.say("notice.warned_maintenance", when=when(pause_at), until=_when(span.ends if span else None, "f"))
        ]
        return _Parts(AMBER, lines, [tell.button("pause", label="pause_now")])
    if idle.reason is Reason.FIRM_SLEEP:
        lines = [tell.say("notice.warned_firm", when=when(pause_at))]
        return _Parts(AMBER, lines, [tell.button("pause", label="pause_now")])
    if idle.reason is Reason.SLEEP:
        lines = [tell.say("notice.warned_sleep", when=when(pause_at))]
    else:
        since = idle.empty_since or told.empty_since or pause_at
        lines = [tell.say("notice.warned", since=when(since, "t"), when=when(pause_at))]
        if last := names(told.last_players, MARKDOWN):
            lines.append(tell.say("notice.last_players", names=last))
    if idle.vote:
        lines.append(tell.say("notice.vote"))
    return _Parts(AMBER, lines, [tell.button("vote" if idle.vote else "keep"), tell.button("pause", label="pause_now")])


def _paused(tell: _Teller, told: IdlePaused | PausedNotice) -> _Parts:
    """By the idle rules, or by whoever asked for it."""
    if told.by and told.because is not Because.OPERATOR:  # whoever runs the bot is nobody of this guild
        first = tell.by("notice.paused", told.by)
    elif told.after:
        first = tell.say("notice.paused_idle", after=duration(tell.language, told.after))
    elif told.because in _SAID:
        first = tell.say("notice.paused_because", why=say(tell.language, f"because.{told.because}"))
    else:
        first = tell.say("notice.paused")
    said = [f"> {escape(told.words)}"] if told.words else []
    return _Parts(BLUE, [first, *said, receipt(tell.server, tell.language, MARKDOWN)], tell.if_paused("resume"))


def _ready(tell: _Teller, took: float | None) -> _Parts | None:
    server = tell.server
    if server.phase is not Phase.RUNNING:
        return None
    first = tell.say("notice.ready_took", took=duration(tell.language, max(1.0, took))) if took else ""
    lines = [first or tell.say("notice.ready")]
    if server.address:
        lines.append(say(tell.language, "card.address", address=code(server.address)))
    if server.url:
        lines.append(say(tell.language, "card.open", url=server.url))
    return _Parts(GREEN, lines, [])


def _address(tell: _Teller, taken: tuple[int, ...]) -> _Parts | None:
    server = tell.server
    if server.desired is Desired.DELETED:
        return None
    first = tell.say("notice.address_later")
    if server.address is not None:
        first = tell.say("notice.address", address=code(server.address))
    return _Parts(AMBER, [first, ports_taken(taken, tell.language)], [])


def _crashed(tell: _Teller, told: CrashedNotice) -> _Parts:
    trouble, language, log = told.trouble, tell.language, block(told.log, LOG_LINES)
    todo = what_to_do(trouble, language)
    if not told.gave_up:
        return _Parts(AMBER, [tell.say("notice.crashed", cause=cause(trouble, language)), log, todo], [])
    first = tell.say(
        "notice.gave_up" if trouble.ever_ready is False else "notice.gave_up_again", count=trouble.count or 3
    )
    lines = [first, last_exit(trouble, language), log, *_next(tell, todo, "notice.gave_up_next")]
    verbs = ["restart", *(["world_good"] if tell.server.good else [])]
    return _Parts(RED, lines, tell.if_paused(*verbs))


def _start_failed(tell: _Teller, told: StartFailedNotice) -> _Parts:
    todo = what_to_do(told.trouble, tell.language)
    lines = [tell.say("notice.start_failed"), *story(told.trouble, tell.language, MARKDOWN), block(told.log, LOG_LINES)]
    return _Parts(RED, [*lines, *_next(tell, todo, "notice.start_failed_next")], tell.if_paused("restart"))


def _next(tell: _Teller, todo: str, otherwise: str) -> list[str]:
    """What to do, and that another try may be made; `otherwise` where nothing special is to be done."""
    return [todo, tell.say("notice.again")] if todo else [tell.say(otherwise)]


def _node_away(tell: _Teller, told: NodeAwayNotice) -> _Parts:
    ends = tell.server.desired is not Desired.RUNNING
    first = tell.say("notice.node_away", node=code(told.node), since=_when(told.since, "f"))
    return _Parts(AMBER, [first, what_to_do(Trouble(Problem.NODE_AWAY), tell.language, ends=ends)], [])


def _interrupted(tell: _Teller, trouble: Trouble) -> _Parts:
    todo = what_to_do(trouble, tell.language) if tell.server.desired is Desired.RUNNING else ""
    return _Parts(AMBER, [tell.say("notice.interrupted", why=why(trouble, tell.language, MARKDOWN)), todo], [])


def _deleted(tell: _Teller, told: DeletedNotice) -> _Parts:
    open_still = tell.server.purge_at is not None and tell.server.desired is Desired.DELETED
    if not open_still:
        return _Parts(GREY, [tell.by("notice.purged", told.by)], [])
    until = _when(tell.server.purge_at or told.purge_at, "f")
    lines = [tell.by("notice.deleted", told.by), tell.say("notice.undo_until", until=until)]
    return _Parts(GREY, lines, [tell.button("undo")])


def _offer(tell: _Teller, told: OfferNotice) -> _Parts:
    to, by = (mention(Sharer.MEMBER, each or 0) for each in (told.to, told.by))
    first = tell.say("notice.offer", to=to, by=by)
    then = tell.say("notice.offer_until", until=_when(told.until, "f"))
    return _Parts(BLUE, [first, then], [tell.button("offer_take"), tell.button("offer_decline")])


def _owner_gone(tell: _Teller, told: OwnerGoneNotice) -> _Parts:
    whom = "admins" if told.admins else "managers"
    first = tell.say("notice.owner_gone", owner=_member(told.owner))
    then = tell.say(f"notice.owner_gone_to_{whom}", until=_when(told.until, "f"))
    return _Parts(AMBER, [first, then], [tell.button("owner_take", label="offer_take")])


def _member(user: int | None) -> str:
    return mention(Sharer.MEMBER, user or 0)


def _follow(tell: _Teller, told: FollowNotice) -> _Parts | None:
    server = tell.server
    if server.phase is not Phase.RUNNING:
        return None
    if who := names(told.names, MARKDOWN):
        lines = [tell.say("notice.follow", names=who)]
    else:
        lines = [count(tell.language, "notice.follow_count", told.online, name=f"**{escape(server.name)}**")]
    if server.address:
        lines.append(say(tell.language, "card.address", address=code(server.address)))
    return _Parts(GREEN, lines, [tell.button("unfollow")])


def _restoring(tell: _Teller, told: RestoringNotice) -> _Parts:
    server, back = tell.server, told.back
    if told.imported:
        first = tell.by("notice.imported" if back else "notice.importing", told.by)
    else:
        first = tell.by("notice.restored" if back else "notice.restoring", told.by, to=_when(told.to, "f"))
    current = server.volume == told.volume and server.desired is not Desired.DELETED
    if not (back and current and server.can_undo):
        return _Parts(GREEN if back else AMBER, [first], [])
    return _Parts(GREEN, [first, tell.say("notice.world_kept")], [tell.button("world_undo")])


def _storage(told: StorageNotice, language: str) -> _Parts:
    """A guild's worlds take most of what they may."""
    lines = [say(language, f"notice.storage.{_how_full(told)}", **_amounts(told, language))]
    if told.largest:
        named = ", ".join(f"**{escape(name)}** ({size(language, amount)})" for name, amount in told.largest)
        lines.append(say(language, "notice.storage.largest", servers=named))
    return _Parts(_fill_colour(told), [*lines, say(language, "notice.storage.next")], [])


def _world(tell: _Teller, told: StorageNotice) -> _Parts:
    first = tell.say(f"notice.storage.world_{_how_full(told)}", **_amounts(told, tell.language))
    return _Parts(_fill_colour(told), [first], [])


def _how_full(told: StorageNotice) -> str:
    return {Fill.FULL: "full", Fill.NEARLY: "nearly"}.get(told.fill, "close")


def _fill_colour(told: StorageNotice) -> int:
    return RED if told.fill is Fill.FULL else AMBER


def _amounts(told: StorageNotice, language: str) -> dict[str, str]:
    return {"used": size(language, told.used), "limit": size(language, told.limit)}


def _unknown(tell: _Teller) -> _Parts | None:
    since = tell.server.idle.unknown_since
    if since is None or tell.server.phase is not Phase.RUNNING:
        return None
    said = tell.say("notice.unknown", since=when(since))
    if (channel := tell.server.idle.voice) is not None:
        said = tell.say("notice.unknown_voice", since=when(since), channel=voice(channel))
    return _Parts(AMBER, [said], [tell.button("pause", label="pause_now")])


def _value(key: str, value: str, language: str) -> str:
    """Of a refusal that was written down: amounts of data are digits there."""
    return size(language, int(value)) if key in _AMOUNTS and value.isdecimal() else escape(value)


def _when(moment: datetime | None, style: str) -> str:
    return when(moment, style) if moment else "…"


def _layout(number: int, parts: _Parts) -> LayoutView:
    container: Container[LayoutView] = Container(accent_colour=discord.Colour(parts.colour), id=number)
    container.add_item(TextDisplay("\n".join(filter(None, parts.lines))))
    for row in rows(parts.buttons):
        container.add_item(row)
    layout = LayoutView(timeout=None)
    layout.add_item(container)
    return layout
