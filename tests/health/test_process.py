"""The shipped process, watched: ready when all it needs is there, live all along, and its figures."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from typing import Any

import pytest

from bot.demo.guild.cast import CHAT

pytestmark = pytest.mark.process


async def until(watched: Any, true: Any) -> None:
    async with asyncio.timeout(60):
        while not true(await watched.metrics()):
            await asyncio.sleep(0.1)


async def ready(watched: Any, *, missing: set[str]) -> None:
    async with asyncio.timeout(60):
        while set((await watched.ask("/readyz"))[1]["missing"]) != missing:
            await asyncio.sleep(0.05)


async def test_it_is_ready_when_discord_is_connected_and_live_all_along(watched: Any) -> None:
    await ready(watched, missing=set())
    assert await watched.ask("/readyz") == (200, {"ready": True, "missing": {}})

    port, guild = watched.guild.port, watched.guild
    await guild.stop()  # Discord is away
    await ready(watched, missing={"discord"})
    assert (await watched.ask("/readyz"))[0] == 503
    assert await watched.ask("/healthz") == (200, {"live": True, "missing": {}})
    await guild.start(port=port)
    await ready(watched, missing=set())
    assert (await watched.metrics())["dormouse_discord_disconnects_total"] >= 1


async def test_what_happens_is_counted(watched: Any) -> None:
    await watched.create()
    await watched.people["Ada"].slash(CHAT, "server create", game="meadow", name="Pond")
    await watched.message("There is a server called Pond here already")
    await until(watched, lambda values: values['dormouse_notices_total{outcome="sent"}'] >= 2)  # welcome and ready
    values = await watched.metrics()
    assert values['dormouse_servers{phase="running"}'] == 1
    for outcome in ("done", "refused"):
        assert values[f'dormouse_interaction_seconds_count{{name="server create",outcome="{outcome}"}}'] == 1
    assert values["dormouse_interaction_acknowledged_seconds_count"] == 2
    assert values['dormouse_interaction_acknowledged_seconds_bucket{le="3.0"}'] == 2
    assert values['dormouse_cards_total{outcome="posted"}'] == 1
    assert values["dormouse_controller_passes_total"] >= 2
    assert values["dormouse_cluster_fresh"] == values["dormouse_database_up"] == 1


async def test_the_sweep_is_timed(watched: Any) -> None:
    await until(watched, lambda values: values.get('dormouse_job_seconds_count{job="sweep",outcome="done"}', 0) >= 1)
    assert (await watched.metrics())["dormouse_last_sweep_seconds"] > 0


async def test_health_is_the_last_to_stop_and_leaves_nothing_behind(watched: Any) -> None:
    assert await watched.stop() == 0
    port = int(watched.url.rsplit(":", 1)[1])
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))


async def test_a_second_process_on_the_same_port_is_refused_in_words(watched: Any) -> None:
    address = watched.url.removeprefix("http://")
    watched.environ |= {"DORMOUSE_DATA_DIR": str(watched.folder / "other"), "DORMOUSE_HEALTH": address}
    with (watched.folder / "second.log").open("ab") as output:
        second = await asyncio.create_subprocess_exec(
            *watched.command, cwd=os.getcwd(), env=watched.environ, stdout=output, stderr=output
        )
    try:
        async with asyncio.timeout(60):
            assert await second.wait() == 1
    finally:
        if second.returncode is None:
            second.send_signal(signal.SIGKILL)
    said = (watched.folder / "second.log").read_text("utf-8")
    assert "DORMOUSE_HEALTH: 127.0.0.1" in said
    assert "choose another port, or off" in said
    assert "Traceback" not in said
