"""What a snapshot could not take in is in its manifest, its receipt and the list: how much, what first, and why."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.worlds import gaps as module
from core.worlds import manifest as format
from core.worlds import tree
from core.worlds.errors import Incomplete
from core.worlds.gaps import Gap, Gaps, first_of
from core.worlds.listing import listing, snapshot_key
from core.worlds.receipt import Receipt
from core.worlds.snapshot import _Work, refuse_what_is_no_seal
from tests.worlds.around import SERVER, Around
from tests.worlds.conftest import Take

Closed = Callable[[str], None]


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Closed:
    """Makes names unreadable, also for root, who may read all: so the refusal is played."""
    real, names = os.open, set[bytes]()

    def refuses(path: object, *more: object, **most: object) -> int:
        if path in names:
            raise PermissionError(13, "Permission denied")
        return real(path, *more, **most)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuses)
    return lambda name: names.add(name.encode())


def test_what_could_not_be_read_is_named_wherever_a_snapshot_is_told_of(
    world: Path, take: Take, store: Around, closed: Closed
) -> None:
    (world / "castle").write_bytes(b"tall")
    (world / "mine").write_bytes(b"deep")
    os.mkfifo(world / "pipe")
    closed("castle")
    taken = take()
    wanted = Gaps({"fifo": 1, "unreadable": 1}, (Gap("castle", "unreadable"), Gap("pipe", "fifo")))
    assert (dict(taken.gaps.counts), taken.gaps.first) == (wanted.counts, wanted.first)
    assert (taken.gaps.files, taken.gaps.others) == (1, 1)
    assert Receipt.of(taken.to_json()).gaps.first == wanted.first
    assert listing(store, SERVER)[0].gaps == taken.gaps
    assert format.decode(store.get(snapshot_key(SERVER, taken.name))).header.gaps == taken.gaps


def test_a_file_that_comes_and_cannot_be_read_makes_another_snapshot(world: Path, take: Take, closed: Closed) -> None:
    """Else nothing would say that it is missing: all that can be read is as before."""
    (world / "mine").write_bytes(b"deep")
    first = take()
    (world / "castle").write_bytes(b"tall")
    closed("castle")
    second = take()
    assert second.name != first.name
    assert second.gaps.first == (Gap("castle", "unreadable"),)
    assert take().name == second.name


def test_a_torn_file_is_named(world: Path, take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    (world / "log").write_bytes(b"0")
    real = _Work._piece_done

    def done(self: _Work, reading: object) -> None:
        with (world / "log").open("ab") as file:
            file.write(b"more")
        real(self, reading)  # type: ignore[arg-type]

    monkeypatch.setattr(_Work, "_piece_done", done)
    assert take().gaps == Gaps({"torn": 1}, (Gap("log", "torn"),))


def test_what_lacks_anything_of_the_world_is_no_seal(
    world: Path, take: Take, store: Around, closed: Closed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The volume is given back after a seal, and with it all that is not in the snapshot."""
    monkeypatch.setattr(tree, "MAX_SIZE", 100)
    hidden, deep, huge = world / "castle", world.joinpath(*["d"] * 70), world / "huge"
    hidden.write_bytes(b"tall")
    closed("castle")
    for path, why in ((hidden, "unreadable"), (deep, "deep"), (huge, "huge")):
        if path == deep:
            deep.mkdir(parents=True)
        if path == huge:
            huge.write_bytes(bytes(200))
        with pytest.raises(Incomplete, match=why):
            refuse_what_is_no_seal(store, SERVER, take())
        shutil.rmtree(world / "d") if path == deep else path.unlink()
    os.mkfifo(world / "pipe")
    refuse_what_is_no_seal(store, SERVER, take())


def test_whole_worlds_have_the_manifests_that_they_always_had(world: Path, take: Take, store: Around) -> None:
    (world / "mine").write_bytes(b"deep")
    data = store.get(snapshot_key(SERVER, take().name))
    assert b'"lacking"' not in data[: format.HEADER_READ]
    assert format.decode(data).header.gaps == Gaps()


@pytest.mark.parametrize("name", ["a" * 4000, "\N{CASTLE}" * 1000, "\N{BLACK SQUARE}" * 500, "x\udcff\n" * 100])
def test_names_are_short_enough_for_a_header(name: str) -> None:
    first = first_of(Gap(name, "unreadable") for _ in range(9))
    assert 1 <= len(first) <= module.NAMED
    header = format.Header(SERVER, 1, 1, 1, 1, note="\N{CASTLE}" * 200, lacking=[[gap.path, gap.why] for gap in first])
    data = format.encode(format.Manifest(header))
    assert format.decode_header(data[: format.HEADER_READ]).gaps.first == first


def test_files_of_the_world_are_named_before_pipes() -> None:
    found = [Gap(f"pipe{number}", "fifo") for number in range(5)] + [Gap("castle", "unreadable")]
    assert first_of(found)[0] == Gap("castle", "unreadable")


@pytest.mark.parametrize(
    "said", [None, 7, [], {"counts": 3}, {"counts": {"torn": "x"}}, {"first": [1, ["a"], "ab"]}, {"first": {"a": 1}}]
)
def test_what_is_no_such_record_says_nothing(said: object) -> None:
    assert Gaps.of(said) == Gaps()
