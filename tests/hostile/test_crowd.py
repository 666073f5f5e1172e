"""A thousand members at once: one effect each, every press answered, quotas exact.

How long that takes, `make bench` says.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import func, select
from wire import ADA, BO, COMMAND, COMPONENT, CY, Said, Wire, button, wired

from bot.demo.guild import cast, messages
from core.data.tables import EventRow, InteractionRow, ServerRow
from core.words import EventKind

CREATORS, RESUMERS, KEEPERS_UP, LOOKERS = 300, 300, 200, 200
MOST = 25  # servers that the guild may have
FIRST = int(ADA) + 1000

pytestmark = [pytest.mark.deep, pytest.mark.timeout(600)]


@pytest.fixture
async def wire(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    monkeypatch.setattr(messages, "MOST_EPHEMERAL", 2000)  # so many answers stand at once
    async with wired(tmp_path, url=database_url) as made:
        people = made.guild.world.members
        for user in map(str, range(FIRST, FIRST + 1000)):
            people[user] = cast.member(cast.user(user, f"m{user}", f"Member {user}"), [])
        dee = str(FIRST)
        people[dee] = cast.member(people[dee]["user"], people[CY]["roles"])
        made.guild.interactions._answer_timeout = 120.0
        yield made


async def typed(wire: Wire, person: str, command: str, /, **options: str) -> Said:
    """A command that the gateway delivers twice."""
    return await wire.send(person, COMMAND, wire._options(command, options), times=2)


async def pressed(wire: Wire, person: str, custom_id: str) -> list[Said]:
    """A double click."""
    card = wire.post([button(custom_id)])
    data = {"custom_id": custom_id, "component_type": 2}
    return list(await asyncio.gather(*(wire.send(person, COMPONENT, data, source=card) for _ in range(2))))


async def test_a_thousand_members_at_once(wire: Wire) -> None:
    pond, lake, moss = [await wire.create(*each) for each in (("Pond", ADA), ("Lake", ADA), ("Moss", BO))]
    await wire.core.servers.power.pause(wire.actor(), pond)
    await wire.until(pond, "paused")
    await wire.allow(MOST, each=1)
    people = iter(map(str, range(FIRST + 1, FIRST + 1000)))

    creating = [typed(wire, next(people), "server create", game="meadow", name=f"W {n}") for n in range(CREATORS)]
    resuming = [pressed(wire, next(people), f"dm:resume:{pond}") for _ in range(RESUMERS // 2)]
    keeping = [pressed(wire, next(people), f"dm:keep:{lake}") for _ in range(KEEPERS_UP // 2)]
    looking = [typed(wire, next(people), "server show", server=lake) for _ in range(LOOKERS)]
    admins = [pressed(wire, admin, f"dm:pause:{moss}") for admin in (CY, str(FIRST))]

    created, clicked, looked = await asyncio.gather(
        asyncio.gather(*creating), asyncio.gather(*resuming, *keeping, *admins), asyncio.gather(*looking)
    )

    everything = [*created, *looked, *(said for twice in clicked for said in twice)]
    assert not [said for said in everything if said.kind == "failed"]
    assert not any("our fault" in said.text for said in everything)
    made = [said for said in created if "is being made" in said.text]
    assert len(made) == MOST - 3
    assert all(f"may be ({MOST})" in said.text for said in created if said not in made)
    async with wire.database.session() as session:
        assert (await session.exec(select(func.count()).select_from(ServerRow))).one() == MOST
        names = list(await session.exec(select(ServerRow.name)))
        assert len(set(names)) == MOST
        changed = (await session.exec(select(func.count()).select_from(InteractionRow))).one()
        assert changed <= len(everything)  # what was delivered twice was taken once
        asked = Counter(await session.exec(select(EventRow.server).where(EventRow.kind == EventKind.PAUSED)))
    assert (await wire.until(pond, "running")).run == 2
    assert asked[moss] == 1
    assert (await wire.until(moss, "paused")).desired == "paused"
