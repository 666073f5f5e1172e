"""Source RCON against servers as they are: in one packet, in many, slow, wrong, rude."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from core.games.console import rcon
from core.games.console.port import ConsoleAway
from core.games.console.rcon import Rcon


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy takes its time."""
    monkeypatch.setattr(rcon, "PATIENCE", 60)
    monkeypatch.setattr(rcon, "QUIET", 60)


Packet = tuple[int, int, bytes]


def packed(number: int, kind: int, body: bytes) -> bytes:
    return struct.pack("<iii", len(body) + 10, number, kind) + body + b"\0\0"


async def unpacked(reader: asyncio.StreamReader) -> Packet:
    size, number, kind = struct.unpack("<iii", await reader.readexactly(12))
    return number, kind, (await reader.readexactly(size - 8))[:-2]


Answers = Callable[[bytes], list[bytes]]


@asynccontextmanager
async def game(answers: Answers, *, chatty: bool = False) -> AsyncIterator[Rcon]:
    """A server whose password is "right"; what it answers to a line comes in the packets that `answers` gives."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            number, _, password = await unpacked(reader)
            if chatty:
                writer.write(packed(number, 0, b""))
            writer.write(packed(number if password == b"right" else -1, 2, b""))
            number, _, line = await unpacked(reader)
            for body in answers(line):
                writer.write(packed(number, 0, body))
            while True:
                number, _, _ = await unpacked(reader)
                writer.write(packed(number, 0, b""))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Rcon("127.0.0.1", server.sockets[0].getsockname()[1], "right")
    finally:
        server.close()


async def test_a_line_has_an_answer() -> None:
    async with game(lambda line: [b"heard " + line]) as console:
        assert await console.send("list") == "heard list"


async def test_an_empty_answer_is_an_answer() -> None:
    async with game(lambda _: [b""]) as console:
        assert await console.send("save-all") == ""


async def test_an_answer_in_many_packets_comes_whole() -> None:
    async with game(lambda _: [b"a" * 4096, b"b" * 4096, b"c" * 10]) as console:
        assert await console.send("help") == "a" * 4096 + "b" * 4096 + "c" * 10


async def test_a_server_that_says_something_before_it_lets_in() -> None:
    async with game(lambda _: [b"in"], chatty=True) as console:
        assert await console.send("x") == "in"


async def test_two_lines_at_once_get_their_own_answers() -> None:
    async with game(lambda line: [line]) as console:
        assert await asyncio.gather(console.send("one"), console.send("two")) == ["one", "two"]


async def test_a_wrong_password_is_said() -> None:
    async with game(lambda _: []) as console:
        console._password = "wrong"
        with pytest.raises(ConsoleAway, match="password"):
            await console.send("x")


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
async def test_whoever_is_no_rcon_server_is_told_from_one(said: bytes) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    with pytest.raises(ConsoleAway):
        await Rcon("127.0.0.1", server.sockets[0].getsockname()[1], "right").send("x")
    server.close()


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rcon, "PATIENCE", 0.05)

    async def never(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)  # it holds the writer: one that nobody holds is closed (Python 3.13)

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    with pytest.raises(ConsoleAway, match="no answer"):
        await Rcon("127.0.0.1", server.sockets[0].getsockname()[1], "right").send("x")
    server.close()


async def test_nobody_listens() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(ConsoleAway):
        await Rcon("127.0.0.1", port, "right").send("x")


async def test_a_server_that_does_not_echo_the_end_is_heard_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some take no packet but commands: then silence ends an answer in several packets."""
    monkeypatch.setattr(rcon, "QUIET", 0.05)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, _, _ = await unpacked(reader)
        writer.write(packed(number, 2, b""))
        number, _, _ = await unpacked(reader)
        for body in (b"a" * 4096, b"b" * 10):
            writer.write(packed(number, 0, body))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    answer = await Rcon("127.0.0.1", server.sockets[0].getsockname()[1], "right").send("help")
    assert answer == "a" * 4096 + "b" * 10
    server.close()


async def test_what_belongs_to_another_question_is_not_the_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, _, _ = await unpacked(reader)
        writer.write(packed(77, 0, b"late") + packed(number, 2, b""))
        number, _, _ = await unpacked(reader)
        writer.write(packed(78, 0, b"another's") + packed(number, 0, b"mine"))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    assert await Rcon("127.0.0.1", server.sockets[0].getsockname()[1], "right").send("x") == "mine"
    server.close()


async def test_an_answer_that_never_ends_is_cut() -> None:
    async with game(lambda _: [b"x" * 4096] * 40) as console:
        assert len(await console.send("cvarlist")) == rcon.LARGEST


async def test_one_letter_in_two_packets_is_one_letter() -> None:
    text = ("a" * 4095 + "ö").encode()
    async with game(lambda _: [text[:4096], text[4096:]]) as console:
        assert await console.send("x") == "a" * 4095 + "ö"


async def test_colours_are_no_part_of_an_answer() -> None:
    async with game(lambda _: ["§6There are §c1§6 of 20 \x1b[0mplayers".encode()]) as console:
        assert await console.send("list") == "There are 1 of 20 players"


async def test_a_line_longer_than_a_server_takes_is_refused_here() -> None:
    async with game(lambda line: [line]) as console:
        with pytest.raises(ConsoleAway, match="bytes"):
            await console.send("ö" * 1000)


@pytest.mark.parametrize("size", [-1, 0, 9, rcon.LARGEST + 1, 2**31 - 1])
async def test_a_length_that_cannot_be_is_no_rcon(size: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await unpacked(reader)
        writer.write(struct.pack("<iii", size, 1, 2) + bytes(20))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    with pytest.raises(ConsoleAway, match="not RCON"):
        await Rcon("127.0.0.1", server.sockets[0].getsockname()[1], "right").send("x")
    server.close()
