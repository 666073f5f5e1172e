"""Pure: what an entry of the audit says, with the values before and after, for every face."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.guilds.settings import SETTABLE
from core.idle.schedule import load
from core.idle.schedule_text import words
from core.notices.kinds import events
from core.servers.audit import Entry
from core.servers.trouble_text import memory
from core.text import duration, say, size
from core.text.marks import Marks, plain
from core.words import ADMINS, Because, GuildSetting, Sharer

LONGEST_VALUE = 60
_CHANNELS = (GuildSetting.SERVER_CHANNEL, GuildSetting.NOTICE_CHANNEL)
_ROLES = (GuildSetting.ADMIN_ROLE, GuildSetting.CREATE_ROLE)
_MEMORY = (GuildSetting.MEMORY,)
_TIMES = (GuildSetting.IDLE_AFTER, GuildSetting.IDLE_WARN)
_BYTES = (GuildSetting.WORLD, GuildSetting.STORAGE)
_OWN_WORDS = (Because.BUDGET, Because.SCHEDULE, Because.OPERATOR, Because.GUILD_GONE)


def what(entry: Entry, language: str, marks: Marks) -> str:
    """One sentence, with the values before and after where there are any."""

    def said(message: str, **values: object) -> str:
        return say(language, f"audit.{message}", **values)

    match entry.event:
        case events.Created(game=game, name=name, size=chosen):
            return said("created", game=marks.typed(game), name=marks.typed(name), size=say(language, f"size.{chosen}"))
        case events.Paused(because=because) if because in _OWN_WORDS:
            return said("paused_because", why=say(language, f"because.{because}"))
        case events.Paused(after=after) if after:
            return said("paused_idle", after=duration(language, after))
        case events.Kept(until=until):
            return said("kept", until=marks.when(until, "f"))
        case events.Voted(until=until):
            return said("voted", until=marks.when(until, "f"))
        case events.ScheduleSet() as schedule:
            return said("schedule_set", changes=_schedule(schedule, language, marks))
        case events.Shared(before=before, after=after) as shared:
            change = _change(_role(before, language), _role(after, language))
            return said("shared", whom=_whom(shared.of, shared.target, marks), change=change)
        case events.Offered(to=to, until=until):
            return said("offered", whom=marks.member(to), until=marks.when(until, "f"))
        case events.OfferEnded(to=to):
            return said("offer_ended", whom=marks.member(to))
        case events.Transferred(before=before, to=to):
            owners = (said("admins") if each == ADMINS else marks.member(each) for each in (before, to))
            return said("transferred", change=_change(*owners))
        case events.OwnerGone(owner=gone, admins=admins):
            return said("owner_gone_admins" if admins else "owner_gone", owner=marks.member(gone))
        case events.OwnerBack(owner=back):
            return said("owner_back", owner=marks.member(back))
        case events.Edited(changed=changed, before=before, after=after):
            return said("edited", changes=_edits(changed, before or {}, after or {}, marks))
        case events.LineSent(line=line):
            return said("line_sent", line=marks.typed(line))
        case (
            events.FolderMade(path=path, sure=False)
            | events.FileWritten(path=path, sure=False)
            | events.FileUploaded(path=path, sure=False)
            | events.FileRenamed(path=path, sure=False)
            | events.FileDeleted(path=path, sure=False)
        ):
            return said("file_unsure", path=marks.typed(path))
        case events.FolderMade(path=path) | events.FileWritten(path=path) | events.FileDeleted(path=path):
            return said(entry.kind, path=marks.typed(path))
        case events.FileUploaded(path=path, size=amount):
            return said("file_uploaded", path=marks.typed(path), size=size(language, amount))
        case events.FileRenamed(path=path, to=to):
            return said("file_renamed", path=marks.typed(path), to=marks.typed(to))
        case events.IdleSet(before=before) as idle:
            now = {"after": idle.after, "warn": idle.warn, "voice": idle.voice, "vote": idle.vote}
            return said("idle_set", changes=_idle(now, before, language, marks))
        case events.GuildSet(changed=changed, before=before):
            return said("guild_set", changes=_rules(changed, before, language, marks))
        case events.QuotaSet() as quota:
            return said("quota_set", whom=_whom(quota.of, quota.target, marks), changes=_quota(quota, language, marks))
        case events.GameOffered(game=game, sizes=sizes, before=before):
            return said(
                "game_offered",
                game=marks.typed(game),
                change=_change(*(_sizes(x, language, marks) for x in (before, sizes))),
            )
        case events.Deleted(name=name, purge_at=until):
            return said("deleted", name=marks.typed(name), until=marks.when(until, "f") if until else "…")
        case events.RestoreAsked(to=to) | events.Restored(to=to):
            return said(entry.kind, to=marks.when(to, "f") if to else "…")
        case events.Imported(size=amount) | events.Exported(size=amount):
            return said(entry.kind, size=size(language, amount))
        case events.SnapshotAsked(note=note):
            return said("snapshot_asked_note", note=marks.typed(note)) if note else said("snapshot_asked")
        case events.LicenceAccepted(name=name, version=version, url=url):
            return said("licence_accepted", name=marks.typed(name), version=marks.typed(version), url=url)
        case events.ProblemChanged(problem=problem):
            return said("problem", problem=say(language, f"problem.{problem}")) if problem else said("problem_over")
        case events.WebhookChanged(change=change, host=host):
            return said(f"webhook_{change}", host=marks.typed(host))
        case None:
            return said("unknown")
        case _:
            return said(entry.kind)


def people_named(entries: Iterable[Entry]) -> set[int]:
    """Whom they name."""
    found: set[int | None] = set()
    for entry in entries:
        found.add(entry.by)
        match entry.event:
            case events.Shared(of=Sharer.MEMBER, target=user) | events.QuotaSet(of=Sharer.MEMBER, target=user):
                found.add(user)
            case events.Offered(to=user) | events.OfferEnded(to=user):
                found.add(user)
            case events.OwnerGone(owner=user) | events.OwnerBack(owner=user):
                found.add(user)
            case events.Transferred(before=before, to=to):
                found |= {before, to}
    return {each for each in found if each and each != ADMINS}


def _whom(kind: str, target: int, marks: Marks) -> str:
    return marks.role(target) if kind == Sharer.ROLE else marks.member(target)


def _edits(
    changed: tuple[str, ...], before: Mapping[str, str | None], after: Mapping[str, str | None], marks: Marks
) -> str:
    """A value that is secret, or that an older version did not write down, is not told."""
    shown = []
    for key in changed:
        old, new = before.get(key), after.get(key)
        told = "" if old is None or new is None else f": {_change(_typed(old, marks), _typed(new, marks))}"
        shown.append(f"{marks.typed(key)}{told}")
    return "; ".join(shown)


def _role(role: str, language: str) -> str:
    return say(language, f"share.{role}" if role else "share.not")


def _schedule(told: events.ScheduleSet, language: str, marks: Marks) -> str:
    if told.before != told.after:
        return _change(_entries(told.before, language), _entries(told.after, language))
    zones = (told.zone_before, told.zone)
    return _change(*(marks.typed(zone) if zone else say(language, "audit.default") for zone in zones))


def _entries(text: str, language: str) -> str:
    shown = [f"{say(language, f'schedule.kind_{each.kind}')} {words(each, language)}" for each in load(text)]
    return "; ".join(shown) or say(language, "audit.no_schedule")


def _idle(now: Mapping[str, int | None], before: Mapping[str, int | None] | None, language: str, marks: Marks) -> str:
    def value(key: str, given: int | None) -> str:
        if given is None:
            return say(language, "audit.default")
        if key == "vote":
            return say(language, "word.yes" if given else "word.no")
        if key == "after" and not given:
            return say(language, "audit.never")
        return marks.channel(given) if key == "voice" else duration(language, given)

    shown = []
    for key, given in now.items():
        if before is not None and before.get(key, False if key == "vote" else None) == given:
            continue
        old = None if before is None else value(key, before.get(key))
        shown.append(f"{say(language, f'audit.idle.{key}')}: {_change(old, value(key, given))}")
    return "; ".join(shown)


def _quota(told: events.QuotaSet, language: str, marks: Marks) -> str:
    numbers = {
        GuildSetting.PER_MEMBER: (told.servers_before, told.servers),
        GuildSetting.MEMORY: (told.memory_before, told.memory),
        GuildSetting.STORAGE: (told.storage_before, told.storage),
    }
    return "; ".join(
        f"{_label(key, language)}: {_change(*(_rule(key, {key: value}, language, marks) for value in change))}"
        for key, change in numbers.items()
        if change[0] != change[1]
    )


def _sizes(sizes: tuple[str, ...], language: str, marks: Marks) -> str:
    return marks.typed(", ".join(sizes)) if sizes else say(language, "audit.no_sizes")


def _rules(
    changed: Mapping[GuildSetting, int | str | None],
    before: Mapping[GuildSetting, int | str | None] | None,
    language: str,
    marks: Marks,
) -> str:
    changes = ((key, [_rule(key, values, language, marks) for values in (before, changed)]) for key in changed)
    return "; ".join(f"{_label(key, language)}: {_change(*change)}" for key, change in changes)


def _rule(
    key: GuildSetting, values: Mapping[GuildSetting, int | str | None] | None, language: str, marks: Marks
) -> str | None:
    if values is None:
        return None
    value = values.get(key)
    if value is None:
        return say(language, "audit.default")
    if key in _CHANNELS:
        return marks.channel(int(value))
    if key in _ROLES:
        return marks.role(int(value))
    if key in (GuildSetting.NAMES, GuildSetting.LINK_TO_CREATE):
        return say(language, "word.yes" if value else "word.no")
    if key in _TIMES:
        return duration(language, int(value)) if value else say(language, "audit.never")
    if key in _MEMORY:
        return memory(int(value), language)
    return size(language, int(value)) if key in _BYTES else marks.typed(str(value))


def _label(key: GuildSetting, language: str) -> str:
    return say(language, f"setup.{key}" if key in SETTABLE else f"audit.set.{key}")


def _change(old: str | None, new: str | None) -> str:
    return f"{old} → {new}" if old is not None else str(new)


def _typed(value: str, marks: Marks) -> str:
    return marks.typed(value, LONGEST_VALUE) if plain(value) else "–"
