"""The format holds still: a second reader, known answers, and a decoder that refuses all else.

`python tests/worlds/test_format.py` writes the known answers anew, for the day the format's number grows.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worldgen import minecraft, oddities, picture, play

from core.worlds import manifest as format
from core.worlds.manifest import Chunks, Entry, Header, Kind, Manifest, Name
from core.worlds.pack import PACK_LIMIT, PackWriter, rows
from core.worlds.restore import restore
from core.worlds.snapshot import snapshot
from core.worlds.store.folder import FolderStore
from tests.worlds.around import SERVER, Around
from tests.worlds.conftest import Take
from tests.worlds.second_reader import read

VECTORS = Path(__file__).with_name("vectors")


def test_a_second_reader_reads_the_same(world: Path, take: Take, store: Around, tmp_path: Path) -> None:
    oddities(world)
    (world / "sparse").unlink()  # that one is 80 MB in a reader which makes no holes
    minecraft(world / "world", 9_000_000)
    take()
    play(world / "world", 200_000)
    receipt = take()
    seen = picture(world)
    for kind, mode, mtime, path, target, content in read(tmp_path / "store", SERVER, receipt.name):
        what = seen.pop(path)
        match kind:
            case Kind.DIRECTORY:
                assert what == ("directory", mode, mtime)
            case Kind.LINK:
                assert what == ("link", mtime, target)
            case Kind.HARD:
                assert what[4] == target
            case Kind.FILE:
                assert what[:3] == ("file", mode, mtime)
                assert (world / os.fsdecode(path)).read_bytes() == content
    assert not seen


def test_the_known_snapshots_are_read_as_ever(tmp_path: Path) -> None:
    store = FolderStore(_unpacked(tmp_path))
    for name, files in json.loads((VECTORS / "answers.json").read_text())["snapshots"].items():
        into = tmp_path / name
        into.mkdir()
        restore(store, SERVER, name, into)
        assert {path: sha256((into / path).read_bytes()).hexdigest() for path in files} == files


def test_the_known_world_is_written_as_ever(tmp_path: Path) -> None:
    """Byte for byte, but for the compression, which may get better: packs of chunks that do not shrink."""
    answers = json.loads((VECTORS / "answers.json").read_text())
    _known_world(tmp_path / "world")
    store = FolderStore(tmp_path / "made")
    snapshot(store, SERVER, tmp_path / "world", volume=1, run=1, now=lambda: 10**18, salt=lambda: b"salt" * 4)
    assert [version.key.rpartition("/")[2] for version in store.list(f"worlds/{SERVER}/packs/")] == answers["packs"]


def _known_world(folder: Path) -> None:
    folder.mkdir()
    (folder / "noise").write_bytes(Random(7).randbytes(70_000))
    (folder / "sub").mkdir()
    (folder / "sub" / "short").write_bytes(b"short")
    (folder / "zeros").write_bytes(bytes(70_000))


def _unpacked(tmp_path: Path) -> Path:
    """The vectors are plain objects: `key` with `_` for `/`; here they become a folder store."""
    store = FolderStore(tmp_path / "vectors")
    for path in sorted(VECTORS.glob("worlds_*")):
        store.put(path.name.replace("_", "/"), path.read_bytes())
    return tmp_path / "vectors"


def _write_vectors() -> None:
    shutil.rmtree(VECTORS, ignore_errors=True)
    VECTORS.mkdir()
    here = VECTORS / "making"
    _known_world(here)
    store = FolderStore(VECTORS / "store")
    answers: dict[str, object] = {}
    snapshots: dict[str, dict[str, str]] = {}
    for run in (1, 2):
        name = snapshot(store, SERVER, here, volume=1, run=run, now=lambda: 10**18, salt=lambda: b"salt" * 4).name
        files = [path for path in sorted(here.rglob("*")) if path.is_file()]
        snapshots[name] = {str(path.relative_to(here)): sha256(path.read_bytes()).hexdigest() for path in files}
        if run == 1:
            answers["packs"] = [version.key.rpartition("/")[2] for version in store.list(f"worlds/{SERVER}/packs/")]
            (here / "sub" / "words").write_bytes(b"words that are long and repeat " * 200)
            os.link(here / "sub" / "short", here / "twin")
    for version in store.list():
        (VECTORS / version.key.replace("/", "_")).write_bytes(store.get(version.key))
    (VECTORS / "answers.json").write_text(json.dumps(answers | {"snapshots": snapshots}, indent=2) + "\n")
    shutil.rmtree(here)
    shutil.rmtree(VECTORS / "store")


def small() -> Manifest:
    chunks = Chunks()
    chunks.add(b"i" * 20, 0, 0, 5, 5)
    return Manifest(
        Header(SERVER, 1, 1, 1, 0),
        [(b"n" * 32, 61)],
        chunks,
        [
            Entry(b"", Kind.DIRECTORY, 0o755, 1),
            Entry(b"d", Kind.DIRECTORY, 0o755, 1),
            Entry(b"d/f", Kind.FILE, 0o644, 1, size=65536 + 5, bits=16, refs=[0], holes=[(0, 1)]),
        ],
    )


def test_a_manifest_is_the_same_after_a_round_trip() -> None:
    manifest = small()
    again = format.decode(format.encode(manifest))
    assert again.header == manifest.header
    assert again.packs == manifest.packs
    assert format.encode(again) == format.encode(manifest)


def file(**changes: object) -> Entry:
    return replace(small().entries[2], **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "entry",
    [
        file(path=b"../out"),
        file(path=b"/etc/passwd"),
        file(path=b"d/../../out"),
        file(path=b"d/."),
        file(path=b"d//x"),
        file(path=b"d/x/"),
        file(path=b"d/nul\0"),
        file(path=b"nowhere/x"),
        file(path=b"d/f/x"),
        file(path=b"d/link/x"),
        file(path=b"d/f"),
        file(path=b""),
        file(path=b"x" * 3000),
        file(path=b"x", mode=0o4755),
        file(path=b"x", size=5),
        file(path=b"x", size=1 << 50),
        file(path=b"x", holes=[(1, 1)]),
        file(path=b"x", holes=[]),
        file(path=b"x", refs=[]),
        file(path=b"x", bits=63),
        file(path=b"x", kind=Kind.DIRECTORY),
        Entry(b"x", Kind.HARD, 0o644, 1, target=b"nowhere"),
        Entry(b"x", Kind.HARD, 0o644, 1, target=b"../../etc/shadow"),
        Entry(b"x", Kind.HARD, 0o644, 1, target=b"d/link"),
        Entry(b"x", Kind.HARD, 0o644, 1, target=b"d"),
        Entry(b"x", Kind.LINK, 0o777, 1, target=b""),
    ],
    ids=lambda entry: f"{entry.kind.name} {entry.path[:20]!r} {entry.target!r}",
)
def test_a_manifest_that_leads_astray_is_refused(entry: Entry) -> None:
    manifest = small()
    manifest.entries += [Entry(b"d/link", Kind.LINK, 0o777, 1, target=b"/etc"), entry]
    with pytest.raises(ValueError, match=r".+"):
        format.decode(format.encode(manifest))


def test_a_flipped_bit_anywhere_in_a_manifest_is_refused() -> None:
    data = format.encode(small())
    for at in range(len(data)):
        with pytest.raises(ValueError, match=r".+"):
            format.decode(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_forger_can_only_be_refused(data: st.DataObject) -> None:
    """Bytes of the body are changed and the checksum made anew: ValueError or a sound manifest, nothing else."""
    import struct

    import zstandard

    raw = format.encode(small())
    length = struct.unpack_from("<I", raw, 40)[0]
    header = json.loads(raw[44 : 44 + length])
    body = bytearray(zstandard.ZstdDecompressor().decompress(raw[44 + length :]))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    name = data.draw(st.sampled_from([*header, "none"]))
    header[name] = data.draw(st.sampled_from([0, 1, -1, 2**31, 2**40, "x", None, [], header.get(name)]))
    text = json.dumps(header).encode()
    rest = struct.pack("<I", len(text)) + text + zstandard.ZstdCompressor().compress(bytes(body))
    try:
        made = format.decode(raw[:8] + sha256(rest).digest() + rest)
    except ValueError:
        return
    assert all(b".." not in entry.path.split(b"/") for entry in made.entries)
    assert sum(length for entry in made.entries for _, _, length in entry.spans()) < 1 << 30


SUM = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "text",
    [
        "000001-000001-000001",
        f"1-1-1-{SUM}",
        f"000001-000001-00000x-{SUM}",
        f"000001-000001-000001-{SUM.upper()}",
        "..",
        "",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a snapshot's name"):
        Name.parse(text)


def test_names_are_sorted_as_numbers() -> None:
    assert Name(2, 1, 1, SUM) > Name(1, 999_999, 9, SUM)
    assert Name(1, 1, 1_000_000, SUM) > Name(1, 1, 999_999, SUM)
    assert str(Name.parse(f"000001-000001-1000000-{SUM}")) == f"000001-000001-1000000-{SUM}"


def test_two_packs_of_the_same_chunks_have_two_names() -> None:
    first, second = PackWriter(), PackWriter()
    for writer in (first, second):
        writer.add(b"i" * 20, b"data", 4)
    assert first.seal()[0] != second.seal()[0]


def test_a_pack_never_exceeds_its_limit() -> None:
    writer = PackWriter()
    while writer.fits(65536):
        writer.add(os.urandom(20), bytes(65536), 65536)
    name, data = writer.seal()
    assert PACK_LIMIT - 65536 - 100 < len(data) <= PACK_LIMIT
    assert sha256(data).digest() == name
    assert len(rows(bytes(data))) == 255


@pytest.mark.parametrize("data", [b"", b"short", bytes(100), b"x" * 20 + b"\xff\xff\xff\x7fDMPACK1\n"])
def test_what_is_no_pack_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        rows(data)


if __name__ == "__main__":
    sys.path[:0] = ["."]
    _write_vectors()
