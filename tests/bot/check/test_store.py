"""What `dormouse check` says of the store: a B2 over HTTP, a folder, and neither."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from b2server import B2Server

from bot.check.report import Report
from bot.check.store import check
from bot.settings import load
from core.errors import Misconfigured

Said = tuple[list[str], list[str]]


@pytest.fixture
def b2() -> Iterator[B2Server]:
    with B2Server() as server:
        server.account.add_bucket("worlds")
        yield server


async def said(tmp_path: Path, **given: Any) -> Said:
    environ = {"DORMOUSE_DISCORD_TOKEN": "planted-token", "DORMOUSE_DATA_DIR": str(tmp_path)}
    settings, _ = load(environ | {f"DORMOUSE_{name}": str(value) for name, value in given.items()}, None)
    report = Report()
    await check(settings, report)
    assert "planted" not in " ".join(report.mistakes + report.remarks)
    return report.mistakes, report.remarks


async def test_a_bucket_that_can_be_used_and_what_it_lacks(b2: B2Server, tmp_path: Path) -> None:
    key = b2.account.add_key()
    mistakes, remarks = await said(
        tmp_path, STORE="b2:worlds/pond", B2_KEY_ID=key.id, B2_KEY=key.secret, B2_REALM=b2.url
    )
    assert mistakes == []
    assert remarks[0] == "Worlds are kept at b2:worlds/pond."
    assert "does not encrypt" in " ".join(remarks)


async def test_a_key_that_b2_does_not_know(b2: B2Server, tmp_path: Path) -> None:
    mistakes, _ = await said(tmp_path, STORE="b2:worlds/pond", B2_KEY_ID="000", B2_KEY="planted-key", B2_REALM=b2.url)
    assert len(mistakes) == 1
    assert mistakes[0].startswith("DORMOUSE_STORE: ")


async def test_a_key_that_may_not_write(b2: B2Server, tmp_path: Path) -> None:
    key = b2.account.add_key({"listBuckets", "listFiles", "readFiles"}, bucket="worlds")
    mistakes, _ = await said(tmp_path, STORE="b2:worlds", B2_KEY_ID=key.id, B2_KEY=key.secret, B2_REALM=b2.url)
    assert mistakes == ["DORMOUSE_STORE: The B2 key lacks writeFiles, needed for saving worlds."]


async def test_no_key_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="DORMOUSE_STORE: STORE is on B2: set B2_KEY_ID and B2_KEY too"):
        await said(tmp_path, STORE="b2:worlds/pond")


async def test_a_folder_is_fine_on_one_machine_but_out_of_reach_for_pods(tmp_path: Path) -> None:
    mistakes, remarks = await said(tmp_path)
    assert mistakes == []
    assert "which pods do not reach" not in " ".join(remarks)
    _, remarks = await said(tmp_path, CLUSTER="kubernetes", IMAGE="localhost/dormouse:test")
    assert "which pods do not reach" in remarks[0]


async def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    mistakes, _ = await said(tmp_path, STORE=f"folder:{tmp_path / 'file'}")
    assert "cannot be written to" in mistakes[0]
