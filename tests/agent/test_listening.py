"""Whether a game listens, told without connecting to it."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.agent import listening, probe
from core.agent.listening import listens
from core.agent.wire import PodSpec
from core.games.protocols.answer import NoAnswer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it")

POD = PodSpec(
    server="abcdefghijkl",
    uid="u",
    run=1,
    volume=1,
    token="t",
    command=[],
    env={},
    host="127.0.0.1",
    ports={},
    udp=[],
    ready="port",
    ready_log="",
    ready_within=5,
    query={"kind": "log", "port": "game"},
    console="none",
    stop_signal="SIGTERM",
    stop_console="",
    grace=5,
    probe_every=1,
)


def bound(kind: socket.SocketKind, host: str = "127.0.0.1") -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    made.bind((host, 0))
    return made


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])
def test_a_socket_that_listens_is_seen_whatever_address_it_has(host: str) -> None:
    try:
        made = bound(socket.SOCK_STREAM, host)
    except OSError:
        pytest.skip("there is no IPv6 here")
    with made as game:
        port = game.getsockname()[1]
        assert listens(port, udp=False) is False, "it is bound, and does not listen yet"
        game.listen()
        assert listens(port, udp=False) is True


def test_the_same_number_is_another_port_with_the_other_protocol() -> None:
    with bound(socket.SOCK_DGRAM) as game:
        port = game.getsockname()[1]
        assert listens(port, udp=True) is True
        assert listens(port, udp=False) is False


def test_where_the_system_does_not_tell_it_is_unknown(tmp_path: Path) -> None:
    assert listens(1, udp=False, tables=tmp_path) is None


async def test_a_game_with_ready_port_is_never_connected_to() -> None:
    with bound(socket.SOCK_STREAM) as game:
        game.listen()
        game.setblocking(False)
        await probe.takes_connections(replace(POD, ports={"game": game.getsockname()[1]}))
        with pytest.raises(BlockingIOError):
            game.accept()


async def test_a_game_that_only_speaks_udp_is_up_once_it_listens() -> None:
    with bound(socket.SOCK_DGRAM) as game:
        pod = replace(POD, ports={"game": game.getsockname()[1]}, udp=["game"])
        await probe.takes_connections(pod)
    with pytest.raises(NoAnswer, match="nothing listens"):
        await probe.takes_connections(pod)


async def test_where_the_system_does_not_tell_the_port_is_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(probe, "listens", lambda port, *, udp: listening.listens(port, udp=udp, tables=tmp_path))
    with bound(socket.SOCK_STREAM) as game:
        pod = replace(POD, ports={"game": game.getsockname()[1]})
        with pytest.raises(NoAnswer, match="nothing answers"):
            await probe.takes_connections(pod)
        game.listen()
        await probe.takes_connections(pod)
        with pytest.raises(NoAnswer, match="UDP"):
            await probe.takes_connections(replace(pod, udp=["game"]))
