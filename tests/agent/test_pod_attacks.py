"""A game that can write in the folder of the pipes, as in pods of an older version, attacks its agent through it. In a
pod of today it cannot write there at all (tests/cluster/kubernetes/test_attacks.py)."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest
from instead import KINDS, stand

from tests.agent.test_pod_sidecar import Agent, Sidecar, beside, playing, until_true

pytestmark = pytest.mark.process


@pytest.fixture
def pod(tmp_path: Path) -> Sidecar:
    return Sidecar(tmp_path)


@pytest.fixture
def marker(pod: Sidecar) -> Path:
    path = pod.volume / "volume.json"
    path.chmod(0o600)
    return path


def as_it_was(marker: Path) -> tuple[str, int, int]:
    seen = marker.stat()
    return marker.read_text(), seen.st_mode, seen.st_mtime_ns


async def line(agent: Agent, text: str) -> tuple[int, dict[str, Any]]:
    async with agent._web.post(f"{agent._url}/console", json={"line": text}) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("what", [each for each in KINDS if each != "pipe"])
async def test_what_stands_in_the_place_of_the_console_is_not_written_to(pod: Sidecar, marker: Path, what: str) -> None:
    before = as_it_was(marker)
    async with playing(pod) as agent:
        await until_true(lambda: pod.heard() == ["loud"])
        stand(pod.shared / "console", what, marker)
        status, _ = await agent.snapshot(note="under attack")
        assert status == 200
        assert as_it_was(marker) == before
        assert stat.S_ISFIFO((pod.shared / "console").lstat().st_mode)
        status, said = await line(agent, "hello")
        assert status == 409
        assert "hears its console again after its next start" in said["error"]
        agent.process.send_signal(signal.SIGTERM)
        assert await agent.ended() == 0
    assert as_it_was(marker) == before
    async with playing(pod) as agent:
        assert (await line(agent, "hello"))[0] == 200
        await until_true(lambda: "hello" in pod.heard())


@pytest.mark.parametrize("what", KINDS)
async def test_an_agent_that_starts_anew_opens_nothing_up_and_makes_its_pipes(
    pod: Sidecar, marker: Path, what: str
) -> None:
    before = as_it_was(marker)
    known = json.loads(pod.env["DORMOUSE_POD"]) | {"stop_console": "quit"}
    for name in ("console", "stop"):
        stand(pod.shared / name, what, marker)
    async with playing(pod, DORMOUSE_POD=json.dumps(known)) as agent:
        assert as_it_was(marker) == before
        hook = os.open(pod.shared / "stop", os.O_RDWR)
        os.write(hook, b"\n")
        await until_true(lambda: "quit" in pod.heard())
        os.close(hook)
        assert (await agent.snapshot())[0] == 200


async def test_the_wish_to_stop_is_heard_by_an_agent_that_comes_later(pod: Sidecar) -> None:
    known = json.loads(pod.env["DORMOUSE_POD"]) | {"stop_console": "quit"}
    async with playing(pod, DORMOUSE_POD=json.dumps(known)) as agent:
        agent.process.kill()
        await agent.ended()
        hook = os.open(pod.shared / "stop", os.O_RDWR)
        os.write(hook, b"\n")
        async with beside(pod, DORMOUSE_POD=json.dumps(known)):
            await until_true(lambda: "quit" in pod.heard())
        os.close(hook)


async def test_whatever_lies_beside_the_pipes_holds_nothing_up(pod: Sidecar) -> None:
    async with playing(pod) as agent:
        for number in range(3000):
            (pod.shared / f"{number}").symlink_to("/dev/zero")
        os.mkfifo(pod.data / "pipe")
        (pod.data / "loot").symlink_to(pod.work / "saved.json")
        assert (await agent.snapshot())[0] == 200
        assert (await line(agent, "hello"))[0] == 200
