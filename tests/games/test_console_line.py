"""What people type reaches a console as one line of plain text, and never as a second command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.games.console.line import LONGEST, BadLine, one_line, say_line

SPLITS = st.sampled_from(["", ";", ";|"])


@given(st.text(max_size=60), SPLITS)
def test_a_line_is_one_line_as_it_was_typed_or_refused(typed: str, splits: str) -> None:
    try:
        line = one_line(typed, splits)
    except BadLine:
        return
    assert line == typed.strip(" ") != ""
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert not set(line) & set(splits)
    assert line.encode().decode() == line


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("list\nstop", "characters"),
        ("list\r", "characters"),
        ("list\x00", "characters"),
        ("list\x1b[2J", "characters"),
        ("list\u2028stop", "characters"),
        ("list\x85stop", "characters"),
        ("say \u202egnp", "characters"),
        ("say hi; quit", "splits"),
        ("   ", "empty"),
        ("a" * (LONGEST + 1), "long"),
    ],
)
def test_what_is_no_line_is_said_to_be_none(typed: str, kind: str) -> None:
    with pytest.raises(BadLine) as refused:
        one_line(typed, ";")
    assert refused.value.kind == kind


def test_what_ends_a_command_on_one_console_is_a_letter_on_another() -> None:
    assert one_line("say hi; you") == "say hi; you"


TEMPLATES = st.sampled_from(["say {text}", 'servermsg "{text}"', "{text}", "c_announce('{text}')", "/shout {text} !"])


@given(TEMPLATES, st.text(max_size=80), SPLITS)
def test_what_is_said_to_all_is_one_command(template: str, text: str, splits: str) -> None:
    line = say_line(template, text, splits)
    before, after = template.split("{text}")
    assert line.isprintable()
    assert line.startswith(before)
    assert line.endswith(after)
    said = line[len(before) : len(line) - len(after)]
    assert not set(said) & set(splits)
    if before.endswith(('"', "'")):
        assert before[-1] not in said
        assert "\\" not in said
    if not before:
        assert not said or said[0].isalnum()


def test_what_is_said_keeps_its_words() -> None:
    assert say_line("say {text}", "Pond pauses\nin 1 min; bye", ";") == "say Pond pauses in 1 min, bye"
    assert say_line('say "{text}"', 'the "Pond" \\') == 'say "the `Pond` /"'
    assert say_line("{text}", "/quit") == "quit"
    assert say_line("say {text}", "{text}") == "say {text}"


@given(TEMPLATES, st.integers(900, 1200))
def test_what_is_said_is_never_too_long(template: str, length: int) -> None:
    assert len(say_line(template, "a" * length)) <= LONGEST
