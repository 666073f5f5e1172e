"""Pure: the players in JSON, and in metrics, by where the catalogue says that they stand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from core.games.protocols.answer import MOST_PLAYERS, Answer, NoAnswer, counted

LARGEST = 256 * 1024
"""Bytes of an answer."""


def read(kind: str, body: bytes, question: Mapping[str, str]) -> Answer:
    """`question` has the catalogue's [query]. Raises `NoAnswer`."""
    return read_metrics(body, question) if kind == "prometheus" else read_json(body, question)


def read_json(body: bytes, question: Mapping[str, str]) -> Answer:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise NoAnswer("the answer is not JSON") from wrong
    names = pick(told, question.get("names", ""))
    return counted(
        _number(told, question.get("online", "")),
        _number(told, question.get("max", "")),
        names if isinstance(names, list) else (),
        bots=_number(told, question["bots"]) if question.get("bots") else 0,
    )


def pick(value: Any, path: str) -> Any:
    """Follow a dotted path, through objects and into each element of a list; None where it leads nowhere."""
    if not path:
        return None
    for key in path.split("."):
        if isinstance(value, list):
            value = [each.get(key) for each in value if isinstance(each, dict)]
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def _number(told: Any, path: str) -> Any:
    """Through objects only: of a list of lists nobody knows what it counts."""
    *before, last = path.split(".")
    for key in before:
        told = told.get(key) if isinstance(told, dict) else None
    value = told.get(last) if isinstance(told, dict) else None
    return len(value) if isinstance(value, list) else value


def read_metrics(body: bytes, question: Mapping[str, str]) -> Answer:
    """Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats). The samples of a metric
    are added up, whatever their labels."""
    text = body.decode(errors="replace")
    bots = _sum(text, question["bots"]) if question.get("bots") else 0
    return counted(_sum(text, question.get("online", "")), _sum(text, question.get("max", "")), bots=bots)


def _sum(text: str, metric: str) -> int | None:
    """None where there is no such metric, or it has no number."""
    found: float | None = None
    for line in text.splitlines() if metric else ():
        if not line.startswith(metric):
            continue
        rest = line[len(metric) :].lstrip(" \t")
        if rest[:1] == "{":
            rest = _after_labels(rest)
        elif line[len(metric)] not in " \t" if len(line) > len(metric) else True:
            continue
        try:
            value = float(rest.split()[0])
        except (ValueError, IndexError):
            return None
        if not 0 <= value <= MOST_PLAYERS:  # nor nan
            return None
        found = (found or 0.0) + value
    return None if found is None else math.floor(found)


def _after_labels(rest: str) -> str:
    """What follows `{a="}",b="\\""}`."""
    quoted = escaped = False
    for at, char in enumerate(rest):
        if escaped:
            escaped = False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == "}" and not quoted:
            return rest[at + 1 :]
    return ""
