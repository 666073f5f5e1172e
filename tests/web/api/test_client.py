"""The client in docs/api/client, as a program uses it."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apihouse import ApiHouse
from apipage import EXAMPLES, SPEC

FOLDER = Path(__file__).parents[3] / "docs" / "api" / "client"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def client() -> Iterator[Any]:
    """Modules of the client by name."""
    sys.path.insert(0, str(FOLDER))
    yield importlib.import_module
    sys.path.remove(str(FOLDER))


async def test_a_program_lists_keeps_and_is_refused_in_words(api: ApiHouse, client: Any) -> None:
    server, token = await api.server(), await api.token("owner")
    servers, models = "dormouse_client.api.servers", client("dormouse_client.models")
    listed, kept, pause = (client(f"{servers}.{each}") for each in ("list_servers", "keep_server", "pause_server"))

    def program() -> None:
        with client("dormouse_client").AuthenticatedClient(base_url=api.face.url, token=token) as mine:
            found = listed.sync(client=mine, mine=True)
            assert [each.id for each in found.items] == [server]
            assert kept.sync(server, client=mine, body=models.Hours(hours=3)).idle.keep_until is not None
            assert pause.sync(server, client=mine).desired == models.Desired.PAUSED
            refused = kept.sync(server, client=mine, body=models.Hours(hours=3))
            assert isinstance(refused, models.Problem)
            assert (refused.status, refused.type_) == (409, "urn:dormouse:server.not_running")

    await asyncio.to_thread(program)


async def test_it_has_every_operation() -> None:
    made = {file.stem for file in (FOLDER / "dormouse_client" / "api").glob("*/*.py")} - {"__init__"}
    assert made == set(EXAMPLES), "make api-client"
    [told, _] = (FOLDER / "made-of.sha256").read_text("utf-8").split()
    assert told == hashlib.sha256(SPEC.read_bytes()).hexdigest(), "make api-client"
