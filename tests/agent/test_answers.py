"""What games answer is read by its lengths: nothing is searched for, and whatever is no answer is said to be none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agent.probe import NoAnswer
from core.agent.query import read_info, read_status


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def status(online: int, most: int, padding: str = "") -> bytes:
    players = {"online": online, "max": most, "sample": [{"name": "ada", "id": "1"}]}
    text = json.dumps({"players": players, "favicon": padding}).encode()
    return b"\0" + varint(len(text)) + text


def test_a_status_of_any_size_is_read() -> None:
    """One of 123 bytes has a length that is also `{`."""
    for size in range(700):
        assert read_status(status(1, 20, "x" * size)) == {"online": 1, "max": 20, "names": ["ada"]}


def test_a_status_with_an_icon_is_read() -> None:
    """20 KB of it; and one whose length has a byte that is `{`."""
    for size in (20_000, 0x7B << 7):
        assert read_status(status(0, 8, "i" * size))["online"] == 0


def info(players: int, most: int, bots: int) -> bytes:
    return b"\xff\xff\xff\xffI\x11Pond\0map\0folder\0game\0\x10\0" + bytes([players, most, bots]) + b"dl\0\x01"


def test_bots_are_not_players() -> None:
    assert read_info(info(5, 16, 4)) == {"online": 1, "max": 16, "names": []}


@given(st.binary(max_size=300))
def test_whatever_is_no_answer_is_said_to_be_none(packet: bytes) -> None:
    for read in (read_status, read_info):
        try:
            read(packet)
        except NoAnswer:
            continue


@given(st.integers(0, 120), st.integers(0, 255))
def test_an_answer_that_breaks_off_or_is_bent_is_none_or_has_numbers(at: int, by: int) -> None:
    for read, packet in ((read_status, status(3, 20)), (read_info, info(3, 20, 1))):
        with pytest.raises(NoAnswer):
            read(packet[: min(at, len(packet) - 6)])
        bent = bytearray(packet)
        bent[at % len(bent)] ^= by
        try:
            assert read(bytes(bent))["online"] >= 0
        except NoAnswer:
            continue


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        '{"players": 5}',
        '{"players": {"online": 1e400, "max": 1}}',
        '{"players": {"online": -1, "max": 1}}',
        "[" * 100_000,
    ],
    ids=["list", "null", "number", "too large", "negative", "deep"],
)
def test_json_that_is_no_status_is_none(text: str) -> None:
    with pytest.raises(NoAnswer):
        read_status(b"\0" + varint(len(text)) + text.encode())
