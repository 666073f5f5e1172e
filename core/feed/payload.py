"""Pure: an event as programs get it, the same in streams and in webhooks; and the table of what of which leaves.

Programs rely on what stands here: a field may be added, none is renamed or goes. Ids of Discord's are strings, times
are ISO 8601 in UTC. What a game wrote (its last lines) does not leave, and where a guild shows no names, no player's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from core.guilds.access import Do, DoInGuild, Verb
from core.notices.kinds.events import Event
from core.words import EventKind


@dataclass(frozen=True, slots=True)
class Leaves:
    """`verb`: who may do this may know of it. `fields`: of the kind's dataclass. `users`: fields, or keys of one, that
    hold an id of Discord's. `names`: what says who plays; `by` may be among them."""

    verb: Verb
    fields: tuple[str, ...] = ()
    users: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def _of(verb: Verb, *given: str, users: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> Leaves:
    return Leaves(verb, given, frozenset(users), frozenset(names))


TABLE: Mapping[EventKind, Leaves | None] = {
    EventKind.CREATED: _of(Do.SEE, "game", "name", "size"),
    EventKind.RESUMED: _of(Do.SEE, "because"),
    EventKind.RESTARTED: _of(Do.SEE, "because"),
    EventKind.PAUSED: _of(Do.SEE, "because", "after", "words", "trouble"),
    EventKind.KEPT: _of(Do.SEE, "until", names=("by",)),
    EventKind.VOTED: _of(Do.SEE, "until", names=("by",)),
    EventKind.EDITED: _of(Do.EDIT, "changed", "before", "after"),
    EventKind.LINE_SENT: _of(Do.CONSOLE, "line"),
    EventKind.FOLDER_MADE: _of(Do.FILES, "path", "sure"),
    EventKind.FILE_WRITTEN: _of(Do.FILES, "path", "sure"),
    EventKind.FILE_UPLOADED: _of(Do.FILES, "path", "size", "sure"),
    EventKind.FILE_RENAMED: _of(Do.FILES, "path", "to", "sure"),
    EventKind.FILE_DELETED: _of(Do.FILES, "path", "sure"),
    EventKind.PORTS_MOVED: _of(Do.SEE, "ports", "before", "after"),
    EventKind.IDLE_SET: _of(Do.SEE, "after", "warn", "voice", "vote", users=("voice",)),
    EventKind.SCHEDULE_SET: _of(Do.SEE, "before", "after", "zone_before", "zone"),
    EventKind.SHARED: _of(Do.EDIT, "target", "of", "before", "after", users=("target",)),
    EventKind.OFFERED: _of(Do.EDIT, "to", "until", users=("to",)),
    EventKind.OFFER_ENDED: _of(Do.EDIT, "to", users=("to",)),
    EventKind.TRANSFERRED: _of(Do.SEE, "before", "to", users=("before", "to")),
    EventKind.OWNER_GONE: _of(Do.EDIT, "owner", "admins", "until", users=("owner",)),
    EventKind.OWNER_BACK: _of(Do.EDIT, "owner", users=("owner",)),
    EventKind.DELETED: _of(Do.SEE, "name", "purge_at"),
    EventKind.UNDELETED: _of(Do.SEE),
    EventKind.PURGE_ASKED: _of(Do.SEE),
    EventKind.PURGED: _of(Do.SEE),
    EventKind.PHASE: _of(Do.SEE, "before", "to"),
    EventKind.PROBLEM: _of(Do.SEE, "problem"),
    EventKind.CRASHED: _of(Do.SEE, "trouble"),
    EventKind.WARNED: _of(Do.SEE, "last_players", "empty_since", "pause_at", "reason", names=("last_players",)),
    EventKind.RECALLED: _of(Do.SEE, "state", "names", "voice", "occasion", users=("voice",), names=("names",)),
    EventKind.SNAPSHOT: _of(Do.SNAPSHOTS, "name", "size", "new", "checked"),
    EventKind.SNAPSHOT_ASKED: _of(Do.SNAPSHOTS, "name", "note"),
    EventKind.NOT_SAVED: _of(Do.SEE, "problem"),
    EventKind.RESTORE: _of(Do.SEE, "name", "volume", "safety", "to", "imported"),
    EventKind.RESTORED: _of(Do.SEE, "name", "volume", "to"),
    EventKind.VOLUME_MADE: None,
    EventKind.VOLUME_LOST: _of(Do.SEE, "volume"),
    EventKind.ARCHIVE_ASKED: _of(Do.SEE, "because"),
    EventKind.ARCHIVED: _of(Do.SEE, "volume", "name"),
    EventKind.IMPORTED: _of(Do.SNAPSHOTS, "name", "into", "size"),
    EventKind.EXPORTED: _of(Do.SNAPSHOTS, "name", "size"),
    EventKind.COLLECTED: None,
    EventKind.GUILD_SET: _of(
        DoInGuild.AUDIT,
        *("changed", "before"),
        users=("server_channel", "notice_channel", "admin_role", "create_role"),
    ),
    EventKind.QUOTA_SET: _of(
        DoInGuild.AUDIT,
        *("target", "of", "servers", "memory", "storage", "servers_before", "memory_before", "storage_before"),
        users=("target",),
    ),
    EventKind.GAME_OFFERED: _of(DoInGuild.AUDIT, "game", "sizes", "before"),
    EventKind.GUILD_JOINED: _of(DoInGuild.AUDIT),
    EventKind.GUILD_LEFT: _of(DoInGuild.AUDIT),
    EventKind.GUILD_BLOCKED: _of(DoInGuild.AUDIT, "words"),
    EventKind.GUILD_UNBLOCKED: _of(DoInGuild.AUDIT),
    EventKind.LICENCE_ACCEPTED: _of(DoInGuild.AUDIT, "name", "url", "version", "game"),
    EventKind.NAME_FORGOTTEN: _of(DoInGuild.AUDIT),
    EventKind.WEBHOOK: _of(DoInGuild.AUDIT, "change", "webhook", "host"),
}
"""By kind. None: it does not leave."""
KINDS = frozenset(kind for kind, row in TABLE.items() if row is not None)
"""What programs can ask for."""


@dataclass(frozen=True, slots=True)
class Written:
    """An event as it was written, with its number. `name`: of the server, as it is or was last."""

    id: int
    at: datetime
    guild: int
    event: Event
    server: str | None = None
    name: str = ""
    by: int | None = None
    trace: str = ""


def payload_of(written: Written, *, names_shown: bool) -> dict[str, Any]:
    """JSON. KeyError for a kind that does not leave."""
    row = TABLE[written.event.kind]
    if row is None:
        raise KeyError(written.event.kind)
    hidden = frozenset() if names_shown else row.names
    by = None if "by" in hidden else written.by
    return {
        "id": written.id,
        "kind": str(written.event.kind),
        "at": moment(written.at),
        "guild": str(written.guild),
        "server": None if written.server is None else {"id": written.server, "name": written.name},
        "by": None if by is None else str(by),
        "trace": written.trace,
        "data": {
            name: _field(name, getattr(written.event, name), row.users) for name in row.fields if name not in hidden
        },
    }


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _field(name: str, value: Any, users: frozenset[str]) -> Any:
    """An id that is 0 is nobody: core.words.ADMINS, core.words.VOICE_GONE."""
    if name in users:
        return str(value) if value else None
    if isinstance(value, Mapping):
        return {str(key): _field(str(key), each, users) for key, each in value.items()}
    return _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return moment(value)
        case bool() | int() | float() | None:
            return value
        case str():
            return str(value)
        case tuple() | list():
            return [_plain(each) for each in value]
        case _ if is_dataclass(value):
            return {
                field.name: _plain(each)
                for field in fields(value)
                if (each := getattr(value, field.name)) not in (None, "", 0)
            }
    raise TypeError(type(value).__name__)
