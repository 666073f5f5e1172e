"""`dormouse guilds` at a shell, on the database of a bot that may be running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import migrated
import pytest

import bot.__main__ as shell
from core.data.database import Database
from core.data.tables import GuildRow

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def dormouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs a command; its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DORMOUSE_DATA_DIR", str(tmp_path))

    async def prepare() -> None:
        await migrated.file(tmp_path / "dormouse.db")
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'dormouse.db'}")
        async with database.begin() as session:
            session.add(GuildRow(id=700))
        await database.close()

    asyncio.run(prepare())

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            shell.main(["guilds", *arguments])
        said = capsys.readouterr()
        return int(str(ended.value.code)), said.out, said.err

    return run


def test_a_guild_is_blocked_and_let_go_on(dormouse: Shell) -> None:
    assert dormouse("ls")[:2] == (0, "700  servers 0  running 0  0 B\n")
    assert "paused within 15 seconds" in dormouse("block", "700", "Mining", "coins")[1]
    assert "already" in dormouse("block", "700", "Mining", "coins")[1]
    assert dormouse("ls")[1].rstrip().endswith("Mining coins")
    assert "not blocked any more" in dormouse("unblock", "700")[1]
    assert dormouse("unblock", "700")[:2] == (0, "It is not blocked.\n")


def test_a_word_goes_to_all_and_not_twice(dormouse: Shell) -> None:
    assert dormouse("broadcast", "We", "move")[:2] == (0, "It goes to 1 guild.\n")
    code, _, said = dormouse("broadcast", "We move")
    assert (code, "less than 10 minutes ago" in said) == (1, True)


def test_who_was_never_there_is_said_and_so_is_what_is_no_id(dormouse: Shell) -> None:
    code, _, said = dormouse("block", "999")
    assert (code, "Nobody ever invited me to 999." in said) == (1, True)
    assert dormouse("block", "pond")[0] == 2


def test_a_database_that_no_bot_made_is_left_alone(dormouse: Shell, tmp_path: Path) -> None:
    (tmp_path / "dormouse.db").unlink()
    code, _, said = dormouse("ls")
    assert (code, "start it once" in said) == (1, True)
