"""The HTTP face and what a guild may store, as settings and `dormouse check` see them."""

from __future__ import annotations

import socket

import pytest

from bot.check import listening
from bot.check.report import Report
from bot.settings import PREFIX, Settings, load
from core.errors import Misconfigured

URL = "https://worlds.example.org"


def settings(**values: str) -> Settings:
    return load({PREFIX + name: value for name, value in values.items()}, None)[0]


def looked(**values: str) -> Report:
    report = Report()
    listening.web(settings(**values), report, running=False)
    return report


def test_the_defaults() -> None:
    found = settings()
    assert (found.web_address, found.public_url, found.guild_storage) == (None, None, 200)
    assert settings(WEB="0.0.0.0:8080", PUBLIC_URL=URL).web_address == ("0.0.0.0", 8080)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WEB", "8080", r"takes an address with a port, such as 0\.0\.0\.0:8080, or off"),
        ("PUBLIC_URL", "worlds.example.org", "takes an address such as https://dormouse.example.org"),
        ("PUBLIC_URL", "https://x/?a=b", "takes an address such as"),
        ("GUILD_STORAGE", "0", "greater than or equal to 1"),
        ("GUILD_STORAGE", "much", "valid integer"),
    ],
)
def test_what_cannot_be(name: str, value: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=f"DORMOUSE_{name}: .*{words}"):
        settings(**{name: value})


def test_a_folder_store_without_a_face_is_said() -> None:
    report = looked()
    assert report.mistakes == []
    assert report.remarks == [
        "Downloads over 8 MiB are refused: they need DORMOUSE_WEB and DORMOUSE_PUBLIC_URL, or a B2 store."
    ]


def test_a_face_that_nobody_knows_the_address_of_is_a_mistake() -> None:
    (mistake,) = looked(WEB="127.0.0.1:0").mistakes
    assert mistake.startswith("DORMOUSE_PUBLIC_URL is not set: say under which address people reach 127.0.0.1:0")


def test_with_both_all_is_well() -> None:
    report = looked(WEB="127.0.0.1:0", PUBLIC_URL=URL)
    assert (report.mistakes, report.remarks) == ([], [])


def test_an_address_without_a_face_needs_another_process() -> None:
    (remark,) = looked(PUBLIC_URL=URL).remarks
    assert "another process has to serve downloads" in remark


def test_with_b2_a_face_needs_no_address_for_downloads() -> None:
    found = looked(WEB="127.0.0.1:0", STORE="b2:bucket/x", B2_KEY_ID="0" * 25, B2_KEY="K" * 31)
    assert found == Report()


def test_an_address_that_something_else_uses() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (mistake,) = looked(WEB=f"127.0.0.1:{port}", PUBLIC_URL=URL).mistakes
    assert mistake.startswith(f"DORMOUSE_WEB: 127.0.0.1:{port} cannot be listened on (Address already in use)")
