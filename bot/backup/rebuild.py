"""Servers of which the database knows nothing any more, and of which there is no copy (copies.py): from the notes that
core/servers/owner_notes.py leaves on the store, this machine's folders, and the worlds' own snapshots."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot import from_settings
from bot.database import open_database
from bot.settings import Settings
from core.agent.files import read_json
from core.agent.local.folder import ServerFolder
from core.assemble import Core, assemble
from core.cluster.none import NoCluster
from core.data.tables import CardRow, GuildRow, PortRow, ServerRow, ShareRow, utc_now
from core.errors import Misconfigured
from core.servers import names
from core.servers.owner_notes import ABOUT
from core.words import Because, Desired, Phase
from core.worlds.listing import listing
from core.worlds.store import Store

About = dict[str, Any]
"""What is known of one server; the keys are those of its row, and `card`, `ports` and `shares`."""


async def rebuild(settings: Settings, store: Store) -> list[str]:
    """Their names. They are paused; their worlds are where they were, or come from their newest snapshots.

    Raises StoreError, Misconfigured.
    """
    catalogue, rules = from_settings.catalogue(settings), from_settings.rules(settings)
    core = assemble(await open_database(settings), catalogue, NoCluster(), rules, utc_now)
    try:
        rebuilt = [await _add(core, about, store) for about in _known(settings, store)]
        return [name for name in rebuilt if name]
    finally:
        await core.database.close()


def _known(settings: Settings, store: Store) -> Iterable[About]:
    """By server: the store's word, and the local specs' where that is missing."""
    found: dict[str, About] = {}
    for folder in (settings.data_dir / "servers").glob("*"):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found[folder.name] = _of_spec(read_json(ServerFolder(folder).spec) or {})
    for each in store.list(ABOUT):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            told = json.loads(store.get(each.key))
            known = found.get(str(told["id"]), {})
            later = {key: max(int(told[key]), int(known.get(key, 0))) for key in ("run", "volume")}
            found[str(told["id"])] = known | told | later
    return found.values()


def _of_spec(spec: Mapping[str, Any]) -> About:
    about = {key: spec[key] for key in ("guild", "owner", "name", "settings", "run", "volume", "ports")}
    return about | {
        "id": spec["server"],
        "game": spec["game"]["id"],
        "size": spec["size"]["id"],
        "description": "",
        "channel": 0,
    }


async def _add(core: Core, about: About, store: Store) -> str | None:
    """Its name; None where the database has it."""
    number = int(about["volume"])
    snapshots = await asyncio.to_thread(listing, store, str(about["id"]))
    newest = snapshots[0] if snapshots else None
    if newest:
        number = max(number, int(newest.name.split("-")[0]))
    async with core.database.begin() as session:
        if await session.get(ServerRow, about["id"]) is not None:
            return None
        title = await _free_name(session, about)
        row = ServerRow(
            id=str(about["id"]),
            guild=int(about["guild"]),
            owner=int(about["owner"]),
            game=str(about["game"]),
            name=title,
            name_key=names.key(title),
            description=str(about.get("description") or ""),
            size=str(about["size"]),
            settings=about["settings"] if isinstance(about["settings"], dict) else {},
            channel=int(about["channel"]),
            desired=Desired.PAUSED,
            because=Because.OPERATOR,
            run=int(about["run"]) + 1,
            volume=number,
            bound=number if newest else 0,
            phase=Phase.PAUSED,
            phase_since=core.now(),
        )
        if newest:
            row.saved_name, row.saved_at, row.saved_bytes = newest.name, newest.at, newest.size
            row.saved_gaps = newest.gaps.to_json() if newest.gaps.counts else {}
        session.add(row)
        await session.flush()
        await _give_ports(session, about, core)
        for target, kind, role in about.get("shares") or ():
            session.add(ShareRow(server=row.id, target=target, kind=kind, role=role))
        channel, message, posts = about.get("card") or (None, None, 0)
        session.add(CardRow(server=row.id, channel=channel, message=message, posts=posts))
        if await session.get(GuildRow, row.guild) is None:
            session.add(GuildRow(id=row.guild))
    return title


async def _give_ports(session: AsyncSession, about: About, core: Core) -> None:
    """The ports that it had; others where those are not known, or were given away meanwhile."""
    game = core.catalogue.get(str(about["game"]))
    if game is None:
        return  # it cannot start before the game is back; then `/server clone` gives it ports
    taken = set(await session.exec(select(PortRow.port)))
    had = {each["name"]: each["host"] for each in about.get("ports") or () if each.get("host")}
    for port in [each for each in game.ports if each.public]:
        number = had.get(port.name)
        if number is None or number in taken:
            number = next((each for each in core.rules.ports if each not in taken), None)
        if number is None:
            raise Misconfigured(["DORMOUSE_PORTS has no port left for the servers that come back: widen it."])
        taken.add(number)
        session.add(PortRow(server=str(about["id"]), name=port.name, port=number, protocol=port.protocol))


async def _free_name(session: AsyncSession, about: Mapping[str, Any]) -> str:
    """The server's name; with a number behind it where the guild has given that name away meanwhile."""
    title, count = str(about["name"]), 1
    while True:
        tried = title if count == 1 else f"{title[: names.LONGEST - 3]} {count}"
        there = select(ServerRow).where(
            ServerRow.guild == int(about["guild"]),
            ServerRow.name_key == names.key(tried),
            ServerRow.desired != Desired.DELETED,
        )
        if (await session.exec(there)).first() is None:
            return tried
        count += 1
