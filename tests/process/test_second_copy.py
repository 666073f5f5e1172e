"""A second copy on one data folder is refused in words, and harms nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytestmark = [pytest.mark.process, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


async def test_a_second_start_is_refused_and_the_first_goes_on(house: Any) -> None:
    with (house.folder / "second.log").open("wb") as output:
        second = await asyncio.create_subprocess_exec(
            *house.command, cwd=house.folder, env=house.environ, stdout=output, stderr=output
        )
        assert await asyncio.wait_for(second.wait(), 30) == 1
    said = (house.folder / "second.log").read_text()
    assert f"Another Dormouse is running on {house.folder / 'bot'}: stop that one first." in said
    assert "Traceback" not in said
    await house.create("Pond")
