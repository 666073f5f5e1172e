"""Pure: the pages of `/guild audit`. A line says when, where and who; the one below it what, with before and after."""

from __future__ import annotations

import re
from collections.abc import Mapping

from discord.ui import Button, LayoutView

from cogs.escape import escape, when
from cogs.pages import page_of
from cogs.people import mention
from cogs.schedule_page import words
from core.guilds.settings import SETTABLE
from core.idle.schedule import load
from core.notices.kinds import events
from core.servers.audit import KINDS, Asked, Entry, Page
from core.servers.trouble_text import memory
from core.text import duration, say, size
from core.words import ADMINS, Because, GuildSetting, Sharer

MORE = re.compile(r"(?P<before>\d{1,18})_(?P<member>\d{1,19})_(?P<days>\d{1,4})_(?P<kind>[a-z]*)")
"""What a button's custom id says besides the server; 0 and nothing stand for all."""
LONGEST_VALUE = 60
_CHANNELS = (GuildSetting.SERVER_CHANNEL, GuildSetting.NOTICE_CHANNEL)
_ROLES = (GuildSetting.ADMIN_ROLE, GuildSetting.CREATE_ROLE)
_MEMORY = (GuildSetting.MEMORY,)
_TIMES = (GuildSetting.IDLE_AFTER, GuildSetting.IDLE_WARN)
_BYTES = (GuildSetting.WORLD, GuildSetting.STORAGE)
_OWN_WORDS = (Because.BUDGET, Because.SCHEDULE, Because.OPERATOR, Because.GUILD_GONE)


def page(found: Page, language: str) -> LayoutView:
    lines = [f"### {say(language, 'audit.title')}"]
    for entry in found.entries:
        whose = f"<@{entry.by}>" if entry.by else say(language, "audit.itself")
        name = f"**{escape(entry.name)}** · " if entry.name else ""
        lines += [f"{when(entry.at, 'f')} · {name}{whose}", f"-# {what(entry, language)}"]
    if not found.entries:
        lines.append(say(language, "audit.nothing"))
    return page_of("\n".join(lines), _turns(found, language))


def asked_by(server: str, more: str) -> Asked:
    """What a button asks for; where no version of ours made it, the newest page."""
    match = MORE.fullmatch(more)
    if match is None:
        return Asked(server=server or None)
    return Asked(
        member=int(match["member"]) or None,
        server=server or None,
        kind=match["kind"] if match["kind"] in KINDS else None,
        days=int(match["days"]) or None,
        before=int(match["before"]) or None,
    )


def what(entry: Entry, language: str) -> str:
    """One sentence, with the values before and after where there are any."""

    def said(message: str, **values: object) -> str:
        return say(language, f"audit.{message}", **values)

    match entry.event:
        case events.Created(game=game, name=name, size=chosen):
            return said("created", game=escape(game), name=escape(name), size=say(language, f"size.{chosen}"))
        case events.Paused(because=because) if because in _OWN_WORDS:
            return said("paused_because", why=say(language, f"because.{because}"))
        case events.Paused(after=after) if after:
            return said("paused_idle", after=duration(language, after))
        case events.Kept(until=until):
            return said("kept", until=when(until, "f"))
        case events.Voted(until=until):
            return said("voted", until=when(until, "f"))
        case events.ScheduleSet() as schedule:
            return said("schedule_set", changes=_schedule(schedule, language))
        case events.Shared(before=before, after=after) as shared:
            change = _change(_role(before, language), _role(after, language))
            return said("shared", whom=mention(Sharer(shared.of), shared.target), change=change)
        case events.Offered(to=to, until=until):
            return said("offered", whom=mention(Sharer.MEMBER, to), until=when(until, "f"))
        case events.OfferEnded(to=to):
            return said("offer_ended", whom=mention(Sharer.MEMBER, to))
        case events.Transferred(before=before, to=to):
            owners = (said("admins") if each == ADMINS else mention(Sharer.MEMBER, each) for each in (before, to))
            return said("transferred", change=_change(*owners))
        case events.OwnerGone(owner=gone, admins=admins):
            return said("owner_gone_admins" if admins else "owner_gone", owner=mention(Sharer.MEMBER, gone))
        case events.OwnerBack(owner=back):
            return said("owner_back", owner=mention(Sharer.MEMBER, back))
        case events.Edited(changed=changed, before=before, after=after):
            return said("edited", changes=_edits(changed, before or {}, after or {}))
        case events.LineSent(line=line):
            return said("line_sent", line=escape(line))
        case (
            events.FolderMade(path=path, sure=False)
            | events.FileWritten(path=path, sure=False)
            | events.FileUploaded(path=path, sure=False)
            | events.FileRenamed(path=path, sure=False)
            | events.FileDeleted(path=path, sure=False)
        ):
            return said("file_unsure", path=escape(path))
        case events.FolderMade(path=path) | events.FileWritten(path=path) | events.FileDeleted(path=path):
            return said(entry.kind, path=escape(path))
        case events.FileUploaded(path=path, size=amount):
            return said("file_uploaded", path=escape(path), size=size(language, amount))
        case events.FileRenamed(path=path, to=to):
            return said("file_renamed", path=escape(path), to=escape(to))
        case events.IdleSet(before=before) as idle:
            now = {"after": idle.after, "warn": idle.warn, "voice": idle.voice, "vote": idle.vote}
            return said("idle_set", changes=_idle(now, before, language))
        case events.GuildSet(changed=changed, before=before):
            shown = [
                f"{_label(key, language)}: {_change(_rule(key, before, language), _rule(key, changed, language))}"
                for key in changed
            ]
            return said("guild_set", changes="; ".join(shown))
        case events.QuotaSet() as quota:
            return said("quota_set", whom=mention(Sharer(quota.of), quota.target), changes=_quota(quota, language))
        case events.GameOffered(game=game, sizes=sizes, before=before):
            return said(
                "game_offered", game=escape(game), change=_change(*(_sizes(x, language) for x in (before, sizes)))
            )
        case events.Deleted(name=name, purge_at=until):
            return said("deleted", name=escape(name), until=when(until, "f") if until else "…")
        case events.RestoreAsked(to=to) | events.Restored(to=to):
            return said(entry.kind, to=when(to, "f") if to else "…")
        case events.Imported(size=amount) | events.Exported(size=amount):
            return said(entry.kind, size=size(language, amount))
        case events.SnapshotAsked(note=note):
            return said("snapshot_asked_note", note=escape(note)) if note else said("snapshot_asked")
        case events.LicenceAccepted(name=name, version=version, url=url):
            return said("licence_accepted", name=escape(name), version=escape(version), url=url)
        case events.ProblemChanged(problem=problem):
            return said("problem", problem=say(language, f"problem.{problem}")) if problem else said("problem_over")
        case events.WebhookChanged(change=change, host=host):
            return said(f"webhook_{change}", host=escape(host))
        case None:
            return said("unknown")
        case _:
            return said(entry.kind)


def _edits(changed: tuple[str, ...], before: Mapping[str, str | None], after: Mapping[str, str | None]) -> str:
    """A value that is secret, or that an older version did not write down, is not told."""
    shown = []
    for key in changed:
        old, new = before.get(key), after.get(key)
        told = "" if old is None or new is None else f": {_change(_typed(old), _typed(new))}"
        shown.append(f"{escape(key)}{told}")
    return "; ".join(shown)


def _role(role: str, language: str) -> str:
    return say(language, f"share.{role}" if role else "share.not")


def _schedule(told: events.ScheduleSet, language: str) -> str:
    if told.before != told.after:
        return _change(_entries(told.before, language), _entries(told.after, language))
    zones = (told.zone_before, told.zone)
    return _change(*(escape(zone) if zone else say(language, "audit.default") for zone in zones))


def _entries(text: str, language: str) -> str:
    shown = [f"{say(language, f'schedule.kind_{each.kind}')} {words(each, language)}" for each in load(text)]
    return "; ".join(shown) or say(language, "audit.no_schedule")


def _idle(now: Mapping[str, int | None], before: Mapping[str, int | None] | None, language: str) -> str:
    def value(key: str, given: int | None) -> str:
        if given is None:
            return say(language, "audit.default")
        if key == "vote":
            return say(language, "word.yes" if given else "word.no")
        if key == "after" and not given:
            return say(language, "audit.never")
        return f"<#{given}>" if key == "voice" else duration(language, given)

    shown = []
    for key, given in now.items():
        if before is not None and before.get(key, False if key == "vote" else None) == given:
            continue
        old = None if before is None else value(key, before.get(key))
        shown.append(f"{say(language, f'audit.idle.{key}')}: {_change(old, value(key, given))}")
    return "; ".join(shown)


def _quota(told: events.QuotaSet, language: str) -> str:
    numbers = {
        GuildSetting.PER_MEMBER: (told.servers_before, told.servers),
        GuildSetting.MEMORY: (told.memory_before, told.memory),
        GuildSetting.STORAGE: (told.storage_before, told.storage),
    }
    return "; ".join(
        f"{_label(key, language)}: {_change(*(_rule(key, {key: value}, language) for value in change))}"
        for key, change in numbers.items()
        if change[0] != change[1]
    )


def _sizes(sizes: tuple[str, ...], language: str) -> str:
    return escape(", ".join(sizes)) or say(language, "audit.no_sizes")


def _rule(key: GuildSetting, values: Mapping[GuildSetting, int | str | None] | None, language: str) -> str | None:
    if values is None:
        return None
    value = values.get(key)
    if value is None:
        return say(language, "audit.default")
    if key in _CHANNELS:
        return f"<#{value}>"
    if key in _ROLES:
        return f"<@&{value}>"
    if key in (GuildSetting.NAMES, GuildSetting.LINK_TO_CREATE):
        return say(language, "word.yes" if value else "word.no")
    if key in _TIMES:
        return duration(language, int(value)) if value else say(language, "audit.never")
    if key in _MEMORY:
        return memory(int(value), language)
    return size(language, int(value)) if key in _BYTES else escape(str(value))


def _label(key: GuildSetting, language: str) -> str:
    return say(language, f"setup.{key}" if key in SETTABLE else f"audit.set.{key}")


def _change(old: str | None, new: str | None) -> str:
    return f"{old} → {new}" if old is not None else str(new)


def _typed(value: str) -> str:
    return escape(value, LONGEST_VALUE) or "–"


def _turns(found: Page, language: str) -> list[Button[LayoutView]]:
    asked = found.asked
    ways = {"newest": 0} if asked.before is not None else {}
    ways |= {"older": found.older} if found.older is not None else {}
    where = f":{asked.server}" if asked.server else ""
    rest = f"{asked.member or 0}_{asked.days or 0}_{asked.kind or ''}"
    return [
        Button(label=say(language, f"button.{way}"), custom_id=f"dm:audit{where}:{before}_{rest}")
        for way, before in ways.items()
    ]
