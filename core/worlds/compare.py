"""What became of a world between two snapshots of it, file by file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from .listing import load_pile, pile_of
from .manifest import Entry, Kind, Manifest
from .store.port import Store


@dataclass(frozen=True, slots=True)
class Comparison:
    """Paths of files, by what became of them. `new`: how many there are besides."""

    same: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    new: int


def compare(store: Store, server: str, before: str, after: str) -> Comparison:
    """Two snapshots of a server, by name. Raises `NoSnapshot`, `Damaged`, StoreError."""
    return difference(
        *(load_pile(store, server, pile_of(store, server, name), lambda _: None) for name in (before, after))
    )


def difference(before: Manifest, after: Manifest) -> Comparison:
    old, new = _contents(before), _contents(after)
    same = (path for path, content in old.items() if new.get(path) == content)
    changed = (path for path, content in old.items() if path in new and new[path] != content)
    return Comparison(_shown(same), _shown(changed), _shown(old.keys() - new.keys()), len(new.keys() - old.keys()))


def _manifest(store: Store, server: str, name: str) -> Manifest:
    return load_pile(store, server, pile_of(store, server, name), lambda _: None)


def _shown(paths: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(sorted(map(os.fsdecode, paths)))


def _contents(manifest: Manifest) -> dict[bytes, object]:
    return {each.path: _content(manifest, each) for each in manifest.entries if each.kind is Kind.FILE}


def _content(manifest: Manifest, entry: Entry) -> object:
    """Equal for files of equal bytes, while chunks of both have one size."""
    return entry.size, tuple(entry.holes), tuple(manifest.chunks.id(ref) for ref in entry.refs)
