"""What the shell is told where something cannot be done: of a start, of a running bot, of any other command."""

from __future__ import annotations

import pytest

import bot.__main__ as shell
from core.errors import CannotGoOn, Misconfigured


@pytest.mark.parametrize(
    ("command", "wrong", "title"),
    [
        (["run"], Misconfigured(["That."]), "Dormouse cannot start like this:"),
        (["run"], CannotGoOn(["That."]), "Dormouse cannot go on like this:"),
        (["backup", "ls"], Misconfigured(["That."]), "That cannot be done like this:"),
    ],
)
def test_the_title_says_what_cannot_be(
    command: list[str],
    wrong: Misconfigured,
    title: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_: object) -> int:
        raise wrong

    monkeypatch.setattr(shell, "_run", fail)
    monkeypatch.setattr(shell, "_store", fail)
    with pytest.raises(SystemExit) as ended:
        shell.main(command)
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"{title}\n  - That.\n"
