"""Sends events to webhooks: by one process at a time, each webhook by itself, at least once and in order.

A webhook's cursor says up to which event there are deliveries. A delivery is written with the cursor, and sent only
then; what became of a try is written after it. So it may die on any line: at worst something is sent again, under the
id of its delivery. A guild that removed the bot gets nothing; its webhooks go with its servers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import delete
from sqlmodel import col, select

from core.data.database import Database
from core.data.tables import DeliveryRow, EventRow, GuildRow, WebhookRow
from core.errors import TryAgain
from core.feed.payload import KINDS, moment
from core.feed.reader import Closed, Feed, TooSlow, Wanted, told_of
from core.guilds.absence import PURGED_AFTER
from core.lane import Lane
from core.notices.events import record
from core.notices.kinds.events import WebhookChanged
from core.webhooks.post import Answer, Post
from core.webhooks.registry import PING, Webhooks, new_delivery, switch_off
from core.webhooks.rules import State, Waiting, again_at, choose, is_taken, off
from core.webhooks.signature import HEADER, sign
from core.words import WebhookChange

log = structlog.get_logger()
AT_ONCE = 8
"""Webhooks whose rows are worked on at once; who waits for a receiver is not among them."""
LOOK_EVERY = 30.0  # seconds: what another process changed is found so late
WRITTEN_AHEAD = 100
"""Deliveries of a webhook that are written before those ahead of them were taken."""
KEPT = timedelta(days=7)
"""Deliveries that are over."""
TIDIED_EVERY = 3600.0  # seconds
SKIPPED = 1000
"""Events that are not for a webhook, after which its cursor is written nevertheless."""


class Sender:
    def __init__(
        self, database: Database, webhooks: Webhooks, feed: Feed, post: Post, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._webhooks = webhooks
        self._feed = feed
        self._post = post
        self._now = now
        self._woken = asyncio.Event()
        self._lane = Lane(self._work, at_once=AT_ONCE, failed=_failed, longest=LOOK_EVERY)
        self._running = False
        self._sends: set[asyncio.Task[Answer]] = set()
        self._tidied: float | None = None
        webhooks.changes.subscribe(self._changed)

    async def run(self) -> None:
        """Until cancelled. What is on its way then is sent again by whoever comes next."""
        self._running = True
        working = asyncio.create_task(self._lane.run(), name="webhooks")
        try:
            while True:
                try:
                    await self._look()
                except (TryAgain, TooSlow):
                    await asyncio.sleep(1)
                except Closed:
                    await asyncio.sleep(LOOK_EVERY)  # the process ends
                except Exception:
                    log.exception("webhooks failed")
                    await asyncio.sleep(LOOK_EVERY)
        finally:
            self._running = False
            self._lane.stop()
            for sending in self._sends:
                sending.cancel()
            await working

    def _changed(self, webhook: str) -> None:
        if self._running:
            self._lane.touch(webhook, force=True)
            self._woken.set()

    async def _look(self) -> None:
        """Wake all, then those of whose guild there is something new, for LOOK_EVERY or until one is added."""
        self._woken.clear()
        await self._tidy()
        standing = await self._standing()
        if not standing:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._woken.wait()
            return
        loop = asyncio.get_running_loop()
        ends = loop.time() + LOOK_EVERY
        async with self._feed.follow(Wanted(frozenset(standing), kinds=KINDS)) as follower:
            for webhook in (each for webhooks in standing.values() for each in webhooks):
                self._lane.touch(webhook)
            while (left := ends - loop.time()) > 0 and not self._woken.is_set():
                for told in await follower.next(min(left, 1.0)):
                    for webhook in standing.get(told.guild, ()):
                        self._lane.touch(webhook)

    async def _standing(self) -> dict[int, list[str]]:
        """By guild, those to which something may be sent."""
        query = (
            select(WebhookRow.id, WebhookRow.guild)
            .outerjoin(GuildRow, col(GuildRow.id) == col(WebhookRow.guild))
            .where(col(WebhookRow.off_at).is_(None), col(GuildRow.left_at).is_(None))
        )
        found: dict[int, list[str]] = {}
        async with self._database.session() as session:
            for webhook, guild in await session.exec(query):
                found.setdefault(guild, []).append(webhook)
        return found

    async def _tidy(self) -> None:
        """Deliveries that are long over, and webhooks of guilds that are gone."""
        clock = asyncio.get_running_loop().time()
        if self._tidied is not None and clock - self._tidied < TIDIED_EVERY:
            return
        now = self._now()
        gone = select(WebhookRow.id).join(GuildRow, col(GuildRow.id) == col(WebhookRow.guild))
        gone = gone.where(col(GuildRow.left_at) < now - PURGED_AFTER)
        async with self._database.begin() as session:
            connection = await session.connection()
            over = (col(DeliveryRow.state) != State.PENDING) & (col(DeliveryRow.created_at) < now - KEPT)
            ids = list(await session.exec(gone))
            await connection.execute(delete(DeliveryRow).where(over | col(DeliveryRow.webhook).in_(ids)))
            await connection.execute(delete(WebhookRow).where(col(WebhookRow.id).in_(ids)))
        self._tidied = clock

    async def _work(self, webhook: str) -> float | None:
        await self._write_ahead(webhook)
        async with self._database.session() as session:
            row = await session.get(WebhookRow, webhook)
            if row is None or row.off_at is not None:
                return None
            guild = await session.get(GuildRow, row.guild)
            if guild is not None and guild.left_at is not None:
                return None
            pending = select(DeliveryRow).where(DeliveryRow.webhook == webhook, DeliveryRow.state == State.PENDING)
            found = {each.id: each for each in await session.exec(pending)}
        waiting = [Waiting(each.id, each.event, each.attempts, each.next_at) for each in found.values()]
        chosen, wait = choose(waiting, self._now())
        if chosen is None:
            return None if wait is None else wait.total_seconds()
        self._lane.leave(webhook)  # a slow receiver holds up nobody else
        body = await self._body(row, found[chosen.id])
        answer = Answer(why="unreadable") if body is None else await self._send(row, found[chosen.id], body)
        await self._record(webhook, chosen.id, answer, drop=body is None)
        return 0.0

    async def _write_ahead(self, webhook: str) -> None:
        """Write deliveries of what came since the cursor, and move it, in one transaction."""
        horizon = await self._feed.horizon()
        async with self._database.session() as session:
            row = await session.get(WebhookRow, webhook)
            if row is None or row.off_at is not None or horizon <= row.cursor:
                return
            query = _wanted(row, horizon)
            first = (await session.exec(query.limit(1))).first()
        if first is None and horizon - row.cursor < SKIPPED:
            return
        async with self._database.begin() as session:
            row = await session.get(WebhookRow, webhook, with_for_update=True)
            if row is None or row.off_at is not None or horizon <= row.cursor:
                return
            pending = select(DeliveryRow.id).where(DeliveryRow.webhook == webhook, DeliveryRow.state == State.PENDING)
            room = WRITTEN_AHEAD - len(list(await session.exec(pending)))
            if room <= 0:
                return
            found = list(await session.exec(_wanted(row, horizon).limit(room)))
            for number, kind in found:
                session.add(new_delivery(webhook, number, kind, self._now()))
            row.cursor = horizon if len(found) < room else found[-1][0] or row.cursor
            session.add(row)

    async def _body(self, row: WebhookRow, delivery: DeliveryRow) -> bytes | None:
        """None: there is nothing to say, for no version that runs here can read that event."""
        if delivery.event is None:
            ping = {"id": 0, "kind": PING, "at": moment(delivery.created_at), "guild": str(row.guild)}
            return _json(ping | {"server": None, "by": None, "trace": "", "data": {}})
        async with self._database.session() as session:
            event = await session.get(EventRow, delivery.event)
            told = await told_of(session, [event] if event is not None else [])
        return _json(told[0].payload) if told else None

    async def _send(self, row: WebhookRow, delivery: DeliveryRow, body: bytes) -> Answer:
        at = int(self._now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Dormouse",
            "Accept-Encoding": "identity",
            "X-Dormouse-Event": delivery.kind,
            "X-Dormouse-Delivery": delivery.id,
            HEADER: sign(self._webhooks.secrets(row), body, at),
        }
        sending = asyncio.create_task(self._post.send(row.url, body, headers))
        self._sends.add(sending)
        sending.add_done_callback(self._sends.discard)
        answer = await sending
        told = {"status": answer.status, "why": answer.why, "attempt": delivery.attempts + 1}
        log.info("webhook sent", webhook=row.id, delivery=delivery.id, host=urlsplit(row.url).hostname, **told)
        return answer

    async def _record(self, webhook: str, number: str, answer: Answer, *, drop: bool = False) -> None:
        now = self._now()
        async with self._database.begin() as session:
            row = await session.get(WebhookRow, webhook, with_for_update=True)
            found = await session.get(DeliveryRow, number, with_for_update=True)
            if row is None or found is None:
                return  # removed meanwhile
            found.attempts, found.tried_at = found.attempts + 1, now
            found.status, found.why = answer.status, answer.why
            if is_taken(answer.status):
                found.state, row.failing_since = State.TAKEN, None
            elif drop:
                found.state = State.GIVEN_UP
            elif found.state == State.PENDING:
                again = again_at(found.attempts, found.created_at, now, random.random())
                found.state, found.next_at = (State.GIVEN_UP if again is None else State.PENDING), again or now
                row.failing_since = row.failing_since or now
                if (why := off(answer.status, row.failing_since, now)) is not None and row.off_at is None:
                    await switch_off(session, row, why, now)
                    host = urlsplit(row.url).hostname or ""
                    record(session, WebhookChanged(WebhookChange.OFF, row.id, host), now, guild=row.guild)
                    log.warning("webhook off", webhook=row.id, guild=row.guild, host=host, why=why)
            session.add_all([row, found])


def _json(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _wanted(row: WebhookRow, horizon: int) -> Any:
    """Number and kind of the events after its cursor that it is to get, in order."""
    kinds = [each for each in row.kinds if each in KINDS] if row.kinds else sorted(KINDS)
    return (
        select(EventRow.id, EventRow.kind)
        .where(
            EventRow.guild == row.guild,
            col(EventRow.id) > row.cursor,
            col(EventRow.id) <= horizon,
            col(EventRow.kind).in_(kinds),
        )
        .order_by(col(EventRow.id))
    )


def _failed(webhook: str, wrong: Exception, times: int) -> None:
    if not isinstance(wrong, TryAgain):  # that was logged
        log.error("webhook failed", webhook=webhook, times=times, exc_info=wrong)
