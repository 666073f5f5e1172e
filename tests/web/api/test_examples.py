"""docs/api: what stands there works, and is what the program serves."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from typing import Any

import httpx
import pytest
from apihouse import GUILD, ApiHouse
from apipage import EXAMPLES, PAGE, SPEC, Call, calls

pytestmark = pytest.mark.asyncio(loop_scope="module")
TRIED = [name for name, example in EXAMPLES.items() if not example.stream]
CALLS = {call.name: call for call in calls()}


def snippets(kind: str) -> list[str]:
    """In the order of the page, without those of its head."""
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1:]


def of(call: Call, kind: str) -> str:
    wanted = call.curl() if kind == "bash" else call.python()
    [found] = [each.strip() for each in snippets(kind) if each.strip() == wanted]
    return found


async def prepared(api: ApiHouse, call: Call) -> dict[str, str]:
    server = await api.server(call.example.state)
    return {
        "DORMOUSE": api.face.url,
        "TOKEN": await api.token(call.example.who),
        "SERVER": server,
        "GUILD": str(GUILD),
        "NAME": await api.name(server),
    }


@pytest.mark.parametrize("name", TRIED)
async def test_each_line_for_curl_works(api: ApiHouse, name: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    call = CALLS[name]
    line = (
        of(call, "bash")
        .replace("-fsS", "-sS -o /dev/null -w '%{http_code}'")
        .replace("lake-1", "lake-2")
        .replace("brook-1", "brook-2")
    )
    environ = {**os.environ, **await prepared(api, call)}
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", line, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, wrong = await shell.communicate()
    assert (out.decode(), wrong.decode()) == (str(call.success), "")


@pytest.mark.parametrize("name", TRIED)
async def test_each_line_of_python_works(api: ApiHouse, name: str) -> None:
    call = CALLS[name]
    known = await prepared(api, call)
    head = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[0]

    def run() -> httpx.Response:
        names: dict[str, Any] = {**known, **{key.lower(): value for key, value in known.items()}}
        exec(head, names)
        with names["api"]:
            got: httpx.Response = eval(of(call, "python"), names)
            return got

    got = await asyncio.to_thread(run)
    assert got.status_code == call.success, got.text


async def test_the_page_to_try_it_out_loads_nothing_from_elsewhere(api: ApiHouse) -> None:
    got = await api.face.get("/api/docs")
    assert (got.status, "unsafe-eval" in got.headers["Content-Security-Policy"]) == (200, False)
    assert "default-src 'self'" in got.headers["Content-Security-Policy"]
    parts = re.findall(r'(?:src|href|data-spec)="([^"]+)"', got.text)
    parts.remove("data:,")  # there is no icon to be asked for
    assert parts
    assert all(part.startswith("/api/") for part in parts)
    for part in parts:
        assert (await api.face.get(part)).status == 200
    assert (await api.face.get("/api/docs/vendored.toml")).status == 404
    assert json.loads(SPEC.read_text("utf-8")) == (await api.face.get("/api/v1/openapi.json")).json
