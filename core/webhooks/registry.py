"""A guild's webhooks, for its admins: added, changed, looked at, tried out, removed.

A secret is derived from the master key, the webhook's id and its rotation; it is shown when it is made, and stored
nowhere. Whoever may add one hears of everything that leaves (core.feed.payload), for an admin may know of it.
"""

from __future__ import annotations

import secrets as random
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.changes import Changes
from core.data.database import Database, insert_missing
from core.data.tables import DeliveryRow, GuildRow, WebhookRow
from core.errors import BadInput, LimitReached, NotFound, Refusal
from core.feed.payload import KINDS
from core.feed.reader import Feed
from core.guilds.access import Actor, DoInGuild, judge
from core.guilds.quotas import rules_of
from core.notices.events import record
from core.notices.kinds.events import WebhookChanged
from core.servers.passwords import Passwords
from core.webhooks.post import LONGEST_URL, Post
from core.webhooks.rules import Off, State
from core.webhooks.signature import BOTH_FOR
from core.words import EventKind, WebhookChange, new_server_id
from core.worlds.errors import Hostile

MOST = 10
LONGEST_DESCRIPTION = 200
SHOWN = 50
"""Deliveries in a page."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """`kinds` empty: all that leave. `failing_since`: since then nothing was taken."""

    id: str
    guild: int
    url: str
    description: str
    kinds: tuple[EventKind, ...]
    created_at: datetime
    created_by: int
    rotated_at: datetime | None
    failing_since: datetime | None
    off_at: datetime | None
    off_why: Off | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """`event` None: a ping. `status` and `why` are of the last try; `next_at`: of the next one, None where there is
    none."""

    id: str
    event: int | None
    kind: str
    state: State
    attempts: int
    created_at: datetime
    tried_at: datetime | None
    next_at: datetime | None
    status: int | None
    why: str


class Webhooks:
    """Every method raises NotAllowed for all but the guild's admins, and NotFound for what is not this guild's.
    `changes` tells who sends, by a webhook's id."""

    def __init__(
        self, database: Database, passwords: Passwords, feed: Feed, post: Post, now: Callable[[], datetime]
    ) -> None:
        self.changes = Changes()
        self._database = database
        self._passwords = passwords
        self._feed = feed
        self._post = post
        self._now = now

    async def add(
        self, actor: Actor, url: str, kinds: Collection[EventKind] = (), description: str = ""
    ) -> tuple[Webhook, str]:
        """From the next event on; and its secret. BadInput where the address is none that events are sent to,
        LimitReached beyond MOST."""
        await self._reachable(actor, url)
        now = self._now()
        row = WebhookRow(
            id=new_server_id(),
            guild=actor.guild,
            url=url,
            description=_described(description),
            kinds=_known(kinds),
            created_at=now,
            created_by=actor.user,
            cursor=await self._feed.horizon(),
        )
        async with self._changing(actor) as session:
            there = (await session.exec(select(func.count()).where(WebhookRow.guild == actor.guild))).one()
            if there >= MOST:
                raise LimitReached("webhook.most", most=MOST)
            session.add(row)
            self._tell(session, row, WebhookChange.ADDED, actor)
        self.changes.tell(row.id)
        return _webhook(row), self.secrets(row)[0]

    async def all(self, actor: Actor) -> list[Webhook]:
        """The oldest first."""
        async with self._reading(actor) as session:
            mine = select(WebhookRow).where(WebhookRow.guild == actor.guild)
            ordered = mine.order_by(col(WebhookRow.created_at), col(WebhookRow.id))
            return [_webhook(row) for row in await session.exec(ordered)]

    async def get(self, actor: Actor, webhook: str) -> Webhook:
        async with self._reading(actor) as session:
            return _webhook(await _find(session, actor, webhook))

    async def edit(
        self,
        actor: Actor,
        webhook: str,
        *,
        url: str | None = None,
        kinds: Collection[EventKind] | None = None,
        description: str | None = None,
        on: bool | None = None,
    ) -> Webhook:
        """None leaves it. Off, nothing is sent, and what happens meanwhile never will be. BadInput as `add`."""
        if url is not None:
            await self._reachable(actor, url)
        horizon = await self._feed.horizon()
        async with self._changing(actor) as session:
            row = await _find(session, actor, webhook, lock=True)
            before = row.model_dump()
            row.url = row.url if url is None else url
            row.kinds = row.kinds if kinds is None else _known(kinds)
            row.description = row.description if description is None else _described(description)
            if on is True and row.off_at is not None:
                row.off_at, row.off_why, row.failing_since, row.cursor = None, "", None, max(row.cursor, horizon)
            if on is False and row.off_at is None:
                await switch_off(session, row, Off.ASKED, self._now())
            if row.model_dump() != before:
                session.add(row)
                self._tell(session, row, WebhookChange.EDITED, actor)
        self.changes.tell(row.id)
        return _webhook(row)

    async def remove(self, actor: Actor, webhook: str) -> Webhook:
        """With its deliveries."""
        async with self._changing(actor) as session:
            row = await _find(session, actor, webhook, lock=True)
            theirs = delete(DeliveryRow).where(col(DeliveryRow.webhook) == row.id)
            await (await session.connection()).execute(theirs)
            await session.delete(row)
            self._tell(session, row, WebhookChange.REMOVED, actor)
        self.changes.tell(row.id)
        return _webhook(row)

    async def rotate(self, actor: Actor, webhook: str) -> tuple[Webhook, str]:
        """Another secret; for BOTH_FOR what is sent is signed by both."""
        async with self._changing(actor) as session:
            row = await _find(session, actor, webhook, lock=True)
            row.rotation, row.rotated_at = row.rotation + 1, self._now()
            session.add(row)
            self._tell(session, row, WebhookChange.ROTATED, actor)
        return _webhook(row), self.secrets(row)[0]

    async def ping(self, actor: Actor, webhook: str) -> Delivery:
        """Send something that says nothing. Refusal where it is off."""
        now = self._now()
        async with self._changing(actor) as session:
            row = await _find(session, actor, webhook)
            if row.off_at is not None:
                raise Refusal("webhook.off")
            delivery = new_delivery(row.id, None, PING, now)
            session.add(delivery)
        self.changes.tell(row.id)
        return _delivery(delivery)

    async def deliveries(
        self, actor: Actor, webhook: str, before: str | None = None
    ) -> tuple[list[Delivery], str | None]:
        """The newest SHOWN, or those older than delivery `before`; and before which the rest is."""
        async with self._reading(actor) as session:
            row = await _find(session, actor, webhook)
            query = select(DeliveryRow).where(DeliveryRow.webhook == row.id)
            if before is not None and (last := await session.get(DeliveryRow, before)) is not None:
                at, number = col(DeliveryRow.created_at), col(DeliveryRow.id)
                query = query.where((at < last.created_at) | ((at == last.created_at) & (number < last.id)))
            query = query.order_by(col(DeliveryRow.created_at).desc(), col(DeliveryRow.id).desc()).limit(SHOWN + 1)
            found = [_delivery(each) for each in await session.exec(query)]
        return found[:SHOWN], found[SHOWN - 1].id if len(found) > SHOWN else None

    async def redeliver(self, actor: Actor, webhook: str, delivery: str) -> Delivery:
        """Send it once more, under its id, whatever became of it. Refusal where the webhook is off."""
        async with self._changing(actor) as session:
            row = await _find(session, actor, webhook)
            if row.off_at is not None:
                raise Refusal("webhook.off")
            found = await session.get(DeliveryRow, delivery, with_for_update=True)
            if found is None or found.webhook != row.id:
                raise NotFound("webhook.delivery_not_found")
            found.state, found.attempts = State.PENDING, 0
            found.created_at = found.next_at = self._now()
            session.add(found)
        self.changes.tell(row.id)
        return _delivery(found)

    def secrets(self, row: WebhookRow) -> list[str]:
        """By which to sign now, the newest first."""
        newest, at = row.rotation, row.rotated_at
        both = at is not None and self._now() - at < BOTH_FOR
        rotations = [newest, newest - 1] if both else [newest]
        return [f"whsec_{self._passwords.of('webhook', row.id, each)}" for each in rotations]

    async def _reachable(self, actor: Actor, url: str) -> None:
        """Asked before the name is looked up: only an admin may let us look for something."""
        async with self._reading(actor):
            pass
        try:
            found = await self._post.addresses(url, actor.guild)
        except (Hostile, TimeoutError):
            raise BadInput("webhook.private", host=urlsplit(url).hostname or "") from None
        if found is None:
            raise BadInput("webhook.url", most=LONGEST_URL)

    @asynccontextmanager
    async def _reading(self, actor: Actor) -> AsyncIterator[AsyncSession]:
        async with self._database.session() as session:
            await _judge(session, actor)
            yield session

    @asynccontextmanager
    async def _changing(self, actor: Actor) -> AsyncIterator[AsyncSession]:
        """The guild's row is locked, so that two people at once do not pass MOST."""
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            await insert_missing(session, GuildRow(id=actor.guild))
            await session.get_one(GuildRow, actor.guild, with_for_update=True)
            await _judge(session, actor)
            yield session

    def _tell(self, session: AsyncSession, row: WebhookRow, change: WebhookChange, actor: Actor) -> None:
        told = WebhookChanged(change, row.id, urlsplit(row.url).hostname or "", actor.user)
        record(session, told, self._now(), guild=row.guild)


PING = "ping"
"""The kind of what is sent to try a webhook out."""


def new_delivery(webhook: str, event: int | None, kind: str, now: datetime) -> DeliveryRow:
    return DeliveryRow(id=random.token_hex(12), webhook=webhook, event=event, kind=kind, created_at=now, next_at=now)


async def switch_off(session: AsyncSession, row: WebhookRow, why: Off, now: datetime) -> None:
    """What was not taken by now never is."""
    row.off_at, row.off_why = now, why
    session.add(row)
    pending = select(DeliveryRow).where(DeliveryRow.webhook == row.id, DeliveryRow.state == State.PENDING)
    for delivery in await session.exec(pending):
        delivery.state = State.GIVEN_UP
        session.add(delivery)


async def _judge(session: AsyncSession, actor: Actor) -> None:
    if refused := judge(actor, DoInGuild.WEBHOOKS, rules_of(await session.get(GuildRow, actor.guild))):
        raise refused


async def _find(session: AsyncSession, actor: Actor, webhook: str, *, lock: bool = False) -> WebhookRow:
    row = await session.get(WebhookRow, webhook, with_for_update=lock or None)
    if row is None or row.guild != actor.guild:
        raise NotFound("webhook.not_found")
    return row


def _known(kinds: Collection[EventKind]) -> list[str]:
    """BadInput for one that does not leave."""
    if strange := sorted(set(kinds) - KINDS):
        raise BadInput("web.kinds", kinds=", ".join(strange))
    return sorted(set(kinds))


def _described(typed: str) -> str:
    described = " ".join(typed.split())
    if len(described) > LONGEST_DESCRIPTION:
        raise BadInput("webhook.description", most=LONGEST_DESCRIPTION)
    return described


def _webhook(row: WebhookRow) -> Webhook:
    return Webhook(
        id=row.id,
        guild=row.guild,
        url=row.url,
        description=row.description,
        kinds=tuple(EventKind(each) for each in row.kinds if each in set(EventKind)),
        created_at=row.created_at,
        created_by=row.created_by,
        rotated_at=row.rotated_at,
        failing_since=row.failing_since,
        off_at=row.off_at,
        off_why=Off(row.off_why) if row.off_why else None,
    )


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        id=row.id,
        event=row.event,
        kind=row.kind,
        state=State(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        tried_at=row.tried_at,
        next_at=row.next_at if row.state == State.PENDING else None,
        status=row.status,
        why=row.why,
    )
