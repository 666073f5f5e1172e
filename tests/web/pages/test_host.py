"""`/host`: how the host is, for those who run it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from webface import Face, present, serving

from core.notices.kinds.alarms import HostAlarm, NodeAlarm
from tests.conftest import ADA, CY, GUILD, House

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def operator(house: House) -> None:
    house.core.operations.operators = frozenset({CY.user})
    house.membership.present = {each.user: present(each) for each in (ADA, CY)}


@pytest.fixture
async def lacks() -> list[str | None]:
    return [None]


@pytest.fixture
async def face(house: House, lacks: list[str | None]) -> AsyncIterator[Face]:
    async with serving(house.core, known={"lacks": lambda: lacks[0]}) as face:
        yield face


async def shown(face: Face, language: str = "en") -> str:
    headers = {"Accept": "text/html", "Accept-Language": language}
    got = await face.get("/host", session=await face.session(CY, GUILD), headers=headers)
    assert got.status == 200, got.text
    return got.text


async def test_the_line_to_discord_is_told_where_there_is_one(face: Face, lacks: list[str | None]) -> None:
    assert "<dt>Discord</dt>" not in await shown(face), "another process has it"
    lacks[0] = ""
    assert "<dt>Discord</dt><dd>connected</dd>" in await shown(face)
    lacks[0] = "Discord refuses this address for 60 s"
    assert '<strong lang="en">Discord refuses this address for 60 s</strong>' in await shown(face)


async def test_the_last_copy_of_the_database_is_told(house: House, face: Face) -> None:
    assert "Last copy of the database</dt><dd>–</dd>" in await shown(face)
    await house.core.operations.note_copy()
    await house.core.operations.note_copy()
    assert "Last copy of the database</dt><dd><time" in await shown(face)


async def test_alarms_are_told_in_words(house: House, face: Face) -> None:
    await house.core.alarms.begin(NodeAlarm("node-7"))
    await house.core.alarms.begin(HostAlarm("image"))
    page = await shown(face, "de")
    assert "<code>node-7</code> antwortet nicht, <time" in page
    assert (
        "Das Spiel lässt sich nicht herunterladen, darum startet es nicht. (hält Server vom Laufen ab), <time" in page
    )


async def test_servers_with_a_problem_stand_there_without_anybodys_name(house: House, face: Face) -> None:
    assert "No server has a problem." in await shown(face)
    server = await house.create("Pond")
    await house.phase(server, "running")
    house.cluster.lose_node(server)
    await house.until(server, lambda row: row.problem is not None)
    page = await shown(face)
    assert f"<code>{server}</code></th><td>The node it runs on does not answer right now.</td>" in page
    assert f"<td>Discord server <bdi>{GUILD}</bdi></td>" in page
    assert "Pond" not in page
    assert "Ada" not in page
