"""Application commands: what may be registered, and whether what a person typed fits what was registered (pure).

Limits: https://discord.com/developers/docs/interactions/application-commands
"""

import unicodedata
from collections.abc import Iterator
from typing import Any

from bot.demo.guild.errors import Fault, Json, PageError, Path
from bot.demo.guild.rules import Field, Rule, Table, check, choice, flag, items, repeated, text, whole

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
"""Command types."""
SUB_COMMAND, SUB_COMMAND_GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
USER_OPTION, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 6, 7, 8, 9, 10, 11
"""Option types."""

_MOST = {CHAT_INPUT: 100, USER: 5, MESSAGE: 5}
_INSIDE = {0: range(1, 12), SUB_COMMAND: range(3, 12), SUB_COMMAND_GROUP: range(1, 2)}
"""By the type of what contains them (0: the command), the option types that may stand there."""

_MAX_TOTAL = 8000
_SAFE_INTEGER = 2**53 - 1


def name(value: Any, path: Path) -> Iterator[Fault]:
    """A rule: 1 to 32 lower-case letters of any script, digits, `-`, `_`, `'`."""
    yield from text(1, 32)(value, path)
    if isinstance(value, str) and (value != value.lower() or not all(_in_name(each) for each in value)):
        yield Fault(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def check_all(commands: Any) -> Iterator[Fault]:
    """What is wrong with a bulk overwrite."""
    if not isinstance(commands, list):
        yield Fault((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return
    for index, command in enumerate(commands):
        yield from check_one(command, (index,))
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(commands):
        if isinstance(command, dict):
            key = (command.get("type") or CHAT_INPUT, str(command.get("name")))
            if key in seen:
                yield Fault(
                    (index, "name"),
                    "APPLICATION_COMMANDS_DUPLICATE_NAME",
                    "Application command names must be unique",
                )
            seen.add(key)
    for kind, most in _MOST.items():
        if sum(1 for each, _ in seen if each == kind) > most:
            yield Fault((), "BASE_TYPE_MAX_LENGTH", f"At most {most} commands of type {kind}.")


def check_one(command: Any, path: Path = ()) -> Iterator[Fault]:
    """What is wrong with one command."""
    yield from check(command, path, {"type": Field(choice(CHAT_INPUT, USER, MESSAGE))})
    if not isinstance(command, dict):
        return
    if (command.get("type") or CHAT_INPUT) != CHAT_INPUT:
        yield from check(command, path, {"name": Field(text(1, 32), required=True)})
        if command.get("description") or command.get("options"):
            yield Fault(path, "APPLICATION_COMMAND_CONTEXT_MENU", "A context menu has no description and no options.")
        return
    yield from check(command, path, {**_NAMED, "nsfw": Field(flag)})
    if command.get("options") is not None:
        yield from _options(command["options"], (*path, "options"), parent=0)
    if _size(command) > _MAX_TOTAL:
        yield Fault(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({_MAX_TOTAL})")


def leaf(command: Json, options: list[Json]) -> tuple[str, list[Json], list[Json]]:
    """Follow what was typed to the sub command: its full name, its registered options, and the typed ones."""
    words, registered = [command["name"]], command.get("options") or []
    while any(option["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP) for option in registered):
        typed = options[0] if options else {}
        found = next((option for option in registered if option["name"] == typed.get("name")), None)
        if found is None or len(options) != 1:
            raise PageError(f"/{' '.join(words)} needs one of its sub commands.")
        words.append(found["name"])
        registered, options = found.get("options") or [], typed.get("options") or []
    return " ".join(words), registered, options


def wrap(command: Json, full_name: str, typed: list[Json]) -> list[Json]:
    """The option tree as Discord sends it: the typed options inside their sub command and group."""
    path = full_name.split(" ")[1:]
    registered, kinds = command.get("options") or [], []
    for word in path:
        found = next(option for option in registered if option["name"] == word)
        kinds.append(found["type"])
        registered = found.get("options") or []
    for word, kind in zip(reversed(path), reversed(kinds), strict=True):
        typed = [{"name": word, "type": kind, "options": typed}]
    return typed


def read(registered: list[Json], typed: list[Json], *, autocomplete: bool) -> list[Json]:
    """What was typed, checked and in the registered types.

    While autocompleting, required options may still be missing and values unfinished; exactly one option is `focused`.
    Raises PageError with the sentence that Discord's client would show.
    """
    by_name = {option["name"]: option for option in registered}
    read_options: list[Json] = []
    for given in typed:
        option = by_name.pop(given.get("name", ""), None)
        if option is None:
            raise PageError(f"There is no option {given.get('name')!r}, or it is given twice.")
        focused = bool(given.get("focused"))
        value = given.get("value")
        if not autocomplete:
            value = _value(option, value)
        elif focused and not option.get("autocomplete"):
            raise PageError(f"{option['name']} does not autocomplete.")
        read_options.append(
            {"name": option["name"], "type": option["type"], "value": value} | ({"focused": True} if focused else {})
        )
    missing = [option["name"] for option in by_name.values() if option.get("required")]
    if autocomplete:
        if sum(1 for option in read_options if option.get("focused")) != 1:
            raise PageError("Exactly one option must be focused.")
    elif missing:
        raise PageError(f"This option is required: {', '.join(missing)}.")
    return read_options


def _in_name(letter: str) -> bool:
    return letter in "-_'" or unicodedata.category(letter)[0] in "LNM"


def _nothing(value: Any, path: Path) -> Iterator[Fault]:
    return iter(())


def _localized(rule: Rule) -> Rule:
    def each(value: Any, path: Path) -> Iterator[Fault]:
        if isinstance(value, dict):
            for locale, words in value.items():
                yield from rule(words, (*path, locale))

    return each


_NAMED: Table = {
    "name": Field(name, required=True),
    "name_localizations": Field(_localized(name)),
    "description": Field(text(1, 100), required=True),
    "description_localizations": Field(_localized(text(1, 100))),
}
_OPTION: Table = {
    **_NAMED,
    "type": Field(choice(*range(1, 12)), required=True),
    "required": Field(flag),
    "autocomplete": Field(flag),
    "min_length": Field(whole(0, 6000)),
    "max_length": Field(whole(1, 6000)),
    "choices": Field(
        items(0, 25, {"name": Field(text(1, 100), required=True), "value": Field(_nothing, required=True)})
    ),
}


def _options(options: Any, path: Path, *, parent: int) -> Iterator[Fault]:
    yield from items(0, 25, _OPTION)(options, path)
    if not isinstance(options, list) or not all(isinstance(option, dict) for option in options):
        return
    yield from repeated(
        options, "name", path, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists"
    )
    nested = [option for option in options if option.get("type") in (SUB_COMMAND, SUB_COMMAND_GROUP)]
    if nested and len(nested) != len(options):
        yield Fault(path, "APPLICATION_COMMAND_OPTIONS_TYPE_MIXED", "Sub commands and values cannot stand together.")
    optional = False
    for index, option in enumerate(options):
        at = (*path, index)
        if option.get("required") and optional:
            yield Fault(
                at,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional = optional or not option.get("required")
        yield from _option(option, at, parent=parent)


def _option(option: Json, at: Path, *, parent: int) -> Iterator[Fault]:
    kind = option.get("type")
    if kind not in _INSIDE[parent]:
        yield Fault((*at, "type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Option type is not valid here")
        return
    if kind in (SUB_COMMAND, SUB_COMMAND_GROUP):
        if option.get("options") is not None:
            yield from _options(option["options"], (*at, "options"), parent=kind)
        return
    if option.get("options"):
        yield Fault((*at, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "This type has no options.")
    choices = option.get("choices")
    if (choices or option.get("autocomplete")) and kind not in (STRING, INTEGER, NUMBER):
        yield Fault(at, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "This type has no choices and no autocomplete.")
    if choices and option.get("autocomplete"):
        yield Fault(at, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE", "Choices and autocomplete exclude each other.")
    if kind == STRING and isinstance(choices, list):
        for index, each in enumerate(choices):
            if isinstance(each, dict) and each.get("value") is not None:
                yield from text(0, 100)(each["value"], (*at, "choices", index, "value"))


def _size(command: Json) -> int:
    total = len(str(command.get("name") or "")) + len(str(command.get("description") or ""))
    for each in command.get("choices") or []:
        if isinstance(each, dict):
            total += len(str(each.get("name"))) + len(str(each.get("value")))
    return total + sum(_size(option) for option in command.get("options") or [] if isinstance(option, dict))


def _value(option: Json, value: Any) -> Any:
    label, kind = option["name"], option["type"]
    if value is None:
        raise PageError(f"{label} has no value.")
    if kind in (INTEGER, NUMBER):
        value = _number(option, value)
    elif kind == BOOLEAN:
        if not isinstance(value, bool):
            raise PageError(f"{label} must be true or false.")
    else:
        value = str(value)
        if kind == STRING:
            low, high = option.get("min_length") or 0, option.get("max_length") or 6000
            if not low <= len(value) <= high:
                raise PageError(f"{label} must be {low} to {high} characters long.")
    choices = option.get("choices")
    if choices and value not in [each["value"] for each in choices]:
        raise PageError(f"{label} must be one of: {', '.join(each['name'] for each in choices)}.")
    return value


def _number(option: Json, value: Any) -> int | float:
    label, whole_number = option["name"], option["type"] == INTEGER
    try:
        number: int | float = int(str(value)) if whole_number else float(value)
    except (TypeError, ValueError):
        raise PageError(f"{label} must be a {'whole ' if whole_number else ''}number.") from None
    low, high = option.get("min_value"), option.get("max_value")
    if abs(number) > _SAFE_INTEGER or (low is not None and number < low) or (high is not None and number > high):
        raise PageError(
            f"{label} must be between {-_SAFE_INTEGER if low is None else low}"
            f" and {_SAFE_INTEGER if high is None else high}."
        )
    return number
