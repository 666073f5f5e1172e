"""Pure: what of an archive is taken in, what is refused, and where in it the world begins.

Everything is judged before anything is written, by names and by the sizes that were announced. Plain files, folders
and links that stay inside are taken; nothing else is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from core.worlds.errors import Hostile
from core.worlds.manifest import MAX_DEPTH, MAX_PATH

from .member import Member
from .names import folded, shown

_LONGEST_NAME = 255  # bytes, on most systems
_MOST_PARTS = 2 * MAX_DEPTH  # before those that everything is packed in are left out
_OF_THE_SYSTEM = frozenset(
    (
        *("__macosx", "._.", ".ds_store", ".spotlight-v100", ".trashes", ".fseventsd", ".temporaryitems", ".apdisk"),
        *(".documentrevisions-v100", "icon\r"),  # macOS, as those before
        *("desktop.ini", "thumbs.db", "ehthumbs.db", "$recycle.bin", "system volume information"),  # Windows
    )
)
"""What operating systems put into folders, folded. Nobody means to send it."""


def judge(members: Iterable[Member], most: int, most_members: int, *, exact: bool) -> list[Member]:
    """What is in it. `exact`: names that only some systems keep apart are meant so. Raises `Hostile`."""
    found: list[Member] = []
    seen: dict[object, Member] = {}
    total = 0
    for member in members:
        if len(found) >= most_members:
            raise Hostile("many", f"more than {most_members} members")
        if member.kind == "folder" and not member.path:
            continue  # the folder that it was all packed in
        _check_path(member, exact)
        total += member.size
        if member.size < 0 or total > most:
            raise Hostile("large", f"more than {most} bytes")
        before = seen.setdefault(_key(member.path, exact), member)
        if before is member:
            found.append(member)
        elif not before.kind == member.kind == "folder" or before.path != member.path:
            raise Hostile("twice", "it is there twice", shown(member.path))
    _check_above(seen, exact)
    if not exact:
        _check_folders(found)
    _check_hard_links(found, exact)
    return found


def check_links(found: Sequence[Member], is_ours: Callable[[Member], bool], *, exact: bool) -> None:
    """A link may point at what is in the archive, and nowhere else. `is_ours` knows those that may point anywhere."""
    links = {_key(member.path, exact) for member in found if member.kind == "link"}
    for member in found:
        if member.kind == "link" and not is_ours(member):
            _check_link(member)
            if any(_key(path, exact) in links for path in _on_the_way(member)):
                raise Hostile("link", "it leads through another link", shown(member.path))


def without_junk(found: Sequence[Member]) -> list[Member]:
    """Without what an operating system added to what somebody packed."""
    there = {path for member in found for path in (member.path, *_parents(member.path))}
    return [member for member in found if not _is_junk(member.path, there)]


def beginning(found: Sequence[Member], root: str) -> bytes:
    """The folder, with its `/`, that has `root` in it, the nearest to the top; else the innermost of lone folders.

    Raises `Hostile` where `root` is not there.
    """
    if root:
        at = [member.path for member in found if PurePosixPath(_text(member.path)).match(root)]
        if not at:
            raise Hostile("root", "the file that shows where a world begins is not there", shown(root.encode()))
        nearest = min(at, key=lambda path: (path.count(b"/"), path))
        return b"/".join([*nearest.split(b"/")[: -len(PurePosixPath(root).parts)], b""])
    start = b""
    while True:
        held = {member.path[len(start) :].partition(b"/")[0] for member in found if member.path.startswith(start)}
        within = start + b"".join(held) + b"/"
        if len(held) != 1 or any(member.path == within[:-1] and member.kind != "folder" for member in found):
            return start
        start = within


def below(found: Sequence[Member], start: bytes) -> list[Member]:
    """What lies in the folder `start`, as if it were the top; hard links to what lies elsewhere are refused."""
    inside = []
    for member in found:
        if member.path.startswith(start) and member.path != start:
            if member.kind == "hard":
                if not member.target.startswith(start):
                    raise Hostile("link", "it is the same as a file that lies elsewhere", shown(member.path))
                member = replace(member, target=member.target[len(start) :])
            inside.append(replace(member, path=member.path[len(start) :]))
    return inside


def check_lengths(found: Iterable[Member], prefix: bytes) -> None:
    """Whether a snapshot would keep all of it below `prefix`, which ends with a `/`."""
    for member in found:
        path = prefix + member.path
        deepest = MAX_DEPTH - (member.kind == "folder")
        if len(path) > MAX_PATH or path.count(b"/") >= deepest or len(max(path.split(b"/"), key=len)) > _LONGEST_NAME:
            raise Hostile("long", "a path that is too long or too deep", shown(member.path))


def _key(path: bytes, exact: bool) -> object:
    return path if exact else folded(path)


def _check_path(member: Member, exact: bool) -> None:
    parts = member.path.split(b"/")
    drive = parts[0][1:2] == b":" and not exact
    if len(parts) > _MOST_PARTS:
        raise Hostile("long", "a path that is too deep", shown(member.path))
    if drive or b"\0" in member.path or any(part in (b"", b".", b"..") for part in parts):
        raise Hostile("path", "it leads somewhere else", shown(member.path))


def _check_above(seen: dict[object, Member], exact: bool) -> None:
    """Nothing may lie below what is no folder."""
    for member in seen.values():
        for parent in _parents(member.path):
            above = seen.get(_key(parent, exact))
            if above is not None and above.kind != "folder":
                raise Hostile("path", "it lies below a file or link", shown(member.path))


def _check_folders(found: Sequence[Member]) -> None:
    """Folders that are named in passing must not differ in case either."""
    spelled: dict[str, bytes] = {}
    for member in found:
        for path in (*_parents(member.path), *([member.path] if member.kind == "folder" else [])):
            if spelled.setdefault(folded(path), path) != path:
                raise Hostile("twice", "it is there twice", shown(path))


def _check_hard_links(found: Sequence[Member], exact: bool) -> None:
    """Only an export has them, and only to a file of its own: then nothing on the way there is a link."""
    files = {member.path for member in found if member.kind == "file"}
    for member in found:
        if member.kind == "hard" and not (exact and member.target in files):
            raise Hostile("link", "it is a hard link", shown(member.path))


def _check_link(member: Member) -> None:
    at = member.path.split(b"/")[:-1]
    target = member.target
    if not target or target.startswith(b"/") or b"\\" in target or b"\0" in target or len(target) > MAX_PATH:
        raise Hostile("link", "it leads somewhere else", shown(member.path))
    for part in target.split(b"/"):
        if part == b"..":
            if not at:
                raise Hostile("link", "it leads out of the folder", shown(member.path))
            at.pop()
        elif part not in (b"", b"."):
            at.append(part)


def _on_the_way(member: Member) -> Iterator[bytes]:
    """The places that a link's target passes, but for the last."""
    at = member.path.split(b"/")[:-1]
    *passed, _ = member.target.split(b"/")
    for part in passed:
        if part == b"..":
            at.pop()
        elif part not in (b"", b"."):
            at.append(part)
        yield b"/".join(at)


def _parents(path: bytes) -> Iterator[bytes]:
    parts = path.split(b"/")
    return (b"/".join(parts[:end]) for end in range(1, len(parts)))


def _is_junk(path: bytes, there: set[bytes]) -> bool:
    for each in (*_parents(path), path):
        folder, _, name = each.rpartition(b"/")
        if _text(name).casefold() in _OF_THE_SYSTEM:
            return True
        if name.startswith(b"._") and (folder + b"/" + name[2:]).lstrip(b"/") in there:  # AppleDouble
            return True
    return False


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
