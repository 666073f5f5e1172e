"""Creating a server: one transaction that takes a name, a port and a place in the quota, or takes nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.data.tables import CardRow, PortRow, ServerRow
from core.errors import BadInput, LimitReached, TryAgain
from core.games.catalogue import Game
from core.guilds.access import Actor
from core.guilds.limits import check_create
from core.notices.events import record
from core.servers import maintenance, names
from core.servers.desk import Desk
from core.servers.views import ServerView
from core.words import Because, Desired, EventKind, Phase, new_server_id

LONGEST_DESCRIPTION = 200
TRIES = 5


START_WITHIN = timedelta(minutes=5)


def start_within(game: Game) -> timedelta:
    """How long a start may take before it is given up: 5 min, 60 for games that download themselves."""
    return timedelta(minutes=60) if game.image and game.image.downloads else START_WITHIN


def description(typed: str) -> str:
    text = names.one_line(typed)
    if len(text) > LONGEST_DESCRIPTION:
        raise BadInput("description.too_long", most=LONGEST_DESCRIPTION)
    return text


async def create(
    desk: Desk,
    actor: Actor,
    *,
    channel: int,
    game: str,
    name: str,
    size: str | None,
    text: str,
    source: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> ServerView:
    """`source`: the snapshot that its world begins with.

    Raises BadInput, LimitReached, NotAllowed or TryAgain; nothing is kept then."""
    chosen = desk.catalogue.find(game)
    title, about = names.clean(name), description(text)
    picked = chosen.size(size)
    for _ in range(TRIES):
        try:
            async with desk.database.begin() as session:
                await once.claim(session, desk.now())
                await maintenance.refuse(session)
                await desk.greet(session, actor)
                limits = await desk.limits(session, actor.guild, lock=True)
                mine = await desk.count(session, actor.guild, actor.user)
                deleted = await desk.count(session, actor.guild, actor.user, deleted=True)
                check_create(actor, limits, mine=mine, guild=await desk.count(session, actor.guild), deleted=deleted)
                await _refuse_taken(session, actor.guild, title)
                now = desk.now()
                row = ServerRow(
                    id=new_server_id(),
                    guild=actor.guild,
                    owner=actor.user,
                    game=chosen.id,
                    name=title,
                    name_key=names.key(title),
                    description=about,
                    size=picked.id,
                    channel=channel,
                    source=source,
                    settings=dict(settings or {}),
                    desired=Desired.RUNNING,
                    because=Because.OWNER,
                    by=actor.user,
                    start_by=now + start_within(chosen),
                    started_at=now,
                    phase=Phase.STARTING,
                    phase_since=now,
                    created_at=now,
                    changed_at=now,
                )
                session.add(row)
                await session.flush()
                await _take_ports(desk, session, row, chosen)
                session.add(CardRow(server=row.id))
                record(
                    session,
                    EventKind.CREATED,
                    at=now,
                    guild=row.guild,
                    server=row.id,
                    by=actor.user,
                    data={"game": chosen.id, "name": title, "size": picked.id} | ({"source": source} if source else {}),
                    usage=desk.usage(row),
                )
                await session.flush()
                view = await desk.view(session, row)
        except IntegrityError:
            continue  # somebody took the name or the port in this moment: look again
        desk.changes.tell(view.id)
        return view
    raise TryAgain("try_again")


async def _refuse_taken(session: AsyncSession, guild: int, name: str) -> None:
    taken = select(ServerRow.name).where(
        ServerRow.guild == guild, ServerRow.name_key == names.key(name), ServerRow.desired != Desired.DELETED
    )
    if found := (await session.exec(taken)).first():
        raise BadInput("name.taken", name=found)


async def _take_ports(desk: Desk, session: AsyncSession, row: ServerRow, game: Game) -> None:
    # Closed ports take a place too where servers share one machine's addresses (the local cluster).
    taken = set(await session.exec(select(PortRow.port)))
    free = [port for port in desk.host.ports if port not in taken]
    if len(free) < len(game.ports):
        raise LimitReached("create.no_ports")
    # Any free one, so that two processes that look at once rarely choose the same.
    for port, number in zip(game.ports, sorted(random.sample(free[:32], len(game.ports))), strict=True):
        session.add(PortRow(server=row.id, name=port.name, port=number, protocol=port.protocol))
