"""Changing a server: name, description, the game's settings, idle rules. All is checked before anything changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from core.data.tables import ServerRow
from core.errors import BadInput, ChangedMeanwhile
from core.games.catalogue import Game
from core.guilds.access import Actor, Do
from core.notices.kinds.events import Edited, IdleSet
from core.servers import blocked, licences, names
from core.servers.create import clean_description, refuse_taken
from core.servers.events import ServerEvents
from core.servers.projections import Projections
from core.servers.questions import Questions
from core.servers.rows import ServerRows
from core.servers.transitions import Transitions
from core.servers.views import ServerView, ServerViews
from core.words import Desired

IDLE_MINUTES = (0, 1440)


@dataclass(frozen=True, slots=True)
class Shown:
    """The values that a form showed: their keys, and 16 hexadecimal digits that change when one of the values changes,
    short enough for a form's custom id."""

    keys: tuple[str, ...]
    mark: str

    @classmethod
    def of(cls, values: Mapping[str, str], keys: Iterable[str]) -> Shown:
        known = {key: values.get(key, "") for key in keys}
        return cls(tuple(known), hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16])


class Editing:
    def __init__(
        self,
        rows: ServerRows,
        views: ServerViews,
        projections: Projections,
        transitions: Transitions,
        events: ServerEvents,
        now: Callable[[], datetime],
        questions: Questions,
    ) -> None:
        self._rows = rows
        self._views = views
        self._projections = projections
        self._transitions = transitions
        self._events = events
        self._now = now
        self._questions = questions

    async def edit(
        self,
        actor: Actor,
        server: str,
        changes: Mapping[str, str],
        *,
        shown: Shown | None = None,
        accepts: str | None = None,
    ) -> ServerView:
        """`_edit`; where a licence stands in the way, it is kept until that is accepted."""
        keys, mark = (shown.keys, shown.mark) if shown else ((), "")
        async with self._questions.keeping(actor, "edit", changes=dict(changes), keys=list(keys), shown=mark):
            return await self._edit(actor, server, changes, shown=shown, accepts=accepts)

    async def _edit(
        self, actor: Actor, server: str, changes: Mapping[str, str], *, shown: Shown | None, accepts: str | None
    ) -> ServerView:
        """Keys are `name`, `description` or ids of the game's settings.

        A changed setting of a running server starts a new run, which takes it; a new name is told to the game at its
        next.

        `shown` is what the actor saw before: ChangedMeanwhile where somebody set one of these values to something else
        since. What people set is compared, not the row's version: that grows with every player who joins, and then
        nobody could edit a server on which people play.
        """
        try:
            async with self._rows.changing(actor, server, Do.EDIT) as (session, row):
                game = self._projections.game(row)
                settings = dict(row.settings)
                name, about = row.name, row.description
                for key, typed in changes.items():
                    if key == "name":
                        name = names.clean(typed)
                    elif key == "description":
                        about = clean_description(typed)
                    elif game is not None and (setting := game.setting(key)) is not None:
                        settings[key] = setting.parse(typed)
                    else:
                        raise BadInput("edit.unknown", setting=key)
                if names.key(name) != row.name_key:
                    await refuse_taken(session, row.guild, name)
                before = game.values(row.settings) if game else {}
                after = game.values(settings) if game else {}
                changed = [key for key in after if before.get(key) != after[key]]
                restart = bool(changed) and row.desired == Desired.RUNNING
                words = (("name", row.name, name), ("description", row.description, about))
                changed += [key for key, old, new in words if old != new]
                if changed and shown is not None and shown != Shown.of(_editable(row, before), shown.keys):
                    raise ChangedMeanwhile("edit.meanwhile", name=row.name)
                if changed:
                    told = (
                        _told(game, changed, _editable(row, before)),
                        _told(game, changed, {"name": name, "description": about, **after}),
                    )
                    row.name, row.name_key, row.description, row.settings = name, names.key(name), about, settings
                    if restart:
                        await blocked.refuse(session, row.guild)
                        now = self._now()
                        await licences.before_start(self._rows, session, actor, row, game, now, accepts=accepts)
                        await self._transitions.start(session, row, by=actor)
                    await self._events.tell(session, row, Edited(tuple(changed), *told, by=actor.user))
                    await session.flush()
                return await self._views.of(session, row)
        except IntegrityError:
            raise BadInput("name.taken", name=changes.get("name", "")) from None

    async def stop_watching(self, actor: Actor, server: str) -> ServerView:
        """No voice channel keeps it on from here on."""
        async with self._rows.changing(actor, server, Do.IDLE) as (session, row):
            if row.idle_voice is not None:
                before, row.idle_voice = _idle(row), None
                await self._events.tell(session, row, IdleSet(**_idle(row), before=before, by=actor.user))
                await session.flush()
            return await self._views.of(session, row)

    async def set_idle(
        self,
        actor: Actor,
        server: str,
        *,
        minutes: int | None,
        warn: int | None,
        voice: int | None,
        vote: bool | None = None,
    ) -> ServerView:
        """Only what is given changes. `minutes` 0 means never. `vote`: its warning asks whether to keep it open."""
        if minutes is not None and not IDLE_MINUTES[0] <= minutes <= IDLE_MINUTES[1]:
            raise BadInput("idle.range", low=IDLE_MINUTES[0], high=IDLE_MINUTES[1])
        if warn is not None and not 0 <= warn <= 60:
            raise BadInput("idle.warn_range", low=0, high=60)
        nothing = minutes is None and warn is None and voice is None and vote is None
        async with self._rows.changing(actor, server, Do.SEE if nothing else Do.IDLE) as (session, row):
            if nothing:
                await self._rows.refuse_deleted(session, row)
                return await self._views.of(session, row)
            before = _idle(row)
            if minutes is not None:
                row.idle_after = minutes * 60
            if warn is not None:
                row.idle_warn = warn * 60
            if voice is not None:
                row.idle_voice = voice
            if vote is not None:
                row.idle_vote = vote
            await self._events.tell(session, row, IdleSet(**_idle(row), before=before, by=actor.user))
            await session.flush()
            return await self._views.of(session, row)


def _idle(row: ServerRow) -> dict[str, Any]:
    return {"after": row.idle_after, "warn": row.idle_warn, "voice": row.idle_voice or None, "vote": row.idle_vote}


def _told(game: Game | None, changed: Iterable[str], values: Mapping[str, str]) -> dict[str, str]:
    """What an event may tell of them."""
    secret = {setting.id for setting in game.settings if setting.type == "secret"} if game else set()
    return {key: values.get(key, "") for key in changed if key not in secret}


def _editable(row: ServerRow, settings: Mapping[str, str]) -> dict[str, str]:
    return {"name": row.name, "description": row.description, **settings}
