"""What a member reads of a server in trouble, and of what one uses, through the real client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reading import texts

from core.cluster.port import InUse
from core.words import Lack, PodPhase, Problem, Step


async def show(guild: Any) -> str:
    result = await guild.ada.slash(guild.channel, "server show", server="Pond")
    shown = result.followups[-1] if result.followups else result.response
    return (texts(shown.components) + shown.content).replace("**", "")


async def test_show_says_what_a_start_waits_for_and_what_helps(guild: Any) -> None:
    cluster = guild.house.cluster
    cluster.ready_at_once = False
    await guild.ada.slash(guild.channel, "server create", game="meadow", name="Pond")
    server = (await guild.house.servers.lookup.get(guild.admin, "Pond")).id
    await guild.house.until(server, lambda _: server in cluster.pods)
    waits = {"pod": PodPhase.PENDING, "step": Step.PLACE, "problem": Problem.NO_PLACE, "lacks": Lack.MEMORY}
    cluster.pods[server] = replace(cluster.pods[server], **waits)
    cluster._tell(server)
    await guild.house.until(server, lambda row: row.problem == "no_place")
    said = await show(guild)
    assert "Starting: waiting for a place on a node · began <t:" in said
    assert "No node has 96 MiB free. Pausing a server that nobody needs makes room" in said


async def test_show_tells_memory_and_cpu_in_use(guild: Any) -> None:
    async def usage(server: str) -> InUse:
        return InUse(cpu=31, memory=61 << 20)

    await guild.create("Pond")
    guild.house.cluster.usage = usage
    assert "Memory: 61 of 96 MiB, CPU: 3 %" in await show(guild)
