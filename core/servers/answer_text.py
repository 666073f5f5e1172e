"""Pure: what is answered to whoever did something to a server, and what its card has no room for, for every face."""

from __future__ import annotations

from core.cluster.port import InUse
from core.games.form.setting import Size
from core.servers.card_text import owner_of
from core.servers.trouble_text import gib, memory
from core.servers.views import ServerView
from core.text import duration, say
from core.text.marks import Marks
from core.words import Phase


def resumed(view: ServerView, language: str, marks: Marks) -> str:
    if view.phase is Phase.RUNNING and view.address:
        return say(language, "answer.running", name=_name(view, marks), address=marks.code(view.address))
    return say(language, "answer.resume", name=_name(view, marks))


def pausing(view: ServerView, language: str, marks: Marks) -> str:
    said = {
        Phase.STARTING: "answer.pause_starting",
        Phase.PAUSED: "answer.paused",
        Phase.ARCHIVING: "answer.archiving",
        Phase.ARCHIVED: "answer.archived",
    }
    return say(language, said.get(view.phase, "answer.pause"), name=_name(view, marks))


def restarted(view: ServerView, language: str, marks: Marks) -> str:
    said = {
        Phase.STARTING: "answer.restart_starting",
        Phase.RUNNING: "answer.restart",
        Phase.STOPPING: "answer.restart",
    }
    return say(language, said.get(view.phase, "answer.resume"), name=_name(view, marks))


def kept(view: ServerView, language: str, marks: Marks) -> str:
    until = marks.when(view.idle.keep_until, "t") if view.idle.keep_until else "…"
    return say(language, "answer.keep", name=_name(view, marks), until=until)


def voted(view: ServerView, language: str, marks: Marks) -> str:
    until = marks.when(view.idle.vote_until, "t") if view.idle.vote_until else "…"
    return say(language, "answer.vote", name=_name(view, marks), until=until)


def idle(view: ServerView, language: str, marks: Marks) -> str:
    """When it pauses, whose rule that is, and what else keeps it on."""
    vote = say(language, "answer.idle_vote") if view.idle.vote and view.idle.after else ""
    schedule = say(language, "answer.idle_schedule") if view.schedule and view.schedule.entries else ""
    return " ".join(filter(None, [_pauses(view, language, marks), *_voice(view, language, marks), vote, schedule]))


def _voice(view: ServerView, language: str, marks: Marks) -> list[str]:
    if view.idle.voice_gone:
        return [say(language, "answer.idle_voice_gone")]
    if view.idle.voice is None or not view.idle.after:
        return []
    said = "answer.idle_in_voice" if view.idle.in_voice else "answer.idle_voice"
    return [say(language, said, channel=marks.channel(view.idle.voice))]


def _pauses(view: ServerView, language: str, marks: Marks) -> str:
    if not view.idle.after:
        return say(language, "answer.idle_never", name=_name(view, marks))
    after, warn = duration(language, view.idle.after), duration(language, view.idle.warn)
    whose = "" if view.idle.own else f" {say(language, 'answer.idle_default')}"
    said = "answer.idle" if view.idle.warn else "answer.idle_unwarned"
    return say(language, said, name=_name(view, marks), after=after, warn=warn) + whose


def details(view: ServerView, language: str, marks: Marks, in_use: InUse | None = None) -> list[str]:
    """Without the ones that are empty."""
    lines, size = [marks.typed(view.description)], say(language, f"size.{view.size_now}")
    known = memory(view.sized.memory, language) if view.sized else ""
    lines.append(say(language, "more.size", size=size, memory=known) if known else size)
    if in_use is not None:
        lines.append(_in_use(in_use, view.sized, language))
    lines.append(say(language, "more.owner", owner=owner_of(view.owner, language, marks)))
    lines.append(idle(view, language, marks))
    if len(view.addresses) > 1:
        lines += [f"{marks.typed(port)}: {marks.code(address)}" for port, address in view.addresses.items()]
    if view.game is None:
        lines.append(say(language, "more.no_game", game=marks.typed(view.game_name)))
    return list(filter(None, lines))


def _in_use(in_use: InUse, size: Size | None, language: str) -> str:
    """Both memories in one unit; 100 % is one core."""
    used, cpu = max(1, round(in_use.memory / (1 << 20))), round(in_use.cpu / 10)
    if size is None:
        return say(language, "more.in_use_unsized", used=memory(used, language), cpu=cpu)
    whole = memory(size.memory, language)
    if whole.endswith("GiB"):
        return say(language, "more.in_use", used=gib(in_use.memory, language), memory=whole, cpu=cpu)
    return say(language, "more.in_use", used=used, memory=whole, cpu=cpu)


def _name(view: ServerView, marks: Marks) -> str:
    return f"**{marks.typed(view.name)}**"
