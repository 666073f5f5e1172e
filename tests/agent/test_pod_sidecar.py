"""The agent beside a game in a pod, as a process: snapshots while the game runs, and the last one after it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import kube
import pytest
from b2server import B2Server, Fault
from ports import ports

from core.cluster.kubernetes.manifests_pod import pod_spec
from core.games.form.saving import Save
from core.worlds.failures import TABLE, Failure
from core.worlds.receipt import Receipt
from tests.agent.pod_process import ROOT, Pod, die
from tests.worlds.around import SERVER

pytestmark = pytest.mark.process
TOKEN = "t" * 32
GAME = kube.TINY.model_copy(update={"save": Save(off="quiet", flush="flush", on="loud")})
BUCKET = "worlds"
RACY = 2.1  # seconds; what changed so shortly before a snapshot counts as changed since


class Sidecar(Pod):
    """A pod with a volume, beside a tiny game that reads its console from the pipe."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        first = int(ports().split("-")[0])
        self.game_port, self.port = first, first + 1
        self.log = folder / "log"
        known = replace(pod_spec(kube.make_spec(SERVER, game=GAME)), ports={"game": self.game_port})
        self.env |= {
            "DORMOUSE_POD": json.dumps(asdict(known)),
            "DORMOUSE_AGENT_TOKEN": TOKEN,
            "DORMOUSE_AGENT_LISTEN": f"127.0.0.1:{self.port}",
            "DORMOUSE_SNAPSHOT_EVERY": "3600",
            "DORMOUSE_LAST_WITHIN": "30",
        }
        assert self.run("volume").returncode == 0

    def play(self) -> subprocess.Popen[bytes]:
        """The game, once the agent has made the pipe."""
        env = {"TINY_HOST": "127.0.0.1", "TINY_PORT": str(self.game_port), "TINY_DATA": str(self.data), "TINY_MODE": ""}
        game = [sys.executable, str(ROOT / "tests" / "support" / "tinygame.py")]
        pipe = os.open(self.shared / "console", os.O_RDWR)
        try:
            with self.log.open("wb") as log:
                return subprocess.Popen(game, env=env, stdin=pipe, stdout=log, stderr=log)
        finally:
            os.close(pipe)

    def heard(self) -> list[str]:
        """Lines of the console."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.removeprefix("heard ") for line in lines if line.startswith("heard ")]


class Agent:
    def __init__(self, pod: Sidecar, process: subprocess.Popen[bytes], web: aiohttp.ClientSession) -> None:
        self.process = process
        self._url = f"http://127.0.0.1:{pod.port}/v1"
        self._web = web

    async def up(self, path: str = "alive") -> None:
        async with asyncio.timeout(20):
            while True:
                try:
                    async with self._web.get(f"{self._url}/{path}") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    assert self.process.poll() is None
                await asyncio.sleep(0.05)

    async def status(self, path: str) -> int:
        async with self._web.get(f"{self._url}/{path}") as answer:
            return answer.status

    async def snapshot(self, **asked: Any) -> tuple[int, dict[str, Any]]:
        async with self._web.post(f"{self._url}/snapshot", json=asked) as answer:
            return answer.status, await answer.json()

    async def take_keys(self, keys: Any) -> int:
        async with self._web.post(f"{self._url}/store", json=keys) as answer:
            return answer.status

    async def saved(self, after: int | None = None) -> dict[str, Any]:
        async with self._web.get(f"{self._url}/saved" + (f"?after={after}" if after is not None else "")) as answer:
            return dict(await answer.json())

    async def until_saved(self) -> Receipt:
        """By long poll."""
        said = await self.saved()
        async with asyncio.timeout(30):
            while said["saved"] is None or said["saving"]:
                said = await self.saved(said["revision"])
        return Receipt.of(said["saved"])

    async def ended(self) -> int:
        return await asyncio.to_thread(self.process.wait, 30)


@asynccontextmanager
async def beside(pod: Sidecar, **env: str) -> AsyncIterator[Agent]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as web:
        with pod.start("pod", **env) as process:
            agent = Agent(pod, process, web)
            await agent.up()
            yield agent


@asynccontextmanager
async def playing(pod: Sidecar, **env: str) -> AsyncIterator[Agent]:
    """An agent beside a game that is up."""
    async with beside(pod, **env) as agent:
        game = pod.play()
        try:
            await agent.up("ready")
            yield agent
        finally:
            game.kill()
            game.wait()


async def until_true(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.05)


@pytest.fixture
def pod(tmp_path: Path) -> Sidecar:
    return Sidecar(tmp_path)


@pytest.fixture
def b2(pod: Sidecar) -> Iterator[B2Server]:
    with B2Server() as server:
        server.account.add_bucket(BUCKET)
        key = server.account.add_key()
        pod.env |= {
            "DORMOUSE_STORE": f"b2:{BUCKET}/pond",
            "DORMOUSE_B2_KEY_ID": key.id,
            "DORMOUSE_B2_KEY": key.secret,
            "DORMOUSE_B2_REALM": server.url,
        }
        yield server


async def test_whoever_asks_for_the_start_hears_of_it_once_the_game_is_up(pod: Sidecar) -> None:
    async with beside(pod) as agent:
        assert await agent.status("started") == 503
        game = pod.play()
        try:
            await agent.up("started")
            assert await agent.status("ready") == 200
        finally:
            game.kill()
            game.wait()


async def test_a_volume_that_was_finished_before_is_taken_up_by_the_agent(pod: Sidecar) -> None:
    (pod.data / "settings.txt").write_text("old")
    files = {"DORMOUSE_MADE": "1", "DORMOUSE_FOLDERS": "data,mods", "DORMOUSE_FILES": '{"settings.txt": "new"}'}
    async with beside(pod, **files):
        assert (pod.data / "settings.txt").read_text() == "new"
        assert (pod.volume / "mods").is_dir()
        (pod.data / "settings.txt").write_text("changed by the game")
    async with beside(pod, **files):
        kept = (pod.data / "settings.txt").read_text()
    assert kept == "changed by the game", "an agent that starts again beside a game touches nothing"


async def test_a_volume_that_is_lost_has_no_agent_and_so_no_game(pod: Sidecar) -> None:
    shutil.rmtree(pod.volume)
    pod.volume.mkdir()
    ended = await asyncio.to_thread(pod.run, "pod", DORMOUSE_MADE="1")
    assert ended.returncode == TABLE[Failure.LOST].container
    assert "finished once" in pod.last_words()


async def test_a_snapshot_is_taken_on_request_and_the_game_is_quiet_meanwhile(pod: Sidecar) -> None:
    async with playing(pod) as agent:
        status, said = await agent.snapshot(note="before the dragon")
        assert status == 200
        assert [(each.name, each.note) for each in pod.snapshots()] == [(said["saved"]["name"], "before the dragon")]
        assert (await agent.saved())["saved"] == said["saved"]
        assert json.loads((pod.work / "saved.json").read_text()) == said["saved"]
        await until_true(lambda: pod.heard()[-3:] == ["quiet", "flush", "loud"])


async def test_the_world_is_saved_while_it_changes(pod: Sidecar) -> None:
    async with playing(pod, DORMOUSE_SNAPSHOT_EVERY="0.5") as agent:
        (pod.data / "castle").write_text("tall")
        assert (await agent.until_saved()).name in [each.name for each in pod.snapshots()]


async def test_a_snapshot_that_fails_leaves_the_game_saving(pod: Sidecar) -> None:
    pod.store_folder.write_text("in the way")
    async with playing(pod) as agent:
        before = (await agent.saved())["revision"]
        status, said = await agent.snapshot()
        assert (status, said["kind"]) == (503, "refused")
        told = await agent.saved(before)
        assert (told["saved"], told["saving"]) == (None, False)
        assert said["error"] in told["not_saved"]
        await until_true(lambda: pod.heard()[-1] == "loud")


async def test_an_agent_that_was_killed_meanwhile_owes_the_game_its_saving(pod: Sidecar, b2: B2Server) -> None:
    async with playing(pod) as killed:
        await until_true(lambda: pod.heard() == ["loud"])
        b2.faults.add(Fault("b2_upload_file", do=lambda: die(killed.process.pid), cut=True))
        with pytest.raises(aiohttp.ClientError):
            await killed.snapshot()
        assert await killed.ended() == -signal.SIGKILL
        await until_true(lambda: pod.heard() == ["loud", "quiet", "flush"])
        async with beside(pod):
            await until_true(lambda: pod.heard()[-1] == "loud")


async def test_who_hangs_up_cancels_nothing(pod: Sidecar) -> None:
    async with playing(pod) as agent:
        asking = asyncio.create_task(agent.snapshot(note="in a hurry"))
        said = await agent.saved()
        while not said["saving"] and said["saved"] is None:
            said = await agent.saved(said["revision"])
        asking.cancel()
        await agent.until_saved()
        assert pod.snapshots()[0].note == "in a hurry"


async def test_at_the_end_all_is_saved_and_whoever_polls_gets_the_receipt(pod: Sidecar) -> None:
    async with playing(pod) as agent:
        await until_true(lambda: pod.heard() == ["loud"])
        (pod.data / "castle").write_text("tall")
        said = await agent.saved()
        agent.process.send_signal(signal.SIGTERM)
        while said["saved"] is None:
            said = await agent.saved(said["revision"])
        assert await agent.ended() == 0
        assert [each.name for each in pod.snapshots()] == [said["saved"]["name"]]
        assert pod.heard() == ["loud"]  # a game that has ended is not asked to be quiet


async def test_nobody_who_polls_holds_the_end_up_for_long(pod: Sidecar) -> None:
    async with playing(pod) as agent:
        await until_true(lambda: pod.heard() == ["loud"])
        agent.process.send_signal(signal.SIGTERM)
        assert await agent.ended() == 0
        assert len(pod.snapshots()) == 1


async def test_the_last_snapshot_has_its_time_and_no_more(pod: Sidecar, b2: B2Server) -> None:
    async with playing(pod, DORMOUSE_LAST_WITHIN="1") as agent:
        await until_true(lambda: pod.heard() == ["loud"])
        b2.faults.add(Fault("b2_*", status=503, retry_after="20", times=100))
        said = await agent.saved()
        agent.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            while not said["not_saved"]:
                said = await agent.saved(said["revision"])
            assert await agent.ended() == 0


async def test_a_game_that_never_came_up_and_changed_nothing_is_not_saved(pod: Sidecar) -> None:
    changed = max(each.stat().st_ctime for each in (pod.volume, *pod.volume.rglob("*")))
    await until_true(lambda: time.time() > changed + RACY)
    at = datetime.now(UTC)
    (pod.work / "saved.json").write_text(json.dumps({"name": "n", "saved_at": at.isoformat(), "size": 0}))
    async with beside(pod) as agent:
        agent.process.send_signal(signal.SIGTERM)
        assert await agent.ended() == 0
    assert pod.snapshots() == []


async def test_what_is_not_this_pods_volume_is_never_saved(pod: Sidecar) -> None:
    (pod.volume / "volume.json").write_text('{"volume": 7}')
    async with playing(pod) as agent:
        status, said = await agent.snapshot()
        assert (status, said["kind"]) == (503, "failed")
        agent.process.send_signal(signal.SIGTERM)
        assert await agent.ended() == 0
    assert pod.snapshots() == []


async def test_without_a_store_it_says_so_and_ends_at_once(pod: Sidecar) -> None:
    async with playing(pod, DORMOUSE_STORE="") as agent:
        assert await agent.snapshot() == (503, {"kind": "refused", "error": "no store is set up"})
        agent.process.send_signal(signal.SIGTERM)
        assert await agent.ended() == 0


async def test_a_newer_agent_of_the_pod_knows_the_receipt(pod: Sidecar) -> None:
    async with playing(pod) as agent:
        _, said = await agent.snapshot()
        before = await agent.saved()
    async with beside(pod) as agent:
        after = await agent.saved(before["revision"])
        assert after["saved"] == said["saved"]
        assert after["revision"] != before["revision"]


async def test_an_agent_whose_key_died_says_so_and_goes_on_with_the_one_it_is_given(pod: Sidecar, b2: B2Server) -> None:
    async with playing(pod) as agent:
        del b2.account.keys[pod.env["DORMOUSE_B2_KEY_ID"]]
        before = (await agent.saved())["revision"]
        status, said = await agent.snapshot()
        assert (status, said["kind"]) == (503, "key")
        while not (told := await agent.saved(before))["not_saved"]:
            before = told["revision"]
        assert told["not_saved_kind"] == "key"
        new = b2.account.add_key()
        assert await agent.take_keys({"DORMOUSE_B2_KEY_ID": new.id, "DORMOUSE_B2_KEY": new.secret}) == 200
        status, said = await agent.snapshot()
        assert status == 200
        told = await agent.saved()
        assert (told["saved"], told["not_saved"], told["not_saved_kind"]) == (said["saved"], "", "")


@pytest.mark.parametrize("keys", ["no keys", ["x"], 7])
async def test_what_is_no_keys_changes_nothing(pod: Sidecar, b2: B2Server, keys: Any) -> None:
    async with playing(pod) as agent:
        assert await agent.take_keys(keys) == 400
        assert (await agent.snapshot())[0] == 200
