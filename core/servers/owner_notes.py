"""Notes on the store that say who owns which server. From them and the worlds' manifests bot/backup makes a new
database."""

from __future__ import annotations

import json
from typing import Any

from sqlmodel import col, select

from core.data.database import Database
from core.data.tables import CardRow, PortRow, ServerRow, ShareRow
from core.worlds.shelf import Shelf

ABOUT = "about/"
"""Below it lies one note for each server, by id."""

_NOTED = ("id", "guild", "owner", "game", "name", "description", "size", "settings", "channel", "run", "volume")


class OwnerNotes:
    """Remembers what it wrote, and writes a note only when it says something new."""

    def __init__(self, database: Database, shelf: Shelf) -> None:
        self._database = database
        self._shelf = shelf
        self._written: dict[str, str | None] = {}  # None: hidden

    async def write(self, row: ServerRow) -> None:
        """ChildFailed where the store does not take it."""
        note = json.dumps({name: getattr(row, name) for name in _NOTED} | await self._context(row.id), sort_keys=True)
        if self._written.get(row.id) != note:
            await self._shelf.ask(lambda store: store.put(ABOUT + row.id, note.encode()))
            self._written[row.id] = note

    async def hide(self, server: str) -> None:
        """A server that is gone must not come back through its note. ChildFailed as `write`."""
        if server not in self._written or self._written[server] is not None:
            await self._shelf.ask(lambda store: store.hide(ABOUT + server))
            self._written[server] = None

    async def _context(self, server: str) -> dict[str, Any]:
        """Where its card is, its ports, and with whom it is shared."""
        async with self._database.session() as session:
            card = (await session.exec(select(CardRow).where(CardRow.server == server))).first()
            ports = await session.exec(select(PortRow).where(PortRow.server == server).order_by(PortRow.name))
            shared = select(ShareRow).where(ShareRow.server == server).order_by(col(ShareRow.target))
            return {
                "card": [card.channel, card.message, card.posts] if card and card.message else None,
                "ports": [{"name": each.name, "host": each.port} for each in ports],
                "shares": [[each.target, each.kind, each.role] for each in await session.exec(shared)],
            }
