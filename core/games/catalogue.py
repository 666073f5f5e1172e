"""The games that can be offered: one TOML file each, in `catalogue/` beside this module or in `DORMOUSE_GAMES_DIR`.

A game is data. `[image]` is for Kubernetes, `[local]` for child processes; a game without `[local]` is not offered on
the local cluster. Placeholders in commands and environment: `{python}`, `{host}`, `{data}`, `{name}`, `{port.NAME}`,
`{setting.ID}`, `{lines.ID}` and `{array.ID}` (of a list with commas: a line each, and JSON), `{secret.console}`,
`{secret.curseforge}` (the operator's key), `{memory}` and `{memory.heap}` (MiB; three quarters of it).
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import sys
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.errors import BadInput, Misconfigured
from core.games import toml_file
from core.worlds.archives import forms
from core.worlds.archives.forms import Forms

BUILT_IN = Path(__file__).with_name("catalogue")
MOST_REPEATED = 60
"""Characters of what was typed that a refusal repeats."""
MOST_VOLUME = 16 * 1024
"""GiB of the largest disk that clouds have."""
PLACEHOLDER = re.compile(r"\{([a-z]+(?:\.[a-z0-9_]+)?)\}")
SECRETS = ("console", "curseforge")
"""What `{secret.…}` may name."""
_FOLDER = r"^[\w-][\w.-]*(/[\w-][\w.-]*)*$"  # below the data folder
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]

HEAP = "memory.heap"
Fault = tuple[tuple[str | int, ...], str]
"""Where in a file, and what is wrong there."""

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
    """A file written below the data folder before every start; values are put in as `escaped` says."""

    path: Annotated[str, Field(pattern=r"^[\w-][\w.-]*(/[\w-][\w.-]*)*$")]
    content: str


class Trust(_Model):
    """What the image believes: where it finds `file`, it takes `vouches` to be there too, and fetches nothing. Paths
    below the data folder; with a / at the end, a folder."""

    file: str
    vouches: tuple[str, ...]


class Instead(_Model):
    """Another image where a setting has this value: versions are tags of it."""

    setting: str
    value: str
    ref: str


class Image(_Model):
    """How the game runs in a pod. `ref` "dormouse" is Dormouse's own image."""

    ref: str
    digest: str | None = None  # of `ref`
    instead: tuple[Instead, ...] = ()  # the first that fits takes its place
    command: tuple[str, ...] = ()  # empty: the image's own
    uid: int | None = None  # None: the image's own user, for all we know root
    gid: int | None = None  # None: as `uid`
    capabilities: tuple[Capability, ...] = ()
    data: str = "/data"  # where the volume is mounted
    mounts: tuple[Mount, ...] = ()
    files: tuple[File, ...] = ()
    trusts: tuple[Trust, ...] = ()
    env: dict[str, str] = {}  # in a pod only; on top of the game's `env`
    read_only: bool = False  # the image gets on with a root file system that it cannot write to
    downloads: bool = False  # fetches the game at its first start: 60 min to become ready instead of 5
    room: int = Field(0, ge=0, le=MOST_VOLUME)  # GiB of disk for what it fetches, on top of the game's `volume`

    def ref_for(self, values: Mapping[str, str]) -> str:
        """What is pulled where the settings have these values."""
        for each in self.instead:
            if values.get(each.setting) == each.value:
                return each.ref
        return f"{self.ref}@{self.digest}" if self.digest else self.ref


class Local(_Model):
    """How the game runs as a child process, its working directory the volume."""

    command: tuple[str, ...]


class Port(_Model):
    name: Identifier
    protocol: Literal["tcp", "udp"] = "tcp"
    container: int = Field(ge=1, le=65535)
    public: bool = True
    by_name: bool = False  # a router (mc-router) can lead players to it by the host name that they typed
    shares: str = ""  # the name of a port whose number players find it under; it is of the other protocol, or `plus`
    plus: int = Field(0, ge=0, le=10)  # is added to that number: for games that count on from their port
    as_outside: bool = False  # the game has to listen on the very number that players use, whatever `container` says


def _expression(pattern: str, *groups: str) -> None:
    """Raises ValueError where it is no regular expression, or has none of these groups."""
    try:
        found = re.compile(pattern)
    except re.error as wrong:
        raise ValueError(f"{pattern!r} is not a regular expression: {wrong}") from None
    if groups and not set(groups) & set(found.groupindex):
        raise ValueError(f"{pattern!r} needs a group (?P<{groups[0]}>...)")


_WHO = ("id", "player")


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
        if self.kind == "log" and not any(f"(?P<{by}>" in self.join and f"(?P<{by}>" in self.leave for by in _WHO):
            raise ValueError("join and leave need the same group: (?P<player>...) or (?P<id>...)")
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
    command: tuple[str, ...] = ()  # run first beside the game, in its container; it may name no secret
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

    file: Annotated[str, Field(pattern=r"^[\w*-][\w.*-]*(/[\w*-][\w.*-]*)*$")]  # a glob
    game: str = Field(max_length=60)


class Import(_Model):
    """Where what members bring goes, below the data folder, and what it looks like on their disks; it takes the place
    of what is there.

    `root` is a file that shows where in an archive the world begins (`level.dat`), however deep it was packed. `files`:
    it is these instead, which share a `{name}`, in whatever folder. `archive`: an archive with one of these in it is
    itself the world, and stays packed, called as the first of `files`. `backups`: globs of names that are no world.
    `name`: the setting that says what the world is called; `called`: what it is called here, whatever it was before.
    """

    world: Annotated[str, Field(pattern=rf"^$|{_FOLDER}")] = ""  # empty: all of the data folder
    root: str = ""
    files: tuple[Annotated[str, Field(pattern=r"^[^/{}]*\{name\}[^/{}]*$")], ...] = ()
    archive: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()
    name: str = ""
    called: Annotated[str, Field(pattern=r"^$|^[\w][\w.-]*$")] = ""
    dimensions: tuple[Dimension, ...] = ()
    split: Split | None = None
    foreign: tuple[Foreign, ...] = ()
    version: str = ""  # of Minecraft Java alone: the setting that says which one it is
    plugins: Annotated[str, Field(pattern=_FOLDER)] | None = None  # None: there are none

    @model_validator(mode="after")
    def _consistent(self) -> Import:
        if self.root and self.files:
            raise ValueError("a world is a folder with `root` in it, or `files`: not both")
        if (self.archive or self.name or self.called) and not self.files:
            raise ValueError("`archive`, `name` and `called` need `files`, which say how a world is called")
        if self.name and self.called:
            raise ValueError("a world has the name that it came with (`name`), or always one (`called`): not both")
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
    told: dict[str, str] = {}  # what the game is told instead of a value, such as { true = "1", false = "0" }
    needs: Literal["", "curseforge"] = ""  # a key of the operator's, without which there is no such setting
    join: bool = False  # a player needs its value to join: Join tells it

    @model_validator(mode="after")
    def _whole(self) -> Setting:
        if self.type == "choice" and not self.choices:
            raise ValueError("a choice needs choices")
        if self.type == "choice" and self.default not in self.choices:
            raise ValueError(f"the default {self.default!r} is not one of the choices")
        if self.type == "bool" and not isinstance(self.default, bool):
            raise ValueError("the default has to be true or false")
        if self.type == "int":
            low, high = self.limits
            if not isinstance(self.default, int) or not low <= self.default <= high:
                raise ValueError(f"the default has to be a number from {low} to {high}")
        if self.pattern is not None:
            _expression(self.pattern)
            if self.fallback and not re.fullmatch(self.pattern, self.fallback):
                raise ValueError("the default is not what pattern asks for")
        if len(self.fallback) > self.max_length:
            raise ValueError("the default is longer than max_length")
        return self

    @property
    def limits(self) -> tuple[int, int]:
        """Of a number."""
        return self.min or 0, self.max if self.max is not None else 2**31 - 1

    @property
    def fallback(self) -> str:
        if isinstance(self.default, bool):
            return "true" if self.default else "false"
        return str(self.default)

    def parse(self, text: str) -> str:
        """The value to store, or a refusal that says what would be taken."""
        text = text.strip()
        if self.type == "int":
            low, high = self.limits
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


class Facts(_Model):
    """What this file is known from, for whoever reads the list of games."""

    sources: tuple[str, ...] = ()  # where what it says was read
    unsure: dict[str, str] = {}  # keys of this file that rest on weak evidence, such as "query.join", and why


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
    chat: tuple[str, ...] = ()  # lines of its log that players write, with {name} and {text}
    names: str = ""  # a regular expression: what a player may be called; empty: anything
    facts: Facts = Facts()

    @model_validator(mode="after")
    def _consistent(self) -> Game:
        found = (self._ports_at_fault, self._settings_at_fault, self._imports_at_fault, self._placeholders_at_fault)
        if faults := [fault for faults in found for fault in faults()]:
            raise toml_file.Faults(faults)
        return self

    def _ports_at_fault(self) -> Iterator[Fault]:
        names = {port.name for port in self.ports}
        if not any(port.public for port in self.ports):
            yield ("ports",), "needs at least one public port"
        if self.query.kind not in ("console", "log", "none") and self.query.port not in names:
            yield ("query", "port"), f"query.port {self.query.port!r} is not one of its ports"
        if self.query.kind == "console" and self.console.kind in ("none", "stdin"):
            yield ("query", "kind"), "query.kind console needs a console that answers"
        if self.console.kind not in ("none", "stdin") and self.console.port not in names:
            yield ("console", "port"), f"console.port {self.console.port!r} is not one of its ports"
        udp_or_tcp = {port.name: port.protocol for port in self.ports}
        for number, port in enumerate(self.ports):
            if port.shares and port.shares not in udp_or_tcp:
                yield ("ports", number, "shares"), f"{port.shares!r} is not one of its ports"
            elif port.shares and not port.plus and udp_or_tcp[port.shares] == port.protocol:
                yield ("ports", number, "shares"), f"{port.shares!r} is no port of the other protocol"
            if port.plus and not port.shares:
                yield ("ports", number, "plus"), "this is added to the number of the port in shares, which is missing"
        if self.image is not None and self.console.kind == "stdin" and not self.image.command:
            yield ("image",), "a console on stdin needs image.command, which is started with it"
        for path, pattern in ((("ready", "log"), self.ready.log), (("save", "done"), self.save.done)):
            try:
                re.compile(pattern)
            except re.error as wrong:
                yield path, f"{pattern!r} is not a regular expression: {wrong}"
        if self.stop.console and self.console.kind == "none":
            yield ("stop", "console"), "there is no console that could take this"

    def _settings_at_fault(self) -> Iterator[Fault]:
        if not self.sizes:
            yield ("sizes",), "needs at least one size"
        for key, ids in (
            ("settings", [each.id for each in self.settings]),
            ("sizes", [each.id for each in self.sizes]),
        ):
            for number, each in enumerate(ids):
                if each in ids[:number]:
                    yield (key, number, "id"), f"there is another one called {each}"
        known = {each.id: each for each in self.settings}
        for number, other in enumerate(self.image.instead if self.image else ()):
            setting = known.get(other.setting)
            if setting is None or setting.type != "choice" or other.value not in setting.choices:
                yield ("image", "instead", number), f"{other.value!r} is no choice of a setting {other.setting!r}"
        split = self.imports.split
        wants = {"name": self.imports.name, "version": self.imports.version, "split": split.setting if split else ""}
        for key, wanted in wants.items():
            path = ("imports", key)
            if wanted and wanted not in known:
                yield path, f"{wanted!r} is not one of its settings"
        for number, line in enumerate(self.chat):
            if "{name}" not in line or "{text}" not in line:
                yield ("chat", number), "a line of the chat needs {name} and {text}"
        if self.names:
            try:
                re.compile(self.names)
            except re.error as wrong:
                yield ("names",), f"{self.names!r} is not a regular expression: {wrong}"

    def _imports_at_fault(self) -> Iterator[Fault]:
        ids = {setting.id for setting in self.settings}
        if self.imports.name and self.imports.name not in ids:
            yield ("imports", "name"), f"{self.imports.name!r} is not one of its settings"
        if (split := self.imports.split) and split.setting not in ids:
            yield ("imports", "split", "setting"), f"{split.setting!r} is not one of its settings"

    def _placeholders_at_fault(self) -> Iterator[Fault]:
        ports, settings = {port.name for port in self.ports}, {setting.id for setting in self.settings}
        for path, template in self._templates():
            for name in PLACEHOLDER.findall(template):
                kind, _, rest = name.partition(".")
                of_setting = rest in settings
                known = {
                    "port": rest in ports,
                    "setting": of_setting,
                    "lines": of_setting,
                    "array": of_setting,
                    "secret": rest in SECRETS,
                }.get(kind, name in {"python", "host", "data", "name", "memory", HEAP})
                if not known:
                    yield path, f"placeholder {{{name}}} means nothing here"
                elif self._is_secret(name) and path[:2] in (("image", "command"), ("stop", "command")):
                    yield path, f"placeholder {{{name}}} is a secret, and whoever sees pods reads this: put it into env"

    def _is_secret(self, name: str) -> bool:
        kind, _, rest = name.partition(".")
        return kind == "secret" or rest in {each.id for each in self.settings if each.type == "secret"}

    def _templates(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Every text with placeholders, and where it stands."""
        for name, text in self.env.items():
            yield ("env", name), text
        for number, word in enumerate(self.local.command if self.local else ()):
            yield ("local", "command", number), word
        for number, word in enumerate(self.stop.command):
            yield ("stop", "command", number), word
        if self.image is None:
            return
        for name, text in self.image.env.items():
            yield ("image", "env", name), text
        for number, word in enumerate(self.image.command):
            yield ("image", "command", number), word
        for number, file in enumerate(self.image.files):
            yield ("image", "files", number, "content"), file.content

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
            called=imports.called,
            dimensions=tuple(forms.Dimension(each.name, each.inside, each.beside) for each in imports.dimensions),
            split=split is not None and values.get(split.setting) in split.values,
            copies=split.copies if split else (),
            runs=values.get(imports.version, ""),
            foreign=tuple(forms.Foreign(each.file, each.game) for each in imports.foreign),
            **({} if name is None else _calls(name, values.get(name.id, name.fallback))),
        )

    def values(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """What was chosen, the defaults for the rest; unknown ids (of an older catalogue) are left out."""
        return {setting.id: chosen.get(setting.id, setting.fallback) for setting in self.settings}

    def told(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """What the game is told of these: `values`, in the game's own words."""
        stored = self.values(chosen)
        return {each.id: each.told.get(stored[each.id], stored[each.id]) for each in self.settings}

    def asks_for(self, key: str) -> bool:
        """Whether it can make use of this key of the operator's."""
        return any(each.needs == key for each in self.settings)

    def without(self, keys: Collection[str]) -> Game:
        """The game where the operator has these keys only: settings that need another are gone, and what they fill."""
        gone = {each.id for each in self.settings if each.needs and each.needs not in keys}
        names = {f"{kind}.{each}" for each in gone for kind in ("setting", "lines", "array")} | {
            f"secret.{each}" for each in SECRETS[1:] if each not in keys
        }

        def kept(env: Mapping[str, str]) -> dict[str, str]:
            return {name: text for name, text in env.items() if not names & set(PLACEHOLDER.findall(text))}

        image = self.image and self.image.model_copy(update={"env": kept(self.image.env)})
        settings = tuple(each for each in self.settings if each.id not in gone)
        return self.model_copy(update={"env": kept(self.env), "image": image, "settings": settings})


def _calls(setting: Setting, value: str) -> dict[str, Any]:
    return {"calls": True, "name": value, "pattern": setting.pattern or "", "longest": setting.max_length}


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace placeholders; values are put in as they are, never read as templates again."""
    return PLACEHOLDER.sub(lambda found: values[found.group(1)], template)


def escaped(values: Mapping[str, str], path: str) -> Mapping[str, str]:
    """Values as they stand in a file of this name: in JSON as the text of strings, in XML as that of attributes."""
    if path.endswith(".json"):
        return {
            key: value if key.startswith("array.") else json.dumps(value, ensure_ascii=False)[1:-1]
            for key, value in values.items()
        }
    if path.endswith(".xml"):
        return {key: html.escape(value) for key, value in values.items()}
    return values


def placeholders(
    *,
    name: str,
    host: str,
    data: str,
    memory: int,
    ports: Mapping[str, int],
    settings: Mapping[str, str],
    console_secret: str,
    curseforge_key: str = "",
    python: str = sys.executable,
) -> dict[str, str]:
    """All values that a game's command and environment may name. `settings` as the game is told (`Game.told`)."""
    return {
        "python": python,
        "host": host,
        "data": data,
        "name": name,
        "memory": str(memory),
        HEAP: str(memory * 3 // 4),
        "secret.console": console_secret,
        "secret.curseforge": curseforge_key,
        **{f"port.{key}": str(value) for key, value in ports.items()},
        **{f"setting.{key}": value for key, value in settings.items()},
        **{f"lines.{key}": "\n".join(_listed(value)) for key, value in settings.items()},
        **{f"array.{key}": json.dumps(_listed(value), ensure_ascii=False) for key, value in settings.items()},
    }


def read_game(file: Path) -> Game:
    """The game of one TOML file. Misconfigured lists all mistakes, each with its line."""
    return toml_file.read(file, Game)[0]


def _listed(value: str) -> list[str]:
    return [part for each in value.split(",") if (part := each.strip())]


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
    def load(
        cls, *folders: Path, local_only: bool = False, image_only: bool = False, keys: Collection[str] = ()
    ) -> Catalogue:
        """Read every `*.toml`; a later folder's entry replaces an earlier one's. Misconfigured lists all mistakes.

        `local_only`: those that can run as child processes; `image_only`: those that can run in a pod. `keys`: which
        of its keys the operator gave.
        """
        games: dict[str, Game] = {}
        mistakes: list[str] = []
        for folder in folders:
            if not folder.is_dir():
                mistakes.append(f"The folder of games {folder} does not exist.")
                continue
            for file in sorted(folder.glob("*.toml")):
                try:
                    game = read_game(file)
                except Misconfigured as wrong:
                    mistakes += wrong.lines
                else:
                    games[game.id] = game
        if mistakes:
            raise Misconfigured(mistakes)
        return cls(
            game.without(keys)
            for game in games.values()
            if (game.local is not None or not local_only) and (game.image is not None or not image_only)
        )
