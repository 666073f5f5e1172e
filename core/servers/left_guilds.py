"""Guilds that the bot was removed from: nothing starts there, and nothing is said there."""

from __future__ import annotations

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import GuildRow
from core.errors import Refusal


async def refuse(session: AsyncSession, guild: int) -> None:
    """Raises Refusal where the bot is not in the guild."""
    row = await session.get(GuildRow, guild)
    if row is not None and row.left_at is not None:
        raise Refusal("guild.left")
