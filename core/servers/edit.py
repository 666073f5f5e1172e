"""Changing a server: name, description, the game's settings, size, idle rules. All is checked before anything changes.

Nobody is thrown out by an edit: what a running game would have to be started anew for, it takes at its next start.
Until then the row keeps what this run was started with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from core.data.tables import ServerRow
from core.errors import BadInput, Bytes, ChangedMeanwhile, Refusal
from core.games.catalogue import Catalogue
from core.games.form.game import Game
from core.guilds.access import Actor, Do
from core.guilds.games import pick
from core.guilds.limits import volume_bytes
from core.notices.kinds.events import Edited, IdleSet
from core.servers import names
from core.servers.admission import Admission
from core.servers.create import clean_description, refuse_taken
from core.servers.events import ServerEvents
from core.servers.projections import Projections, settings_of_run, size_of_run
from core.servers.rows import ServerRows
from core.servers.views import ServerView, ServerViews
from core.words import Desired, Phase

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
        events: ServerEvents,
        admission: Admission,
        catalogue: Catalogue,
    ) -> None:
        self._rows = rows
        self._views = views
        self._projections = projections
        self._events = events
        self._admission = admission
        self._catalogue = catalogue

    async def edit(
        self, actor: Actor, server: str, changes: Mapping[str, str], *, shown: Shown | None = None
    ) -> ServerView:
        """Keys are `name`, `description` or ids of the game's settings.

        A running server takes a setting, as a new name, at its next start.

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
                words = (("name", row.name, name), ("description", row.description, about))
                changed += [key for key, old, new in words if old != new]
                if changed and shown is not None and shown != Shown.of(_editable(row, before), shown.keys):
                    raise ChangedMeanwhile("edit.meanwhile", name=row.name)
                if changed:
                    told = (
                        _told(game, changed, _editable(row, before)),
                        _told(game, changed, {"name": name, "description": about, **after}),
                    )
                    row.name, row.name_key, row.description = name, names.key(name), about
                    if before != after:
                        keep_of_run(row)
                        row.settings = settings
                        _forget_the_same(row, game)
                    await self._events.tell(session, row, Edited(tuple(changed), *told, by=actor.user))
                    await session.flush()
                return await self._views.of(session, row)
        except IntegrityError:
            raise BadInput("name.taken", name=changes.get("name", "")) from None

    async def resize(self, actor: Actor, server: str, size: str) -> ServerView:
        """How much CPU, memory and disk it has from its next start on. What runs is counted with the larger of both
        from here on, so that there is room for that start.

        BadInput where its game has no such size, Refusal where the guild does not offer it or the world does not fit
        its disk, LimitReached where there is no memory for it. A disk never shrinks: it stays as large as it is.
        """
        async with self._rows.changing(actor, server, Do.EDIT) as (session, row):
            game = self._projections.game(row)
            if game is None:
                raise Refusal("edit.no_game", name=row.name, game=row.game)
            chosen, before = game.size(size), row.size
            if chosen.id != before:
                limits = await self._rows.limits(session, row.guild)
                if row.desired != Desired.RUNNING or chosen.id != size_of_run(row):
                    pick(game, chosen.id, limits.withheld, self._catalogue)
                disk = volume_bytes(game, chosen, limits)
                if row.saved_bytes is not None and row.saved_bytes > disk:
                    values = {"size": Bytes(row.saved_bytes), "disk": Bytes(disk)}
                    raise Refusal("edit.disk_too_small", name=row.name, **values)
                keep_of_run(row)
                row.size = chosen.id
                _forget_the_same(row, game)
                if row.desired == Desired.RUNNING and self._grows(row, before):
                    await self._admission.check(session, row, actor)
                told = Edited(("size",), {"size": before}, {"size": row.size}, by=actor.user)
                await self._events.tell(session, row, told)
                await session.flush()
            return await self._views.of(session, row)

    def _grows(self, row: ServerRow, before: str) -> bool:
        """Whether it counts with more memory than it did."""
        counted = max(self._catalogue.memory(row.game, each) for each in (before, size_of_run(row)))
        return self._catalogue.memory(row.game, row.size) > counted

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


_POD_MAY_EXIST = (Phase.STARTING, Phase.RUNNING, Phase.STOPPING)


def keep_of_run(row: ServerRow) -> None:
    """Something else is chosen next: what this run was started with goes on, as long as a pod may be there."""
    if row.desired != Desired.RUNNING and row.phase not in _POD_MAY_EXIST:
        row.run_size = row.run_settings = None
        return
    row.run_size, row.run_settings = size_of_run(row), dict(settings_of_run(row))


def _forget_the_same(row: ServerRow, game: Game | None) -> None:
    """Who chose back what runs has changed nothing of it."""
    same_size = row.run_size == row.size
    if same_size and game is not None and game.values(settings_of_run(row)) == game.values(row.settings):
        row.run_size = row.run_settings = None


def _idle(row: ServerRow) -> dict[str, Any]:
    return {"after": row.idle_after, "warn": row.idle_warn, "voice": row.idle_voice or None, "vote": row.idle_vote}


def _told(game: Game | None, changed: Iterable[str], values: Mapping[str, str]) -> dict[str, str]:
    """What an event may tell of them."""
    secret = {setting.id for setting in game.settings if setting.type == "secret"} if game else set()
    return {key: values.get(key, "") for key in changed if key not in secret}


def _editable(row: ServerRow, settings: Mapping[str, str]) -> dict[str, str]:
    return {"name": row.name, "description": row.description, **settings}
