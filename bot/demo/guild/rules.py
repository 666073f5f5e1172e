"""What a field of a body may hold: small rules from which the validation tables are made (pure)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from bot.demo.guild.errors import Fault, Json, Path
from bot.demo.guild.snowflakes import seconds

Rule = Callable[[Any, Path], Iterator[Fault]]
"""Yields what is wrong with a value that stands at a path."""


class Field(NamedTuple):
    rule: Rule
    required: bool = False


Table = Mapping[str, Field]


def check(body: Any, path: Path, table: Table) -> Iterator[Fault]:
    """Apply a table to an object; a key that is absent or null is only missed where it is required."""
    if not isinstance(body, dict):
        yield Fault(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    for name, field in table.items():
        value = body.get(name)
        if value is not None:
            yield from field.rule(value, (*path, name))
        elif field.required:
            yield required((*path, name))


def required(path: Path) -> Fault:
    return Fault(path, "BASE_TYPE_REQUIRED", "This field is required")


def one_of(path: Path, choices: object) -> Fault:
    return Fault(path, "BASE_TYPE_CHOICES", f"Value must be one of {choices}.")


def text(low: int, high: int) -> Rule:
    """A string of `low` to `high` characters."""

    def rule(value: Any, path: Path) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(path, "STRING_TYPE_CONVERT", "Could not interpret the value as string.")
        elif not value and low:
            yield required(path)
        elif not low <= len(value) <= high:
            yield length(path, low, high)

    return rule


def length(path: Path, low: int, high: int) -> Fault:
    if low:
        return Fault(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
    return Fault(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")


def whole(low: int, high: int) -> Rule:
    def rule(value: Any, path: Path) -> Iterator[Fault]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield Fault(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif value < low:
            yield Fault(path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {low}.")
        elif value > high:
            yield Fault(path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {high}.")

    return rule


def flag(value: Any, path: Path) -> Iterator[Fault]:
    """A rule: true or false."""
    if not isinstance(value, bool):
        yield Fault(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")


def moment(value: Any, path: Path) -> Iterator[Fault]:
    """A rule: a time of ISO 8601."""
    try:
        seconds(str(value))
    except ValueError:
        yield Fault(path, "BASE_TYPE_PARSE", f"Could not parse {value}. Should be ISO8601.")


def choice(*allowed: object) -> Rule:
    def rule(value: Any, path: Path) -> Iterator[Fault]:
        if value not in allowed:
            yield one_of(path, allowed)

    return rule


def items(low: int, high: int, each: Table | None = None) -> Rule:
    """A list of `low` to `high` entries, every one an object that fits the table `each`."""

    def rule(value: Any, path: Path) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return
        if not low <= len(value) <= high:
            yield length(path, low, high)
        if each is not None:
            for index, entry in enumerate(value):
                yield from check(entry, (*path, index), each)

    return rule


def nested(table: Table) -> Rule:
    return lambda value, path: check(value, path, table)


def repeated(entries: list[Json], key: str, path: Path, code: str, message: str) -> Iterator[Fault]:
    """A fault at every entry whose `key` an earlier entry has too."""
    seen: set[Any] = set()
    for index, entry in enumerate(entries):
        value = entry.get(key) if isinstance(entry, dict) else None
        if value is None:
            continue
        if value in seen:
            yield Fault((*path, index, key), code, message)
        seen.add(value)
