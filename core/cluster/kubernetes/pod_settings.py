"""What whoever runs the cluster says of games' pods: a TOML file (`DORMOUSE_POD_FILE`), read and judged.

docs/kubernetes.md describes the file.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from core.cluster.kubernetes import names
from core.edited import read_edited
from core.errors import Misconfigured

Raw = dict[str, Any]
_Take = Callable[[object, str], object]
"""What stands at a key, and the key; the value to keep."""

SETTING = "DORMOUSE_POD_FILE"
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
OPERATORS = ("Equal", "Exists")
_OURS = (names.PREFIX, "app.kubernetes.io/")
"""Labels and annotations that begin so are Dormouse's."""

# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
_WORD = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_QUALIFIED = re.compile(rf"((?P<prefix>[^/]*)/)?{_WORD}")
_VALUE = re.compile(rf"({_WORD})?")


@dataclass(frozen=True, slots=True)
class Toleration:
    """Of a taint; as Kubernetes has it. `toleration_seconds` None: for ever."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None

    def manifest(self) -> Raw:
        said: Raw = {"key": self.key, "value": self.value, "effect": self.effect}
        said = {"operator": self.operator} | {name: text for name, text in said.items() if text}
        return said if self.toleration_seconds is None else said | {"tolerationSeconds": self.toleration_seconds}


@dataclass(frozen=True, slots=True)
class PodOptions:
    """`storage_class` is that of new volumes; a volume that exists stays what it is. `pull_secrets` are names of
    Secrets in the games' namespace, `priority` is a PriorityClass."""

    selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    storage_class: str = ""
    priority: str = ""
    pull_secrets: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Changes with everything that a pod is made with; empty where nothing is said."""
        said = asdict(self)
        del said["storage_class"]
        if not any(said.values()):
            return ""
        return hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=8).hexdigest()

    def pod(self) -> Raw:
        """The part of a pod's spec."""
        said: Raw = {
            "nodeSelector": dict(self.selector),
            "tolerations": [each.manifest() for each in self.tolerations],
            "priorityClassName": self.priority,
            "imagePullSecrets": [{"name": each} for each in self.pull_secrets],
        }
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class PodSettings:
    """`spot`: for servers on capacity that may be taken away; None: nothing is said of it."""

    usual: PodOptions = PodOptions()
    spot: PodOptions | None = None


def read(file: Path) -> PodSettings:
    """Misconfigured lists every mistake: the key, what is wrong, what would be right."""
    try:
        said = tomllib.loads(read_edited(file))
    except Misconfigured as wrong:
        raise Misconfigured([f"{SETTING}: {line}" for line in wrong.lines]) from None
    except tomllib.TOMLDecodeError as wrong:
        raise Misconfigured([f"{SETTING}: {file.name} is not a TOML file: {wrong}."]) from None
    reader = _Reader()
    spot = said.pop("spot", None)
    settings = PodSettings(
        usual=reader.options(said, ""),
        spot=None if spot is None else reader.options(spot, "spot"),
    )
    if reader.mistakes:
        raise Misconfigured([f"{SETTING}: {file.name}: {each}" for each in reader.mistakes])
    return settings


class _Reader:
    """Takes what is right and notes what is wrong. `at` is a key, as in `spot.tolerations[1].effect`."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def options(self, said: object, at: str) -> PodOptions:
        takes: dict[str, _Take] = {
            "selector": self._labels,
            "tolerations": self._tolerations,
            "storage_class": self._name,
            "priority": self._name,
            "pull_secrets": self._names,
            "annotations": self._own_annotations,
            "labels": self._own_labels,
        }
        return PodOptions(**self._table(said, at, takes, more=() if at else ("spot",)))

    def _table(self, said: object, at: str, takes: Mapping[str, _Take], more: Iterable[str] = ()) -> dict[str, Any]:
        if not isinstance(said, dict):
            self._wrong(at, f"takes a table with some of {_listed(takes)}")
            return {}
        for key in sorted(said.keys() - takes.keys()):
            self._wrong(_below(at, key), f"means nothing here: take one of {_listed([*takes, *more], 'or')}")
        return {key: take(said[key], _below(at, key)) for key, take in takes.items() if key in said}

    # tables of texts

    def _labels(self, said: object, at: str) -> dict[str, str]:
        found = self._texts(said, at, '"kubernetes.io/arch" = "amd64"')
        return {key: self._value(value, _below(at, key)) for key, value in found.items()}

    def _own_labels(self, said: object, at: str) -> dict[str, str]:
        return self._not_ours(self._labels(said, at), at)

    def _own_annotations(self, said: object, at: str) -> dict[str, str]:
        return self._not_ours(self._texts(said, at, '"example.org/team" = "games"'), at)

    def _texts(self, said: object, at: str, example: str) -> dict[str, str]:
        if not isinstance(said, dict):
            self._wrong(at, f"takes a table, such as {example}")
            return {}
        found = {}
        for key, value in said.items():
            if not _is_qualified(key):
                self._wrong(
                    _below(at, key), f"is no name that Kubernetes takes here; one is {example.partition(' =')[0]}"
                )
            elif not isinstance(value, str):
                self._wrong(_below(at, key), f'takes a text in quotes, such as "{_plain(value)}"')
            else:
                found[key] = value
        return found

    def _not_ours(self, found: dict[str, str], at: str) -> dict[str, str]:
        for key in found:
            if key.startswith(_OURS):
                self._wrong(_below(at, key), "is Dormouse's own: choose another name")
        return found

    # names

    def _name(self, said: object, at: str) -> str:
        if isinstance(said, str) and _SUBDOMAIN.fullmatch(said):
            return said
        self._wrong(at, "takes one name, such as fast: small letters, digits, `-` and `.`")
        return ""

    def _names(self, said: object, at: str) -> tuple[str, ...]:
        if isinstance(said, list):
            return tuple(self._name(each, f"{at}[{number}]") for number, each in enumerate(said, 1))
        self._wrong(at, 'takes a list of names, such as ["registry"]')
        return ()

    # tolerations

    def _tolerations(self, said: object, at: str) -> tuple[Toleration, ...]:
        if isinstance(said, list):
            return tuple(self._toleration(each, f"{at}[{number}]") for number, each in enumerate(said, 1))
        self._wrong(at, f"takes tables, each of which begins with [[{at}]]")
        return ()

    def _toleration(self, said: object, at: str) -> Toleration:
        before = len(self.mistakes)
        takes: dict[str, _Take] = {
            "key": self._key,
            "operator": partial(self._one_of, OPERATORS),
            "value": self._value,
            "effect": partial(self._one_of, EFFECTS),
            "toleration_seconds": self._seconds,
        }
        found = Toleration(**self._table(said, at, takes))
        if len(self.mistakes) > before:
            return found
        if found.operator == "Exists" and found.value:
            self._wrong(f"{at}.value", 'does not go with operator = "Exists": leave one of the two out')
        if found.operator == "Equal" and not found.key:
            self._wrong(at, 'needs the key of a taint; only operator = "Exists" goes without')
        if found.toleration_seconds is not None and found.effect != "NoExecute":
            self._wrong(f"{at}.toleration_seconds", 'goes with effect = "NoExecute" only: leave it out')
        return found

    def _key(self, said: object, at: str) -> str:
        if isinstance(said, str) and _is_qualified(said):
            return said
        self._wrong(at, "takes the key of a taint, such as example.org/games")
        return ""

    def _value(self, said: object, at: str) -> str:
        if isinstance(said, str) and _VALUE.fullmatch(said):
            return said
        self._wrong(
            at,
            f"cannot be {_plain(said)!r}: it takes at most 63 letters, digits, `-`, `_` and `.`, "
            "a letter or digit at both ends",
        )
        return ""

    def _one_of(self, allowed: tuple[str, ...], said: object, at: str) -> str:
        if said in allowed:
            return str(said)
        self._wrong(at, f"takes {_listed(allowed, 'or')}, not {_plain(said)!r}")
        return ""

    def _seconds(self, said: object, at: str) -> int | None:
        if isinstance(said, (int, float)) and not isinstance(said, bool) and said >= 0 and said == int(said):
            return int(said)
        self._wrong(at, f"takes a whole number of seconds, such as 300, not {_plain(said)!r}")
        return None

    def _wrong(self, at: str, what: str) -> None:
        self.mistakes.append(f"{at}: {what}.")


def _is_qualified(key: str) -> bool:
    name = _QUALIFIED.fullmatch(key)
    return name is not None and (name["prefix"] is None or _SUBDOMAIN.fullmatch(name["prefix"]) is not None)


def _below(at: str, key: str) -> str:
    shown = key if re.fullmatch(r"[\w-]+", key) else json.dumps(key)
    return f"{at}.{shown}" if at else shown


def _plain(value: object) -> str:
    return json.dumps(value, default=str).strip('"')


def _listed(parts: Iterable[str], last: str = "and") -> str:
    shown = list(parts)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"
