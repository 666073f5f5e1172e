"""The games that can be offered: one TOML file each, in `catalogue/` beside this module or in `DORMOUSE_GAMES_DIR`.

A game is data. `[image]` is for Kubernetes, `[local]` for child processes; a game without `[local]` is not offered on
the local cluster. Placeholders in commands and environment: `{python}`, `{host}`, `{data}`, `{name}`, `{port.NAME}`,
`{setting.ID}`, `{secret.console}`, `{memory}` (MiB).
"""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.edited import read_edited
from core.errors import BadInput, Misconfigured
from core.worlds.archives import forms
from core.worlds.archives.forms import Forms

BUILT_IN = Path(__file__).with_name("catalogue")
MOST_REPEATED = 60
"""Characters of what was typed that a refusal repeats."""
MOST_VOLUME = 16 * 1024
"""GiB of the largest disk that clouds have."""
PLACEHOLDER = re.compile(r"\{([a-z]+(?:\.[a-z0-9_]+)?)\}")
_FOLDER = r"^[\w-][\w.-]*(/[\w-][\w.-]*)*$"  # below the data folder
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]

Capability = Literal[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
]
"""Those that Kubernetes' Pod Security Standard `baseline` lets a container add."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mount(_Model):
    """One more folder that the image writes to."""

    path: str
    name: Identifier
    keep: bool = True  # on the volume, beside the world; else empty at every start


class File(_Model):
    """A file written below the data folder before every start. In `*.json`, values are put in as JSON strings' text."""

    path: Annotated[str, Field(pattern=r"^[\w-][\w.-]*(/[\w-][\w.-]*)*$")]
    content: str


class Image(_Model):
    """How the game runs in a pod. `ref` "dormouse" is Dormouse's own image."""

    ref: str
    digest: str | None = None
    command: tuple[str, ...] = ()  # empty: the image's own
    uid: int | None = None  # None: the image's own user, for all we know root
    gid: int | None = None  # None: as `uid`
    capabilities: tuple[Capability, ...] = ()
    data: str = "/data"  # where the volume is mounted
    mounts: tuple[Mount, ...] = ()
    files: tuple[File, ...] = ()
    env: dict[str, str] = {}  # in a pod only; on top of the game's `env`
    read_only: bool = False  # the image gets on with a root file system that it cannot write to
    downloads: bool = False  # fetches the game at its first start: 60 min to become ready instead of 5


class Local(_Model):
    """How the game runs as a child process, its working directory the volume."""

    command: tuple[str, ...]


class Port(_Model):
    name: Identifier
    protocol: Literal["tcp", "udp"] = "tcp"
    container: int = Field(ge=1, le=65535)
    public: bool = True


class Query(_Model):
    """How to ask who plays. `kind` names a module of core.games.query; "log" follows the log instead, "console" asks by
    a console command."""

    kind: Literal["http", "minecraft", "a2s", "console", "log", "none"] = "none"
    port: str = "game"
    path: str = "/"
    online: str = "online"  # dotted paths into the JSON answer
    max: str = "max"
    names: str = ""
    join: str = ""  # regular expressions with a group "player", for kind "log"
    leave: str = ""
    command: str = ""  # for kind "console", and what its answer looks like:
    count: str = ""  # a regular expression with a group "online"
    player: str = ""  # a regular expression with a group "player", once for each


class ConsoleRule(_Model):
    kind: Literal["none", "stdin", "rcon"] = "none"
    port: str = "rcon"
    say: str = ""  # the line that tells all players `{text}`; empty: there is none


class Ready(_Model):
    """When the game counts as up: the query answers, the port accepts, or a line of its log matches `log`."""

    kind: Literal["query", "port", "log"] = "query"
    log: str = ""
    within: int = Field(300, ge=5, le=7200)  # seconds


class Stop(_Model):
    signal: Literal["SIGTERM", "SIGINT"] = "SIGTERM"
    console: str = ""  # sent first where the signal alone does not save
    grace: int = Field(30, ge=1, le=600)  # seconds until SIGKILL


class Save(_Model):
    """Console lines that quiet the world for a copy; `include`/`exclude` are globs below the data folder."""

    off: str = ""
    flush: str = ""
    on: str = ""
    done: str = ""  # a regular expression: the line that says that `flush` is over; empty: its answer does
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Dimension(_Model):
    """A part of a world: the folder `inside` of it, or in a folder of its own, which is called as the world's with
    `beside` after it."""

    name: str = Field(max_length=40)
    inside: Annotated[str, Field(pattern=_FOLDER)]
    beside: Annotated[str, Field(pattern=r"^[\w.-]+$")]


class Split(_Model):
    """While `setting` has one of `values`, dimensions have folders of their own, with `copies` of these files."""

    setting: str
    values: tuple[str, ...]
    copies: tuple[str, ...] = ()


class Foreign(_Model):
    """A world with `file` in it is one of another `game`."""

    file: Annotated[str, Field(pattern=_FOLDER)]
    game: str = Field(max_length=60)


class Import(_Model):
    """Where what members bring goes, below the data folder, and what it looks like on their disks; it takes the place
    of what is there.

    `root` is a file that shows where in an archive the world begins (`level.dat`), however deep it was packed. `files`:
    it is these instead, which share a `{name}`, in whatever folder. `archive`: an archive with one of these in it is
    itself the world, and stays packed, called as the first of `files`. `backups`: globs of names that are no world.
    `name`: the setting that says what the world is called.
    """

    world: Annotated[str, Field(pattern=rf"^$|{_FOLDER}")] = ""  # empty: all of the data folder
    root: str = ""
    files: tuple[Annotated[str, Field(pattern=r"^[^/{}]*\{name\}[^/{}]*$")], ...] = ()
    archive: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()
    name: str = ""
    dimensions: tuple[Dimension, ...] = ()
    split: Split | None = None
    foreign: tuple[Foreign, ...] = ()
    plugins: Annotated[str, Field(pattern=_FOLDER)] | None = None  # None: there are none

    @model_validator(mode="after")
    def _consistent(self) -> Import:
        if self.root and self.files:
            raise ValueError("a world is a folder with `root` in it, or `files`: not both")
        if (self.archive or self.name) and not self.files:
            raise ValueError("`archive` and `name` need `files`, which say how a world is called")
        if self.dimensions and not (self.world and self.root):
            raise ValueError("`dimensions` need `world` and `root`")
        return self


class Join(_Model):
    """What a player does with the address. `{address}` is host:port; `url` makes it a link."""

    url: str = ""
    text: str = ""


class Size(_Model):
    id: Literal["small", "medium", "large"]
    cpu: int = Field(ge=10)  # millicores requested; the limit is twice that
    memory: int = Field(ge=32)  # MiB, request and limit
    volume: int | None = Field(None, ge=1, le=MOST_VOLUME)  # GiB of disk; None: the game's


class Setting(_Model):
    """One thing a manager may change. Labels and descriptions are English; core.text may translate them."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    group: str
    label: str = Field(max_length=45)  # Discord's limit of a modal's label
    description: str = Field("", max_length=100)
    type: Literal["text", "int", "choice", "secret", "bool"] = "text"
    default: str | int | bool = ""
    min: int | None = None
    max: int | None = None
    max_length: int = Field(100, ge=1, le=4000)
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    join: bool = False  # a player needs its value to join: Join tells it

    @property
    def fallback(self) -> str:
        if isinstance(self.default, bool):
            return "true" if self.default else "false"
        return str(self.default)

    def parse(self, text: str) -> str:
        """The value to store, or a refusal that says what would be taken."""
        text = text.strip()
        if self.type == "int":
            low, high = self.min or 0, self.max if self.max is not None else 2**31 - 1
            if not re.fullmatch(r"-?[0-9]{1,10}", text) or not low <= int(text) <= high:
                raise BadInput("edit.number", setting=self.label, low=low, high=high)
            return str(int(text))
        if self.type == "choice":
            for choice in self.choices:
                if choice.casefold() == text.casefold():
                    return choice
            raise BadInput("edit.choice", setting=self.label, choices=", ".join(self.choices))
        if self.type == "bool":
            known = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
            if text.casefold() not in known:
                raise BadInput("edit.choice", setting=self.label, choices="yes, no")
            return known[text.casefold()]
        if len(text) > self.max_length:
            raise BadInput("edit.too_long", setting=self.label, most=self.max_length)
        if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text):
            raise BadInput("edit.characters", setting=self.label)
        if self.pattern and text and not re.fullmatch(self.pattern, text):
            raise BadInput("edit.form", setting=self.label, hint=self.description)
        return text


class Licence(_Model):
    """A text that somebody of a guild has to accept before a server of this game starts there. `version` tells one text
    from the next: its date, or a number."""

    name: str = Field(min_length=1, max_length=100)
    url: str = Field(pattern=r"^https://[^\s<>()\[\]`|*]+$", max_length=300)
    version: str = Field(min_length=1, max_length=40)

    @property
    def mark(self) -> str:
        """16 hexadecimal digits of this text, for a button's custom id."""
        return hashlib.sha256(f"{self.url} {self.version}".encode()).hexdigest()[:16]


class Game(_Model):
    """One entry of the catalogue."""

    id: Identifier
    name: str = Field(max_length=60)
    summary: str = Field("", max_length=100)
    licence: Licence | None = None
    image: Image | None = None
    local: Local | None = None
    env: dict[str, str] = {}
    ports: tuple[Port, ...]
    query: Query = Query()
    console: ConsoleRule = ConsoleRule()
    ready: Ready = Ready()
    stop: Stop = Stop()
    save: Save = Save()
    imports: Import = Import()
    join: Join = Join()
    exit_zero: Literal["restart", "pause"] = "restart"  # what an exit with code 0 means
    volume: int = Field(10, ge=1, le=MOST_VOLUME)  # GiB of disk, for the world and all that the game puts beside it
    sizes: tuple[Size, ...]
    settings: tuple[Setting, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Game:
        names = {port.name for port in self.ports}
        if not any(port.public for port in self.ports):
            raise ValueError("needs at least one public port")
        if self.query.kind in ("http", "minecraft", "a2s") and self.query.port not in names:
            raise ValueError(f"query.port {self.query.port!r} is not one of its ports")
        if not self.sizes:
            raise ValueError("needs at least one size")
        if self.image is not None and self.console.kind == "stdin" and not self.image.command:
            raise ValueError("a console on stdin needs image.command, which is started with it")
        ids = {setting.id for setting in self.settings}
        split = self.imports.split
        for wanted in filter(None, (self.imports.name, split.setting if split else "")):
            if wanted not in ids:
                raise ValueError(f"imports: {wanted!r} is not one of its settings")
        templates = [
            *self.env.values(),
            *(self.image.command if self.image else ()),
            *(self.image.env.values() if self.image else ()),
            *(file.content for file in (self.image.files if self.image else ())),
            *(self.local.command if self.local else ()),
        ]
        for name in (found for template in templates for found in PLACEHOLDER.findall(template)):
            kind, _, rest = name.partition(".")
            known = {"port": rest in names, "setting": rest in ids, "secret": rest == "console"}.get(
                kind, name in {"python", "host", "data", "name", "memory"}
            )
            if not known:
                raise ValueError(f"placeholder {{{name}}} means nothing here")
        return self

    def size(self, wanted: str | None) -> Size:
        """The size asked for; without a wish the smallest. BadInput where this game has no such size."""
        if wanted is None:
            return self.sizes[0]
        for size in self.sizes:
            if size.id == wanted:
                return size
        raise BadInput("create.size", game=self.name, sizes=", ".join(size.id for size in self.sizes))

    def volume_of(self, size: Size) -> int:
        """GiB of disk in this size."""
        return self.volume if size.volume is None else size.volume

    def setting(self, wanted: str) -> Setting | None:
        return next((setting for setting in self.settings if setting.id == wanted), None)

    def forms(self, values: Mapping[str, str]) -> Forms:
        """How a world lies on disks, for a server with these settings."""
        imports, split = self.imports, self.imports.split
        name = self.setting(imports.name)
        return Forms(
            place=imports.world,
            root=imports.root,
            files=imports.files,
            archive=imports.archive,
            backups=imports.backups,
            dimensions=tuple(forms.Dimension(each.name, each.inside, each.beside) for each in imports.dimensions),
            split=split is not None and values.get(split.setting) in split.values,
            copies=split.copies if split else (),
            foreign=tuple(forms.Foreign(each.file, each.game) for each in imports.foreign),
            **({} if name is None else _calls(name, values.get(name.id, name.fallback))),
        )

    def values(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """What was chosen, the defaults for the rest; unknown ids (of an older catalogue) are left out."""
        return {setting.id: chosen.get(setting.id, setting.fallback) for setting in self.settings}


def _calls(setting: Setting, value: str) -> dict[str, Any]:
    return {"calls": True, "name": value, "pattern": setting.pattern or "", "longest": setting.max_length}


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace placeholders; values are put in as they are, never read as templates again."""
    return PLACEHOLDER.sub(lambda found: values[found.group(1)], template)


def placeholders(
    *,
    name: str,
    host: str,
    data: str,
    memory: int,
    ports: Mapping[str, int],
    settings: Mapping[str, str],
    console_secret: str,
    python: str = sys.executable,
) -> dict[str, str]:
    """All values that a game's command and environment may name."""
    return {
        "python": python,
        "host": host,
        "data": data,
        "name": name,
        "memory": str(memory),
        "secret.console": console_secret,
        **{f"port.{key}": str(value) for key, value in ports.items()},
        **{f"setting.{key}": value for key, value in settings.items()},
    }


class Catalogue:
    """Games by id, in the order of their names."""

    def __init__(self, games: Iterable[Game]) -> None:
        self._games = {game.id: game for game in sorted(games, key=lambda game: game.name.casefold())}

    def __iter__(self) -> Iterator[Game]:
        return iter(self._games.values())

    @property
    def largest_volume(self) -> int:
        """GiB of the largest disk that a server may have."""
        return max((game.volume_of(size) for game in self for size in game.sizes), default=0)

    def get(self, game: str) -> Game | None:
        return self._games.get(game)

    def memory(self, game: str, size: str) -> int:
        """MiB of a server of this game and size; 0 where there is none of that any more."""
        found = self._games.get(game)
        return next((each.memory for each in found.sizes if each.id == size), 0) if found else 0

    def find(self, typed: str) -> Game:
        """By id or by name whatever the case; BadInput lists what there is."""
        wanted = typed.strip().casefold()
        for game in self._games.values():
            if wanted in (game.id, game.name.casefold()):
                return game
        raise BadInput(
            "create.no_game",
            typed=typed.strip()[:MOST_REPEATED],
            games=", ".join(game.name for game in self._games.values()),
        )

    @classmethod
    def load(cls, *folders: Path, local_only: bool = False, image_only: bool = False) -> Catalogue:
        """Read every `*.toml`; a later folder's entry replaces an earlier one's. Misconfigured lists all mistakes.

        `local_only`: those that can run as child processes; `image_only`: those that can run in a pod.
        """
        games: dict[str, Game] = {}
        mistakes: list[str] = []
        for folder in folders:
            if not folder.is_dir():
                mistakes.append(f"The folder of games {folder} does not exist.")
                continue
            for file in sorted(folder.glob("*.toml")):
                try:
                    game = Game.model_validate(tomllib.loads(read_edited(file)))
                except Misconfigured as wrong:
                    mistakes += wrong.lines
                except tomllib.TOMLDecodeError as wrong:
                    mistakes.append(f"{file.name} is not a TOML file: {wrong}.")
                except ValidationError as wrong:
                    mistakes += [
                        f"{file.name}: {'.'.join(map(str, each['loc'])) or 'game'}: {each['msg']}"
                        for each in wrong.errors()
                    ]
                else:
                    games[game.id] = game
        if mistakes:
            raise Misconfigured(mistakes)
        return cls(
            game
            for game in games.values()
            if (game.local is not None or not local_only) and (game.image is not None or not image_only)
        )
