"""The agent of a pod without a pod: its HTTP, the pipe to the game's console, its queries, and the volume before it."""

from __future__ import annotations

import asyncio
import json
import os
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import kube
import pytest
from instead import stand

from core.agent import query
from core.agent.console import NoConsole
from core.agent.http_server import HttpServer
from core.agent.pod import game as pod_game
from core.agent.pod.game import PodGame
from core.agent.pod.places import Places
from core.agent.pod.prepare import prepare, put
from core.agent.pod.requests import SidecarRequests
from core.agent.pod.surroundings import PodSurroundings, ReceiptNews
from core.agent.saver import Saver
from core.agent.wire import PodSpec
from core.cluster.kubernetes.manifests_pod import pod_spec
from core.games.console.port import Console
from core.games.protocols import ask
from core.games.protocols.answer import NoAnswer
from core.nofollow import Spot
from core.worlds.failures import TABLE, Failure

TOKEN = {"Authorization": "Bearer t"}


def file(**given: Any) -> PodSpec:
    return replace(pod_spec(kube.make_spec()), token="t", **given)


def beside(pod: PodSpec, folder: Path, rcon: Console | None = None, token: Path | None = None) -> SidecarRequests:
    """An agent without a store."""
    game, news = PodGame(pod, Spot(folder), far=rcon), ReceiptNews(None)
    around = PodSurroundings(pod, Places.of({}), game, None, news, {})
    return SidecarRequests(pod, game, Saver(pod, around), news, around.take_store, token)


class Said(Console):
    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.lines: list[str] = []

    async def send(self, line: str) -> str:
        self.lines.append(line)
        return self.answer


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def game_on_http() -> tuple[asyncio.Server, int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.0 200 OK\r\n\r\n{"online": 2, "max": 4}')
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def test_a_token_that_comes_later_opens_too_and_nothing_else_does(tmp_path: Path) -> None:
    token = tmp_path / "agent"
    agent = beside(file(), tmp_path, token=token)

    async def asked(with_token: str) -> int:
        return (await agent.answer("GET", "/v1/saved", {"authorization": f"Bearer {with_token}"}, b""))[0]

    assert [await asked(each) for each in ("t", "later", "")] == [200, 401, 401]
    token.write_text("later\n")
    assert [await asked(each) for each in ("t", "later", "", "late")] == [200, 200, 401, 401]
    for nothing in ("", "\n"):
        token.write_text(nothing)
        assert [await asked(each) for each in ("t", "later", "")] == [200, 401, 401]
    token.write_bytes(b"\xff\xfe")
    assert [await asked(each) for each in ("t", "")] == [200, 401]


async def test_an_agent_that_was_given_no_token_lets_nobody_in(tmp_path: Path) -> None:
    agent = beside(replace(file(), token=""), tmp_path)
    assert (await agent.answer("GET", "/v1/saved", {"authorization": "Bearer "}, b""))[0] == 401


class TestHttp:
    async def test_ready_needs_no_token_and_is_the_games_own_word(
        self, tmp_path: Path, web: aiohttp.ClientSession
    ) -> None:
        game, port = await game_on_http()
        agent = beside(file(ports={"game": port}), tmp_path)
        async with HttpServer(agent.answer, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.port}/v1/ready"
            async with web.get(url) as answer:
                assert answer.status == 200
            game.close()
            await game.wait_closed()
            async with web.get(url) as answer:
                assert (answer.status, (await answer.json())["ready"]) == (503, False)

    @pytest.mark.parametrize("path", ["status", "players", "console", "saved", "snapshot"])
    async def test_all_else_needs_the_token(self, tmp_path: Path, web: aiohttp.ClientSession, path: str) -> None:
        async with HttpServer(beside(file(), tmp_path).answer, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.port}/v1/{path}"
            for headers in ({}, {"Authorization": "Bearer x"}):
                async with web.request(
                    "POST" if path in ("console", "snapshot") else "GET", url, headers=headers
                ) as answer:
                    assert answer.status == 401

    async def test_players_are_the_games(self, tmp_path: Path, web: aiohttp.ClientSession) -> None:
        game, port = await game_on_http()
        agent = beside(file(ports={"game": port}), tmp_path)
        async with (
            HttpServer(agent.answer, "127.0.0.1", 0) as server,
            web.get(f"http://127.0.0.1:{server.port}/v1/players", headers=TOKEN) as answer,
        ):
            assert (await answer.json())["online"] == 2
        game.close()


class TestConsole:
    async def line(self, agent: SidecarRequests, line: object) -> tuple[int, dict[str, Any]]:
        body = json.dumps({"line": line}).encode()
        return await agent.answer("POST", "/v1/console", {"authorization": "Bearer t"}, body)

    async def test_a_line_goes_through_the_pipe_and_its_answer_is_in_the_log(self, tmp_path: Path) -> None:
        agent = beside(file(console="stdin"), tmp_path)
        reading = os.open(tmp_path / "console", os.O_RDWR | os.O_NONBLOCK)
        assert await self.line(agent, "save") == (200, {"output": None})
        assert os.read(reading, 100) == b"save\n"
        os.close(reading)

    async def test_a_game_that_is_not_up_is_said(self, tmp_path: Path) -> None:
        agent = beside(file(console="stdin"), tmp_path)
        assert await self.line(agent, "save") == (409, {"error": "the game is not up"})

    async def test_rcon_answers_itself(self, tmp_path: Path) -> None:
        agent = beside(file(console="rcon"), tmp_path, Said("2 players"))
        assert await self.line(agent, "list") == (200, {"output": "2 players"})

    @pytest.mark.parametrize("line", ["two\nlines", "x" * 1001, 7])
    async def test_what_is_no_line_is_refused(self, tmp_path: Path, line: object) -> None:
        assert (await self.line(beside(file(console="stdin"), tmp_path), line))[0] == 400

    async def test_the_stop_line_is_sent_when_the_hook_asks(self, tmp_path: Path) -> None:
        console = Said("")
        game = PodGame(file(console="rcon", stop_console="quit"), Spot(tmp_path), far=console)
        (tmp_path / "stop").write_text("\n")
        watching = asyncio.create_task(game.watch_for_stop())
        async with asyncio.timeout(10):
            while not console.lines:
                await asyncio.sleep(0.05)
        watching.cancel()
        assert console.lines == ["quit"]


class TestFlush:
    """When the world is on the disk, as far as that can be told."""

    @pytest.fixture(autouse=True)
    def waited(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """The moments that a game was given, in seconds; none of them passes."""
        waited: list[float] = []

        async def sleep(seconds: float) -> None:
            waited.append(seconds)

        monkeypatch.setattr(pod_game.asyncio, "sleep", sleep)
        return waited

    @pytest.mark.parametrize("done", ["Saved the game", ""])
    async def test_rcons_answer_tells(self, tmp_path: Path, waited: list[float], done: str) -> None:
        console = Said("Saved the game")
        await PodGame(file(console="rcon"), Spot(tmp_path), far=console).flush("save-all flush", done, 10)
        assert (console.lines, waited) == (["save-all flush"], [])

    async def test_another_answer_gets_a_moment(self, tmp_path: Path, waited: list[float]) -> None:
        game = PodGame(file(console="rcon"), Spot(tmp_path), far=Said("Saving..."))
        await game.flush("save-all flush", "Saved the game", 10)
        assert waited == [pod_game.FLUSH_TAKES]

    async def test_without_an_answer_it_gets_a_moment(self, tmp_path: Path, waited: list[float]) -> None:
        game = PodGame(file(console="stdin"), Spot(tmp_path))
        reading = os.open(tmp_path / "console", os.O_RDWR | os.O_NONBLOCK)
        await game.flush("save-all flush", "Saved the game", 10)
        os.close(reading)
        assert waited == [pod_game.FLUSH_TAKES]

    async def test_a_game_without_a_console_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(NoConsole):
            await PodGame(file(console="none"), Spot(tmp_path)).flush("save", "", 10)


class TestQueries:
    async def test_minecraft(self) -> None:
        status = json.dumps({"players": {"online": 1, "max": 20, "sample": [{"name": "Ada", "id": "x"}]}}).encode()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            hello = await reader.readexactly((await reader.readexactly(1))[0])
            assert hello[-1] == 1
            assert await reader.readexactly(2) == b"\x01\x00"
            body = b"\x00" + bytes([len(status)]) + status
            writer.write(bytes([len(body)]) + body)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        asked = file(query={"kind": "minecraft", "port": "game"}, ports={"game": port})
        assert await query.players(asked, None) == {"online": 1, "max": 20, "names": ["Ada"]}
        server.close()

    async def test_a2s_with_a_challenge(self) -> None:
        class Game(asyncio.DatagramProtocol):
            def connection_made(self, transport: Any) -> None:
                self.transport = transport

            def datagram_received(self, data: bytes, addr: Any) -> None:
                if not data.endswith(b"1234"):
                    self.transport.sendto(b"\xff\xff\xff\xffA1234", addr)
                    return
                head = b"\xff\xff\xff\xffI\x11" + b"name\0map\0folder\0game\0"
                self.transport.sendto(head + struct.pack("<HBBB", 0, 3, 10, 0) + b"dl\0\x01" + b"1.0\0", addr)

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Game, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        asked = file(query={"kind": "a2s", "port": "query"}, ports={"query": port}, udp=["query"])
        assert await query.players(asked, None) == {"online": 3, "max": 10, "names": []}
        transport.close()

    async def test_a_console_command_and_what_its_answer_looks_like(self) -> None:
        rule = {
            "kind": "console",
            "port": "rcon",
            "command": "/players online",
            "count": r"Online players \((?P<online>\d+)\)",
            "player": r"(?m)^\s*(?P<player>\S+) \(online\)",
        }
        console = Said("Online players (2):\n  ada (online)\n  bo (online)")
        found = await query.players(file(query=rule), console)
        assert found == {"online": 2, "max": None, "names": ["ada", "bo"]}
        assert console.lines == ["/players online"]

    @pytest.mark.parametrize("kind", ["minecraft", "a2s", "console"])
    async def test_nobody_there_is_no_answer(self, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ask, "PATIENCE", 0.2)
        with pytest.raises(NoAnswer):
            await query.players(file(query={"kind": kind, "port": "game"}, ports={"game": 9}), Said("?"))


class TestVolume:
    def made(self, volume: Path, number: int = 1, **given: str) -> int:
        volume.mkdir(exist_ok=True)
        env = {"DORMOUSE_VOLUME": str(number), "DORMOUSE_FOLDERS": "data,cache", "DORMOUSE_SERVER": "abcdefghijkl"}
        env |= {"DORMOUSE_VOLUME_DIR": str(volume), "DORMOUSE_SAY_FILE": os.devnull}
        return prepare(env | given)

    def test_a_new_volume_gets_its_folders_and_the_marker(self, tmp_path: Path) -> None:
        (tmp_path / "lost+found").mkdir()
        assert self.made(tmp_path, 3) == 0
        assert json.loads((tmp_path / "volume.json").read_text())["volume"] == 3
        assert (tmp_path / "data").is_dir()
        assert (tmp_path / "cache").is_dir()

    def test_doing_it_again_keeps_the_world(self, tmp_path: Path) -> None:
        self.made(tmp_path)
        (tmp_path / "data" / "world").write_text("here")
        assert self.made(tmp_path) == 0
        assert (tmp_path / "data" / "world").read_text() == "here"

    def test_one_that_was_killed_before_the_marker_is_begun_anew(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        assert self.made(tmp_path) == 0

    def test_what_holds_something_and_has_no_marker_is_not_touched(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "world").write_text("somebody's")
        assert self.made(tmp_path) == TABLE[Failure.FOREIGN].container
        assert not (tmp_path / "volume.json").exists()
        assert "data" in capsys.readouterr().err

    def test_another_incarnation_is_foreign_too(self, tmp_path: Path) -> None:
        self.made(tmp_path, 1)
        assert self.made(tmp_path, 2) == TABLE[Failure.FOREIGN].container

    def test_a_world_that_is_to_come_from_a_snapshot_is_never_begun_empty(self, tmp_path: Path) -> None:
        assert self.made(tmp_path, DORMOUSE_SOURCE="1-1-1") == TABLE[Failure.REFUSED].container  # there is no store
        assert not (tmp_path / "volume.json").exists()

    def test_files_of_the_catalogue_are_written_anew_at_every_start(self, tmp_path: Path) -> None:
        self.made(tmp_path, DORMOUSE_FILES='{"config/a.json": "1"}')
        self.made(tmp_path, DORMOUSE_FILES='{"config/a.json": "2"}')
        assert (tmp_path / "data" / "config" / "a.json").read_text() == "2"

    def test_no_link_that_a_game_left_leads_out(self, tmp_path: Path) -> None:
        root, outside = tmp_path / "data", tmp_path / "outside"
        root.mkdir()
        outside.mkdir()
        (outside / "a").write_text("kept")
        (root / "config").symlink_to(outside)
        put(Spot(root), "config/a", "ours")
        (root / "a").symlink_to(outside / "a")
        put(Spot(root), "a", "ours")
        assert (outside / "a").read_text() == "kept"
        assert (root / "a").read_text() == (root / "config" / "a").read_text() == "ours"
        assert not (root / "config").is_symlink()

    @pytest.mark.parametrize("there", ["pipe", "socket", "folder"])
    def test_what_stands_where_a_file_of_the_catalogue_belongs_holds_nothing_up(
        self, tmp_path: Path, there: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A pipe and a socket hold nothing that could be lost; a folder does, so it is named."""
        self.made(tmp_path)
        for name in (".a.json.new", "a.json"):
            stand(tmp_path / "data" / name, there)
        code = self.made(tmp_path, DORMOUSE_FILES='{"a.json": "1"}')
        if there == "folder":
            assert code != 0
            assert "a.json is a folder, where a file is expected" in capsys.readouterr().err
        else:
            assert code == 0
            assert (tmp_path / "data" / "a.json").read_text() == "1"
