"""Lines to a game's console: each sent once, one after the other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core import once
from core.errors import ClusterAway, Refusal, TryAgain
from tests.conftest import ADA, CY

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def running(house: Any) -> str:
    server = await house.create()
    await house.phase(server, "running")
    return str(server)


async def test_two_at_once_read_each_their_own_answer(house: Any) -> None:
    server, talking = await running(house), list[str]()

    async def console(_server: str, line: str) -> str:
        talking.append(line)
        assert len(talking) == 1
        for _ in range(5):
            await asyncio.sleep(0)
        talking.remove(line)
        return f"heard {line}"

    house.cluster.console = console
    sent = await asyncio.gather(
        *(house.servers.consoles.send(who, server, f"line {who.user} {n}") for who in (ADA, CY) for n in range(3))
    )
    assert all(each.answer == f"heard {each.line}" for each in sent)


async def test_a_line_that_discord_tells_twice_is_sent_once(house: Any) -> None:
    server, heard = await running(house), list[str]()
    house.cluster.heard = lambda _server, line: heard.append(line) or ""
    once.begin(77)
    await house.servers.consoles.send(ADA, server, "give Ada cake")
    once.begin(77)
    with pytest.raises(once.Repeated):
        await house.servers.consoles.send(ADA, server, "give Ada cake")
    assert heard == ["give Ada cake"]


async def test_a_line_whose_fate_nobody_knows_is_in_the_audit(house: Any) -> None:
    server = await running(house)

    async def away(*_: Any) -> str:
        raise ClusterAway("gone")

    house.cluster.console = away
    with pytest.raises(TryAgain, match=r"console\.away"):
        await house.servers.consoles.send(ADA, server, "stop")
    assert [each.data["line"] for each in await house.events(server) if each.kind == "line_sent"] == ["stop"]


async def test_the_last_words_of_a_crash_show_no_secret(house: Any) -> None:
    server = await running(house)
    await house.servers.editing.edit(ADA, server, {"password": "open sesame"})
    house.cluster.say(server, "the \x1b[31mpassword\x1b[0m is open sesame")
    house.cluster.crash(server)
    row = await house.until(server, lambda row: row.crash_count == 1)
    assert row.crash_log.splitlines()[-1] == "the password is ••••"


async def test_a_log_that_may_tell_an_earlier_password_is_not_shown(house: Any) -> None:
    server = await running(house)
    await house.servers.editing.edit(ADA, server, {"password": "open sesame"})
    house.cluster.say(server, "open sesame it is not yet")
    assert (await house.servers.consoles.logs(ADA, server, 10)).text.endswith("•••• it is not yet")
    before = (await house.row(server)).run
    await house.servers.power.restart(ADA, server)
    await house.until(server, lambda row: row.run == before + 1 and row.ready_at is not None)
    house.cluster.say(server, "the password is open sesame")
    assert (await house.servers.consoles.logs(ADA, server, 10)).text.endswith("the password is ••••")

    async def logs(*_: Any, **__: Any) -> str:
        return "the password is an old one"

    house.cluster.logs = logs
    with pytest.raises(Refusal, match=r"logs\.earlier"):
        await house.servers.consoles.logs(ADA, server, 10, before=True)
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    await house.servers.consoles.logs(ADA, server, 10)
    await house.servers.editing.edit(ADA, server, {"password": "another"})
    with pytest.raises(Refusal, match=r"logs\.earlier"):
        await house.servers.consoles.logs(ADA, server, 10)
