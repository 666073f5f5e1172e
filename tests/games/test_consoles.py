"""Consoles other than RCON against servers as they are: right and wrong passwords, slow, endless, closed, rude."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from core.games.console import rest, telnet, webrcon
from core.games.console.adapters import KINDS, make_console
from core.games.console.port import Console, ConsoleAway
from core.games.console.rest import said
from core.games.form.reached import ConsoleRule

HOST = "127.0.0.1"
SECRET = "planted secret"


def console(port: int, patience: float = 60, **rule: Any) -> Console:
    texts = {name: str(value) for name, value in ConsoleRule(**rule).model_dump().items()}
    made = make_console(texts, HOST, port, SECRET, patience=patience)
    assert made is not None
    return made


@asynccontextmanager
async def listening(serve: Callable[..., Any]) -> AsyncIterator[int]:
    held = []

    async def holds(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)

    server = await asyncio.start_server(holds, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in held:
            writer.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy takes its time; a silence of a second is none yet."""
    monkeypatch.setattr(telnet, "QUIET", 1.5)


class TestTelnet:
    RULE: dict[str, str] = {"kind": "telnet", "welcome": "Logon successful"}  # noqa: RUF012

    @staticmethod
    @asynccontextmanager
    async def game(answer: bytes, *, heard: list[bytes] | None = None) -> AsyncIterator[int]:
        """As 7 Days to Die: a wrong password is asked for again, a right one greeted with some lines."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"\xff\xfb\x01Please enter password:\r\n")
            while await reader.readline() != SECRET.encode() + b"\r\n":
                writer.write(b"Password incorrect, please enter password:\r\n")
            writer.write(b"Logon successful.\r\n\r\n*** Connected with 7DTD server.\r\n")
            while line := await reader.readline():
                if heard is not None:
                    heard.append(line)
                writer.write(answer)

        async with listening(serve) as port:
            yield port

    async def test_a_line_has_an_answer(self) -> None:
        heard: list[bytes] = []
        answer = b"\x1b[32m1. id=171, ada\x1b[0m\r\nTotal of 1 in the game\r\n"
        async with self.game(answer, heard=heard) as port:
            told = await console(port, end=r"Total of \d+ in the game", **self.RULE).send("listplayers")
        assert told == "1. id=171, ada\nTotal of 1 in the game"
        assert heard == [b"listplayers\r\n"]

    async def test_silence_ends_an_answer_that_nothing_marks(self) -> None:
        async with self.game(b"World saved\r\n") as port:
            assert await console(port, **self.RULE).send("saveworld") == "World saved"

    async def test_a_wrong_password_is_said(self) -> None:
        async with self.game(b"") as port:
            wrong = make_console({"ask": "(?i)password:", **self.RULE}, HOST, port, "wrong")
            assert wrong is not None
            with pytest.raises(ConsoleAway, match="refuses the password"):
                await wrong.send("x")

    async def test_an_answer_without_end_is_cut(self) -> None:
        async with self.game(b"x" * 200_000) as port:
            assert len(await console(port, **self.RULE).send("x")) <= telnet.LARGEST + 4096


class TestRest:
    @staticmethod
    @asynccontextmanager
    async def game(answer: Any, status: int = 200) -> AsyncIterator[tuple[int, list[tuple[str, str, str, str]]]]:
        heard: list[tuple[str, str, str, str]] = []

        async def serve(request: web.Request) -> web.Response:
            auth = request.headers.get("Authorization", "")
            heard.append((request.method, request.raw_path, await request.text(), auth))
            return web.json_response(answer, status=status)

        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, HOST, 0).start()
        try:
            yield int(runner.addresses[0][1]), heard
        finally:
            await runner.cleanup()

    async def test_a_line_in_the_path_as_tshock_takes_it(self) -> None:
        async with self.game({"status": "200", "response": ["one", "two"]}) as (port, heard):
            told = await console(
                port,
                kind="rest",
                method="GET",
                path="/v3/server/rawcmd?cmd={line}&token={secret.console}",
                answer="response",
            ).send("/say a&b=c#?%")
        assert told == "one\ntwo"
        assert heard[0][:2] == ("GET", "/v3/server/rawcmd?cmd=%2Fsay%20a%26b%3Dc%23%3F%25&token=planted%20secret")

    async def test_a_line_in_the_body_as_palworld_takes_it(self) -> None:
        async with self.game({}) as (port, heard):
            await console(
                port,
                kind="rest",
                path="/v1/api/announce",
                body='{"message": "{line}", "wait": 1}',
                user="admin",
                password="{secret.console}",
            ).send('hi", "wait": "9')
        method, path, body, auth = heard[0]
        assert (method, path) == ("POST", "/v1/api/announce")
        assert json.loads(body) == {"message": 'hi", "wait": "9', "wait": 1}
        assert auth.startswith("Basic ")

    async def test_a_refusal_is_said_and_the_secret_is_not(self) -> None:
        async with self.game({}, 401) as (port, _):
            with pytest.raises(ConsoleAway, match="401") as why:
                await console(port, kind="rest", path="/{line}?t={secret.console}").send("x")
        assert "planted" not in str(why.value)

    @given(st.binary(max_size=100), st.sampled_from(["", "a", "a.b"]))
    def test_whatever_is_answered_is_text(self, answer: bytes, where: str) -> None:
        assert isinstance(said(answer, where), str)
        assert isinstance(said(b'{"a": ' + answer, where), str)


class TestWebRcon:
    @staticmethod
    @asynccontextmanager
    async def game(*answers: Any) -> AsyncIterator[tuple[int, list[Any]]]:
        """Rust: a wrong password is not let in; what is said to all comes in between."""
        heard: list[Any] = []

        async def serve(request: web.Request) -> web.StreamResponse:
            if request.match_info["password"] != SECRET:
                return web.Response(status=403)
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                asked = json.loads(message.data)
                heard.append(asked)
                for answer in answers:
                    if isinstance(answer, dict):
                        answer = json.dumps({"Identifier": asked["Identifier"]} | answer)
                    await socket.send_str(answer)
            return socket

        app = web.Application()
        app.router.add_get("/{password}", serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, HOST, 0).start()
        try:
            yield int(runner.addresses[0][1]), heard
        finally:
            await runner.cleanup()

    async def test_a_line_has_its_own_answer(self) -> None:
        noise = [{"Identifier": 0, "Message": "ada joined"}, "no JSON", "[]", {"Identifier": -1, "Message": "chat"}]
        async with self.game(*noise, {"Message": "\x1b[1mhi\x1b[0m\n", "Type": "Generic"}) as (port, heard):
            assert await console(port, kind="webrcon").send("say hi") == "hi"
        assert heard[0]["Message"] == "say hi"

    async def test_a_wrong_password_is_said_and_not_shown(self) -> None:
        async with self.game() as (port, _):
            wrong = make_console({"kind": "webrcon"}, HOST, port, "wrong planted")
            assert wrong is not None
            with pytest.raises(ConsoleAway) as why:
                await wrong.send("x")
        assert "planted" not in str(why.value)

    async def test_a_message_that_is_too_large_breaks_it_off(self) -> None:
        async with self.game({"Message": "x" * webrcon.LARGEST}) as (port, _):
            with pytest.raises(ConsoleAway):
                await console(port, kind="webrcon").send("x")

    @given(st.one_of(st.text(max_size=60), st.binary(max_size=60)), st.integers(1, 9))
    def test_whatever_is_said_is_an_answer_or_none(self, message: str | bytes, number: int) -> None:
        assert webrcon.read(message, number) is None or isinstance(webrcon.read(message, number), str)


RULES: dict[str, dict[str, Any]] = {
    "rcon": {},
    "rest": {"path": "/{line}"},
    "webrcon": {},
    "telnet": {"welcome": "in"},
}


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_listens(kind: str) -> None:
    async with listening(lambda *_: asyncio.sleep(0)) as port:
        pass
    with pytest.raises(ConsoleAway):
        await console(port, kind=kind, **RULES[kind]).send("x")


@pytest.mark.parametrize("kind", KINDS)
async def test_whoever_never_answers_is_given_up(kind: str) -> None:
    async def never(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with listening(never) as port:
        with pytest.raises(ConsoleAway, match="no answer"):
            await console(port, 0.1, kind=kind, **RULES[kind]).send("x")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("noise", [b"\0" * 5000, b"\xff" * 5000, b"HTTP/1.1 200 OK\r\n\r\n", b"password:in" * 2000])
async def test_noise_is_no_answer_that_hangs_or_falls(kind: str, noise: bytes) -> None:
    async def rude(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(noise)
        await writer.drain()
        writer.close()

    async with listening(rude) as port:
        with suppress(ConsoleAway):
            assert isinstance(await console(port, 2, kind=kind, **RULES[kind]).send("x"), str)


def test_patience_is_bounded() -> None:
    assert max(telnet.PATIENCE, rest.PATIENCE, webrcon.PATIENCE) <= 5
