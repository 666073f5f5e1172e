"""Pure: what a server's card says, line by line, and which buttons make sense on it, for every face.

A face brings how it shows names, moments and what people typed. What is said depends on the view but not on `view.at`.
"""

from __future__ import annotations

from datetime import timedelta

from core.games.form.setting import Setting
from core.guilds.access import Do
from core.notices.kinds.carried import Trouble
from core.servers.trouble_text import how_far, last_exit, what_to_do, why
from core.servers.views import SIZE, ServerView
from core.text import count, duration, say, size
from core.text.marks import Marks
from core.words import ADMINS, Because, Desired, Phase, Problem, Reason

LOG_LINES = 8
OF_THE_GAME = (Problem.CRASHING, Problem.OUT_OF_MEMORY)
MOST_NAMES, LONGEST_NAME = 12, 32
LONGEST_EVENT = 60
MOST_PENDING = 5
_SAID_OF_SAVES = (Problem.STORE_AWAY, Problem.STORE_REFUSED, Problem.DISK_FULL)


def is_bad(view: ServerView) -> bool:
    """Something is wrong with it, or it was given up."""
    gave_up = view.phase is Phase.PAUSED and view.because in (Because.CRASHES, Because.START_FAILED)
    return view.problem is not None or gave_up


def owner_of(whom: int, language: str, marks: Marks) -> str:
    """To whom a server belongs."""
    return say(language, "owner.admins") if whom == ADMINS else marks.member(whom)


def verbs(view: ServerView) -> list[str]:
    """The buttons that make sense now, in order."""
    match view.phase:
        case Phase.RUNNING:
            return ["join", *(["keep"] if view.idle.after or _sleeps(view) else []), "pause", "restart", "more"]
        case Phase.STARTING:
            return ["join", "pause", "more"]
        case Phase.STOPPING if view.desired is Desired.RUNNING:
            return ["join", "pause", "more"]
        case Phase.STOPPING | Phase.PAUSED | Phase.ARCHIVING | Phase.ARCHIVED:
            return ["resume", "more"]
        case Phase.DELETING if view.purge_at is not None:
            return ["undo"]
        case _:
            return []


def needs(verb: str) -> Do:
    """What whoever presses this button does."""
    return Do.SEE if verb == "more" else Do(verb)


def first_line(view: ServerView, language: str, marks: Marks) -> str:
    if view.phase is Phase.STARTING:
        step = say(language, f"step.{view.step or 'queued'}")
        if view.step_since is not None:
            return say(language, "card.starting", step=step, since=marks.when(view.step_since))
        return say(language, "card.starting_asked", step=step, since=marks.when(view.started_at or view.phase_since))
    return say(language, f"card.{view.phase}", since=marks.when(view.phase_since))


def body(view: ServerView, language: str, marks: Marks) -> list[str]:
    return [
        marks.typed(view.description),
        *_problem(view, language, marks),
        _progress(view, language, marks),
        *_address(view, language, marks),
        *_next(view, language, marks),
        *pending(view, language, marks),
        saved(view, language, marks),
    ]


def footer(view: ServerView, language: str, marks: Marks) -> str:
    known = say(language, f"size.{view.size_now}")
    return say(
        language,
        "card.footer",
        game=marks.typed(view.game_name),
        size=known,
        owner=owner_of(view.owner, language, marks),
    )


def listens(view: ServerView) -> bool:
    """Whether its game has a console."""
    return view.game is not None and view.game.console.kind != "none"


def needed(view: ServerView) -> list[tuple[Setting, str]]:
    """What a player needs besides the address, as the game's entry of the catalogue says: settings with their values.
    One of the type `secret` is a password."""
    asked = [setting for setting in view.game.settings if setting.join] if view.game else []
    return [(setting, value) for setting in asked if (value := view.settings_now.get(setting.id))]


def names(players: tuple[str, ...] | list[str], marks: Marks, most: int = MOST_NAMES) -> str:
    """Players by name, escaped; those beyond `most` are an ellipsis."""
    known = [name for name in (marks.typed(each, LONGEST_NAME) for each in players[:most]) if name]
    return ", ".join([*known, "…"] if len(players) > most else known)


def story(trouble: Trouble, language: str, marks: Marks) -> list[str]:
    """Why a server was given up: the problem, else how far it got and how it ended."""
    known = [] if trouble.problem in (None, Problem.CRASHING) else [why(trouble, language, marks)]
    return known or [last_exit(trouble, language) or how_far(trouble, language)]


def ports_taken(ports: tuple[int, ...], language: str) -> str:
    """That something else uses these ports."""
    return count(language, "ports.taken", len(ports), ports=", ".join(map(str, ports)))


def saved(view: ServerView, language: str, marks: Marks) -> str:
    """When the world was saved last, and what of it was not; empty where that is not known."""
    return "\n".join(
        filter(
            None, [_not_saved(view, language, marks) or _saved(view, language, marks), lacking(view, language, marks)]
        )
    )


def _saved(view: ServerView, language: str, marks: Marks) -> str:
    if view.saved_at is None:
        return ""
    if view.saved_bytes is None:
        return say(language, "card.saved_unsized", when=marks.when(view.saved_at))
    return say(language, "card.saved", when=marks.when(view.saved_at), size=size(language, view.saved_bytes))


def receipt(view: ServerView, language: str, marks: Marks) -> str:
    """`saved`, with what the last snapshot added; only what a manifest that exists says."""
    known = view.saved_at is not None and view.saved_bytes is not None and view.saved_new is not None
    if not known or view.unsaved_since is not None:
        return saved(view, language, marks)
    assert view.saved_at is not None
    assert view.saved_bytes is not None
    assert view.saved_new is not None
    values = {"size": size(language, view.saved_bytes), "new": size(language, view.saved_new)}
    said = say(language, "notice.receipt", when=marks.when(view.saved_at), **values)
    return "\n".join(filter(None, [said, lacking(view, language, marks)]))


def pending(view: ServerView, language: str, marks: Marks) -> list[str]:
    """What it takes at its next start only, by name; empty: nothing."""
    labels = {setting.id: setting.label for setting in view.game.settings} if view.game else {}
    labels[SIZE] = say(language, "edit.size")
    names = [marks.typed(labels.get(key, key)) for key in view.pending]
    shown = ", ".join([*names[:MOST_PENDING], *(["…"] if len(names) > MOST_PENDING else [])])
    return [say(language, "edit.pending", what=shown)] if names else []


def _not_saved(view: ServerView, language: str, marks: Marks) -> str:
    """That the newest save failed, or is still to come, and how old the last good one is."""
    if view.unsaved_since is None or view.phase in (Phase.DELETING, Phase.DELETED):
        return ""
    before = say(language, "unsaved.before", when=marks.when(view.saved_at)) if view.saved_at else ""
    before = before or say(language, "unsaved.never")
    if view.unsaved_why is None:
        return f"{say(language, 'unsaved.soon')} {before}" if view.desired is Desired.PAUSED else ""
    why = view.unsaved_why if view.unsaved_why in _SAID_OF_SAVES else "other"
    return f"{say(language, f'unsaved.{why}')} {before}"


def lacking(view: ServerView, language: str, marks: Marks) -> str:
    """What of the world the newest snapshot lacks; empty: nothing."""
    gaps = view.saved_gaps
    if not gaps.files:
        return ""
    named = [
        marks.code(gap.path if len(gap.path) <= LONGEST_NAME else f"…{gap.path[1 - LONGEST_NAME :]}")
        for gap in gaps.named
    ]
    first = ", ".join([*named, "…"] if len(named) < gaps.files else named)
    return count(language, "card.lacks", gaps.files, files=first)


def _problem(view: ServerView, language: str, marks: Marks) -> list[str]:
    """What is wrong, what to do, and the last lines where a game says why itself."""
    if view.problem is None:
        return [] if view.fresh else [say(language, "problem.cluster_away")]
    todo = what_to_do(view.trouble, language, ends=view.desired is not Desired.RUNNING)
    said = f"{why(view.trouble, language, marks)} {todo}".strip()
    return [said, marks.block(view.crash_log, LOG_LINES) if view.problem in OF_THE_GAME else ""]


def _progress(view: ServerView, language: str, marks: Marks) -> str:
    """How far long work is, in steps of five percent, and when it will be done."""
    progress = view.progress
    if progress is None or not progress.total or progress.done < progress.total // 20:
        return ""
    share = progress.done * 20 // progress.total * 5
    took = max(0.0, (view.at - progress.since).total_seconds())
    end = progress.since + timedelta(seconds=took * progress.total / progress.done)
    end = end.replace(microsecond=0, second=end.second // 10 * 10)
    return say(language, "card.progress", share=share, total=size(language, progress.total), when=marks.when(end))


def _address(view: ServerView, language: str, marks: Marks) -> list[str]:
    if view.address is None or view.desired is not Desired.RUNNING:
        return []
    lines = [say(language, "card.address", address=marks.code(view.address))]
    if view.taken:
        lines.append(say(language, "card.address_new", why=ports_taken(view.taken, language)))
    if view.url and view.phase is Phase.RUNNING:
        lines.append(say(language, "card.open", url=view.url))
    return lines


def _next(view: ServerView, language: str, marks: Marks) -> list[str]:
    """Who plays, and what happens next, and when."""
    match view.phase:
        case Phase.RUNNING:
            return [_players(view, language, marks), *_idle(view, language, marks)]
        case Phase.STARTING if view.start_by is not None:
            return [say(language, "card.starting.next", until=marks.when(view.start_by, "t"))]
        case Phase.STOPPING if view.problem is not Problem.NODE_AWAY:
            return [say(language, f"card.stopping.{'again' if view.desired is Desired.RUNNING else 'pause'}")]
        case Phase.PAUSED:
            return [*_paused(view, language, marks), *_asleep(view, language, marks), *_planned(view, language, marks)]
        case Phase.ARCHIVED:
            return [say(language, "card.archived.next")]
        case Phase.DELETING if view.purge_at is not None:
            return [say(language, "card.deleting.next", until=marks.when(view.purge_at, "f"))]
        case _:
            return []


def _players(view: ServerView, language: str, marks: Marks) -> str:
    if not view.players_known:
        return _unknown(view, language, marks) if view.idle.unknown_since else ""
    line = say(
        language,
        "card.players" if view.players_max else "card.players_unlimited",
        online=view.players_online,
        max=view.players_max,
    )
    return f"{line} · {known}" if (known := names(view.players, marks)) else line


def _unknown(view: ServerView, language: str, marks: Marks) -> str:
    if view.idle.voice is not None:
        return say(language, "card.players_unknown_voice", channel=marks.channel(view.idle.voice))
    return say(language, "card.players_unknown")


def _idle(view: ServerView, language: str, marks: Marks) -> list[str]:
    idle = view.idle
    lines = scheduled(view, language, marks)
    if not idle.after and not _sleeps(view):
        lines.append(say(language, "card.never"))
    elif idle.empty_since is not None and idle.pause_at is not None and idle.reason is Reason.IDLE:
        lines.append(
            say(language, "card.empty", since=marks.when(idle.empty_since, "t"), when=marks.when(idle.pause_at))
        )
    elif idle.after and view.players_online:
        lines.append(say(language, "card.playing", after=duration(language, idle.after)))
    if idle.after or _sleeps(view):
        lines += holding(view, language, marks)
    if idle.voice_gone and idle.after:
        lines.append(say(language, "card.voice_gone"))
    if idle.warning_dead:
        lines.append(say(language, "card.warning_dead"))
    return lines


def holding(view: ServerView, language: str, marks: Marks) -> list[str]:
    """What keeps a running server on besides players and its schedule: a line of evidence for each."""
    lines, idle = [], view.idle
    for hold in idle.holds:
        until = marks.when(hold.until, "t") if hold.until else "…"
        match hold.reason:
            case Reason.KEEP:
                lines.append(_by(language, "card.kept", idle.keep_by, until=until))
            case Reason.EVENT:
                event = marks.typed(idle.event, LONGEST_EVENT)
                lines.append(_by(language, "card.event", idle.event_by, event=event, until=until))
            case Reason.VOICE if idle.voice is not None:
                lines.append(_in_voice(idle.voice, idle.voice_online, language, marks))
            case Reason.VOTE:
                lines.append(_by(language, "card.voted", idle.vote_by, until=until))
    return lines


def _by(language: str, message: str, by: int | None, **values: str) -> str:
    """With who did it, where that may be told: `message` or `message_by`."""
    return say(language, f"{message}_by", by=by, **values) if by else say(language, message, **values)


def _in_voice(channel: int, online: int, language: str, marks: Marks) -> str:
    if not online:
        return say(language, "card.in_voice", channel=marks.channel(channel))
    return count(language, "card.so_many_in_voice", online, channel=marks.channel(channel))


def scheduled(view: ServerView, language: str, marks: Marks) -> list[str]:
    """What the schedule of a server that runs keeps it on for, and when it pauses it next."""
    if view.schedule is None:
        return []
    state, lines = view.schedule.state, list[str]()
    if view.idle.warned and view.idle.pause_at is not None and view.idle.reason is not Reason.IDLE:
        lines.append(say(language, "card.pauses_scheduled", when=marks.when(view.idle.pause_at)))
    elif state.awake is not None:
        until = state.awake.ends
        lines.append(
            say(language, "card.awake", until=marks.when(until, "f")) if until else say(language, "card.awake_always")
        )
    for span, message in (
        (state.maintenance, "card.maintained"),
        (state.firm, "card.sleeps_firm"),
        (state.sleep, "card.sleeps"),
    ):
        if span is not None and span.begins is not None and span.begins > state.at:
            ends = marks.when(span.ends, "f") if span.ends else "…"
            lines.append(say(language, message, when=marks.when(span.begins, "f"), until=ends))
    if view.schedule.restart_by is not None:
        lines.append(say(language, "card.restarts", until=marks.when(view.schedule.restart_by, "t")))
    return lines


def _sleeps(view: ServerView) -> bool:
    """At some time, by its schedule."""
    return view.schedule is not None and any((view.schedule.state.sleep, view.schedule.state.firm))


def _asleep(view: ServerView, language: str, marks: Marks) -> list[str]:
    """Until when a paused server sleeps by its schedule, and when it wakes."""
    if view.schedule is None:
        return []
    state = view.schedule.state
    if (span := state.in_maintenance) is not None:
        messages = ("card.paused.maintained", "card.paused.maintained_always")
    elif (span := state.asleep) is not None:
        messages = ("card.paused.asleep", "card.paused.asleep_always")
    lines = []
    if span is not None:
        lines.append(
            say(language, messages[0], until=marks.when(span.ends, "f")) if span.ends else say(language, messages[1])
        )
    if state.next_awake is not None:
        lines.append(say(language, "card.wakes", when=marks.when(state.next_awake, "f")))
    return lines


def _planned(view: ServerView, language: str, marks: Marks) -> list[str]:
    """The event that wakes a server which was paused by itself."""
    idle = view.idle
    if not idle.event or idle.event_from is None or view.because not in (Because.IDLE, Because.SCHEDULE):
        return []
    event = marks.typed(idle.event, LONGEST_EVENT)
    return [say(language, "card.event_wakes", event=event, when=marks.when(idle.event_from, "f"))]


def _paused(view: ServerView, language: str, marks: Marks) -> list[str]:
    match view.because:
        case Because.CRASHES:
            message = "card.paused.crashes" if view.trouble.ever_ready is False else "card.paused.crashes_again"
            return _gave_up(view, language, marks, say(language, message, count=view.trouble.count))
        case Because.START_FAILED:
            return _gave_up(view, language, marks, say(language, "card.paused.start_failed"))
        case Because.IDLE:
            return [say(language, "card.paused.idle")]
        case Because.SCHEDULE:
            return [say(language, "card.paused.schedule")]
        case Because.OWNER if view.by is not None:
            return [say(language, "card.paused.owner", by=view.by)]
        case _:
            return [say(language, "card.paused.other")]


def _gave_up(view: ServerView, language: str, marks: Marks, first: str) -> list[str]:
    todo = f"{what_to_do(view.trouble, language)} {say(language, 'card.paused.again')}".strip()
    return [first, *story(view.trouble, language, marks), marks.block(view.crash_log, LOG_LINES), todo]
