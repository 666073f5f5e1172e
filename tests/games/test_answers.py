"""What games answer is read by its lengths: nothing is searched for, and whatever is no answer is said to be none."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opengsq.binary_reader import BinaryReader

from core.agent import query as console_query
from core.games.protocols import a2s, bedrock, minecraft, mumble, opengsq, openttd, status, teeworlds
from core.games.protocols.answer import LONGEST_NAME, MOST_NAMES, MOST_PLAYERS, Answer, NoAnswer, counted

MARK = b"12345678"


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def java(online: Any, most: Any, padding: str = "") -> bytes:
    players = {"online": online, "max": most, "sample": [{"name": "ada", "id": "1"}]}
    text = json.dumps({"players": players, "favicon": padding}).encode()
    return b"\0" + varint(len(text)) + text


def pong(online: str = "3", most: str = "10", mark: bytes = MARK) -> bytes:
    text = f"MCPE;Pond;527;1.19.1;{online};{most};1;Bedrock level;Survival;1;19132;19133;".encode()
    magic = bytes.fromhex("00ffff00fefefefefdfdfdfd12345678")
    return b"\x1c" + mark + bytes(8) + magic + len(text).to_bytes(2, "big") + text


def info(players: int, most: int, bots: int, extra: bytes = b"") -> bytes:
    head = b"\xff\xff\xff\xffI\x11Pond\0map\0folder\0game\0\x10\0"
    return head + bytes([players, most, bots]) + b"dl\0\x01" + b"1.0\0" + extra


def tagged(tags: bytes) -> bytes:
    """With a port, a Steam id, a spectators' port, and keywords."""
    return bytes([0x80 | 0x10 | 0x40 | 0x20]) + bytes(2) + bytes(8) + bytes(2) + b"tv\0" + tags + b"\0"


def gold(players: int, most: int, bots: int, *, mod: bool = False) -> bytes:
    more = b"site\0load\0\0" + bytes(4) + bytes(4) + b"\0\0" if mod else b""
    head = b"\xff\xff\xff\xffm1.2.3.4:27015\0Pond\0map\0cstrike\0game\0"
    return head + bytes([players, most, 47]) + b"dl\0" + bytes([mod]) + more + b"\x01" + bytes([bots])


def pinged(online: int = 2, most: int = 100) -> bytes:
    return struct.pack(">I", 0x010500) + MARK + struct.pack(">III", online, most, 72000)


def ttd(version: int = 6, online: int = 2, most: int = 25) -> bytes:
    out = bytes([version])
    if version >= 7:
        out += bytes(8)
    if version >= 6:
        out += b"\1"
    if version >= 5:
        out += bytes(4) + b"script\0"
    if version >= 4:
        out += b"\2" + (bytes(20) + (b"grf\0" if version >= 6 else b"")) * 2
    if version >= 3:
        out += bytes(8)
    if version >= 2:
        out += b"\x0f\1\x0a"
    return out + b"Pond\x0013.0\0" + (b"" if version >= 6 else b"\0") + bytes([0, most, online]) + b"\0\1\0\1\0\1"


def packed(number: int) -> bytes:
    return bytes([number]) if number < 64 else bytes([0x80 | number & 0x3F, number >> 6])


def tees(*clients: tuple[bytes, int], most: int = 70) -> bytes:
    head = b"\0" + b"0.7.5\0Pond\0\0dm1\0DM\0" + packed(0) * 2 + packed(len(clients)) + packed(most)
    people = b"".join(name + b"\0clan\0" + packed(63) + packed(70) + packed(kind) for name, kind in clients)
    return head + packed(len(clients)) + packed(most) + people


def old_tees(*names: bytes, mark: int = 7) -> bytes:
    head = [b"%d" % mark, b"0.6.4", b"Pond", b"dm1", b"DM", b"0", b"%d" % len(names), b"16", b"%d" % len(names), b"16"]
    return b"\0".join([*head, *(part for name in names for part in (name, b"clan", b"-1", b"0", b"1")), b""])


WHERE = {"online": "players.online", "max": "players.max", "names": "players.names", "bots": ""}
METRIC = {"online": "game_players", "max": "game_slots", "bots": ""}
METRICS = b'# TYPE game_players gauge\ngame_players{world="}\\" "} 2\ngame_players{world="b"} 1.0 17\ngame_slots 20\n'
ONE = {"count": r"(?P<online>\d+) of", "player": r"(?m)^- (?P<player>.+)$"}

READERS: dict[str, tuple[Callable[[bytes], Answer], bytes, Answer]] = {
    "minecraft": (minecraft.read, java(3, 20), Answer(3, 20, ("ada",))),
    "bedrock": (lambda data: bedrock.read(data, MARK), pong(), Answer(3, 10)),
    "a2s": (a2s.read, info(5, 16, 4), Answer(1, 16)),
    "a2s with tags": (a2s.read, info(255, 255, 0, tagged(b"mp400,cp321,qp0")), Answer(321, 400)),
    "a2s of old": (a2s.read, gold(5, 16, 2), Answer(3, 16)),
    "a2s of a mod of old": (a2s.read, gold(5, 16, 2, mod=True), Answer(3, 16)),
    "mumble": (lambda data: mumble.read(data, MARK), pinged(), Answer(2, 100)),
    **{f"openttd {each}": (openttd.read, ttd(each), Answer(2, 25)) for each in range(1, 8)},
    "teeworlds": (teeworlds.read, tees((b"ada", 0), (b"bot", 2), (b"bo", 1)), Answer(2, 70, ("ada", "bo"))),
    "teeworlds of old": (lambda data: teeworlds.read_old(data, 7), old_tees(b"ada"), Answer(1, 16, ("ada",))),
    "http": (
        lambda data: status.read_json(data, WHERE),
        b'{"players": {"online": 2, "max": 8, "names": ["ada", "bo"]}}',
        Answer(2, 8, ("ada", "bo")),
    ),
    "prometheus": (lambda data: status.read_metrics(data, METRIC), METRICS, Answer(3, 20)),
    "console": (
        lambda data: console_query.read(data.decode(errors="replace"), ONE),
        b"2 of 16 are on:\n- ada\n- bo\n",
        Answer(2, 0, ("ada", "bo")),
    ),
}
TEXTS = ("http", "prometheus", "console")


@pytest.mark.parametrize("name", READERS)
def test_an_answer_is_read(name: str) -> None:
    read, sample, told = READERS[name]
    assert read(sample) == told


def sane(answer: Answer) -> None:
    assert 0 <= answer.online <= MOST_PLAYERS
    assert 0 <= answer.max <= MOST_PLAYERS
    assert len(answer.names) <= MOST_NAMES
    for name in answer.names:
        assert name.strip() == name
        assert 0 < len(name) <= LONGEST_NAME
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in name)


@pytest.mark.parametrize("name", [each for each in READERS if each not in TEXTS])
def test_an_answer_that_breaks_off_is_none_or_says_the_same(name: str) -> None:
    read, sample, told = READERS[name]
    for length in range(len(sample)):
        try:
            answer = read(sample[:length])
        except NoAnswer:
            continue
        if name == "a2s with tags" and length == len(info(255, 255, 0)):
            continue  # whole, without what may follow
        assert (answer.online, answer.max) == (told.online, told.max), length


@pytest.mark.parametrize("name", READERS)
def test_an_answer_with_another_byte_anywhere_is_none_or_has_numbers(name: str) -> None:
    """Lengths, numbers and what ends a text are bytes too: each is made the smallest, the largest, and one off."""
    read, sample, _ = READERS[name]
    for at in range(len(sample)):
        for byte in {0, 1, 0x7F, 0x80, 0xFF, sample[at] ^ 1}:
            try:
                sane(read(sample[:at] + bytes([byte]) + sample[at + 1 :]))
            except NoAnswer:
                continue


@pytest.mark.parametrize("name", READERS)
def test_a_piece_of_an_answer_a_thousand_times_is_none_or_has_numbers(name: str) -> None:
    read, sample, _ = READERS[name]
    for at in range(0, len(sample), 3):
        for piece in (sample[at : at + 1], sample[at : at + 9]):
            try:
                sane(read(sample[:at] + piece * 1000 + sample[at:]))
            except NoAnswer:
                continue


@given(st.sampled_from(list(READERS)), st.binary(max_size=300), st.integers(0, 400))
def test_whatever_comes_is_an_answer_or_none(name: str, data: bytes, at: int) -> None:
    read, sample, _ = READERS[name]
    for packet in (data, sample[:at] + data, sample[:at] + data + sample[at:]):
        try:
            sane(read(packet))
        except NoAnswer:
            continue


@given(
    st.lists(st.sampled_from([b"\\", b"\n", b"a", b"\xff", b"\xc3\xa4", b"\0"]), max_size=30).map(b"".join),
    st.lists(st.sampled_from([None, b"\\", b"\n", [b"\\", b"\n"]]), max_size=6),
)
def test_our_reader_of_quakes_reads_as_the_librarys(data: bytes, asked: list[Any]) -> None:
    ours, theirs = opengsq._reader()(data), BinaryReader(data)
    for ends in asked:
        args = () if ends is None else (ends,)
        assert ours.read_string(*args) == theirs.read_string(*args)
        assert (ours.stream_position, ours.remaining_bytes()) == (theirs.stream_position, theirs.remaining_bytes())


def test_a_status_of_any_size_is_read() -> None:
    """One of 123 bytes has a length that is also `{`; and one with an icon, whose length has a byte that is `{`."""
    for size in [*range(700), 20_000, 0x7B << 7]:
        assert minecraft.read(java(1, 20, "x" * size)) == Answer(1, 20, ("ada",))


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        '{"players": 5}',
        '{"players": {"online": 1e400, "max": 1}}',
        '{"players": {"online": -1}}',
        "[" * 9**5,
    ],
    ids=["list", "null", "number", "too large", "negative", "deep"],
)
def test_json_that_is_no_status_is_none(text: str) -> None:
    with pytest.raises(NoAnswer):
        minecraft.read(b"\0" + varint(len(text)) + text.encode())


def test_more_bots_than_players_are_nobody() -> None:
    assert a2s.read(info(2, 16, 5)).online == 0
    assert counted(3, 8, bots=1) == Answer(2, 8)


@pytest.mark.parametrize("online", [None, True, -1, 1.5, "2", MOST_PLAYERS + 1, 10**30, [], {}])
def test_what_is_no_number_of_players_is_none(online: Any) -> None:
    with pytest.raises(NoAnswer):
        counted(online)
    with pytest.raises(NoAnswer):
        counted(3, bots=online)


def test_names_are_plain_text() -> None:
    names = ["\x1b[31mada\x1b[0m", "bo\nleft", 7, "", " ", "c" * 500, "\u202egnp"]
    assert counted(9, 9, names).names == ("ada", "bo left", "c" * LONGEST_NAME, "gnp")


@pytest.mark.parametrize(
    "packet", [pong(mark=b"87654321"), pong(online="many"), pong(online="-1"), pong(online="9" * 30)]
)
def test_a_pong_to_another_ping_or_without_a_number_is_none(packet: bytes) -> None:
    with pytest.raises(NoAnswer):
        bedrock.read(packet, MARK)


class TestJson:
    def test_a_list_counts_with_its_length_and_its_names(self) -> None:
        """As TShock and Palworld answer."""
        said = b'{"players": [{"name": "ada"}, {"name": "bo"}], "max": 8}'
        assert status.read_json(said, {"online": "players", "max": "max", "names": "players.name"}) == Answer(
            2, 8, ("ada", "bo")
        )
        assert status.read_json(b'{"players": []}', {"online": "players", "max": "max"}) == Answer(0)

    def test_bots_that_should_be_told_of_and_are_not_are_no_answer(self) -> None:
        assert status.read_json(b'{"n": 5, "b": 2}', {"online": "n", "bots": "b"}) == Answer(3)
        with pytest.raises(NoAnswer):
            status.read_json(b'{"n": 5}', {"online": "n", "bots": "b"})

    @pytest.mark.parametrize("said", [b"", b"[]", b"[" * 50_000, b'{"n": null}', b'{"n": "5"}', b"\xff\xfe"])
    def test_another_shape_is_none(self, said: bytes) -> None:
        with pytest.raises(NoAnswer):
            status.read_json(said, {"online": "n"})


class TestMetrics:
    @pytest.mark.parametrize(
        "line",
        [
            b"game_players NaN",
            b"game_players +Inf",
            b"game_players -1",
            b"game_players",
            b"game_players ",
            b'game_players{world="a" 5',
            b"game_players_total 5",
            b"# game_players 5",
            b"",
        ],
    )
    def test_a_metric_that_is_no_number_is_none(self, line: bytes) -> None:
        with pytest.raises(NoAnswer):
            status.read_metrics(b"other 1\n" + line + b"\n", METRIC)

    def test_a_metric_whose_name_goes_on_is_another(self) -> None:
        said = b"game_players_total 500\ngame_players 2\n"
        assert status.read_metrics(said, METRIC) == Answer(2)


class TestConsole:
    RULE: ClassVar = {"player": r"(?m)^\d+\. (?P<player>.+), \d+$", "nobody": "No Players Connected"}

    def test_players_without_a_number_are_counted(self) -> None:
        assert console_query.read("0. Ada, 7656\n1. Bo, 7657", self.RULE) == Answer(2, 0, ("Ada", "Bo"))
        assert console_query.read("No Players Connected", self.RULE) == Answer(0)

    @pytest.mark.parametrize("said", ["", "Unknown command", "0. Ada"])
    def test_an_answer_that_names_nobody_is_not_empty(self, said: str) -> None:
        with pytest.raises(NoAnswer):
            console_query.read(said, self.RULE)

    def test_colours_are_not_matched(self) -> None:
        assert console_query.read("\x1b[32m3\x1b[0m of 8", ONE) == Answer(3)

    @pytest.mark.parametrize("number", ["9" * 400, "\u0663"])
    def test_a_number_of_another_kind_is_none(self, number: str) -> None:
        with pytest.raises(NoAnswer):
            console_query.read(f"{number} of 8", ONE)
