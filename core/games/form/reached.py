"""How a game is reached: its ports, how it is asked who plays, its console, and when it counts as up."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.games.form.model import Identifier, Model, check_expression
from core.games.form.placeholders import check_placeholders

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


class Port(Model):
    name: Identifier
    protocol: Literal["tcp", "udp"] = "tcp"
    container: int = Field(ge=1, le=65535)
    public: bool = True
    by_name: bool = False  # a router (mc-router) can lead players to it by the host name that they typed
    shares: str = ""  # the name of a port whose number players find it under; it is of the other protocol, or `plus`
    plus: int = Field(0, ge=0, le=10)  # is added to that number: for games that count on from their port
    as_outside: bool = False  # the game has to listen on the very number that players use, whatever `container` says


_WHO = ("id", "player")


class Query(Model):
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
                check_expression(pattern, *groups)
        for template in (self.path, self.user, self.password):
            check_placeholders(template, "secret.console")
        return self

    @property
    def secret(self) -> bool:
        """Whether whoever asks needs the console's secret."""
        return "{secret.console}" in self.path + self.user + self.password


class ConsoleRule(Model):
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
            check_expression(pattern)
        for template in (self.path, self.user, self.password):
            check_placeholders(template, "secret.console", "line")
        check_placeholders(self.say, "text")
        if self.body:
            try:
                json.loads(self.body)
            except ValueError:
                raise ValueError('body is JSON, such as {"message": "{line}"}') from None
        return self


class Ready(Model):
    """When the game counts as up: the query answers, the port accepts, or a line of its log matches `log`."""

    kind: Literal["query", "port", "log"] = "query"
    log: str = ""
    within: int = Field(300, ge=5, le=7200)  # seconds
