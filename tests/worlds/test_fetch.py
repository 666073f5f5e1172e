"""Addresses that strangers gave: only public ones over https, whatever their names say."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.worlds import fetch as module
from core.worlds.errors import Hostile
from core.worlds.fetch import fetch, is_public, public_addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.0.8",
        "192.88.99.1",
        "fec0::1",
        "feff::1",
        "3fff::1",
        "5f00::1",
        "2001:2::1",
        "100:0:0:1::1",
        "not an address",
    ],
)
def test_what_is_not_public_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2001:4860:4860::8888"])
def test_what_is_public_is_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/w.zip",
        "file:///etc/passwd",
        "ftp://example.org/w.zip",
        "https://",
        "https://user:word@example.org/w.zip",
        "https://127.0.0.1/w.zip",
        "https://[::1]/w.zip",
        "https://localhost/w.zip",
        "https://2130706433/w.zip",
        "https://0x7f000001/w.zip",
        "https://example.org:99999/w.zip",
        "https://example..org/w.zip",
        f"https://{'a' * 64}.example.org/w.zip",
        "w.zip",
    ],
)
def test_hostile_addresses_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(Hostile) as refused:
        fetch(url, tmp_path / "a", 1000)
    assert refused.value.why in ("address", "away")
    assert not (tmp_path / "a").exists()


def test_a_name_that_has_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("1.1.1.1", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(Hostile):
        public_addresses("example.org", 443)


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answers = iter(["1.1.1.1", "127.0.0.1"])
    gone_to: list[Any] = []

    def answer(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 443))]

    def connect(address: Any, *_: Any, **__: Any) -> None:
        gone_to.append(address)
        raise OSError("no internet here")

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Hostile):
        fetch("https://example.org/w.zip", tmp_path / "a", 1000)
    assert gone_to == [("1.1.1.1", 443)]


def test_a_redirect_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Redirect:
        status = 302

        def getheader(self, name: str) -> str:
            return "https://10.0.0.1/w.zip"

    class Connection:
        def __init__(self, *_: Any) -> None: ...
        def request(self, *_: Any, **__: Any) -> None: ...
        def getresponse(self) -> Redirect:
            return Redirect()

        def close(self) -> None: ...
        def end(self) -> None: ...

    monkeypatch.setattr(module, "_Pinned", Connection)
    with pytest.raises(Hostile) as refused:
        fetch("https://1.1.1.1/w.zip", tmp_path / "a", 1000)
    assert refused.value.why == "address"


class Bare:
    """As a context of TLS, without it: what is said on the line is the test's to say."""

    verify_mode, check_hostname = ssl.CERT_REQUIRED, True

    def wrap_socket(self, plain: socket.socket, **_: Any) -> socket.socket:
        class Line(socket.socket):
            def do_handshake(self) -> None: ...

        line, seconds = Line(fileno=plain.fileno()), plain.gettimeout()
        plain.detach()
        line.settimeout(seconds)
        return line


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Callable[[socket.socket], object]], str]:
    """Fetches what `says` says on each connection; why it was refused, or "" if it is there."""
    monkeypatch.setattr(module.ssl, "create_default_context", Bare)
    monkeypatch.setattr(module, "public_addresses", lambda *_: ["127.0.0.1"])

    def served(says: Callable[[socket.socket], object]) -> str:
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def serve() -> None:
                line, _ = listening.accept()
                with line:
                    line.recv(65536)
                    says(line)

            threading.Thread(target=serve, daemon=True).start()
            try:
                fetch(f"https://example.org:{listening.getsockname()[1]}/w.zip", tmp_path / "a", 1000)
            except Hostile as refused:
                assert not (tmp_path / "a").exists()
                return refused.why
            return ""

    return served


def test_what_comes_whole_is_there(served: Any, tmp_path: Path) -> None:
    assert served(lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")) == ""
    assert (tmp_path / "a").read_bytes() == b"hello"


def test_what_breaks_off_is_not_taken_for_the_file(served: Any) -> None:
    assert served(lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")) == "away"


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_who_dawdles_is_given_up(served: Any, monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    """One byte at a time is no silence: only the time for all of it ends that, also within a header."""
    monkeypatch.setattr(module, "WITHIN", 0.3)
    gone = threading.Event()

    def dawdle(line: socket.socket) -> None:
        try:
            line.sendall(start)
            while not gone.wait(0.02):
                line.sendall(b"x")
        except OSError:
            gone.set()

    assert served(dawdle) == "away"
    gone.set()


@pytest.mark.parametrize("where", ["https://[x", "//[::1", "https://example.org:x/"])
def test_a_redirect_to_what_is_no_address_is_refused(served: Any, where: str) -> None:
    words = f"HTTP/1.1 302 Found\r\nLocation: {where}\r\n\r\n".encode()
    assert served(lambda line: line.sendall(words)) == "address"
