"""Which guilds anything is known of here."""

from __future__ import annotations

from sqlmodel import exists, or_, select

from core.data.database import Database
from core.data.tables import GuildRow, MemberRow, ServerRow


async def is_ours(database: Database, guild: int) -> bool:
    """It has servers or rules here, or somebody of it was seen. TryAgain while the database is away."""
    any_of_it = or_(
        exists().where(GuildRow.id == guild),  # type: ignore[arg-type]
        exists().where(ServerRow.guild == guild),  # type: ignore[arg-type]
        exists().where(MemberRow.guild == guild),  # type: ignore[arg-type]
    )
    async with database.session() as session:
        return bool((await session.exec(select(any_of_it))).one())
