"""What Discord refuses in messages, modals, autocomplete answers (pure). Commands are in `commands.py`.

Limits: https://discord.com/developers/docs/resources/message and /interactions/receiving-and-responding
"""

from collections.abc import Iterator
from typing import Any

from bot.demo.guild import components
from bot.demo.guild.errors import Fault, Json
from bot.demo.guild.rules import Field, Table, check, choice, items, moment, nested, text, whole
from bot.demo.guild.snowflakes import seconds

SUPPRESS_EMBEDS, EPHEMERAL, LOADING, SUPPRESS_NOTIFICATIONS, V2 = 1 << 2, 1 << 6, 1 << 7, 1 << 12, 1 << 15
"""Message flags."""

MAX_EMBED_TEXT = 6000
"""Characters in titles, descriptions, field names and values, footers and author names of all embeds together."""

_EMBED: Table = {
    "title": Field(text(0, 256)),
    "description": Field(text(0, 4096)),
    "url": Field(text(0, 2048)),
    "color": Field(whole(0, 0xFFFFFF)),
    "fields": Field(
        items(0, 25, {"name": Field(text(1, 256), required=True), "value": Field(text(1, 1024), required=True)})
    ),
    "footer": Field(nested({"text": Field(text(1, 2048), required=True)})),
    "author": Field(nested({"name": Field(text(1, 256), required=True)})),
    "image": Field(nested({"url": Field(text(1, 2048), required=True)})),
    "thumbnail": Field(nested({"url": Field(text(1, 2048), required=True)})),
}
_MESSAGE: Table = {
    "content": Field(text(0, 2000)),
    "nonce": Field(text(0, 25)),
    "embeds": Field(items(0, 10, _EMBED)),
    "attachments": Field(items(0, 10)),
    "flags": Field(whole(0, 2**31 - 1)),
}
_THREAD: Table = {"name": Field(text(1, 100), required=True)}
_POST: Table = {**_THREAD, "message": Field(nested({}), required=True), "applied_tags": Field(items(0, 5))}
_PLAN: Table = {
    "name": Field(text(1, 100), required=True),
    "description": Field(text(0, 1000)),
    "privacy_level": Field(choice(2), required=True),
    "entity_type": Field(choice(3), required=True),
    "entity_metadata": Field(nested({"location": Field(text(1, 100), required=True)}), required=True),
    "scheduled_start_time": Field(moment, required=True),
    "scheduled_end_time": Field(moment, required=True),
    "status": Field(choice(1, 2, 3, 4)),
}
_CHOICE: Table = {"name": Field(text(1, 100), required=True), "value": Field(lambda *_: iter(()), required=True)}


def check_message(body: Any, *, old: Json | None = None) -> Iterator[Fault]:
    """What is wrong with a message to be sent or, with `old` given, with an edit of that message."""
    yield from check(body, (), _MESSAGE)
    if not isinstance(body, dict):
        return
    before = old or {}
    v2 = bool((body.get("flags") or 0) & V2 or before.get("flags", 0) & V2)
    embeds = body["embeds"] if "embeds" in body else before.get("embeds")
    content = body["content"] if "content" in body else before.get("content")
    if v2:
        for name, value in (("content", content), ("embeds", embeds), ("poll", body.get("poll"))):
            if value:
                yield Fault(
                    (name,),
                    "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                    f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                )
    if body.get("components") is not None:
        yield from components.check_message(body["components"], v2=v2)
    if isinstance(embeds, list):
        yield from _embed_total(embeds)


def check_thread(body: Any, *, forum: bool) -> Iterator[Fault]:
    """What is wrong with a thread to be made; a forum's has its first message with it."""
    yield from check(body, (), _POST if forum else _THREAD)


def check_plan(body: Any, *, old: Json | None = None) -> Iterator[Fault]:
    """What is wrong with an event to be planned, which takes place somewhere, or with a change of `old`."""
    faults = list(check(body, (), _PLAN if old is None else {name: Field(each.rule) for name, each in _PLAN.items()}))
    yield from faults
    if faults:
        return
    times = [str(body.get(name) or (old or {})[name]) for name in ("scheduled_start_time", "scheduled_end_time")]
    starts, ends = map(seconds, times)
    if ends <= starts:
        code = "GUILD_SCHEDULED_EVENT_SCHEDULE_END_BEFORE_START"
        yield Fault(("scheduled_end_time",), code, "The end time must be after the start time")


def is_empty(message: Json) -> bool:
    """Whether a finished message would show nothing (50006)."""
    return not any(message.get(name) for name in ("content", "embeds", "attachments", "components"))


def check_choices(data: Any, option_type: int) -> Iterator[Fault]:
    """What is wrong with an autocomplete answer for an option of this type (3 text, 4 integer, 10 number)."""
    yield from check(data, (), {"choices": Field(items(0, 25, _CHOICE), required=True)})
    wanted = {3: (str,), 4: (int,), 10: (int, float)}[option_type]
    if isinstance(data, dict) and isinstance(data.get("choices"), list):
        for index, each in enumerate(data["choices"]):
            value = each.get("value") if isinstance(each, dict) else None
            path = ("choices", index, "value")
            if value is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
                yield Fault(path, "APPLICATION_COMMAND_OPTIONS_CHOICE_TYPE", "Not of the option's type.")
            elif isinstance(value, str):
                yield from text(1, 100)(value, path)


def _embed_total(embeds: list[Any]) -> Iterator[Fault]:
    total = 0
    for embed in embeds:
        if not isinstance(embed, dict):
            continue
        parts: list[Any] = [embed.get("title"), embed.get("description")]
        for name, inner in (("footer", "text"), ("author", "name")):
            if isinstance(embed.get(name), dict):
                parts.append(embed[name].get(inner))
        for field in embed.get("fields") or []:
            if isinstance(field, dict):
                parts += [field.get("name"), field.get("value")]
        total += sum(len(part) for part in parts if isinstance(part, str))
    if total > MAX_EMBED_TEXT:
        yield Fault(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED_TEXT}")
