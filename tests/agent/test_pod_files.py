"""The helper that answers for the files of a volume at rest, as a job starts it."""

from __future__ import annotations

import asyncio
import base64
import subprocess
from pathlib import Path

import aiohttp
import pytest
from ports import ports

from core.agent.file_wire import PART, FileDo, FileOrder
from core.agent.volume import Volume
from tests.agent.pod_process import Pod

pytestmark = pytest.mark.process


async def test_it_answers_who_has_the_token_and_ends_when_told_to(tmp_path: Path) -> None:
    pod = Pod(tmp_path)
    Volume(pod.volume, 1).make_empty()
    port = int(ports().partition("-")[0])
    env = pod.env | {"DORMOUSE_AGENT_LISTEN": f"127.0.0.1:{port}", "DORMOUSE_AGENT_TOKEN": "secret"}
    helper = await asyncio.create_subprocess_exec(*pod.command("files"), cwd="/", env=env)
    try:
        async with asyncio.timeout(30), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            while True:
                try:
                    async with http.get("/v1/alive") as answer:
                        assert answer.status == 200
                    break
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.02)
            data = base64.b64encode(b"x" * PART).decode()
            order = FileOrder(FileDo.WRITE, "map", version="", data=data).to_json()
            async with http.post("/v1/files", json={"do": "list"}) as answer:
                assert answer.status == 401
            async with http.post("/v1/files", json=order, headers={"Authorization": "Bearer secret"}) as answer:
                assert (answer.status, (await answer.json())["size"]) == (200, PART)
            with pytest.raises(aiohttp.ClientError):  # who has no token is not even listened to for so long
                await http.post("/v1/files", json=order, headers={"Authorization": "Bearer wrong"})
    finally:
        helper.terminate()
        assert await helper.wait() == 0
    assert (pod.data / "map").read_bytes() == b"x" * PART


def test_it_ends_once_nobody_asks(tmp_path: Path) -> None:
    pod = Pod(tmp_path)
    Volume(pod.volume, 1).make_empty()
    code = "import asyncio, os; from core.agent.pod import files; asyncio.run(files.run(os.environ, idle=0.1))"
    env = pod.env | {"DORMOUSE_AGENT_LISTEN": "127.0.0.1:0", "DORMOUSE_AGENT_TOKEN": "secret"}
    subprocess.run([pod.python, "-c", code], cwd="/", env=env, check=True, timeout=30)
