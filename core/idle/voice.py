"""Who is in the voice channels that servers watch, told by the processes that Discord tells to the one that sweeps.

Where roles are split, the process with `control` has no line to Discord. The others write down what they see, in one
row of `meta` for each watched channel, and write it again every few seconds: what is old counts as unknown.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.clock import is_ahead
from core.data.database import Database, insert_missing
from core.data.tables import MetaRow, ServerRow
from core.words import Desired, Empty, Gone, Occupied, Unknown, VoiceEvidence

REPORT_EVERY = 10.0  # seconds
FRESH = timedelta(minutes=1)
_KEY = "voice "

InVoice = Callable[[int, int], VoiceEvidence]
"""Who is in a voice channel, by guild and channel."""


def nobody_tells(_guild: int, _channel: int) -> VoiceEvidence:
    return Unknown("nobody tells who is in voice channels")


async def report(database: Database, in_voice: InVoice, now: datetime) -> None:
    """Write down what this process sees. What it cannot see it leaves to others."""
    async with database.session() as session:
        watched = select(ServerRow.guild, ServerRow.idle_voice).where(
            ServerRow.desired == Desired.RUNNING, col(ServerRow.idle_voice) > 0
        )
        channels = set(await session.exec(watched))
    seen = {channel: in_voice(guild, channel) for guild, channel in channels if channel is not None}
    rows = [
        MetaRow(key=f"{_KEY}{channel}", value=json.dumps([_number(evidence), now.timestamp()]))
        for channel, evidence in sorted(seen.items())
        if not isinstance(evidence, Unknown)
    ]
    if rows:
        async with database.begin() as session:
            for row in rows:
                await insert_missing(session, row, update=("value",))


async def reported(session: AsyncSession, channel: int, now: datetime) -> VoiceEvidence:
    """What another process saw in a channel lately."""
    row = await session.get(MetaRow, f"{_KEY}{channel}", populate_existing=True)
    if row is None:
        return Unknown("no process sees the voice channel")
    number, stamp = json.loads(row.value)
    at = datetime.fromtimestamp(stamp, UTC)
    if is_ahead(at, now) or now - at > FRESH:
        return Unknown("no process has seen the voice channel lately")
    if number is None:
        return Gone()
    return Occupied(online=number) if number else Empty()


def _number(evidence: VoiceEvidence) -> int | None:
    """How many are there; None: there is no such channel any more."""
    if isinstance(evidence, Gone):
        return None
    return evidence.online if isinstance(evidence, Occupied) else 0
