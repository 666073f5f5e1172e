"""A host and its port: in one text, and whether a program could listen there."""

from __future__ import annotations

import errno
import socket

import pytest
from ports import ports

from core.authority import authority, listen_error, loopback


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("203.0.113.7", "203.0.113.7:25500"),
        ("play.example.org", "play.example.org:25500"),
        ("2001:db8::7", "[2001:db8::7]:25500"),
        ("[2001:db8::7]", "[2001:db8::7]:25500"),
    ],
)
def test_an_ipv6_address_is_told_from_its_port(host: str, shown: str) -> None:
    assert authority(host, 25500) == shown


@pytest.mark.parametrize(("host", "near"), [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("192.0.2.1", "192.0.2.1")])
def test_what_listens_everywhere_is_reached_on_loopback(host: str, near: str) -> None:
    assert loopback(host) == near


@pytest.fixture
def port() -> int:
    return int(ports().partition("-")[0])


def bound(host: str, port: int, *, udp: bool = False, only_6: bool = False) -> socket.socket:
    other = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    )
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if only_6:
        other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    other.bind((host, port))
    if not udp:
        other.listen()
    return other


@pytest.mark.parametrize("udp", [False, True])
@pytest.mark.parametrize(
    ("taken", "wanted", "only_6"),
    [
        ("127.0.0.1", "127.0.0.1", False),
        ("0.0.0.0", "127.0.0.1", False),
        ("127.0.0.1", "0.0.0.0", False),
        ("::", "0.0.0.0", True),
        ("::1", "::", False),
        ("0.0.0.0", "::", False),
    ],
)
def test_a_port_that_another_program_uses_cannot_be_had(
    port: int, taken: str, wanted: str, only_6: bool, udp: bool
) -> None:
    assert listen_error(wanted, port, udp=udp) is None
    with bound(taken, port, udp=udp, only_6=only_6):
        wrong = listen_error(wanted, port, udp=udp)
    assert wrong is not None
    assert wrong.errno == errno.EADDRINUSE
    assert listen_error(wanted, port, udp=udp) is None


def test_another_address_and_another_protocol_are_no_matter(port: int) -> None:
    with bound("127.0.0.2", port), bound("127.0.0.1", port, udp=True):
        assert listen_error("127.0.0.1", port) is None


def test_connections_that_are_over_do_not_count(port: int) -> None:
    with bound("127.0.0.1", port) as game, socket.create_connection(("127.0.0.1", port)) as player:
        with game.accept()[0]:
            pass  # the game's side closes first, and waits
        assert player.recv(1) == b""
    assert listen_error("127.0.0.1", port) is None


def test_an_address_that_is_not_this_machines_is_another_matter(port: int) -> None:
    wrong = listen_error("192.0.2.1", port)
    assert wrong is not None
    assert wrong.errno == errno.EADDRNOTAVAIL
