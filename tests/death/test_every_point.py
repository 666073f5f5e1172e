"""Death at every point: the bot is killed at its n-th commit, or at its n-th request to Discord, for every n.

After each death it is started again and has to converge: one effect, one card, one message an episode, and the games
as many as are wanted.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from deaths import (
    WHERE,
    WITHIN,
    Action,
    Deaths,
    ask,
    create,
    fetch,
    is_paused,
    is_running,
    pause,
    paused,
    resume,
    rows,
    running,
    tries,
)
from reading import texts
from sampling import ALL, sample
from shipped import Shipped

from bot.demo.guild.cast import BO, CHAT

pytestmark = [pytest.mark.deep, pytest.mark.process, pytest.mark.timeout(3600 if ALL else 600)]
DEATHS = 3  # of each action, each way; `make soak` dies at every point


async def create_again(house: Shipped) -> None:
    """Unless it was recorded before the death."""
    if not rows(house, "SELECT 1 FROM servers"):
        await create(house)


async def restart(house: Shipped) -> None:
    await ask(house, "server restart", server="Pond")


async def delete(house: Shipped) -> None:
    asked = await ask(house, "server delete", server="Pond")
    if asked.get("modal"):
        await house.people["Ada"].submit(CHAT, asked["modal"], name="Pond")


async def edit(house: Shipped) -> None:
    shown = await ask(house, "server edit", server="Pond")
    page = shown.get("message")
    if page is None:
        return
    async with asyncio.timeout(5):
        while not texts((page := await fetch(house, page["id"]) or page)["components"]):
            await asyncio.sleep(0.05)
    opened = await house.press("Name and description", page)
    if opened.get("modal"):
        await house.people["Ada"].submit(CHAT, opened["modal"], name="Pond", description="A quiet place")


async def transfer(house: Shipped) -> None:
    await ask(house, "server transfer", server="Pond", to=BO)


async def offered(house: Shipped) -> None:
    await house.message("offers you", "Pond", within=WITHIN)
    await running(house)


async def deleted(house: Shipped) -> None:
    await house.message("### Pond", "Deleted", within=WITHIN)


ACTIONS: dict[str, Action] = {
    "create": Action(create, running, again=create_again, can_be_undone=False),
    "pause": Action(pause, paused, is_running, tries(pause)),
    "resume": Action(resume, running, is_paused, tries(resume)),
    "restart": Action(restart, running, is_running),
    "edit": Action(edit, running, is_running),
    "transfer": Action(transfer, offered, is_running, tries(transfer), can_be_undone=False),
    "delete": Action(delete, deleted, is_running, tries(delete), can_be_undone=False),
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("action", ACTIONS)
async def test_it_converges_wherever_it_was_killed(action: str, where: str, tmp_path: Path) -> None:
    async with Deaths(ACTIONS[action], where, tmp_path) as deaths:
        points = await deaths.points()
        assert points, "there was no point at all"
        died = [await deaths.at(n) for n in sample(range(1, points + 1), DEATHS, f"{action} {where}")]
        assert any(died)
        while ALL and await deaths.at(points := points + 1):
            pass  # it was counted once, and there is not always the same number of points
