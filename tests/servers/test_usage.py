"""What events say a server uses: from each one until the next, which is what can be billed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.children import Program
from core.data.tables import EventRow
from core.games.form.setting import Size
from core.guilds.access import Actor
from core.notices.events import Usage
from core.servers.host_rules import HostRules
from core.servers.usage import in_force
from core.servers.worlds import Worlds
from core.words import Desired, Phase
from core.worlds.gaps import Gaps
from core.worlds.listing import Snapshot
from core.worlds.receipt import Receipt
from core.worlds.turns import Turns

ADA = Actor(user=1, guild=700, name="Ada")
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SMALL, CLAIM, STORED = Size(id="small", cpu=100, memory=96), 10, 900
RUNS, HOLDS = Usage(100, 96, CLAIM, 2, STORED), Usage(0, 0, CLAIM, 2, STORED)
PORTS_ONLY, NOTHING = Usage(0, 0, 0, 2, STORED), Usage(0, 0, 0, 0, STORED)


def used(
    desired: Desired, phase: Phase, *, has_volume: bool = True, size: Size | None = SMALL, keeps_ports: bool = True
) -> Usage:
    return in_force(
        desired,
        phase,
        size=size,
        claim=CLAIM,
        has_volume=has_volume,
        public_ports=2,
        keeps_ports=keeps_ports,
        stored_bytes=STORED,
    )


def test_an_address_that_a_paused_server_gives_back_is_not_held() -> None:
    assert used(Desired.RUNNING, Phase.STARTING, keeps_ports=False) == RUNS
    assert used(Desired.PAUSED, Phase.STOPPING, keeps_ports=False) == RUNS
    assert used(Desired.PAUSED, Phase.PAUSED, keeps_ports=False) == replace(HOLDS, exposure=0)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.DELETED])
def test_what_is_to_run_uses_everything_whatever_its_phase(phase: Phase) -> None:
    assert used(Desired.RUNNING, phase, has_volume=False) == RUNS


@pytest.mark.parametrize("desired", [Desired.PAUSED, Desired.ARCHIVED])
@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.RUNNING, Phase.STOPPING])
def test_a_pod_that_may_exist_uses_everything(desired: Desired, phase: Phase) -> None:
    assert used(desired, phase, has_volume=False) == RUNS


@pytest.mark.parametrize(
    ("desired", "phase"),
    [
        (Desired.PAUSED, Phase.PAUSED),
        (Desired.ARCHIVED, Phase.PAUSED),
        (Desired.ARCHIVED, Phase.ARCHIVING),
        (Desired.DELETED, Phase.DELETING),
    ],
)
def test_without_a_pod_the_volume_is_held_if_there_is_one_and_the_ports(desired: Desired, phase: Phase) -> None:
    assert used(desired, phase) == HOLDS
    assert used(desired, phase, has_volume=False) == PORTS_ONLY


def test_an_archived_server_holds_its_ports_alone() -> None:
    assert used(Desired.ARCHIVED, Phase.ARCHIVED) == PORTS_ONLY


def test_of_a_deleted_server_only_what_is_stored_is_left() -> None:
    assert used(Desired.DELETED, Phase.DELETED) == NOTHING


def test_of_a_size_that_the_game_has_no_more_only_the_rest_is_known() -> None:
    assert used(Desired.RUNNING, Phase.RUNNING, size=None) == HOLDS


# a server's whole life


@pytest.fixture
def rules(rules: HostRules) -> HostRules:
    return replace(rules, keeps_worlds=True)


class SlowShelf:
    """While it makes an archive, `meanwhile` happens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.turns = Turns()
        self.meanwhile: Callable[[], Awaitable[Any]]

    async def snapshots(self, server: str) -> list[Snapshot]:
        return [Snapshot(f"000001-000001-000001-{'0' * 32}", NOW, 100, 1, 10, "", Gaps(), False)]

    @asynccontextmanager
    async def scratch(self, size: int) -> AsyncIterator[Path]:
        yield self.folder

    async def run(self, program: Program, arguments: list[str], *, within: float) -> dict[str, Any]:
        await self.meanwhile()
        return {"key": "exports/1", "size": 3}

    async def ask(self, question: Any) -> bytes:
        return b"zip"


@pytest.fixture
def shelf(tmp_path: Path) -> SlowShelf:
    return SlowShelf(tmp_path)


@pytest.fixture
def worlds(house: Any, monkeypatch: pytest.MonkeyPatch) -> Worlds:
    seals = iter(range(1, 9))

    async def seal(server: str, volume: int) -> Receipt | None:
        return Receipt(f"{volume:06}-000009-{next(seals):06}-{'0' * 32}", NOW, 5000, stored=STORED)

    monkeypatch.setattr(house.cluster, "seal", seal)
    return house.core.worlds


def told(event: EventRow) -> tuple[str, str, tuple[int, int, bool, int, int]]:
    """Kind, the phase that begins with it, and CPU, memory, whether a volume is held, public ports, stored bytes."""
    assert event.volume_bytes in (0, 2**30)  # Meadow's disk
    assert event.price_class == "standard"
    usage = (event.cpu, event.memory, event.volume_bytes > 0, event.exposure, event.stored_bytes)
    return event.kind, event.data.get("to", ""), usage


async def test_each_event_of_a_life_says_what_is_in_force_from_then_on(house: Any, worlds: Worlds) -> None:
    server = str(await house.create())
    await house.until(server, lambda row: row.phase == "running" and row.bound == 1)
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    await house.servers.power.resume(ADA, server)
    await house.phase(server, "running")
    await worlds.archive(ADA, server)
    await house.phase(server, "archived")
    await house.servers.power.resume(ADA, server)
    await house.until(server, lambda row: row.phase == "running" and row.bound == 2)
    await house.servers.removal.delete(ADA, server, "Pond")
    house.pass_time(timedelta(days=8))
    house.controller.wake(server)
    await house.phase(server, "deleted")

    new, runs, holds = (100, 96, True, 1, 0), (100, 96, True, 1, STORED), (0, 0, True, 1, STORED)
    assert [told(event) for event in await house.events(server)] == [
        ("created", "", new),
        ("phase", "running", new),
        ("volume_made", "", new),
        ("paused", "", new),
        ("phase", "stopping", new),
        ("phase", "paused", (0, 0, True, 1, 0)),
        ("resumed", "", new),
        ("phase", "starting", new),
        ("phase", "running", new),
        ("paused", "", new),
        ("archive_asked", "", new),
        ("phase", "stopping", new),
        ("phase", "archiving", (0, 0, True, 1, 0)),
        ("snapshot", "", holds),
        ("archived", "", holds),
        ("phase", "archived", (0, 0, False, 1, STORED)),
        ("resumed", "", runs),
        ("phase", "starting", runs),
        ("phase", "running", runs),
        ("volume_made", "", runs),
        ("deleted", "", holds),
        ("snapshot", "", holds),
        ("phase", "deleted", (0, 0, False, 0, STORED)),
        ("purged", "", (0, 0, False, 0, STORED)),
    ]


async def test_an_archived_server_that_is_deleted_or_comes_back_from_that_holds_no_volume(
    house: Any, worlds: Worlds
) -> None:
    server = str(await house.create())
    await house.until(server, lambda row: row.phase == "running" and row.bound == 1)
    await worlds.archive(ADA, server)
    await house.phase(server, "archived")
    await house.servers.removal.delete(ADA, server, "Pond")
    assert (await house.events(server))[-1].volume_bytes == 0
    await house.servers.removal.undo(ADA, server)
    await house.phase(server, "paused")
    assert told((await house.events(server))[-1]) == ("phase", "paused", (0, 0, False, 1, STORED))


async def test_a_download_that_took_its_time_says_what_is_in_force_when_it_is_done(
    house: Any, shelf: SlowShelf, worlds: Worlds
) -> None:
    server = str(await house.create())
    await house.phase(server, "running")

    async def pause() -> None:
        await house.servers.power.pause(ADA, server)
        await house.phase(server, "paused")

    shelf.meanwhile = pause
    await worlds.download(ADA, server, f"000001-000001-000001-{'0' * 32}")
    assert told((await house.events(server))[-1]) == ("exported", "", (0, 0, True, 1, 0))
