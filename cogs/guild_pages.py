"""Pure: what a guild uses and what it may, for its admins."""

from __future__ import annotations

from discord.ui import Button, LayoutView

from cogs.escape import escape, when
from cogs.pages import page_of
from cogs.people import mention
from core.guilds.limits import Quota
from core.guilds.quotas import Special, Status
from core.guilds.storage import Storage, Stored, fill
from core.servers.trouble_text import memory
from core.text import count, say, size
from core.words import Fill, Phase, Sharer
from core.worlds.retention import DEFAULT, LEAN

SHOWN = 15  # servers that the page lists
BAR = 20  # characters


def status(found: Status, language: str) -> LayoutView:
    """Servers, and the storage that each takes, largest first."""
    storage, limits = found.storage, found.limits
    lines = [f"### {say(language, 'status.title')}"]
    number = sum(found.phases.values())
    lines.append(count(language, "status.servers", number, most=limits.per_guild) + _phases(found, language))
    lines += [count(language, "status.kept_for_undo", found.kept)] if found.kept else []
    lines += [_memory(found, language)] if found.memory or limits.memory is not None else []
    lines += ["", say(language, "status.storage", **_amounts(storage.used, limits.storage_bytes, language))]
    lines.append(f"`{bar(storage.used, limits.storage_bytes)}` {share(storage.used, limits.storage_bytes)} %")
    if storage.fill is not Fill.ROOM:
        lines.append(say(language, f"status.{storage.fill.name.lower()}"))
    lines += [_server(each, limits.world_bytes, language) for each in storage.servers[:SHOWN]]
    if len(storage.servers) > SHOWN:
        lines.append("…")
    lines += _special(found, language)
    lines += ["", _kept(storage, language), f"-# {say(language, 'status.next')}"]
    kept: Button[LayoutView] = Button(label=say(language, "button.kept"), custom_id="dm:kept")
    return page_of("\n".join(lines), [kept] if found.kept else [])


def quota(found: Status, language: str) -> LayoutView:
    """The rules as they are, each with the most that it can be set to."""
    limits = found.limits
    lines = [
        f"### {say(language, 'quota.title')}",
        say(language, "quota.per_member", n=limits.per_member),
        say(language, "quota.servers", n=limits.per_guild),
        _memory(found, language),
        say(language, "quota.world", limit=size(language, limits.world_bytes), most=size(language, found.most_world)),
        say(
            language,
            "quota.storage",
            used=size(language, found.storage.used),
            limit=size(language, limits.storage_bytes),
            most=size(language, found.most_storage),
        ),
        _kept(found.storage, language),
    ]
    lines += _special(found, language)
    lines.append(f"-# {say(language, 'quota.next')}")
    return page_of("\n".join(lines), [])


def quota_of(found: Status, target: int, kind: Sharer, language: str) -> LayoutView:
    """What one member, or each member with one role, may have, and the way to take that back."""
    whom = mention(kind, target)
    own = next((each for each in found.special if each.target == target), None)
    used = _what(found.used.get(target, Quota(0, 0, 0)), language)
    lines = [] if kind is Sharer.ROLE else [say(language, "quota.of_used", what=used)]
    if own is None:
        return page_of("\n".join([say(language, "quota.of_none", whom=whom), *lines]), [])
    lines = [f"### {say(language, 'quota.of_title', whom=whom)}", _what(own.quota, language), *lines]
    lines += [f"-# {say(language, 'quota.of_role')}"] if kind is Sharer.ROLE else []
    return page_of("\n".join(lines), [_remove(own, language)])


def special_of(more: str) -> tuple[int, Sharer] | None:
    """Whose quota a button of ours is about."""
    kind, _, target = more.partition("_")
    return (int(target), Sharer(kind)) if kind in list(Sharer) and target.isascii() and target.isdecimal() else None


def _remove(own: Special, language: str) -> Button[LayoutView]:
    return Button(label=say(language, "button.quota_remove"), custom_id=f"dm:quota_remove:{own.kind}_{own.target}")


def _special(found: Status, language: str) -> list[str]:
    """The quotas of members and roles, a line each."""
    if not found.special:
        return []
    return ["", say(language, "quota.special")] + [
        say(language, "quota.of", whom=mention(each.kind, each.target), what=_what(each.quota, language))
        for each in found.special
    ]


def _what(quota: Quota, language: str) -> str:
    said = [count(language, "quota.of_servers", quota.servers)] if quota.servers is not None else []
    if quota.memory is not None:
        said.append(say(language, "quota.of_memory", limit=memory(quota.memory, language)))
    if quota.storage is not None:
        said.append(say(language, "quota.of_storage", limit=size(language, quota.storage)))
    return ", ".join(said)


def _memory(found: Status, language: str) -> str:
    used, limit = memory(found.memory, language), found.limits.memory
    if limit is None:
        return say(language, "quota.memory_unlimited", used=used)
    return say(language, "quota.memory", used=used, limit=memory(limit, language))


def bar(used: int, limit: int) -> str:
    filled = BAR if limit <= 0 else min(BAR, round(BAR * used / limit))
    return "█" * filled + "░" * (BAR - filled)


def share(used: int, limit: int) -> int:
    """In percent, rounded down: 100 means full."""
    return 100 if limit <= 0 else used * 100 // limit


def _phases(found: Status, language: str) -> str:
    named = [f"{found.phases[each]} {say(language, f'phase.{each}')}" for each in Phase if found.phases.get(each)]
    return f" · {' · '.join(named)}" if named else ""


def _server(each: Stored, most: int, language: str) -> str:
    if each.saved_at is None:
        return f"**{escape(each.name)}** · {say(language, 'status.never_saved')}"
    world, limit = size(language, each.world_bytes), size(language, most)
    name = "status.world_full" if fill(each.world_bytes, most) is Fill.FULL else "status.world"
    said = say(language, name, world=world, limit=limit, when=when(each.saved_at))
    return f"**{escape(each.name)}** · {size(language, each.bytes)}\n-# {said}"


def _kept(storage: Storage, language: str) -> str:
    chosen = say(language, f"retention.{storage.limits.retention or DEFAULT}")
    if storage.policy == LEAN:
        return say(language, "status.kept_lean", chosen=chosen)
    return say(language, "status.kept", chosen=chosen)


def _amounts(used: int, limit: int, language: str) -> dict[str, str]:
    return {"used": size(language, used), "limit": size(language, limit)}
