"""What a game prints is its plugins' to choose, and reaches the database when it crashes."""

from __future__ import annotations

from typing import Any

import pytest

PRINTED = {
    "nul": "before\x00after\n",
    "half a character": "before\ud83dafter\n",
    "one endless line": "x" * 100_000,
    "a fence": "```\n@everyone\n```\n",
}


@pytest.mark.parametrize("printed", PRINTED.values(), ids=list(PRINTED))
async def test_a_crash_is_told_whatever_the_game_printed(
    house: Any, printed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def logs(server: str, **_: object) -> str:
        return printed

    monkeypatch.setattr(house.cluster, "logs", logs)
    pond = await house.create()
    await house.phase(pond, "running")
    house.cluster.crash(pond)
    row = await house.until(pond, lambda row: row.crash_count == 1)
    assert 0 < len(row.crash_log) <= 4096
    assert "\x00" not in row.crash_log
