"""Guilds that whoever runs the bot has blocked: nothing starts there (core.servers.blocking)."""

from __future__ import annotations

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import GuildRow
from core.errors import Refusal


async def refuse(session: AsyncSession, guild: int) -> None:
    """Refusal with the operator's words where the guild is blocked."""
    row = await session.get(GuildRow, guild)
    if row is None or row.blocked_at is None:
        return
    if row.blocked_words:
        raise Refusal("guild.blocked_because", words=row.blocked_words)
    raise Refusal("guild.blocked")
