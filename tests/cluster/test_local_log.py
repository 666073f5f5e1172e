"""Following the log of a game on this machine."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

from core.agent.local.folder import LOG_CAP
from core.cluster.local.log import follow
from core.nofollow import Spot


async def test_where_lines_were_skipped_no_half_of_one_is_told(tmp_path: Path) -> None:
    line = b"the password is " + b"x" * 100 + b"\n"
    (tmp_path / "log").write_bytes(line * (3 * LOG_CAP // len(line)))
    async with aclosing(follow(Spot.of(tmp_path / "log"))) as parts:
        part = await anext(parts)
    assert not part.whole
    assert {*part.lines} == {line.decode().rstrip()}
