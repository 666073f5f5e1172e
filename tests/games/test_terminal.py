"""What games write for a terminal is shown and matched as plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.games.terminal import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ada joined", "Ada joined"),
        ("\x1b[0;32mAda\x1b[0m joined\x1b[K", "Ada joined"),
        ("\x1b[38;2;1;2;3mAda\x1b[m", "Ada"),
        ("\x1b]0;a title\x07Ada", "Ada"),
        ("\x1b]8;;http://x\x1b\\Ada\x1b]8;;\x1b\\", "Ada"),
        ("\x9b31mAda", "Ada"),
        ("> \r\x1b[KAda", "> Ada"),
        ("Ada\x1b[3", "Ada"),
        ("Ada\x1b", "Ada"),
        ("\x1b(BAda\x1b=", "Ada"),
        ("Ada\x00\x08\x07", "Ada"),
        ("\u202egnp", "gnp"),
        ("a\tb\nc", "a\tb\nc"),
        ("größer – ok", "größer – ok"),
    ],
)
def test_what_steers_a_terminal_goes(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(alphabet=st.characters() | st.sampled_from("\x1b[];m\x07\\\x9b\n\t"), max_size=80))
def test_nothing_that_steers_is_left(text: str) -> None:
    left = plain(text)
    assert not any((ord(char) < 32 and char not in "\t\n") or 0x7F <= ord(char) < 0xA0 for char in left)
    assert plain(left) == left
    assert len(left) <= len(text)


def test_an_endless_sequence_is_read_once() -> None:
    assert plain("\x1b[" + "0;" * 200_000) == ""
    assert plain("\x1b" * 200_000) == ""
    assert plain("\x1b]" * 100_000) == ""
