"""The whole description, tried with whatever fits it and what does not, as every kind of person with every kind of
token: no bug, no answer that is not described, and nobody reads or changes what is not theirs.

schemathesis makes the requests; it is used as a library, so that they are made once and sent by everybody.
"""

from __future__ import annotations

import asyncio
import os
import zlib

import hypothesis
import pytest
import requests
import schemathesis
from apihouse import GUILD, OWNER, PEOPLE, ApiHouse
from apipage import EXAMPLES, described
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlmodel import select

from core.accounts.scopes import ALL, READ
from core.data.tables import EventRow, GuildRow, QuotaRow, ServerRow, ShareRow

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA = schemathesis.openapi.from_dict(described())
OPERATIONS = {
    found.ok().definition.raw["operationId"]: found.ok()
    for found in SCHEMA.get_all_operations()
    if not EXAMPLES[found.ok().definition.raw["operationId"]].stream  # those go on for ever
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OF_SERVER, OF_GUILD = "/servers/{server}", "/guilds/{guild}"


def drawn(name: str, mode: GenerationMode, number: int) -> list[Case]:
    """Others with each commit, as CASES says."""
    found: list[Case] = []

    @hypothesis.seed(zlib.crc32(f"{name} {os.environ.get('CASES', '')}".encode()))
    @hypothesis.settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(OPERATIONS[name].as_strategy(generation_mode=mode))
    def collect(case: Case) -> None:
        found.append(case)

    try:
        collect()
    except hypothesis.errors.Unsatisfiable:  # there is nothing that could be wrong
        return []
    return found


def aimed(case: Case, server: str) -> Case:
    """At what is there: who guesses an id gets nowhere."""
    if isinstance(case.path_parameters, dict):
        for key, value in (("server", server), ("guild", str(GUILD))):
            if key in case.path_parameters:
                case.path_parameters[key] = value
    if isinstance(case.body, dict) and "guild" in case.body:
        case.body["guild"] = str(GUILD)
    return case


async def kept(api: ApiHouse) -> str:
    """All that is the guild's."""
    found: list[str] = []
    async with api.core.database.session() as session:
        for table in (ServerRow, GuildRow, QuotaRow, EventRow, ShareRow):
            found += [row.model_dump_json() for row in await session.exec(select(table))]  # type: ignore[call-overload]
    return "\n".join(sorted(each for each in found if "800" not in each))


def send(api: ApiHouse, cases: list[Case], server: str, token: str) -> list[str]:
    """What was answered."""
    told = []
    with requests.Session() as session:
        session.trust_env = False
        for case in cases:
            headers = {"Authorization": f"Bearer {token}"}
            got = aimed(case, server).call(base_url=api.face.url, session=session, headers=headers, timeout=30)
            case.validate_response(got, checks=CHECKS)
            told.append(got.content.decode(errors="replace"))
    return told


async def fuzz(api: ApiHouse, name: str, number: int) -> None:
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = [case for mode in modes for case in drawn(name, mode, number)]
    for who in PEOPLE:
        for scopes in (ALL, READ) if who in ("owner", "stranger") else (ALL,):
            server, token = await api.server(), await api.token(who, scopes)
            before = await kept(api) if who == "stranger" else ""
            title = await api.name(server)
            told = await asyncio.to_thread(send, api, cases, server, token)
            if who == "stranger":
                assert await kept(api) == before
                assert not [text for text in told if title in text or OWNER.name in text]


@pytest.mark.parametrize("name", OPERATIONS)
async def test_no_request_is_a_bug_or_reaches_what_is_not_theirs(api: ApiHouse, name: str) -> None:
    await fuzz(api, name, 1)


@pytest.mark.deep
@pytest.mark.parametrize("name", OPERATIONS)
async def test_nor_do_many(api: ApiHouse, name: str) -> None:
    await fuzz(api, name, 6)
