"""What is left out of what a game wrote and of what somebody typed to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.servers.earlier_secrets import Earlier, judged
from core.servers.redaction import BLACK, LONGEST_KEPT, black_out, for_the_audit, readable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3mred\x1b[K", "red"),
        ("\x9b1mbold", "bold"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b(Btext\x1b=", "text"),
        ("\x1b", ""),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\x00b\x07c\u202ed\u200be\ufefff", "abcdef"),
        ("tab\tstays", "tab\tstays"),
        ("§aPlugins§r (2): §x§1Essentials, § 5", "Plugins (2): Essentials, § 5"),
    ],
)
def test_what_a_terminal_would_obey_is_left_out(text: str, shown: str) -> None:
    assert readable(text) == shown


@pytest.mark.parametrize(
    ("text", "secrets", "shown"),
    [
        ("the word is hunter2!", ["hunter2"], f"the word is {BLACK}!"),
        ("hunter22", ["hunter2", "hunter22"], BLACK),
        ("a cat sat", ["a"], f"{BLACK} cat sat"),
        ("cat", ["a"], "cat"),
        ("nothing", [""], "nothing"),
        (".*", [".*"], BLACK),
    ],
)
def test_secrets_are_blacked_out(text: str, secrets: list[str], shown: str) -> None:
    assert black_out(text, secrets) == shown


def test_a_secret_at_which_a_long_log_was_cut_is_blacked_out_too() -> None:
    text = f"ter2secret\n{'x' * 4000}\nhunter2"
    assert black_out(text, ["hunter2secret"]) == f"{BLACK}\n{'x' * 4000}\n{BLACK}"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("say good night", "say good night"),
        ("login hunter2", f"login {BLACK}"),
        ("sv_password hunter2", f"sv_password {BLACK}"),
        ("/register hunter2 hunter2", f"/register {BLACK}"),
        ('rcon.password "hunter2"', f'rcon.password "{BLACK}'),
        ("say my passwords", "say my passwords"),
        ("op open sesame", f"op {BLACK}"),
        ("password", "password"),
    ],
)
def test_the_audit_keeps_no_secret_that_was_typed(line: str, kept: str) -> None:
    assert for_the_audit(line, ["open sesame"]) == kept


@given(st.text(), st.lists(st.text(max_size=12), max_size=4))
def test_any_text_is_read_in_one_go_and_shows_no_long_secret(text: str, secrets: list[str]) -> None:
    shown = black_out(readable(text + "".join(secrets)), secrets)
    for secret in secrets:
        clean = readable(secret).strip()
        assert len(clean) < 4 or clean not in shown.replace(BLACK, "\x00")
    assert len(for_the_audit(text, secrets)) <= LONGEST_KEPT


@pytest.mark.parametrize("piece", ["\x1b[", "\x1b]", "\x9b0;", "\x1b(", "password ", "\x1b]x\x1b"])
def test_no_text_takes_long(piece: str) -> None:
    readable(piece * 30_000)
    for_the_audit(piece * 30_000, ["password"])


START, CHANGED, OTHER = None, True, False


@pytest.mark.parametrize(
    ("newest_first", "known", "last", "before"),
    [
        ([START, START, CHANGED], True, False, False),
        ([START, CHANGED, START], True, False, True),
        ([CHANGED, START, START], True, False, False),
        ([CHANGED, START, START], False, True, True),
        ([OTHER, START, OTHER, START], False, False, False),
        ([CHANGED, START, CHANGED, START], True, False, True),
        ([START, CHANGED], True, False, True),
        ([], True, False, False),
    ],
)
def test_which_logs_may_tell_an_earlier_secret(
    newest_first: list[bool | None], known: bool, last: bool, before: bool
) -> None:
    assert judged(newest_first, known=known) == Earlier(last, before)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("before", [False, True])
def test_until_a_run_has_begun_its_log_is_that_of_the_one_before(last: bool, before: bool) -> None:
    assert Earlier(last, before).seen(begun=True) == Earlier(last, before)
    assert Earlier(last, before).seen(begun=False) == Earlier(last or before, before)
