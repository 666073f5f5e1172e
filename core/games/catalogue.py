"""The games that can be offered: one TOML file each, in `catalogue/` beside this module or in `DORMOUSE_GAMES_DIR`.

A game is data. `[image]` is for Kubernetes, `[local]` for child processes; a game without `[local]` is not offered on
the local cluster. Placeholders in commands and environment: `{python}`, `{host}`, `{data}`, `{name}`, `{port.NAME}`,
`{setting.ID}`, `{secret.console}`, `{memory}` (MiB).
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.edited import read_edited
from core.errors import BadInput, Misconfigured

BUILT_IN = Path(__file__).with_name("catalogue")
MOST_REPEATED = 60
"""Characters of what was typed that a refusal repeats."""
MOST_VOLUME = 16 * 1024
"""GiB of the largest disk that clouds have."""
PLACEHOLDER = re.compile(r"\{([a-z]+(?:\.[a-z0-9_]+)?)\}")
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


OPENGSQ = Literal[
    "quake1",
    "quake2",
    "quake3",
    "gamespy1",
    "gamespy2",
    "gamespy3",
    "unreal2",
    "samp",
    "ase",
    "vcmp",
    "satisfactory",
]
"""Protocols of the library opengsq that are known here (core.games.protocols.opengsq)."""


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


def _expression(pattern: str, *groups: str) -> None:
    """Raises ValueError where it is no regular expression, or has none of these groups."""
    try:
        found = re.compile(pattern)
    except re.error as wrong:
        raise ValueError(f"{pattern!r} is not a regular expression: {wrong}") from None
    if groups and not set(groups) & set(found.groupindex):
        raise ValueError(f"{pattern!r} needs a group (?P<{groups[0]}>...)")


class Query(_Model):
    """How to ask who plays. `kind` is one of core.games.protocols, or "log", which follows the log, or "console", which
    asks by a line of the console.

    The agent beside the game asks where the port is closed or a secret is needed, else the bot. Bots are no players:
    protocols that tell of them are counted without, and for the others `bots` says where their number stands.

    A path into JSON has dots. Where a number is wanted, a list at its end counts with its length; where names are, it
    goes on in each element of a list: "players.name" are the names of `{"players": [{"name": "Ada"}]}`.
    """

    kind: Literal[
        "http",
        "prometheus",
        "minecraft",
        "bedrock",
        "a2s",
        "opengsq",
        "teeworlds",
        "openttd",
        "mumble",
        "console",
        "log",
        "none",
    ] = "none"
    port: str = "game"
    protocol: Literal["", OPENGSQ] = ""  # for kind "opengsq"
    path: str = "/"  # of "http" and "prometheus"; may have {secret.console}
    https: bool = False  # any certificate is taken: on loopback and in a pod it is the game's own
    user: str = ""  # HTTP basic authentication
    password: str = ""  # "{secret.console}", or a word that the image has for good
    online: str = "online"  # paths into the JSON answer, or names of metrics, whose samples are added up
    max: str = "max"
    names: str = ""
    bots: str = ""  # taken off `online`
    join: str = ""  # regular expressions with a group "player" or "id", for kind "log"; with "id" in both, that counts
    leave: str = ""
    command: str = ""  # for kind "console", and what its answer looks like:
    count: str = ""  # a regular expression with a group "online"; empty: whom `player` finds are counted
    player: str = ""  # a regular expression with a group "player", once for each
    nobody: str = ""  # a regular expression: what is said when nobody is on, where there is no `count`

    @model_validator(mode="after")
    def _whole(self) -> Query:
        if (self.kind == "opengsq") != bool(self.protocol):
            raise ValueError("protocol belongs to kind opengsq, which needs one")
        if self.kind == "console" and not (self.command and (self.count or (self.player and self.nobody))):
            raise ValueError("kind console needs command, and count or both player and nobody")
        if self.kind == "log" and not (self.join and self.leave):
            raise ValueError("kind log needs join and leave")
        if self.kind in ("http", "prometheus") and not (self.path.startswith("/") and self.online):
            raise ValueError(f"kind {self.kind} needs a path that begins with / and online")
        for pattern, groups in (
            (self.join, ("player", "id")),
            (self.leave, ("player", "id")),
            (self.count, ("online",)),
            (self.player, ("player",)),
            (self.nobody, ()),
        ):
            if pattern:
                _expression(pattern, *groups)
        for template in (self.path, self.user, self.password):
            _only(template, "secret.console")
        return self

    @property
    def secret(self) -> bool:
        """Whether whoever asks needs the console's secret."""
        return "{secret.console}" in self.path + self.user + self.password


class ConsoleRule(_Model):
    """How a line reaches the game, and what it answers.

    rcon, webrcon and telnet sign in with the console's secret, which the game gets as `{secret.console}`. `rest` makes
    one HTTP request of a line: `{line}` stands in `path`, where it is percent-encoded, or in `body`, which is JSON.
    """

    kind: Literal["none", "stdin", "rcon", "rest", "webrcon", "telnet"] = "none"
    port: str = "rcon"
    say: str = ""  # the line that tells all players `{text}`, in quotes or not; empty: there is none
    splits: Annotated[str, Field(pattern=r"^[^\w\s]*$")] = ""  # characters that end a command, as Source's ";"
    method: Literal["GET", "POST", "PUT"] = "POST"  # these for kind "rest":
    path: str = ""
    body: str = ""  # empty: the request has none
    https: bool = False  # any certificate is taken
    user: str = ""  # HTTP basic authentication
    password: str = ""  # "{secret.console}", where the request needs one
    answer: str = ""  # path into the JSON answer, as in [query]; empty: all of the answer
    ask: str = "(?i)password:"  # these for kind "telnet": the game asks for the password,
    welcome: str = ""  # and says that it was right; empty: it says nothing
    end: str = ""  # a regular expression that ends an answer; empty: a moment of silence does

    @model_validator(mode="after")
    def _whole(self) -> ConsoleRule:
        if self.say and "{text}" not in self.say:
            raise ValueError("say needs {text}")
        if set(self.say) & set(self.splits):
            raise ValueError("say has a character of splits: it would be two commands")
        if self.kind == "rest":
            if not self.path.startswith("/") or "{line}" not in self.path + self.body:
                raise ValueError("kind rest needs a path that begins with /, and {line} in path or body")
            if self.body and self.method == "GET":
                raise ValueError("GET has no body")
        for pattern in (self.ask, self.welcome, self.end):
            _expression(pattern)
        for template in (self.path, self.user, self.password):
            _only(template, "secret.console", "line")
        _only(self.say, "text")
        if self.body:
            try:
                json.loads(self.body)
            except ValueError:
                raise ValueError('body is JSON, such as {"message": "{line}"}') from None
        return self


def _only(template: str, *names: str) -> None:
    for name in PLACEHOLDER.findall(template):
        if name not in names:
            raise ValueError(f"placeholder {{{name}}} means nothing here")


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


class Import(_Model):
    """Where what members bring goes, below the data folder; it takes the place of what is there.

    `root` is a file that shows where in an archive the world begins (`level.dat`), however deep it was packed.
    """

    world: Annotated[str, Field(pattern=r"^([\w-][\w.-]*(/[\w-][\w.-]*)*)?$")] = ""  # empty: all of the data folder
    root: str = ""
    plugins: Annotated[str, Field(pattern=r"^[\w-][\w.-]*(/[\w-][\w.-]*)*$")] | None = None  # None: there are none


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
        if self.query.kind not in ("console", "log", "none") and self.query.port not in names:
            raise ValueError(f"query.port {self.query.port!r} is not one of its ports")
        if self.query.kind == "console" and self.console.kind in ("none", "stdin"):
            raise ValueError("query.kind console needs a console that answers")
        if self.console.kind not in ("none", "stdin") and self.console.port not in names:
            raise ValueError(f"console.port {self.console.port!r} is not one of its ports")
        if not self.sizes:
            raise ValueError("needs at least one size")
        if self.image is not None and self.console.kind == "stdin" and not self.image.command:
            raise ValueError("a console on stdin needs image.command, which is started with it")
        ids = {setting.id for setting in self.settings}
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

    @property
    def asked_by_agent(self) -> bool:
        """Whether the agent beside the game asks who plays: its port is closed to others, or a secret is needed."""
        port = next((each for each in self.ports if each.name == self.query.port), None)
        return self.query.kind == "console" or self.query.secret or port is None or not port.public

    def size(self, wanted: str | None) -> Size:
        """The size asked for; without a wish the smallest. BadInput where this game has no such size."""
        if wanted is None:
            return self.sizes[0]
        for size in self.sizes:
            if size.id == wanted:
                return size
        raise BadInput("create.size", game=self.name, sizes=", ".join(size.id for size in self.sizes))

    def sized(self, size: str) -> Size | None:
        """None where it has no such size any more."""
        return next((each for each in self.sizes if each.id == size), None)

    def volume_of(self, size: Size) -> int:
        """GiB of disk in this size."""
        return self.volume if size.volume is None else size.volume

    def setting(self, wanted: str) -> Setting | None:
        return next((setting for setting in self.settings if setting.id == wanted), None)

    def values(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """What was chosen, the defaults for the rest; unknown ids (of an older catalogue) are left out."""
        return {setting.id: chosen.get(setting.id, setting.fallback) for setting in self.settings}


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
