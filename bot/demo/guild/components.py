"""Message and modal components: what Discord accepts, and the ids it gives them (pure).

Limits: https://discord.com/developers/docs/components/reference
"""

from collections.abc import Iterable, Iterator
from typing import Any

from bot.demo.guild.errors import Fault, Json, Path
from bot.demo.guild.rules import (
    Field,
    Table,
    check,
    choice,
    flag,
    items,
    length,
    nested,
    one_of,
    repeated,
    required,
    text,
    whole,
)

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR = 9, 10, 11, 12, 13, 14
CONTAINER, LABEL, FILE_UPLOAD = 17, 18, 19
RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 21, 22, 23

SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
INPUTS = (TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX)
"""What a modal asks with."""

MAX_COMPONENTS = 40
MAX_TEXT = 4000
MAX_ROWS = 5

_V1 = (ACTION_ROW,)
_V2 = (ACTION_ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER)
_MODAL = (ACTION_ROW, TEXT_DISPLAY, LABEL)
_INT32 = 2**31 - 1
_LINK, _PREMIUM = 5, 6

_custom_id = Field(text(1, 100), required=True)
_media = Field(nested({"url": Field(text(1, 2048), required=True)}), required=True)
_option: Table = {
    "label": Field(text(1, 100), required=True),
    "value": Field(text(1, 100), required=True),
    "description": Field(text(0, 100)),
    "default": Field(flag),
}
_select: Table = {
    "custom_id": _custom_id,
    "placeholder": Field(text(0, 150)),
    "min_values": Field(whole(0, 25)),
    "max_values": Field(whole(1, 25)),
    "disabled": Field(flag),
    "required": Field(flag),
    "default_values": Field(items(0, 25)),
}

TABLES: dict[int, Table] = {
    ACTION_ROW: {"components": Field(items(1, 5), required=True)},
    BUTTON: {
        "style": Field(choice(1, 2, 3, 4, _LINK, _PREMIUM), required=True),
        "label": Field(text(0, 80)),
        "custom_id": Field(text(1, 100)),
        "url": Field(text(1, 512)),
        "disabled": Field(flag),
    },
    STRING_SELECT: {**_select, "options": Field(items(1, 25, _option), required=True)},
    TEXT_INPUT: {
        "custom_id": _custom_id,
        "style": Field(choice(1, 2), required=True),
        "label": Field(text(1, 45)),
        "min_length": Field(whole(0, 4000)),
        "max_length": Field(whole(1, 4000)),
        "value": Field(text(0, 4000)),
        "placeholder": Field(text(0, 100)),
        "required": Field(flag),
    },
    USER_SELECT: _select,
    ROLE_SELECT: _select,
    MENTIONABLE_SELECT: _select,
    CHANNEL_SELECT: _select,
    SECTION: {"components": Field(items(1, 3), required=True), "accessory": Field(nested({}), required=True)},
    TEXT_DISPLAY: {"content": Field(text(1, MAX_TEXT), required=True)},
    THUMBNAIL: {"media": _media, "description": Field(text(0, 1024)), "spoiler": Field(flag)},
    MEDIA_GALLERY: {
        "items": Field(
            items(1, 10, {"media": _media, "description": Field(text(0, 1024)), "spoiler": Field(flag)}), required=True
        )
    },
    FILE: {"file": _media, "spoiler": Field(flag)},
    SEPARATOR: {"divider": Field(flag), "spacing": Field(choice(1, 2))},
    CONTAINER: {
        "components": Field(items(1, MAX_COMPONENTS), required=True),
        "accent_color": Field(whole(0, 0xFFFFFF)),
        "spoiler": Field(flag),
    },
    LABEL: {
        "label": Field(text(1, 45), required=True),
        "description": Field(text(0, 100)),
        "component": Field(nested({}), required=True),
    },
    FILE_UPLOAD: {
        "custom_id": _custom_id,
        "min_values": Field(whole(0, 10)),
        "max_values": Field(whole(1, 10)),
        "required": Field(flag),
    },
    RADIO_GROUP: {"custom_id": _custom_id, "options": Field(items(2, 10, _option), required=True)},
    CHECKBOX_GROUP: {
        "custom_id": _custom_id,
        "options": Field(items(1, 10, _option), required=True),
        "min_values": Field(whole(0, 10)),
        "max_values": Field(whole(1, 10)),
    },
    CHECKBOX: {"custom_id": _custom_id, "default": Field(flag)},
}

_INSIDE: dict[int, dict[str, tuple[int, ...]]] = {
    ACTION_ROW: {"components": (BUTTON, *SELECTS)},
    SECTION: {"components": (TEXT_DISPLAY,), "accessory": (BUTTON, THUMBNAIL)},
    CONTAINER: {"components": (ACTION_ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR)},
    LABEL: {"component": INPUTS},
}
"""What may stand in which slot; a modal's action row holds one text input instead."""


def walk(components: Iterable[Any], path: Path = ("components",)) -> Iterator[tuple[Json, Path]]:
    """Every component with its path, each before those inside it, in reading order."""
    for index, component in enumerate(components):
        yield from _walk(component, (*path, index))


def find(components: Iterable[Json], custom_id: str) -> Json | None:
    """The component with this custom id."""
    return next((each for each, _ in walk(components) if each.get("custom_id") == custom_id), None)


def texts(components: Iterable[Json]) -> list[str]:
    """What the text displays say."""
    return [each["content"] for each, _ in walk(components) if each.get("type") == TEXT_DISPLAY]


def give_ids(components: list[Json]) -> None:
    """Number, in place, the components without `id` (0 counts as none): 1, 2, … past the numbers already taken."""
    everything = [each for each, _ in walk(components)]
    taken = {each["id"] for each in everything if each.get("id")}
    number = 0
    for each in everything:
        if each.get("id"):
            continue
        number += 1
        while number in taken:
            number += 1
        each["id"] = number


def check_message(components: Any, *, v2: bool) -> Iterator[Fault]:
    """What is wrong with the components of a message; `v2` says whether it carries the flag IS_COMPONENTS_V2."""
    path: Path = ("components",)
    if not isinstance(components, list):
        yield Fault(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return
    if not v2 and len(components) > MAX_ROWS:
        yield length(path, 0, MAX_ROWS)
    yield from _slot(components, path, _V2 if v2 else _V1, modal=False)
    everything = list(walk(components))
    if len(everything) > MAX_COMPONENTS:
        yield Fault(
            path, "COMPONENT_LAYOUT_COUNT_EXCEEDED", f"A message holds at most {MAX_COMPONENTS} components in total."
        )
    said = sum(len(each["content"]) for each, _ in everything if isinstance(each.get("content"), str))
    if said > MAX_TEXT:
        yield Fault(
            path,
            "COMPONENT_TOTAL_TEXT_LENGTH_EXCEEDED",
            f"The total displayable text size exceeds the maximum size of {MAX_TEXT}",
        )
    yield from _unique(everything)


def check_modal(modal: Any) -> Iterator[Fault]:
    """What is wrong with the data of a modal."""
    top = {
        "custom_id": _custom_id,
        "title": Field(text(1, 45), required=True),
        "components": Field(items(1, 5), required=True),
    }
    yield from check(modal, (), top)
    if isinstance(modal, dict) and isinstance(modal.get("components"), list):
        yield from _slot(modal["components"], ("components",), _MODAL, modal=True)
        yield from _unique(list(walk(modal["components"])))


def _walk(component: Any, path: Path) -> Iterator[tuple[Json, Path]]:
    if not isinstance(component, dict):
        return
    yield component, path
    if isinstance(component.get("components"), list):
        yield from walk(component["components"], (*path, "components"))
    for slot in ("accessory", "component"):
        if slot in component:
            yield from _walk(component[slot], (*path, slot))


def _slot(components: list[Any], path: Path, allowed: tuple[int, ...], *, modal: bool) -> Iterator[Fault]:
    for index, component in enumerate(components):
        yield from _one(component, (*path, index), allowed, modal=modal)


def _one(component: Any, path: Path, allowed: tuple[int, ...], *, modal: bool) -> Iterator[Fault]:
    if not isinstance(component, dict):
        yield Fault(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return
    kind = component.get("type")
    if kind not in allowed:
        yield one_of((*path, "type"), allowed)
        return
    yield from check(component, path, {**TABLES[kind], "id": Field(whole(0, _INT32))})
    yield from _special(component, path, modal=modal)
    for slot, inside in _INSIDE.get(kind, {}).items():
        if kind == ACTION_ROW and modal:
            inside = (TEXT_INPUT,)
        value = component.get(slot)
        if isinstance(value, list):
            yield from _slot(value, (*path, slot), inside, modal=modal)
        elif value is not None:
            yield from _one(value, (*path, slot), inside, modal=modal)


def _special(component: Json, path: Path, *, modal: bool) -> Iterator[Fault]:
    match component["type"]:
        case 1:
            yield from _row(component, path, modal=modal)
        case 2:
            yield from _button(component, path)
        case 3 | 5 | 6 | 7 | 8 | 22:
            yield from _range(component, path, "min_values", "max_values")
            options = component.get("options")
            if isinstance(options, list):
                yield from _options(component, options, path)
        case 4:
            yield from _range(component, path, "min_length", "max_length")
        case 13:
            url = component.get("file", {}).get("url", "") if isinstance(component.get("file"), dict) else ""
            if not str(url).startswith("attachment://") and "attachment_id" not in component.get("file", {}):
                yield Fault((*path, "file", "url"), "URL_TYPE_INVALID_SCHEME", "Only attachment:// is allowed here.")
        case _:
            pass


def _row(row: Json, path: Path, *, modal: bool) -> Iterator[Fault]:
    children = row.get("components")
    if not isinstance(children, list):
        return
    kinds = [child.get("type") for child in children if isinstance(child, dict)]
    alone = any(kind in SELECTS or kind == TEXT_INPUT for kind in kinds)
    if alone and len(kinds) > 1:
        yield Fault(
            (*path, "components"),
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "A row holds five buttons, or one select or input.",
        )
    if modal:
        for index, child in enumerate(children):
            if isinstance(child, dict) and child.get("type") == TEXT_INPUT and not child.get("label"):
                yield required((*path, "components", index, "label"))


def _button(button: Json, path: Path) -> Iterator[Fault]:
    style = button.get("style")
    if style == _PREMIUM:
        if not button.get("sku_id"):
            yield required((*path, "sku_id"))
        return
    if style == _LINK:
        if not button.get("url"):
            yield required((*path, "url"))
        if button.get("custom_id"):
            yield Fault((*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL", "A link button has no custom id.")
    else:
        if not button.get("custom_id"):
            yield Fault(
                (*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id required for this component."
            )
        if button.get("url"):
            yield Fault((*path, "url"), "BUTTON_COMPONENT_INVALID_URL", "Only a link button has a URL.")
    if not button.get("label") and not button.get("emoji"):
        yield required((*path, "label"))


def _range(component: Json, path: Path, low: str, high: str) -> Iterator[Fault]:
    least, most = component.get(low), component.get(high)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield Fault((*path, low), "BASE_TYPE_BAD_LENGTH", f"{low} must not be greater than {high}.")


def _options(component: Json, options: list[Any], path: Path) -> Iterator[Fault]:
    at = (*path, "options")
    yield from repeated(
        options, "value", at, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
    )
    chosen = sum(1 for option in options if isinstance(option, dict) and option.get("default"))
    most = component.get("max_values", 1)
    if isinstance(most, int) and chosen > most and component["type"] == STRING_SELECT:
        yield Fault(at, "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", f"At most {most} options may be chosen before.")
    if isinstance(most, int) and "max_values" in component and most > len(options):
        yield Fault((*path, "max_values"), "NUMBER_TYPE_MAX", "There are fewer options than max_values.")


def _unique(everything: list[tuple[Json, Path]]) -> Iterator[Fault]:
    for key, code, message in (
        ("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"),
        ("id", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated"),
    ):
        seen: set[Any] = set()
        for each, path in everything:
            value = each.get(key)
            if not value or isinstance(value, (dict, list)):
                continue
            if value in seen:
                yield Fault((*path, key), code, message)
            seen.add(value)
