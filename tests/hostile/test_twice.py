"""The same thing twice, or two things at once: one effect, and a word for everybody."""

from __future__ import annotations

import asyncio
from collections import Counter

from aiohttp import web
from sqlmodel import select
from wire import ADA, BO, CY, Wire

from bot.demo.guild.interactions import COMPONENT
from core.data.tables import InteractionRow
from core.once import REMEMBERED


async def test_two_clicks_on_resume_are_one_run(wire: Wire) -> None:
    pond = await wire.create()
    await wire.press(ADA, f"dm:pause:{pond}")
    await wire.until(pond, "paused")
    both = await asyncio.gather(*(wire.press(ADA, f"dm:resume:{pond}") for _ in range(2)))
    assert all("Pond" in said.text for said in both)
    assert ((await wire.row(pond)).run, await wire.events(pond, "resumed")) == (2, 1)


async def test_two_clicks_on_pause_are_one_pause(wire: Wire) -> None:
    pond = await wire.create()
    both = await asyncio.gather(*(wire.press(ADA, f"dm:pause:{pond}") for _ in range(2)))
    assert all("paus" in said.text for said in both)
    assert await wire.events(pond, "paused") == 1


async def test_a_form_sent_twice_deletes_once(wire: Wire) -> None:
    pond = await wire.create()
    both = await asyncio.gather(*(wire.submit(ADA, f"dm:delete_form:{pond}", {"name": "Pond"}) for _ in range(2)))
    assert all("is deleted" in said.text for said in both)
    assert await wire.events(pond, "deleted") == 1


async def test_two_clicks_on_undo_bring_it_back_once(wire: Wire) -> None:
    pond = await wire.create()
    await wire.submit(ADA, f"dm:delete_form:{pond}", {"name": "Pond"})
    both = await asyncio.gather(*(wire.press(ADA, f"dm:undo:{pond}") for _ in range(2)))
    assert all("is back" in said.text for said in both)
    assert await wire.events(pond, "undeleted") == 1


async def test_of_two_who_want_one_name_one_gets_it(wire: Wire) -> None:
    names = {ADA: "Pond", BO: "POND", CY: "Pоnd"}
    said = await asyncio.gather(
        *(wire.command(person, "server create", game="meadow", name=name) for person, name in names.items())
    )
    made = Counter("is being made" in each.text for each in said)
    refused = Counter("here already" in each.text for each in said)
    assert (made[True], refused[True]) == (1, 2)


async def test_a_quota_holds_for_commands_at_once(wire: Wire) -> None:
    said = await asyncio.gather(
        *(wire.command(ADA, "server create", game="meadow", name=f"Pond {number}") for number in range(6))
    )
    assert sum("is being made" in each.text for each in said) == 2
    assert sum("as many servers as a member may have" in each.text for each in said) == 4


async def test_delete_wins_over_whoever_does_something_else(wire: Wire) -> None:
    pond = await wire.create()
    said = await asyncio.gather(
        wire.press(BO, f"dm:keep:{pond}"),
        wire.press(BO, f"dm:resume:{pond}"),
        wire.submit(ADA, f"dm:delete_form:{pond}", {"name": "Pond"}),
        wire.press(CY, f"dm:restart:{pond}"),
        wire.press(CY, f"dm:pause:{pond}"),
    )
    assert all(each.kind == "message" and "our fault" not in each.text for each in said)
    assert (await wire.until(pond, "deleting")).desired == "deleted"
    async with asyncio.timeout(60):
        while pond in wire.cluster.pods:
            await asyncio.sleep(0.01)


async def test_a_pause_and_a_keep_alive_at_once_are_both_answered(wire: Wire) -> None:
    pond = await wire.create()
    paused, kept = await asyncio.gather(wire.press(CY, f"dm:pause:{pond}"), wire.press(BO, f"dm:keep:{pond}"))
    assert "then it pauses" in paused.text
    assert "stays awake" in kept.text or "is not running" in kept.text
    await wire.until(pond, "paused")


async def test_an_interaction_that_the_gateway_delivers_twice_has_one_effect(wire: Wire) -> None:
    pond = await wire.create()
    said = await restart(wire, pond, times=2)
    assert ((await wire.row(pond)).run, await wire.events(pond, "restarted")) == (2, 1)
    assert "starts anew" in said


async def test_two_processes_that_hear_the_same_interaction_have_one_effect(wire: Wire) -> None:
    pond = await wire.create()
    await wire.connect()
    said = await restart(wire, pond)
    assert ((await wire.row(pond)).run, await wire.events(pond, "restarted")) == (2, 1)
    assert "starts anew" in said


async def test_it_has_one_effect_even_where_discord_acknowledges_both(wire: Wire) -> None:
    pond = await wire.create()
    acknowledge_again(wire)
    said = await restart(wire, pond, times=3)
    assert ((await wire.row(pond)).run, await wire.events(pond, "restarted")) == (2, 1)
    assert "starts anew" in said
    assert "our fault" not in said


async def test_interactions_that_had_their_effect_are_forgotten_in_time(wire: Wire) -> None:
    pond = await wire.create()
    await restart(wire, pond)
    async with wire.database.begin() as session:
        [old] = await session.exec(select(InteractionRow))
        old.at -= REMEMBERED
        session.add(old)
    await restart(wire, pond)
    async with wire.database.session() as session:
        assert [each.id for each in await session.exec(select(InteractionRow))] != [old.id]


async def restart(wire: Wire, server: str, *, times: int = 1) -> str:
    custom_id = f"dm:restart:{server}"
    source = wire.post([{"type": 2, "style": 2, "label": "Restart", "custom_id": custom_id}])
    data = {"custom_id": custom_id, "component_type": 2}
    return (await wire.send(ADA, COMPONENT, data, source=source, times=times)).text


def acknowledge_again(wire: Wire) -> None:
    """The guild answers a callback that comes again as it did the first time, where Discord says 40060."""
    first: dict[str, bytes] = {}

    async def before(request: web.Request) -> web.StreamResponse | None:
        known = first.get(request.path)
        return None if known is None else web.Response(body=known, content_type="application/json")

    async def after(request: web.Request, response: web.StreamResponse) -> web.StreamResponse | None:
        if request.path.endswith("/callback") and isinstance(response, web.Response):
            first[request.path] = bytes(response.body or b"")  # type: ignore[arg-type]
        return None

    wire.guild.before.append(before)
    wire.guild.after.append(after)
