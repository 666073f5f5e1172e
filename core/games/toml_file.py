"""A TOML file that a person edits, as a model, or every mistake in it: in words, and with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.edited import read_edited
from core.errors import Misconfigured
from core.games.toml_lines import Lines

_M = TypeVar("_M", bound=BaseModel)
_AT = re.compile(r"^(?P<why>.*?) \(at (?:line (?P<line>\d+), column \d+|end of document)\)$", re.DOTALL)


class Faults(ValueError):
    """What a model's validator finds that is about keys of its own: where, from the model on, and words."""

    def __init__(self, found: Sequence[tuple[Sequence[str | int], str]]) -> None:
        super().__init__("; ".join(words for _, words in found))
        self.found = tuple(found)


def read(file: Path, model: type[_M]) -> tuple[_M, Callable[[Sequence[str | int], str], str]]:
    """The model, and what says a mistake in this file: given where and words. Misconfigured lists all mistakes."""
    text = read_edited(file)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        found = _AT.match(str(wrong))
        why, line = (found["why"], found["line"]) if found else (str(wrong), None)
        where = int(line) if line else text.count("\n") + 1
        raise Misconfigured([f"{file.name}, line {where}: this is not TOML: {why}."]) from None
    lines = cache(lambda: Lines(text))  # most files have no mistake

    def say(path: Sequence[str | int], words: str) -> str:
        named = ".".join(str(part) for part in path if isinstance(part, str))
        return f"{file.name}, line {lines().find(path)}: {named + ': ' if named else ''}{words}."

    try:
        return model.model_validate(values), say
    except ValidationError as wrong:
        told = ((_closer(values, path, words), words) for path, words in _mistakes(wrong))
        raise Misconfigured([say(path, words) for path, words in told]) from None


def _mistakes(wrong: ValidationError) -> Iterator[tuple[Sequence[str | int], str]]:
    for each in wrong.errors():
        cause = each.get("ctx", {}).get("error")
        if isinstance(cause, Faults):
            for path, words in cause.found:
                yield (*each["loc"], *path), words
        else:
            yield each["loc"], _words(each)


def _closer(values: Any, path: Sequence[str | int], words: str) -> Sequence[str | int]:
    """A table as a whole is at fault: the key in it whose value the words repeat, if there is one."""
    table = values
    for part in path:
        try:
            table = table[part]
        except (LookupError, TypeError):
            return path
    if not isinstance(table, dict):
        return path
    named = [key for key, value in table.items() if isinstance(value, str) and value and words.startswith(repr(value))]
    return (*path, named[0]) if len(named) == 1 else path


def _words(error: Any) -> str:
    """What is wrong, as a person would say it."""
    about = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "this is missing"
        case "extra_forbidden":
            return "there is no such key"
        case "literal_error":
            return f"this has to be one of {about['expected']}"
        case "string_pattern_mismatch":
            return f"this does not have the form {about['pattern']}"
        case "greater_than_equal":
            return f"this has to be at least {about['ge']}"
        case "less_than_equal":
            return f"this has to be at most {about['le']}"
        case "string_too_long":
            return f"this is longer than {about['max_length']} characters"
        case "string_type":
            return "this has to be a text in quotes"
        case "int_type" | "int_parsing" | "int_from_float":
            return "this has to be a whole number"
        case "bool_type" | "bool_parsing":
            return "this has to be true or false"
        case "tuple_type" | "list_type":
            return "this has to be a list in [ ]"
        case "dict_type" | "model_type":
            return "this has to be a table"
    return str(error["msg"]).removeprefix("Value error, ")
