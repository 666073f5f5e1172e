"""Erasing what is kept of a person. What others need stays, without their name: whose servers are whose, what was done.

| erased | stays |
|---|---|
| language, time zone, link, sessions, tokens | servers that they own, and their worlds |
| what they follow, names they were seen under | who did what, and accepted which licence: by Discord id alone |
| sign-ins and questions on their way | what others gave them: shares and quotas, by id |
| what their programs asked for with a key | which event of Discord's they planned, until that is over |

Names of players are the games', and nobody knows whose they are: an owner forgets those (core.activity.reading).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import delete
from sqlmodel import col, func, select

from core import once
from core.data.database import Database
from core.data.tables import (
    AccountRow,
    FlowRow,
    FollowRow,
    IdentityRow,
    MemberRow,
    QuestionRow,
    RequestKeyRow,
    ServerRow,
    SessionRow,
    TokenRow,
)
from core.guilds.access import Actor
from core.words import Desired

log = structlog.get_logger()

PERSONAL = (
    AccountRow,
    IdentityRow,
    SessionRow,
    TokenRow,
    FollowRow,
    FlowRow,
    MemberRow,
    QuestionRow,
    RequestKeyRow,
)
"""Each with a column `user`."""

KEPT: Mapping[str, str] = {
    "servers.owner": "it stays theirs until they give it away or delete it",
    "servers.by": "who wanted it as it is",
    "servers.keep_by": "who keeps it on; until its next start",
    "servers.vote_by": "who voted to keep it on; until its next start",
    "servers.offered_to": "the owner's offer; it ends by its time",
    "servers.occasion_by": "who planned the occasion, as Discord tells",
    "occasions.creator": "likewise; until Discord tells of it no more",
    "shares.target": "the owner's choice",
    "quotas.target": "the choice of the guild's admins",
    "events.by": "who did it: the audit",
    "events.data": "to whom: shared, offered, given away, quotas",
    "notices.data": "who did it, as messages say; Discord shows the name",
    "licences.by": "who accepted it for the guild",
    "webhooks.created_by": "who sends the guild's events elsewhere: its admins have to know",
}
"""Every other column that holds somebody, by Discord id alone, and why others need it."""


@dataclass(frozen=True, slots=True)
class Stays:
    """`servers`: that they own, in all guilds."""

    servers: int


class Forgetting:
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def stays(self, actor: Actor) -> Stays:
        owned = select(func.count()).where(ServerRow.owner == actor.user, ServerRow.desired != Desired.DELETED)
        async with self._database.session() as session:
            return Stays(int((await session.exec(owned)).one()))

    async def forget(self, actor: Actor) -> Stays:
        """All of it at once, in every guild."""
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            connection = await session.connection()
            for table in PERSONAL:
                await connection.execute(delete(table).where(col(table.user) == actor.user))
        log.info("account forgotten", user=actor.user)
        return await self.stays(actor)
