"""A B2 that fails in every way under the shipped bot: plain words, nothing lost, and all goes on once it is well."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from b2server import Fault, cap_reached
from onb2 import BUCKET, PREFIX, OnB2, on_b2

from core.worlds.listing import listing
from core.worlds.verify import verify

pytestmark = pytest.mark.process

AWAY = "The place where worlds are kept does not answer"
REFUSED = "The place where worlds are kept refuses us"
ALWAYS = 100_000

STAYS = [
    (Fault("b2_*", status=503, code="service_unavailable", times=ALWAYS), AWAY),
    (Fault("b2_*", cut=True, times=ALWAYS), AWAY),
    (Fault("b2_*", status=429, code="too_many_requests", retry_after="3600", times=ALWAYS), AWAY),
    (Fault("b2_authorize_account", status=401, code="unauthorized", times=ALWAYS), REFUSED),
    (cap_reached("b2_*", "transaction_"), REFUSED),
]
"""What does not pass by itself, and what members read of it. Which failure is which kind: tests/worlds/b2."""


def passing(on: str) -> list[Fault]:
    """One of each that is sat out."""
    return [
        Fault(on, status=500, code="internal_error"),
        Fault(on, status=503, code="service_unavailable"),
        Fault(on, cut=True),
        Fault(on, cut=True, after=True),
    ]


def sound(place: OnB2, server: str) -> list[str]:
    """Names of all snapshots; each was read back, every bit."""
    found = listing(place.store, server)
    for each in found:
        assert verify(place.store, server, each.name).ok
    return [each.name for each in found]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[OnB2]:
    async with on_b2(tmp_path) as place:
        yield place


async def test_a_snapshot_is_taken_or_refused_in_words_and_the_earlier_ones_stay(place: OnB2) -> None:
    server = await place.create()
    await place.saved()
    before = sound(place, server)
    for fault, words in STAYS:
        place.b2.faults.add(replace(fault))
        assert words in await place.ask("world snapshot", server="Pond", note="now"), fault
        place.b2.faults.clear()
        assert sound(place, server) == before
    (place.world(server) / "tower").write_text("high")
    place.b2.faults.add(*passing("b2_upload_file"))
    await place.saved()
    assert sound(place, server)[1:] == before
    await place.card("Running")


async def test_slow_and_half_cut_transfers_are_sat_out(place: OnB2) -> None:
    server = await place.create("t" * 300_000)
    place.b2.faults.add(
        Fault("b2_upload_file", received=500),
        Fault("b2_upload_file", rate=2_000_000),
        Fault("b2_get_upload_url", status=408, code="request_timeout"),
        Fault("b2_list_file_names", status=429, code="too_many_requests", retry_after="1"),
        Fault("b2_list_file_versions", status=401, code="expired_auth_token"),
    )
    await place.saved()
    place.b2.faults.add(Fault("b2_download_file*", sent=100), Fault("b2_download_file*", rate=500_000))
    assert len(sound(place, server)) == 1


async def test_a_pause_whose_last_snapshot_fails_loses_nothing(place: OnB2) -> None:
    server = await place.create()
    await place.saved()
    before = sound(place, server)
    (place.world(server) / "castle").write_text("taller")
    place.b2.faults.add(cap_reached("b2_upload_file", "storage_"))
    await place.pause()
    assert sound(place, server) == before
    assert (place.world(server) / "castle").read_text() == "taller"
    place.b2.faults.clear()
    await place.resume()
    assert (place.world(server) / "castle").read_text() == "taller"
    await place.pause()
    assert len(sound(place, server)) == 2


@pytest.mark.parametrize(("fault", "words"), [STAYS[0], STAYS[4]], ids=["away", "refused"])
async def test_a_world_comes_back_from_the_archive_once_the_store_is_well(
    place: OnB2, fault: Fault, words: str
) -> None:
    server = await place.create()
    await place.ask("world archive", server="Pond")
    await place.card("Archived")
    assert not place.world(server).exists()
    place.b2.faults.add(replace(fault))
    await place.ask("server resume", server="Pond")
    await place.card(words)
    assert not place.world(server, 2).exists()
    place.b2.faults.clear()
    place.b2.faults.add(*passing("b2_download_file*"))
    await place.card("Running")
    assert (place.world(server, 2) / "castle").read_text() == "tall"


async def test_a_world_that_cannot_be_put_away_safely_keeps_its_disk(place: OnB2) -> None:
    server = await place.create()
    place.b2.faults.add(cap_reached("b2_upload_file", "storage_"))
    await place.ask("world archive", server="Pond")
    await place.card("Archiving", REFUSED)
    assert (place.world(server) / "castle").read_text() == "tall"
    place.b2.faults.clear()
    await place.card("Archived")
    sound(place, server)
    await place.resume()
    assert (place.world(server, 2) / "castle").read_text() == "tall"


async def test_a_restore_by_a_member_is_refused_in_words_and_changes_nothing(place: OnB2) -> None:
    server = await place.create()
    await place.saved()
    (name,) = sound(place, server)
    for fault, words in STAYS[2:]:
        place.b2.faults.add(replace(fault))
        assert words in await place.ask("world restore", server="Pond", snapshot=name)
        place.b2.faults.clear()
    assert not place.world(server, 2).exists()
    await place.card("Running")


async def test_what_a_pause_could_not_save_is_saved_later(tmp_path: Path) -> None:
    async with on_b2(tmp_path, hurried=2, only_late=True) as place:
        server = await place.create()
        await place.saved()
        before = sound(place, server)
        place.b2.faults.add(cap_reached("b2_upload_file", "storage_"))
        await place.pause()
        assert sound(place, server) == before
        place.b2.faults.clear()
        await place.house.until(lambda _: len(listing(place.store, server)) > 1, within=60)
        assert sound(place, server)[1:] == before


class TestByTheHour:
    """Retention, garbage and notes, every few seconds."""

    @pytest.fixture
    async def place(self, tmp_path: Path) -> AsyncIterator[OnB2]:
        async with on_b2(tmp_path, hurried=3) as place:
            yield place

    async def test_garbage_is_hidden_once_the_store_is_well_and_nothing_else_is(self, place: OnB2) -> None:
        server = await place.create()
        await place.saved()
        for fault in (Fault("b2_*", status=503, times=ALWAYS), cap_reached("b2_hide_file", "transaction_")):
            place.b2.faults.add(replace(fault))
            orphan = self._orphan(place, server, fault.code)
            await self._fails_again(place)
            assert place.b2.account.bucket(BUCKET).files[PREFIX + orphan][0].action != "hide"
            place.b2.faults.clear()
            await self._is_hidden(place, orphan)
        assert sound(place, server)
        assert place.store.get(f"about/{server}")
        assert not [each for each in place.store.list_versions(f"worlds/{server}/snapshots/") if each.hidden]
        assert "Traceback" not in place.house.log

    def _orphan(self, place: OnB2, server: str, salt: str) -> str:
        """A pack of three days ago that no snapshot names."""
        data = f"garbage {salt}".encode()
        key = f"worlds/{server}/packs/{hashlib.sha256(data).hexdigest()}"
        bucket = place.b2.account.bucket(BUCKET)
        with place.b2.lock:
            place.b2.account.store(bucket, PREFIX + key, data=data).at -= 3 * 86_400_000
        return key

    async def _fails_again(self, place: OnB2) -> None:
        seen = place.house.log.count("snapshots not collected")
        await place.house.until(lambda _: place.house.log.count("snapshots not collected") > seen, within=60)

    async def _is_hidden(self, place: OnB2, key: str) -> None:
        await place.house.until(lambda _: place.store.versions(key)[0].hidden, within=60)
