"""In which forms people have worlds of a game, and where these go. core.worlds.archives.forms judges by it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, model_validator

from core.games.form.model import FOLDER, Model


class Dimension(Model):
    """A part of a world: the folder `inside` of it, or in a folder of its own, which is called as the world's with
    `beside` after it."""

    name: str = Field(max_length=40)
    inside: Annotated[str, Field(pattern=FOLDER)]
    beside: Annotated[str, Field(pattern=r"^[\w.-]+$")]


class Split(Model):
    """While `setting` has one of `values`, dimensions have folders of their own, with `copies` of these files."""

    setting: str
    values: tuple[str, ...]
    copies: tuple[str, ...] = ()


class Foreign(Model):
    """A world with `file` in it is one of another `game`."""

    file: Annotated[str, Field(pattern=r"^[\w*-][\w.*-]*(/[\w*-][\w.*-]*)*$")]  # a glob
    game: str = Field(max_length=60)


class Companion(Model):
    """What a world needs besides: a folder with `root` in it, called as the folder above the world. It goes into the
    folder `world` of the data folder. `shipped`: globs of names that need none, because the game has these itself."""

    root: str
    world: Annotated[str, Field(pattern=FOLDER)]
    shipped: tuple[str, ...] = ()


class Import(Model):
    """Where what members bring goes, below the data folder, and what it looks like on their disks; it takes the place
    of what is there.

    `root` is a file that shows where in an archive the world begins (`level.dat`), however deep it was packed. `files`:
    it is these instead, which share a `{name}`, in whatever folder. `archive`: an archive with one of these in it is
    itself the world, and stays packed, called as the first of `files`. `backups`: globs of names that are no world.
    `name`: the setting that says what the world is called; `called`: what it is called here, whatever it was before.

    `within`: for a `root`, which folder of `world` it goes into, with the names that its folder (`{name}`) and the one
    above it (`{above}`) had; `names`: a regular expression for these; `unnamed`: what stands for one that does not fit.
    `without`: globs of files in a world that are left out.
    """

    world: Annotated[str, Field(pattern=rf"^$|{FOLDER}")] = ""  # empty: all of the data folder
    root: str = ""
    files: tuple[Annotated[str, Field(pattern=r"^[^/{}]*\{name\}[^/{}]*$")], ...] = ()
    archive: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()
    name: str = ""
    called: Annotated[str, Field(pattern=r"^$|^[\w][\w.-]*$")] = ""
    without: tuple[str, ...] = ()
    within: Annotated[str, Field(pattern=r"^$|^([\w.-]+|\{name\}|\{above\})(/([\w.-]+|\{name\}|\{above\}))*$")] = ""
    names: str = ""
    unnamed: Annotated[str, Field(pattern=r"^$|^[\w][\w.-]*$")] = ""
    companion: Companion | None = None
    dimensions: tuple[Dimension, ...] = ()
    split: Split | None = None
    foreign: tuple[Foreign, ...] = ()
    version: str = ""  # of Minecraft Java alone: the setting that says which one it is
    plugins: Annotated[str, Field(pattern=FOLDER)] | None = None  # None: there are none

    @model_validator(mode="after")
    def _consistent(self) -> Import:
        if self.root and self.files:
            raise ValueError("a world is a folder with `root` in it, or `files`: not both")
        if (self.archive or self.name or self.called) and not self.files:
            raise ValueError("`archive`, `name` and `called` need `files`, which say how a world is called")
        if self.name and self.called:
            raise ValueError("a world has the name that it came with (`name`), or always one (`called`): not both")
        if self.within and (self.dimensions or not (self.world and self.root)):
            raise ValueError("`within` needs `world` and `root`, and there are no `dimensions` then")
        if (self.names or self.unnamed or self.companion or self.without) and not self.within:
            raise ValueError("`names`, `unnamed`, `companion` and `without` need `within`")
        try:
            re.compile(self.names)
        except re.error as wrong:
            raise ValueError(f"`names` is not a regular expression: {wrong}") from wrong
        if self.dimensions and not (self.world and self.root):
            raise ValueError("`dimensions` need `world` and `root`")
        return self
