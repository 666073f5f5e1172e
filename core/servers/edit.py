"""Changing a server: name, description, the game's settings, idle rules. All is checked before anything changes."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from core.data.tables import ServerRow
from core.errors import BadInput, Refusal
from core.guilds.access import Actor, Do
from core.notices.events import record
from core.servers import names
from core.servers.create import description
from core.servers.desk import Desk
from core.servers.power import recall, start
from core.servers.views import ServerView
from core.words import Desired, EventKind

IDLE_MINUTES = (0, 1440)


async def edit(desk: Desk, actor: Actor, server: str, changes: Mapping[str, str]) -> ServerView:
    """Keys are `name`, `description` or ids of the game's settings.

    A changed setting of a running server starts a new run, which takes it; a new name is told to the game at its next.
    """
    try:
        async with desk.changing(actor, server, Do.EDIT) as (session, row):
            if row.desired == Desired.DELETED:
                raise Refusal("server.deleted", name=row.name)
            game = desk.game(row)
            settings, changed = dict(row.settings), []
            name, about = row.name, row.description
            for key, typed in changes.items():
                if key == "name":
                    name = names.clean(typed)
                elif key == "description":
                    about = description(typed)
                elif game is not None and (setting := game.setting(key)) is not None:
                    settings[key] = setting.parse(typed)
                else:
                    raise BadInput("edit.unknown", setting=key)
            if names.key(name) != row.name_key:
                taken = select(ServerRow.name).where(
                    ServerRow.guild == row.guild,
                    ServerRow.name_key == names.key(name),
                    ServerRow.desired != Desired.DELETED,
                )
                if found := (await session.exec(taken)).first():
                    raise BadInput("name.taken", name=found)
            before = game.values(row.settings) if game else {}
            after = game.values(settings) if game else {}
            changed = [key for key in after if before.get(key) != after[key]]
            changed += [
                key
                for key, old, new in (("name", row.name, name), ("description", row.description, about))
                if old != new
            ]
            if not changed:
                return await desk.view(session, row)
            restart = bool(set(changed) - {"name", "description"}) and row.desired == Desired.RUNNING
            row.name, row.name_key, row.description, row.settings = name, names.key(name), about, settings
            if restart:
                await start(desk, session, row, by=actor.user)
            record(
                session,
                EventKind.EDITED,
                at=desk.now(),
                guild=row.guild,
                server=row.id,
                by=actor.user,
                data={"changed": changed},
                usage=desk.usage(row),
            )
            await session.flush()
            return await desk.view(session, row)
    except IntegrityError:
        raise BadInput("name.taken", name=changes.get("name", "")) from None


async def set_idle(
    desk: Desk,
    actor: Actor,
    server: str,
    *,
    minutes: int | None,
    warn: int | None,
    voice: int | None,
    vote: bool | None,
) -> ServerView:
    """Only what is given changes. `minutes` 0 means never."""
    if minutes is not None and not IDLE_MINUTES[0] <= minutes <= IDLE_MINUTES[1]:
        raise BadInput("idle.range", low=IDLE_MINUTES[0], high=IDLE_MINUTES[1])
    if warn is not None and not 0 <= warn <= 60:
        raise BadInput("idle.warn_range", low=0, high=60)
    nothing = minutes is None and warn is None and voice is None and vote is None
    async with desk.changing(actor, server, Do.SEE if nothing else Do.IDLE) as (session, row):
        if nothing:
            return await desk.view(session, row)
        if minutes is not None:
            row.idle_after = minutes * 60
        if warn is not None:
            row.idle_warn = warn * 60
        if voice is not None:
            row.idle_voice = voice
        if vote is not None:
            row.idle_vote = vote
        now = desk.now()
        if minutes == 0:
            await recall(session, row, now, {"state": "ended"})
        record(
            session,
            EventKind.IDLE_SET,
            at=now,
            guild=row.guild,
            server=row.id,
            by=actor.user,
            data={"after": row.idle_after, "warn": row.idle_warn, "voice": row.idle_voice, "vote": row.idle_vote},
        )
        await session.flush()
        return await desk.view(session, row)
