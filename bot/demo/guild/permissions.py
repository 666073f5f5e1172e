"""Who may do what where: Discord's permission bits and how roles and overwrites combine (pure).

The algorithm: https://discord.com/developers/docs/topics/permissions#permission-overwrites
"""

from collections.abc import Iterable, Mapping
from enum import IntFlag

from bot.demo.guild.errors import Json


class Permission(IntFlag):
    """The bits this guild knows by name; others travel unread."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    STREAM = 1 << 9
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MOVE_MEMBERS = 1 << 24
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_EVENTS = 1 << 33
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38
    CREATE_EVENTS = 1 << 44


ALL = Permission((1 << 53) - 1)
"""What an owner or administrator has."""

DIRECT = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
)
"""What both sides of a direct message channel have."""


def in_guild(member: Json, roles: Mapping[str, Json], *, guild_id: str, owner_id: str) -> Permission:
    """The member's permissions before any channel; `roles` by id, the guild's own id is @everyone."""
    if member["user"]["id"] == owner_id:
        return ALL
    bits = Permission(int(roles[guild_id]["permissions"]))
    for role_id in member["roles"]:
        if role_id in roles:
            bits |= Permission(int(roles[role_id]["permissions"]))
    return ALL if Permission.ADMINISTRATOR in bits else bits


def in_channel(base: Permission, member: Json, overwrites: Iterable[Json], *, guild_id: str) -> Permission:
    """`base` after the channel's overwrites: @everyone's, then all roles' together, then the member's own."""
    if base == ALL:
        return ALL
    by_id = {overwrite["id"]: overwrite for overwrite in overwrites}

    def apply(bits: Permission, chosen: list[Json]) -> Permission:
        deny = allow = Permission(0)
        for overwrite in chosen:
            deny |= Permission(int(overwrite.get("deny", 0)))
            allow |= Permission(int(overwrite.get("allow", 0)))
        return (bits & ~deny) | allow

    bits = apply(base, [by_id[guild_id]] if guild_id in by_id else [])
    bits = apply(bits, [by_id[role] for role in member["roles"] if role in by_id])
    user_id = member["user"]["id"]
    bits = apply(bits, [by_id[user_id]] if user_id in by_id else [])
    # Who cannot see a channel can do nothing in it.
    return bits if Permission.VIEW_CHANNEL in bits else Permission(0)


def in_thread(parent: Permission) -> Permission:
    """What whoever has `parent` in a channel may do in its threads: there another bit says who may write.

    https://discord.com/developers/docs/topics/threads#permissions
    """
    writes = Permission.SEND_MESSAGES_IN_THREADS in parent
    return parent | Permission.SEND_MESSAGES if writes else parent & ~Permission.SEND_MESSAGES
