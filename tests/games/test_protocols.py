"""Games are asked over a real socket: what is late, spoofed, cut off, endless or another game's is no answer, and what
is an answer is the same as the field's libraries read."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import a2s as a2s_library
import mcstatus
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.games.protocols import ask as asking
from core.games.protocols.answer import Answer, NoAnswer
from core.games.protocols.ask import KINDS, ask
from core.games.protocols.opengsq import PROTOCOLS
from tests.games.test_answers import METRICS, info, java, pinged, pong, tees, ttd, varint

HOST = "127.0.0.1"
Say = Callable[[bytes], list[bytes]]


@asynccontextmanager
async def udp(say: Say) -> AsyncIterator[int]:
    """A game that answers each packet with those that `say` gives; its port."""

    class Game(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            for packet in say(data):
                self.transport.sendto(packet, addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Game, local_addr=(HOST, 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


@asynccontextmanager
async def tcp(say: Callable[[bytes], bytes], *, closes: bool = True) -> AsyncIterator[int]:
    """A game that answers the first bytes that come."""
    held = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        writer.write(say(await reader.read(4096)))
        if closes:
            writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in held:
            writer.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy takes its time."""
    monkeypatch.setattr(asking, "PATIENCE", 60)


@pytest.fixture
def impatient(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.2)


def http(body: bytes, head: str = "HTTP/1.0 200 OK") -> bytes:
    return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class TestAnswers:
    async def test_minecraft_as_mcstatus_reads_it(self) -> None:
        packet = java(3, 20, "x" * 300)
        async with tcp(lambda _: varint(len(packet)) + packet) as port:
            told = await ask(HOST, port, {"kind": "minecraft"})
        status = mcstatus.responses.JavaStatusResponse.build(json.loads(packet[packet.index(b"{") :]) | FILLING, 0)
        assert (told.online, told.max) == (status.players.online, status.players.max) == (3, 20)
        assert list(told.names) == [each.name for each in status.players.sample or ()]

    async def test_bedrock_as_mcstatus_reads_it(self) -> None:
        async with udp(lambda data: [pong(mark=data[1:9])]) as port:
            told = await ask(HOST, port, {"kind": "bedrock"})
            status = await mcstatus.BedrockServer(HOST, port).async_status()
        assert (told.online, told.max) == (status.players.online, status.players.max) == (3, 10)

    async def test_a2s_as_python_a2s_reads_it(self) -> None:
        def say(data: bytes) -> list[bytes]:
            return [info(7, 16, 2) if data.endswith(b"1234") else b"\xff\xff\xff\xffA1234"]

        async with udp(say) as port:
            told = await ask(HOST, port, {"kind": "a2s"})
            known = await a2s_library.ainfo((HOST, port))
        assert (told.online, told.max) == (known.player_count - known.bot_count, known.max_players) == (5, 16)

    async def test_mumble(self) -> None:
        async with udp(lambda data: [pinged().replace(b"12345678", data[4:])]) as port:
            assert await ask(HOST, port, {"kind": "mumble"}) == Answer(2, 100)

    async def test_openttd(self) -> None:
        body = ttd()
        async with tcp(lambda _: struct.pack("<HB", len(body) + 3, 6) + body) as port:
            assert await ask(HOST, port, {"kind": "openttd"}) == Answer(2, 25)

    async def test_teeworlds_wants_its_token_back(self) -> None:
        def say(data: bytes) -> list[bytes]:
            if data[:3] == b"\x04\0\0":
                return [b"\x04\0\0" + data[8:12] + b"\x05" + b"tokn"]
            if data[:5] == b"\x21tokn":
                return [b"\x21" + data[5:9] + b"tokn" + b"\xff\xff\xff\xffinf3" + tees((b"ada", 0))]
            return []

        async with udp(say) as port:
            assert await ask(HOST, port, {"kind": "teeworlds"}) == Answer(1, 70, ("ada",))

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            (b'1 50 "ada"\n2 0 "^1bot"\n', Answer(2, 16, ("ada", "bot"))),
            (b"", Answer(0, 16)),
        ],
    )
    async def test_an_ioquake3_game_by_opengsq(self, line: bytes, told: Answer) -> None:
        def say(data: bytes) -> list[bytes]:
            word = data.split()[-1]
            head = b"\xff\xff\xff\xffstatusResponse\n\\sv_maxclients\\16\\challenge\\" + word + b"\n"
            return [head + line]

        async with udp(say) as port:
            assert await ask(HOST, port, {"kind": "opengsq", "protocol": "quake3"}) == told

    async def test_a_game_that_counts_humans_has_no_bots_here(self) -> None:
        head = b"\xff\xff\xff\xffstatusResponse\n\\sv_maxclients\\16\\g_humanplayers\\1\n"
        async with udp(lambda _: [head + b'1 50 "ada"\n2 0 "sarge"\n']) as port:
            told = await ask(HOST, port, {"kind": "opengsq", "protocol": "quake3"})
        assert told == Answer(1, 16, ("ada",))

    async def test_metrics_behind_a_password(self) -> None:
        heard: list[bytes] = []

        def say(data: bytes) -> bytes:
            heard.append(data)
            return http(METRICS)

        question = {"kind": "prometheus", "path": "/metrics", "user": "admin", "password": "{secret.console}"}
        async with tcp(say) as port:
            told = await ask(HOST, port, question | {"online": "game_players", "max": "game_slots"}, "planted")
        assert told == Answer(3, 20)
        assert base64.b64encode(b"admin:planted") in heard[0]

    async def test_json_in_chunks(self) -> None:
        chunks = b'5\r\n{"n":\r\n3;x=1\r\n 2}\r\n0\r\n\r\n'
        async with tcp(lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks) as port:
            assert await ask(HOST, port, {"kind": "http", "path": "/", "online": "n"}) == Answer(2)


FILLING = {"version": {"name": "1.21", "protocol": 767}, "description": ""}


class TestNoAnswers:
    @pytest.mark.parametrize("kind", [*KINDS, "none", ""])
    async def test_nobody_is_there(self, kind: str, impatient: None) -> None:
        async with udp(lambda _: []) as port:
            pass
        with pytest.raises(NoAnswer):
            await ask(HOST, port, {"kind": kind, "protocol": "quake3", "path": "/", "online": "n"})

    @pytest.mark.parametrize("kind", KINDS)
    async def test_a_game_that_hears_and_says_nothing(self, kind: str, impatient: None) -> None:
        async with udp(lambda _: []) as deaf, tcp(lambda _: b"", closes=False) as silent:
            for port in (deaf, silent):
                with pytest.raises(NoAnswer):
                    await ask(HOST, port, {"kind": kind, "protocol": "samp", "path": "/", "online": "n"})

    async def test_an_answer_from_another_address_is_not_heard(self, impatient: None) -> None:
        loop = asyncio.get_running_loop()
        other, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=(HOST, 0))

        class Game(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: Any) -> None:
                other.sendto(info(0, 16, 0), addr)

        game, _ = await loop.create_datagram_endpoint(Game, local_addr=(HOST, 0))
        with pytest.raises(NoAnswer, match="no answer within"):
            await ask(HOST, game.get_extra_info("sockname")[1], {"kind": "a2s"})
        game.close()
        other.close()

    @pytest.mark.parametrize(
        ("kind", "say"),
        [
            ("a2s", lambda _: [b"\xff\xff\xff\xffA1234"]),
            ("a2s", lambda _: [b"\xfe\xff\xff\xff" + bytes(50)]),
            ("a2s", lambda _: [b"junk"] * 50),
            ("bedrock", lambda _: [pong(mark=b"another!")]),
            ("mumble", lambda _: [pinged()]),
            ("teeworlds", lambda _: [b"\x04\0\0" + b"1234" + b"\x05tokn"] * 20),
            ("teeworlds", lambda data: [b"\xff" * 10 + b"inf3" + b"x\0" * 20]),
            ("opengsq", lambda _: [b"\xff\xff\xff\xffstatusResponse\n\\challenge\\another\n"]),
            ("opengsq", lambda _: [b"\xff\xff\xff\xffstatusResponse\n\\sv_maxclients\\16"]),
        ],
    )
    async def test_a_wrong_challenge_or_one_without_end(self, kind: str, say: Say, impatient: None) -> None:
        async with udp(say) as port:
            with pytest.raises(NoAnswer):
                await ask(HOST, port, {"kind": kind, "protocol": "quake3"})

    @pytest.mark.parametrize(
        ("kind", "said"),
        [
            ("minecraft", b"\xff\xff\xff\xff\x0f" + b"x" * 100),  # a length of 4 GiB
            ("minecraft", b"\xff" * 30),
            ("minecraft", varint(200_000) + b"\0"),
            ("openttd", struct.pack("<HB", 65535, 6)),
            ("openttd", struct.pack("<HB", 9, 3) + bytes(6)),
            ("http", b"HTTP/1.0 200 OK\r\nContent-Length: 50\r\n\r\n{}"),
            ("http", b"HTTP/1.0 200 OK\r\n\r\n" + b'{"n": 0, "x": "' + b"x" * 2**19),
            ("http", b"HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n" + b'{"n": 0}'),
            ("http", b"HTTP/1.0 200 OK\r\n" + b"x" * 100_000),
            ("http", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n{}"),
            ("http", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8\r\n" + b'{"n": 0}'),
            ("http", b'{"n": 0}\r\n\r\n'),
        ],
    )
    async def test_a_stream_that_is_cut_off_or_has_no_end(self, kind: str, said: bytes) -> None:
        async with tcp(lambda _: said) as port:
            with pytest.raises(NoAnswer):
                await ask(HOST, port, {"kind": kind, "path": "/", "online": "n"})

    async def test_a_secret_in_a_question_that_cannot_be_asked_is_not_told(self) -> None:
        async with tcp(lambda _: b"") as port:
            with pytest.raises(NoAnswer) as why:
                await ask(HOST, port, {"kind": "http", "path": "/?t={secret.console}"}, "pla\r\nnted")
        assert "pla" not in str(why.value)


QUAKE = b'\xff\xff\xff\xffstatusResponse\n\\sv_maxclients\\16\n1 2 "ada"\n'
SAMPLES = [
    b"",
    QUAKE,
    b'\xff\xff\xff\xffprint\n\\maxclients\\16\n1 2 "ada"\n',
    b'\xff\xff\xff\xffn\\maxclients\\16\n1 2 3 4 "ada" "s" 0 0\n\0',
    b"\\gamename\\x\\numplayers\\1\\maxplayers\\8\\player_0\\ada\\final\\\\queryid\\1.1",
    b"\x00\x04\x05\x06\x07hostname\0x\0numplayers\x001\0\0\0\x01player_\0\0ada\0\0",
    b"\x09\x04\x05\x06\x0712345\0",
    b"\x80\0\0\0\0\1\0\0\0\x05host\0\1\0\0\0\2\0\0\0\x05name\0\x04map\0\x03dm\0\1\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\x010\0",
    b"SAMP\x7f\0\0\1\x61\x1ei\0\1\0\x08\0\2\0\0\0xx\1\0\0\0y\0\0\0\0",
    b"EYE1\x05game\x0512345\x05host\x03dm\x04map\x041.0\x020\x021\x028\x01",
    b"MP04\x7f\0\0\1\x61\x1ei1.0\0\0\0\0\0\0\0\0\0\0\1\0\x08\0\2\0\0\0xx\1\0\0\0y\0\0\0\0",
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_opengsq_hears_anything_and_neither_falls_nor_hangs(
    protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own answers and those of others, with lengths and bytes changed: the library's parsers take what comes."""
    monkeypatch.setattr(asking, "PATIENCE", 0.02)
    said: list[bytes] = [b""]

    async with udp(lambda _: said) as port:

        @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(SAMPLES), st.integers(0, 90), st.binary(max_size=8), st.sampled_from([0, 1, 500]))
        def tries(sample: bytes, at: int, piece: bytes, times: int) -> None:
            packets.append(sample[:at] + piece * times + sample[at + 1 :])

        packets: list[bytes] = []
        tries()
        for packet in packets:
            said[0] = packet[:60_000]
            try:
                told = await ask(HOST, port, {"kind": "opengsq", "protocol": protocol})
            except NoAnswer:
                continue
            assert told.online >= 0
