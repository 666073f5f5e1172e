"""What a person does with the bot, checked and written down as the `data` of an interaction.

Payloads: https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-interaction-data
"""

from typing import Any

from bot.demo.guild import cast, commands, components, objects
from bot.demo.guild.errors import Json, PageError
from bot.demo.guild.events import Message
from bot.demo.guild.permissions import ALL, Permission
from bot.demo.guild.world import World

CONTEXT_GUILD, CONTEXT_DIRECT = 0, 1
_GONE = "This component is no longer there."


def command(world: World, user_id: str, channel: Json, data: Json, *, autocomplete: bool) -> tuple[Json, str, int]:
    """A slash command: Discord's data, the full name, and while autocompleting the focused option's type (else 0)."""
    found = _command(world, user_id, channel, data)
    full_name, registered, typed = commands.leaf(found, data.get("options") or [])
    options = commands.read(registered, typed, autocomplete=autocomplete)
    focused = next((option["type"] for option in options if option.get("focused")), 0)
    built: Json = {
        "id": found["id"],
        "name": found["name"],
        "type": found["type"],
        "options": commands.wrap(found, full_name, options),
    }
    if "guild_id" in found:
        built["guild_id"] = found["guild_id"]
    if not autocomplete:
        by_name = {option["name"]: option for option in registered}
        resolved: Json = {}
        for option in options:
            kind = option["type"]
            if kind >= commands.USER_OPTION and kind != commands.NUMBER:
                types = by_name[option["name"]].get("channel_types")
                _resolve(world, resolved, _OPTION_KINDS[kind], option["value"], channel_types=types)
        if resolved:
            built["resolved"] = resolved
    return built, full_name, focused


def component(world: World, message: Message, data: Json) -> Json:
    """A press on a button or a choice in a select of `message`."""
    found = components.find(message.data["components"], str(data.get("custom_id")))
    if found is None or found["type"] != data.get("component_type", found["type"]):
        raise PageError(_GONE)
    if found.get("disabled"):
        raise PageError("This component is disabled.")
    built: Json = {"custom_id": found["custom_id"], "component_type": found["type"], "id": found["id"]}
    if found["type"] in components.SELECTS:
        values, resolved = _chosen(world, found, data.get("values"), required=False)
        built["values"] = values
        if resolved:
            built["resolved"] = resolved
    return built


def modal(world: World, opened: Json, data: Json) -> Json:
    """A modal, filled in: `opened` is what the bot asked, `data` what the person answered."""
    given = {each.get("custom_id"): each for each, _ in components.walk(data.get("components") or [])}
    resolved: Json = {}
    built: Json = {"custom_id": opened["custom_id"], "components": []}
    for top in opened["components"]:
        answer: Json = {"type": top["type"], "id": top["id"]}
        if top["type"] == components.LABEL:
            asked = top["component"]
            answer["component"] = _answer(world, asked, given.get(asked["custom_id"]), resolved, top["label"])
        elif top["type"] == components.ACTION_ROW:
            answer["components"] = [
                _answer(world, asked, given.get(asked["custom_id"]), resolved, asked.get("label", ""))
                for asked in top["components"]
            ]
        built["components"].append(answer)
    if resolved:
        built["resolved"] = resolved
    return built


def _command(world: World, user_id: str, channel: Json, data: Json) -> Json:
    direct = channel["type"] == cast.DIRECT
    candidates = [*([] if direct else world.commands_of(cast.GUILD)), *world.commands_of(None)]
    wanted = data.get("id")
    found = next(
        (each for each in candidates if (each["id"] == wanted if wanted else each["name"] == data.get("name"))), None
    )
    if found is None:
        raise PageError("There is no such command (any more).", 404)
    contexts = found.get("contexts")
    if contexts is None:
        contexts = [CONTEXT_GUILD, CONTEXT_DIRECT] if found.get("dm_permission", True) else [CONTEXT_GUILD]
    if (CONTEXT_DIRECT if direct else CONTEXT_GUILD) not in contexts:
        raise PageError("This command cannot be used here.", 403)
    if not direct:
        has = world.permissions(user_id, channel)
        default = found.get("default_member_permissions")
        needed = Permission(int(default)) if default is not None else Permission(0)
        # Zero stands for "nobody but administrators".
        if Permission.USE_APPLICATION_COMMANDS not in has or (default is not None and not needed and has != ALL):
            raise PageError("You are not allowed to use this command here.", 403)
        if needed not in has:
            raise PageError("You do not have the permissions this command asks for.", 403)
    return found


def _answer(world: World, asked: Json, given: Json | None, resolved: Json, label: str) -> Json:
    kind = asked["type"]
    answer: Json = {"type": kind, "id": asked["id"], "custom_id": asked["custom_id"]}
    given = given or {}
    required = asked.get("required", True)
    if kind == components.TEXT_INPUT:
        value = str(given.get("value") or "")
        low, high = asked.get("min_length") or 0, asked.get("max_length") or 4000
        if not value and required:
            raise PageError(f"{label}: this field is required.")
        if value and not low <= len(value) <= high:
            raise PageError(f"{label}: must be {low} to {high} characters long.")
        answer["value"] = value
    elif kind == components.CHECKBOX:
        answer["value"] = bool(given.get("value", False))
    elif kind == components.RADIO_GROUP:
        choice = given.get("value")
        if choice is None and required:
            raise PageError(f"{label}: choose one.")
        if choice is not None and choice not in [option["value"] for option in asked["options"]]:
            raise PageError(f"{label}: no such choice.")
        answer["value"] = choice
    else:
        values, more = _chosen(world, asked, given.get("values"), required=required)
        answer["values"] = values
        for group, entries in more.items():
            resolved.setdefault(group, {}).update(entries)
    return answer


def _chosen(world: World, asked: Json, values: Any, *, required: bool) -> tuple[list[str], Json]:
    """Chosen values of a select, checkbox group or file upload, and what they stand for."""
    chosen = [str(value) for value in values or []]
    usual = len(asked["options"]) if asked["type"] == components.CHECKBOX_GROUP else 1
    low, high = asked.get("min_values"), asked.get("max_values")
    low, high = 1 if low is None else low, usual if high is None else high  # null is what discord.py sends for unset
    optional = not required and "required" in asked and not chosen
    if not optional and not low <= len(chosen) <= high:
        raise PageError(f"Choose {low} to {high}.")
    if "options" in asked and not set(chosen) <= {option["value"] for option in asked["options"]}:
        raise PageError("There is no such choice.")
    resolved: Json = {}
    if asked["type"] in _SELECT_KINDS:
        for value in chosen:
            _resolve(world, resolved, _SELECT_KINDS[asked["type"]], value, channel_types=asked.get("channel_types"))
    return chosen, resolved


_OPTION_KINDS = {
    commands.USER_OPTION: "users",
    commands.CHANNEL: "channels",
    commands.ROLE: "roles",
    commands.MENTIONABLE: "users roles",
    commands.ATTACHMENT: "attachments",
}
_SELECT_KINDS = {
    components.USER_SELECT: "users",
    components.ROLE_SELECT: "roles",
    components.MENTIONABLE_SELECT: "users roles",
    components.CHANNEL_SELECT: "channels",
    components.FILE_UPLOAD: "attachments",
}


def _resolve(world: World, resolved: Json, kinds: str, key: str, *, channel_types: list[int] | None) -> None:
    """Add the object with this id to `resolved`; PageError if there is none of these kinds."""
    if "users" in kinds and key in world.members:
        member = {name: value for name, value in world.members[key].items() if name != "user"}
        member["permissions"] = objects.bits(world.permissions(key))
        resolved.setdefault("users", {})[key] = world.user(key)
        resolved.setdefault("members", {})[key] = member
    elif "roles" in kinds and key in world.roles:
        resolved.setdefault("roles", {})[key] = world.roles[key]
    elif kinds == "channels" and key in world.channels:
        channel = world.channels[key]
        if channel_types and channel["type"] not in channel_types:
            raise PageError("A channel of this type cannot be chosen.")
        resolved.setdefault("channels", {})[key] = objects.partial_channel(world, channel, cast.BOT)
    elif kinds == "attachments" and (attachment := world.attachments.get(key)) is not None:
        resolved.setdefault("attachments", {})[key] = attachment | {"ephemeral": True}
    else:
        raise PageError("What was chosen does not exist.")
