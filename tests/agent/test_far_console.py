"""A game whose console and query are closed to the network: its agent alone reaches them, on loopback, with the secret
that it was given; on the local cluster as in a pod."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import kube
import pytest

from core.agent import query
from core.agent.console import NoConsole, far_console
from core.agent.local.folder import LOG_CAP, ServerFolder
from core.agent.local.log import Log
from core.agent.local.requests import LocalRequests
from core.agent.local.supervisor import Supervisor
from core.agent.local.surroundings import LocalSurroundings
from core.agent.saver import Saver
from core.agent.wire import PodSpec
from core.cluster.kubernetes.manifests_pod import pod_spec
from core.games.console import rcon as rcon_module
from core.games.form.reached import ConsoleRule, Query
from core.nofollow import Spot
from tests.games.test_rcon import packed, unpacked

SECRET = "planted secret"
TOKEN = {"authorization": "Bearer t"}
LIST = Query(kind="console", port="rcon", command="list", count=r"(?P<online>\d+) of", player=r"- (?P<player>\w+)")


@asynccontextmanager
async def rcon(answer: bytes, heard: list[bytes]) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, _, password = await unpacked(reader)
        writer.write(packed(number if password == SECRET.encode() else -1, 2, b""))
        number, _, line = await unpacked(reader)
        heard.append(line)
        writer.write(packed(number, 0, answer))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def pod(port: int, *, asked: Query = LIST, secret: str = SECRET, splits: str = "") -> PodSpec:
    rule = ConsoleRule(kind="rcon", splits=splits)
    return replace(
        pod_spec(kube.make_spec()),
        token="t",
        host="127.0.0.1",
        ports={"game": 9, "rcon": port},
        query={name: str(value) for name, value in asked.model_dump().items()},
        console="rcon",
        console_rule={name: str(value) for name, value in rule.model_dump().items()},
        secret=secret,
    )


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy takes its time."""
    monkeypatch.setattr(query, "PATIENCE", 60)
    monkeypatch.setattr(rcon_module, "PATIENCE", 60)


@pytest.fixture
def folder(tmp_path: Path) -> ServerFolder:
    return ServerFolder(Spot(tmp_path))


def beside(pod: PodSpec, folder: ServerFolder) -> tuple[LocalRequests, Supervisor]:
    supervisor = Supervisor(pod, folder, Log(folder.log, folder.previous_log, LOG_CAP))
    return LocalRequests(pod, supervisor, Saver(pod, LocalSurroundings(pod, folder, supervisor))), supervisor


async def test_players_by_a_console_that_only_the_agent_reaches(folder: ServerFolder) -> None:
    heard: list[bytes] = []
    async with rcon(b"2 of 8:\n- ada\n- bo", heard) as port:
        agent, _ = beside(pod(port), folder)
        assert await agent.answer("GET", "/v1/players", TOKEN, b"") == (
            200,
            {"online": 2, "max": None, "names": ["ada", "bo"]},
        )
    assert heard == [b"list"]


async def test_a_wrong_secret_is_unknown_and_said_to_be_no_answer(folder: ServerFolder) -> None:
    async with rcon(b"0 of 8", []) as port:
        agent, supervisor = beside(pod(port, secret="another"), folder)
        status, said = await agent.answer("GET", "/v1/players", TOKEN, b"")
        assert (status, set(said)) == (200, {"unknown"})
        with pytest.raises(NoConsole, match="password"):
            await supervisor.console("list")


async def test_one_line_reaches_the_console_and_two_commands_never(folder: ServerFolder) -> None:
    heard: list[bytes] = []
    async with rcon(b"done", heard) as port:
        agent, _ = beside(pod(port, splits=";"), folder)
        for line in ("say hi; quit", "say hi\nquit", "say\x1b[2J", "", " ", "a" * 1001, 7, None):
            status, _ = await agent.answer("POST", "/v1/console", TOKEN, json.dumps({"line": line}).encode())
            assert status == 400, line
        assert heard == []
        said = await agent.answer("POST", "/v1/console", TOKEN, json.dumps({"line": " say hi "}).encode())
        assert said == (200, {"output": "done"})
    assert heard == [b"say hi"]


async def test_a_world_is_flushed_by_a_console_that_answers(folder: ServerFolder) -> None:
    async with rcon(b"Saved the world", []) as port:
        _, supervisor = beside(pod(port), folder)
        assert await supervisor.order("save", "Saved the", 5)


GAME = """
import pathlib, socket, struct, sys, time
head = struct.Struct("<iii")
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    line, _ = listening.accept()
    with line, line.makefile("rwb") as console:
        for kind in (2, 0):
            size, number, _ = head.unpack(console.read(12))
            said = console.read(size - 8)[:-2]
            if said == b"quit":
                break
            answer = b"0 of 8" if said == b"list" else b""
            console.write(head.pack(len(answer) + 10, number, kind) + answer + bytes(2))
            console.flush()
    if said == b"quit":
        time.sleep(1)  # as long as it saves
        pathlib.Path("world").write_text("saved")
        break
"""


async def test_a_game_that_hangs_up_on_its_stop_line_is_let_save(folder: ServerFolder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    wanted = replace(
        pod(port),
        command=[sys.executable, "-c", GAME, str(port)],
        ports={"rcon": port},
        stop_console="quit",
        grace=120.0,
        ready_within=120.0,
    )
    data = folder.volume(wanted.volume).world
    data.make_folder()
    folder.pod.make_folder()
    _, supervisor = beside(wanted, folder)
    lock = os.open(os.devnull, os.O_RDONLY)
    running = asyncio.create_task(supervisor.run(lock))
    while supervisor.state.phase != "ready":
        await supervisor.changed(supervisor.state.revision, 60)
    supervisor.stop()
    await running
    os.close(lock)
    assert (data.path / "world").read_text() == "saved"
    assert (supervisor.state.exit_code, supervisor.state.exit_reason) == (0, "Stopped")


async def test_an_agent_of_an_older_bot_still_knows_rcon() -> None:
    old = replace(pod(7), console_rule={})
    assert far_console(old) is not None
    assert far_console(replace(old, console="stdin")) is None
