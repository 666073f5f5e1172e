"""Reading what Discord was sent: the words and buttons of a message's raw components."""

from __future__ import annotations

from typing import Any

TEXT, BUTTON = 10, 2


def texts(component: Any) -> str:
    """All the words, one piece a line."""
    if isinstance(component, list):
        return "\n".join(filter(None, map(texts, component)))
    own = [component["content"]] if component.get("type") == TEXT else []
    inner = [texts(component[key]) for key in ("components", "component", "accessory") if component.get(key)]
    return "\n".join(filter(None, [*own, *inner]))


def buttons(component: Any) -> dict[str, str]:
    """Custom ids by label."""
    if isinstance(component, list):
        return {label: custom_id for each in component for label, custom_id in buttons(each).items()}
    own = {component["label"]: component["custom_id"]} if component.get("type") == BUTTON else {}
    inner = [component[key] for key in ("components", "component", "accessory") if component.get(key)]
    return own | {key: value for part in inner for key, value in buttons(part).items()}


def server_of(card: dict[str, Any]) -> str:
    """The id of the server that a card is of, from its buttons."""
    return next(iter(buttons(card["components"]).values())).split(":")[2]
