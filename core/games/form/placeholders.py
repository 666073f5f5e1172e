"""Placeholders in a game's commands, environment and files.

`{python}`, `{host}`, `{data}`, `{name}`, `{port.NAME}`, `{setting.ID}`, `{lines.ID}` and `{array.ID}` (of a list with
commas: a line each, and JSON), `{secret.console}`, `{secret.curseforge}` (the operator's key), `{memory}` and
`{memory.heap}` (MiB; three quarters of it).
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\{([a-z]+(?:\.[a-z0-9_]+)?)\}")

SECRETS = ("console", "curseforge")
"""What `{secret.…}` may name."""

HEAP = "memory.heap"


def check_placeholders(template: str, *names: str) -> None:
    for name in PLACEHOLDER.findall(template):
        if name not in names:
            raise ValueError(f"placeholder {{{name}}} means nothing here")


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


def _listed(value: str) -> list[str]:
    return [part for each in value.split(",") if (part := each.strip())]
