"""One game: its TOML file as a model.

A game is data. `[image]` is for Kubernetes and for containers of one machine, `[local]` for child processes; a game
without `[local]` is not offered on the local cluster where that has no containers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from core.errors import BadInput
from core.games import toml_file
from core.games.form.image import Image, Local
from core.games.form.imports import Import
from core.games.form.model import MOST_VOLUME, Fault, Identifier, Model
from core.games.form.placeholders import HEAP, PLACEHOLDER, SECRETS
from core.games.form.reached import ConsoleRule, Port, Query, Ready
from core.games.form.saving import Save, Stop
from core.games.form.setting import Setting, Size
from core.worlds.archives import forms
from core.worlds.archives.forms import Forms


class Join(Model):
    """What a player does with the address. `{address}` is host:port; `url` makes it a link."""

    url: str = ""
    text: str = ""


class Licence(Model):
    """A text that somebody of a guild has to accept before a server of this game starts there. `version` tells one text
    from the next: its date, or a number."""

    name: str = Field(min_length=1, max_length=100)
    url: str = Field(pattern=r"^https://[^\s<>()\[\]`|*]+$", max_length=300)
    version: str = Field(min_length=1, max_length=40)

    @property
    def mark(self) -> str:
        """16 hexadecimal digits of this text, for a button's custom id."""
        return hashlib.sha256(f"{self.url} {self.version}".encode()).hexdigest()[:16]


class Facts(Model):
    """What this file is known from, for whoever reads the list of games."""

    sources: tuple[str, ...] = ()  # where what it says was read
    unsure: dict[str, str] = Field({})  # keys of this file that rest on weak evidence, such as "query.join", and why


class Game(Model):
    """One entry of the catalogue."""

    id: Identifier
    name: str = Field(max_length=60)
    summary: str = Field("", max_length=100)
    licence: Licence | None = None
    image: Image | None = None
    local: Local | None = None
    env: dict[str, str] = Field({})
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
        for key, wanted in (("name", self.imports.name), ("version", self.imports.version)):
            if wanted and wanted not in ids:
                yield ("imports", key), f"{wanted!r} is not one of its settings"
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

    def sized(self, size: str) -> Size:
        """What a server of this size has. Where its game has no such size any more: the next smaller one, else the next
        larger, so that what was promised to it goes on."""
        order = get_args(Size.model_fields["id"].annotation)
        known = {each.id: each for each in self.sizes}
        at = order.index(size) if size in order else 0
        return next(known[each] for each in (*reversed(order[: at + 1]), *order[at + 1 :]) if each in known)

    def volume_of(self, size: Size) -> int:
        """GiB of disk in this size."""
        return self.volume if size.volume is None else size.volume

    def setting(self, wanted: str) -> Setting | None:
        return next((setting for setting in self.settings if setting.id == wanted), None)

    def forms(self, values: Mapping[str, str]) -> Forms:
        """How a world lies on disks, for a server with these settings."""
        imports, split = self.imports, self.imports.split
        name, beside = self.setting(imports.name), imports.companion
        made = Forms(
            place=imports.world,
            root=imports.root,
            files=imports.files,
            archive=imports.archive,
            backups=imports.backups,
            called=imports.called,
            without=imports.without,
            within=imports.within,
            unnamed=imports.unnamed,
            pattern=imports.names,
            companion=None if beside is None else forms.Companion(beside.root, beside.world, beside.shipped),
            dimensions=tuple(forms.Dimension(each.name, each.inside, each.beside) for each in imports.dimensions),
            split=split is not None and values.get(split.setting) in split.values,
            copies=split.copies if split else (),
            runs=values.get(imports.version, ""),
            foreign=tuple(forms.Foreign(each.file, each.game) for each in imports.foreign),
        )
        return made if name is None else replace(made, **_calls(name, values.get(name.id, name.fallback)))

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


def read_game(file: Path) -> Game:
    """The game of one TOML file. Misconfigured lists all mistakes, each with its line."""
    return toml_file.read(file, Game)[0]
