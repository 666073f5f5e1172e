"""Death at every point while a licence is accepted, while the bot or an owner leaves a guild and comes back, and while
an operator blocks one."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import warm
from deaths import (
    KILLABLE,
    WHERE,
    WITHIN,
    Action,
    Deaths,
    attempt,
    check,
    create,
    games,
    is_paused,
    is_running,
    page_of,
    resume,
    rows,
    running,
    until_row,
)
from faults import Faults, Rule
from reading import buttons
from sampling import ALL, sample
from shipped import Shipped, has, shipped

from bot.demo.guild.cast import ADA, BO, CHAT, CY, GUILD
from core.games.catalogue import BUILT_IN

pytestmark = [pytest.mark.deep, pytest.mark.process, pytest.mark.timeout(3600 if ALL else 600)]
TRIED = 2  # of these, each with one way to die
DEATHS = 2


async def nobody_says(house: Shipped, words: str) -> None:
    """The message that said so says by now that it is over."""
    async with asyncio.timeout(WITHIN):
        while any(has(each, words) for each in await house.messages("Cy") if not each.get("ephemeral_for")):
            await asyncio.sleep(0.1)


# a licence


def license_meadow(folder: Path) -> None:
    """Each time with another text."""
    file = folder / "games" / "meadow.toml"
    old = (BUILT_IN / "meadow.toml").read_text()
    number = file.read_text().count("# again") + 1 if file.exists() else 1
    url, version = "https://example.org/meadow", f"2026-01-{number:02}"
    text = f'\n[licence]\nname = "Meadow Licence"\nurl = "{url}"\nversion = "{version}"\n' + "# again\n" * number
    file.write_text(old + text)


async def question(house: Shipped) -> dict[str, Any] | None:
    """The newest that Ada was asked."""
    asked = [each for each in await house.messages() if "I accept" in buttons(each["components"])]
    return asked[-1] if asked else None


async def accepting(house: Shipped, command: str, **options: str) -> None:
    """Ask for something, and accept what stands in its way."""
    page = await page_of(house, command, **options)
    if "I accept" in buttons(page["components"]):
        await house.press("I accept", page)


async def press_again(house: Shipped) -> None:
    if (asked := await question(house)) is not None:
        answer = await house.press("I accept", asked)
        number = answer["message"]["id"]
        await house.until(lambda all: [m for m in all if m["id"] == number and not m.get("thinking")])


create_with_licence = partial(accepting, command="server create", game="meadow", name="Pond")
resume_with_licence = partial(accepting, command="server resume", server="Pond")


async def create_again(house: Shipped) -> None:
    """By the button that they see, or else anew."""
    await press_again(house)
    if not rows(house, "SELECT 1 FROM servers"):
        await create_with_licence(house)


async def another_text(house: Shipped) -> None:
    await house.stop()
    license_meadow(house.folder)
    await house.start()


async def paused_before_another_text(house: Shipped) -> None:
    if not rows(house, "SELECT 1 FROM servers"):
        await create_with_licence(house)
        await running(house)
    await is_paused(house)
    await another_text(house)


async def snapshot_before_another_text(house: Shipped) -> None:
    if not rows(house, "SELECT 1 FROM servers"):
        await create_with_licence(house)
        await running(house)
        await page_of(house, "world snapshot", server="Pond")
    await another_text(house)
    await running(house)


async def restore(house: Shipped) -> None:
    found = await house.people["Ada"].autocomplete(CHAT, "world restore", "snapshot", server="Pond", snapshot="")
    await accepting(house, "world restore", server="Pond", snapshot=str(found[-1]["value"]))


async def restore_again(house: Shipped) -> None:
    """Where the button says that nobody knows whether it was done, and it was not, it is asked for anew."""
    await press_again(house)
    volumes = rows(house, "SELECT count(*) FROM events WHERE kind = 'restore'")[0][0]
    if volumes < RESTORED[house] + 1:
        await restore(house)


RESTORED: dict[Shipped, int] = {}


async def to_be_restored(house: Shipped) -> None:
    await snapshot_before_another_text(house)
    RESTORED[house] = rows(house, "SELECT count(*) FROM events WHERE kind = 'restore'")[0][0]


async def restored(house: Shipped) -> None:
    number = RESTORED[house] + 1
    await until_row(house, "SELECT count(*) FROM events WHERE kind = 'restored'", [number])
    await running(house)


# the bot leaves a guild

OF_POND = "SELECT desired, phase FROM servers"


async def removed(house: Shipped) -> None:
    house.guild.world.invite_bot(present=False)


async def invited(house: Shipped) -> None:
    house.guild.world.invite_bot(present=True)


async def is_there(house: Shipped) -> None:
    if not house.guild.world.bot_present:
        await invited(house)
        await until_row(house, "SELECT left_at IS NULL FROM guilds", [1])
        await until_row(house, OF_POND, ["running", "running"])
    await is_running(house)


async def is_gone(house: Shipped) -> None:
    await is_there(house)
    await removed(house)
    await gone(house)


async def gone(house: Shipped) -> None:
    await until_row(house, "SELECT desired, phase, because FROM servers", ["paused", "paused", "guild_gone"])


async def pass_days(house: Shipped, days: int) -> None:
    file = house.folder / "fuse.days"
    file.write_text(str((float(file.read_text()) if file.exists() else 0) + days))


async def archived(house: Shipped) -> None:
    await until_row(house, OF_POND, ["archived", "archived"])


async def purged(house: Shipped) -> None:
    await until_row(house, OF_POND, ["deleted", "deleted"])


async def back(house: Shipped) -> None:
    await until_row(house, OF_POND, ["running", "running"])
    await running(house)


async def no_game(house: Shipped) -> None:
    assert games(house) == 0


# an owner leaves


LEFT: dict[Shipped, Rule] = {}


async def ada_leaves(house: Shipped) -> None:
    LEFT[house] = Faults(house.guild).answer("GET", f"/guilds/*/members/{ADA}", 404, code=10007, times=None)


async def ada_is_back(house: Shipped) -> None:
    LEFT.pop(house).lift()


TOLD = "SELECT owner, owner_gone_told FROM servers"


async def ada_is_there(house: Shipped) -> None:
    if house in LEFT:
        await ada_is_back(house)
    await is_running(house)
    await ada_stays(house)
    await nobody_says(house, "is not here any more")


async def ada_is_gone(house: Shipped) -> None:
    await ada_is_there(house)
    await ada_leaves(house)
    await offered_to_admins(house)


async def bo_manages_it(house: Shipped) -> None:
    await ada_is_there(house)
    await page_of(house, "server share", server="Pond", **{"with": BO, "as": "manager"})


async def offered_to_bo(house: Shipped) -> None:
    await until_row(house, TOLD, [int(ADA), 1])


async def ada_stays(house: Shipped) -> None:
    await until_row(house, TOLD, [int(ADA), 0])


async def offered_to_admins(house: Shipped) -> None:
    await until_row(house, TOLD, [int(ADA), 2])


async def of_the_admins(house: Shipped) -> None:
    await until_row(house, TOLD, [0, 0])


async def cy_takes_it(house: Shipped) -> None:
    offer = await house.message("is not here any more", who="Cy", within=WITHIN)
    [custom_id] = [each for each in buttons(offer["components"]).values() if each.startswith("dm:owner_take:")]
    await house.people["Cy"].press(offer, custom_id)


async def of_cy(house: Shipped) -> None:
    await until_row(house, TOLD, [int(CY), 0])


# an operator blocks it


async def shell(house: Shipped, *words: str, fuse: str = "") -> int:
    """`dormouse` with these words; its exit code. `fuse`: at which of its commits it is killed."""
    (house.folder / "shell").write_text(fuse)
    command = [sys.executable, str(KILLABLE), str(house.folder / "shell"), *words]
    with (house.folder / "shell.log").open("ab") as output:
        process = warm.start(command, house.environ, output.fileno())
    return await process.wait()


async def block(house: Shipped, fuse: str = "") -> None:
    await shell(house, "guilds", "block", GUILD, "Not", "paid", fuse=fuse)


async def unblock(house: Shipped, fuse: str = "") -> None:
    await shell(house, "guilds", "unblock", GUILD, fuse=fuse)


async def blocked(house: Shipped) -> None:
    await until_row(house, "SELECT desired, because FROM servers", ["paused", "operator"])
    await house.message("### Pond", "Paused", within=WITHIN)


async def is_blocked(house: Shipped) -> None:
    await is_not_blocked(house)
    await block(house)
    await blocked(house)
    await house.message("has blocked it here", within=WITHIN)


async def not_blocked(house: Shipped) -> None:
    await until_row(house, "SELECT blocked_at FROM guilds", [None])
    await nobody_says(house, "has blocked it here")


async def is_not_blocked(house: Shipped) -> None:
    await unblock(house)
    await is_running(house)
    await not_blocked(house)


async def can_be_resumed(house: Shipped) -> None:
    await resume(house)
    await running(house)
    await check(house)


ACTIONS: dict[str, Action] = {
    "licence, then created": Action(
        create_with_licence,
        running,
        again=create_again,
        once=("licence_accepted", "created"),
        can_be_undone=False,
        games=license_meadow,
    ),
    "licence, then resumed": Action(
        resume_with_licence,
        running,
        paused_before_another_text,
        resume_with_licence,
        once=("licence_accepted",),
        games=license_meadow,
    ),
    "licence, then restored": Action(
        restore, restored, to_be_restored, restore_again, once=("licence_accepted", "restored"), games=license_meadow
    ),
    "removed": Action(removed, gone, is_there, once=("guild_left", "paused"), check=no_game, hasty=True),
    "archived": Action(
        partial(pass_days, days=8), archived, is_gone, once=("archive_asked", "archived"), check=no_game, hasty=True
    ),
    "purged": Action(
        partial(pass_days, days=31), purged, is_gone, once=("purged",), check=no_game, can_be_undone=False, hasty=True
    ),
    "invited again": Action(invited, back, is_gone, once=("guild_joined", "resumed"), hasty=True),
    "owner left": Action(
        ada_leaves, offered_to_admins, ada_is_there, once=("owner_gone",), says="is not here any more", hasty=True
    ),
    "owner left, has managers": Action(
        ada_leaves, offered_to_bo, bo_manages_it, once=("owner_gone",), says="is not here any more", hasty=True
    ),
    "owner back": Action(ada_is_back, ada_stays, ada_is_gone, once=("owner_back",), says="is back", hasty=True),
    "nobody's any more": Action(
        partial(pass_days, days=8),
        of_the_admins,
        ada_is_gone,
        once=("transferred",),
        says="It belongs to the admins now",
        can_be_undone=False,
        hasty=True,
    ),
    "taken": Action(
        cy_takes_it,
        of_cy,
        ada_is_gone,
        lambda house: attempt(cy_takes_it, house),
        once=("transferred",),
        can_be_undone=False,
        hasty=True,
    ),
    "blocked": Action(
        block, blocked, is_not_blocked, block, once=("guild_blocked", "paused"), says="has blocked it here", hasty=True
    ),
    "no longer blocked": Action(
        unblock, not_blocked, is_blocked, unblock, once=("guild_unblocked",), check=can_be_resumed, hasty=True
    ),
}
SILENT = ("removed", "archived", "purged")  # nothing is asked of Discord meanwhile
CASES = [(action, where) for action in ACTIONS for where in WHERE if action not in SILENT or "commit" in where]


@pytest.mark.parametrize(("action", "where"), sample(CASES, TRIED, "comings and goings"))
async def test_it_is_done_once_wherever_it_was_killed(action: str, where: str, tmp_path: Path) -> None:
    async with Deaths(ACTIONS[action], where, tmp_path) as deaths:
        points = await deaths.points()
        for n in sample(range(1, points + 1), DEATHS, f"{action} {where}"):
            await deaths.at(n)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_shell_that_is_killed_has_blocked_a_guild_or_not(when: str, tmp_path: Path) -> None:
    """And whoever types it again has blocked it once."""
    command = [sys.executable, str(KILLABLE), str(tmp_path / "fuse"), "hasty"]
    async with shipped(tmp_path, command=command, IDLE_AFTER="3600") as house:
        await create(house)
        await running(house)
        await block(house, fuse=f"{when} 1")
        assert [row is not None for (row,) in rows(house, "SELECT blocked_at FROM guilds")] == [when == "after"]
        await block(house)
        await blocked(house)
        await house.message("has blocked it here", within=WITHIN)
        assert rows(house, "SELECT count(*) FROM events WHERE kind = 'guild_blocked'") == [(1,)]
        assert sum(has(each, "has blocked it here") for each in await house.messages()) == 1
        await unblock(house, fuse=f"{when} 1")
        await unblock(house)
        await not_blocked(house)
        assert rows(house, "SELECT count(*) FROM events WHERE kind = 'guild_unblocked'") == [(1,)]
        await can_be_resumed(house)
