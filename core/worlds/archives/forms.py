"""Pure: what of an archive is a game's world, by the forms in which people have it on their disks, and where it goes.

A game's catalogue entry says the forms (`Forms`), `plan` finds one of them in what somebody sent, and says what is
taken, what is left out, and what the world is called. Every list is a stranger's: any bytes, and thousands of names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, Self

from core.record import Record
from core.worlds.errors import Hostile

from . import judge
from .member import Member
from .names import folded, shown

NAME = "{name}"
"""In the name of a file that belongs to a world: what the world is called."""

ABOVE = "{above}"
"""Likewise, in `Forms.within`: what the folder is called that a world's folder lies in."""

_MOST_SHOWN = 8  # names that a sentence bears
_LONGEST_NAME = 100  # characters
_PLAIN = r"[\w(\[][\w ()\[\].,'+-]*"  # what a world may be called where no setting says more


@dataclass(frozen=True, slots=True)
class Dimension(Record):
    """A part of a world that lies in the folder `inside` of it, or, where the server splits worlds, with that folder in
    one of its own, whose name is the world's with `beside` after it."""

    name: str  # for people
    inside: str
    beside: str


@dataclass(frozen=True, slots=True)
class Foreign(Record):
    """A world with `file` in it is one of another `game`."""

    file: str
    game: str


@dataclass(frozen=True, slots=True)
class Companion(Record):
    """A folder with `root` in it that is called as the folder above a world is: the world needs it, in the folder
    `place`, unless its name is one of `shipped` (globs), which the game has itself."""

    root: str
    place: str
    shipped: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        return super(Companion, cls).of(dict(values) | {"shipped": tuple(values.get("shipped", ()))})


@dataclass(frozen=True, slots=True)
class Forms(Record):
    """How a game's worlds lie, and what its server's settings say of that now.

    `place`: where they go, below the data folder; "" for all of it. One of these is a world: a folder with `root`
    in it; `files` that share a `{name}`; an archive in which one of `archive` lies, which stays as it is; without
    any of these, all that came. `backups`: globs of names that are no world of their own, folders' too. `without`:
    globs of files of a world that are left out. `called`: what the files are called here, whatever they were
    before. `within`: which folder of `place` a world is put into, with the names that its own folder (`{name}`) and
    the one above it (`{above}`) have, where `pattern` allows them, else with `unnamed`; without that it is refused.
    `calls`: a setting says what the world is called: now `name`, and what `pattern` and `longest` allow. `runs`:
    the version of Minecraft that the server runs, where it is a certain one.
    """

    place: str = ""
    root: str = ""
    files: tuple[str, ...] = ()
    archive: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    within: str = ""
    unnamed: str = ""
    companion: Companion | None = None
    dimensions: tuple[Dimension, ...] = ()
    split: bool = False
    copies: tuple[str, ...] = ()  # of a world's files, what a dimension in a folder of its own has too
    foreign: tuple[Foreign, ...] = ()
    called: str = ""
    calls: bool = False
    name: str = ""
    pattern: str = ""
    longest: int = _LONGEST_NAME
    runs: str = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        values = dict(values)
        for key in ("files", "archive", "backups", "without", "copies"):
            values[key] = tuple(values.get(key, ()))
        values["dimensions"] = tuple(Dimension.of(each) for each in values.get("dimensions", ()))
        values["foreign"] = tuple(Foreign.of(each) for each in values.get("foreign", ()))
        values["companion"] = Companion.of(values["companion"]) if values.get("companion") else None
        return super(Forms, cls).of(values)

    @property
    def places(self) -> tuple[str, ...]:
        """The folders of which a world takes the place."""
        beside = (self.place + each.beside for each in self.dimensions if self.place)
        return (self.place, *beside, *((self.companion.place,) if self.companion else ()))

    @property
    def adds(self) -> bool:
        """Whether what is there besides stays: files of a world lie among others."""
        return bool(self.place or self.files)

    def is_of_world(self, name: str) -> bool:
        """Whether a file of this name may be a world, or a part of one."""
        return any(_called(_base(name), file) is not None for file in self.files)

    def is_replaced(self, name: str) -> bool:
        """Where a world's files lie among others: whether this one goes when another world comes."""
        return self.is_of_world(name) or _is_backup(name, self)


@dataclass(frozen=True, slots=True)
class Part:
    """What is written into the folder `place`: each member's path is below it."""

    place: str
    members: list[Member]
    copies: tuple[tuple[str, str], ...] = ()
    """Of files that were written: from where to where, below the data folder."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`packed`: the archive itself goes there, below the data folder, and nothing is taken out of it. `name`: what the
    world is called, "" where nobody needs to know. `taken` and `left`: for people, at most so many; `more` were left
    out besides."""

    parts: tuple[Part, ...] = ()
    packed: str = ""
    name: str = ""
    taken: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class _World:
    """One that was found: its folder's path with a `/` after it (of `files`: of the folder that they lie in)."""

    start: bytes
    name: str
    members: tuple[tuple[Member, str], ...] = field(default=(), repr=False)  # of `files`: and which of these

    @property
    def label(self) -> str:
        within = shown(self.start.rstrip(b"/"))
        return "/".join(filter(None, (within, self.name))) if self.members else within or self.name


def plan(found: Sequence[Member], forms: Forms, sent: str, *, exact: bool = False, zipped: bool = True) -> Plan:
    """`found`: all that came and was judged. `sent`: the name of the file it came in, "" where there is none. `exact`:
    an export of ours, whose folder `place` is taken as it is. `zipped`: it is a ZIP. Raises `Hostile`."""
    prefix, sent = f"{forms.place}/".encode() if forms.place else b"", "".join(filter(str.isprintable, _base(sent)))
    if exact and (prefix or not forms.files) and (not prefix or _any_below(found, prefix)):
        return _as_it_is(found, forms, prefix)
    if forms.archive and _matching(found, forms.archive):
        return _packed(found, forms, sent, zipped)
    if forms.files:
        return _of_files(found, forms)
    if forms.root:
        return _of_folder(found, forms, sent)
    start = judge.beginning(found, "")
    _refuse_foreign(found, forms, start)
    members = judge.below(found, start)
    return Plan((Part(forms.place, members),), taken=_few(_tops(members))[0])


def name_in(paths: Iterable[str], forms: Forms) -> str | None:
    """What the world among these files, of a data folder, is called: the name it has now, where that is one of them;
    None where nobody can tell."""
    at, names = len(forms.place) + 1 if forms.place else 0, dict[str, set[str]]()
    for path in paths:
        below = path[at:]
        if not path.startswith(f"{forms.place}/" if at else "") or "/" in below:
            continue
        for file in forms.files:
            if (name := _called(below, file)) is not None and not _is_backup(below, forms):
                names.setdefault(name, set()).add(file)
    whole = {name for name, files in names.items() if len(files) == len(forms.files)}
    if forms.name in whole:
        return forms.name
    allowed = [name for name in whole if _may_be_called(name, forms)]
    return allowed[0] if len(allowed) == len(whole) == 1 else None


# the forms


def _as_it_is(found: Sequence[Member], forms: Forms, prefix: bytes) -> Plan:
    """Of an export: it was in a data folder of ours."""
    name = ""
    if forms.calls:
        paths = [each.path.decode("utf-8", "surrogateescape") for each in found if each.kind == "file"]
        called = name_in(paths, forms)
        if called is None:
            raise Hostile("several", "nobody can tell which of the worlds it is", forms.place)
        name = called
    if forms.dimensions and any(each.path == prefix + forms.root.encode() for each in found):
        return _folder(found, forms, prefix, forms.place)
    parts = [Part(forms.place, judge.below(found, prefix))]
    if forms.companion is not None:
        parts.append(Part(forms.companion.place, judge.below(found, _bytes(forms.companion.place) + b"/")))
    taken = {_bytes(f"{part.place}/" if part.place else "") + each.path for part in parts for each in part.members}
    return _told(found, taken, Plan(tuple(parts), name=name, taken=_few(_tops(parts[0].members))[0]))


def _packed(found: Sequence[Member], forms: Forms, sent: str, zipped: bool) -> Plan:
    """The archive is the world."""
    if not zipped:
        raise Hostile("unpacked", "a save that was unpacked, and packed anew as something else")
    tops = {each.path.partition(b"/")[0] for each in found}
    inner = shown(min(tops)) if len(tops) == 1 else ""
    file = next((file for file in forms.files if NAME in file), NAME)
    called = _called(sent, file)
    name = forms.called or next((each for each in (called, inner) if each and _may_be_called(each, forms)), None)
    if name is None:
        raise Hostile("name", "no name for a world", sent or inner)
    packed = "/".join(filter(None, (forms.place, file.replace(NAME, name))))
    return Plan(packed=packed, name=name if forms.calls else "", taken=(file.replace(NAME, name),))


def _of_files(found: Sequence[Member], forms: Forms) -> Plan:
    """Files that share a name, in whatever folder they came."""
    groups: dict[tuple[bytes, str], dict[str, Member]] = {}
    for each in found:
        folder, _, base = each.path.rpartition(b"/")
        text = base.decode("utf-8", "surrogateescape")
        if each.kind != "file" or _is_backup(text, forms):
            continue
        for file in forms.files:
            if (name := _called(text, file)) is not None:
                groups.setdefault((folder, name), {})[file] = each
    whole = {key: files for key, files in groups.items() if len(files) == len(forms.files)}
    if not whole:
        if not groups:
            raise Hostile("root", "no file of a world is there", forms.files[0].replace(NAME, "*"))
        (_, name), files = min(groups.items())
        lacks = next(file for file in forms.files if file not in files)
        raise Hostile("beside", "what belongs to it is not there", shown(_bytes(lacks.replace(NAME, name))))
    worlds = [
        _World(folder + b"/" if folder else b"", name, tuple((member, file) for file, member in files.items()))
        for (folder, name), files in whole.items()
    ]
    world = _only(worlds)
    if not forms.called and not _may_be_called(world.name, forms):
        raise Hostile("name", "no name for a world", shown(_bytes(world.name)))
    called = forms.called or world.name
    members = [replace(member, path=_bytes(file.replace(NAME, called))) for member, file in world.members]
    taken = Plan(
        (Part(forms.place, members),),
        name=world.name if forms.calls else "",
        taken=_few(sorted(shown(member.path.rpartition(b"/")[2]) for member, _ in world.members))[0],
    )
    return _told(found, {member.path for member, _ in world.members}, taken)


def _of_folder(found: Sequence[Member], forms: Forms, sent: str) -> Plan:
    """The folder that has `root` in it. What lies in a world is a part of it, and so is a dimension beside it."""
    marks = _matching(found, (forms.root,))
    depth = len(PurePosixPath(forms.root).parts)
    starts = {b"/".join([*each.path.split(b"/")[:-depth], b""]) for each in marks if each.kind == "file"}
    if not starts:
        judge.beginning(found, forms.root)  # which refuses it
        raise Hostile("root", "the file that shows where a world begins is no file", shown(forms.root.encode()))
    outer: list[bytes] = []
    for start in sorted(start for start in starts if not _is_within_backup(start, forms)):
        if not outer or not start.startswith(outer[-1]):
            outer.append(start)
    if not outer:
        raise Hostile("root", "what lies there is no world of its own", shown(forms.root.encode()))
    beside = {start[:-1] + _bytes(each.beside) + b"/" for start in outer if start for each in forms.dimensions}
    title = sent.partition(".")[0] or forms.root
    world = _only([_World(start, title) for start in outer if start not in beside])
    _refuse_foreign(found, forms, world.start)
    if not forms.within:
        return _folder(found, forms, world.start, title)
    return _named_folder(found, forms, world.start, title)


def _folder(found: Sequence[Member], forms: Forms, start: bytes, title: str) -> Plan:
    """The world that begins at `start`, with its dimensions as this server has them."""
    main = judge.below(found, start)
    parts, names = dict[str, list[Member]](), list[str]()
    copies: list[tuple[str, str]] = []
    taken = {start + each.path for each in main}
    for each in forms.dimensions:
        inside = _bytes(each.inside) + b"/"
        own = start[:-1] + _bytes(each.beside) + b"/"
        within = [member for member in main if member.path.startswith(inside)]
        apart = judge.below(found, own) if start else []
        split = any(member.path.startswith(inside) and member.kind != "folder" for member in apart)
        if split and any(member.kind != "folder" for member in within):
            both = ", ".join((shown(start + inside[:-1]), shown(own + inside[:-1])))
            raise Hostile("several", "a part of the world is there twice", both)
        if not split and not any(member.kind != "folder" for member in within):
            continue
        names.append(each.name)
        place = forms.place + each.beside
        if forms.split and split:
            parts[place] = apart
            taken |= {own + member.path for member in apart}
        elif forms.split:
            parts[place] = within
            main = [member for member in main if not (member.path + b"/").startswith(inside)]
            there = {member.path for member in main if member.kind == "file"}
            copies += [(f"{forms.place}/{file}", f"{place}/{file}") for file in forms.copies if _bytes(file) in there]
        elif split:
            came = [member for member in apart if (member.path + b"/").startswith(inside)]
            main = [member for member in main if not (member.path + b"/").startswith(inside)] + came
            taken |= {own + member.path for member in came}
    _refuse_hard(main, parts)
    made = (Part(forms.place, main, tuple(copies)), *(Part(place, members) for place, members in parts.items()))
    title = shown(start[:-1].rpartition(b"/")[2]) or title
    return _told(found, taken, Plan(made, taken=(title, *names)))


def _named_folder(found: Sequence[Member], forms: Forms, start: bytes, title: str) -> Plan:
    """The world that begins at `start`, in a folder whose name the game goes by."""
    *_, above, name = ["", "", *_text(start).rstrip("/").split("/")]
    place = forms.within.replace(NAME, _fitting(name, forms)) if NAME in forms.within else forms.within
    if ABOVE in place:
        if not above and not forms.unnamed:
            raise Hostile("above", "nobody can tell which world it belongs to", shown(_bytes(name)) or forms.root)
        above = _fitting(above, forms)
        place = place.replace(ABOVE, above)
    main = [each for each in judge.below(found, start) if not _is_left_out(each, forms)]
    _refuse_hard(main, {})
    parts, taken = [Part(f"{forms.place}/{place}", main)], {start + each.path for each in main}
    if forms.companion is not None:
        part, of_it = _companion(found, forms.companion, above)
        parts += part
        taken |= of_it
    return _told(found, taken, Plan(tuple(parts), taken=(shown(start[:-1].rpartition(b"/")[2]) or title,)))


def _companion(found: Sequence[Member], wanted: Companion, name: str) -> tuple[list[Part], set[bytes]]:
    """What belongs to a world of that name; and of that, what was taken."""
    ends = _bytes(f"/{name}/")
    for each in found:
        start = each.path.rpartition(b"/")[0] + b"/"
        if each.path.endswith(b"/" + _bytes(wanted.root)) and (b"/" + start).endswith(ends):
            members = judge.below(found, start)
            return [Part(f"{wanted.place}/{name}", members)], {start + member.path for member in members}
    if not any(fnmatchcase(name.casefold(), glob.casefold()) for glob in wanted.shipped):
        raise Hostile("beside", "what belongs to it is not there", shown(_bytes(f"{wanted.place}/{name}")))
    return [], set()


# helpers


def _fitting(name: str, forms: Forms) -> str:
    if name and _may_be_called(name, forms):
        return name
    if not forms.unnamed:
        raise Hostile("name", "no name for a world", shown(_bytes(name)))
    return forms.unnamed


def _is_left_out(member: Member, forms: Forms) -> bool:
    return member.kind != "folder" and any(fnmatchcase(_text(member.path), glob) for glob in forms.without)


def _is_within_backup(start: bytes, forms: Forms) -> bool:
    return any(_is_backup(_text(name), forms) for name in start.split(b"/") if name)


def _any_below(found: Sequence[Member], prefix: bytes) -> bool:
    return any(each.path.startswith(prefix) for each in found if each.kind != "folder")


def _refuse_hard(main: Sequence[Member], parts: Mapping[str, Sequence[Member]]) -> None:
    """A hard link stays where its file is."""
    for members in (main, *parts.values()):
        there = {each.path for each in members}
        for each in members:
            if each.kind == "hard" and each.target not in there:
                raise Hostile("link", "it is the same as a file that lies elsewhere", shown(each.path))


def _refuse_foreign(found: Sequence[Member], forms: Forms, start: bytes) -> None:
    for each in forms.foreign:
        marks = (member.path[len(start) :] for member in found if member.path.startswith(start))
        if any(
            PurePosixPath(_text(path)).match(each.file) and path.count(b"/") == each.file.count("/") for path in marks
        ):
            raise Hostile("foreign", "a world of another game", each.game)


def _only(worlds: Sequence[_World]) -> _World:
    if len(worlds) != 1:
        raise Hostile("several", "more than one world", ", ".join(_few(sorted(each.label for each in worlds))[0]))
    return worlds[0]


def _told(found: Sequence[Member], taken: set[bytes], made: Plan) -> Plan:
    """With what was left out: whole folders where nothing in them was taken."""
    above = {parent for path in taken for parent in _parents(path)}
    left: dict[bytes, bool] = {}
    for each in found:
        if each.kind == "folder" or each.path in taken:
            continue
        top = next((parent for parent in _parents(each.path) if parent not in above), each.path)
        left[top] = top != each.path
    few, more = _few(sorted(shown(path) + "/" * folder for path, folder in left.items()))
    return replace(made, left=few, more=more)


def _parents(path: bytes) -> Iterator[bytes]:
    parts = path.split(b"/")
    return (b"/".join(parts[:end]) for end in range(1, len(parts)))


def _tops(members: Iterable[Member]) -> list[str]:
    return sorted({shown(each.path.partition(b"/")[0]) for each in members})


def _few(names: Sequence[str]) -> tuple[tuple[str, ...], int]:
    return tuple(names[:_MOST_SHOWN]), max(0, len(names) - _MOST_SHOWN)


def _matching(found: Sequence[Member], globs: Sequence[str]) -> list[Member]:
    """Those whose path ends as one of `globs`; one with a folder in it has to be met from the top."""
    return [
        each
        for each in found
        for text in (_text(each.path),)
        if any(PurePosixPath(text).match(glob) and (glob[:2] != "*/" or text.count("/") == 1) for glob in globs)
    ]


def _called(base: str, file: str) -> str | None:
    """What stands for `{name}` in `file`, whatever the case of its end; None where it is another file."""
    before, _, after = file.partition(NAME)
    name = base[len(before) : len(base) - len(after)]
    fits = len(base) > len(before) + len(after) and base.casefold() == (before + name + after).casefold()
    return name if fits else None


def _may_be_called(name: str, forms: Forms) -> bool:
    pattern = forms.pattern or _PLAIN
    return len(name) <= forms.longest and name == name.strip() and re.fullmatch(pattern, name) is not None


def _is_backup(base: str, forms: Forms) -> bool:
    return any(fnmatchcase(folded(_bytes(base)), glob.casefold()) for glob in forms.backups)


def _base(sent: str) -> str:
    return sent.replace("\\", "/").rpartition("/")[2]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
