"""Who and what there is in the guild on its first day. Ids are fixed, as text, so that tests can name them."""

from bot.demo.guild.errors import Json
from bot.demo.guild.permissions import Permission

GUILD = "1455000000000000001"
GUILD_NAME = "The Hollow Oak"
APPLICATION = "1455000000000000002"
BOT = "1455000000000000003"

ADA = "1455000000000000010"
BO = "1455000000000000011"
CY = "1455000000000000012"
PEOPLE = (ADA, BO, CY)
OWNER = CY
"""Owner of the guild and of the application."""

KEEPERS = "1455000000000000020"
PLAYERS = "1455000000000000021"
BOT_ROLE = "1455000000000000022"
EVERYONE = GUILD

CATEGORY = "1455000000000000030"
WELCOME = "1455000000000000031"
SERVERS = "1455000000000000032"
CHAT = "1455000000000000033"
BURROW = "1455000000000000034"

DIRECT_CHANNELS = {ADA: "1455000000000000040", BO: "1455000000000000041", CY: "1455000000000000042"}
"""Person -> the direct message channel between them and the bot."""

TEXT, DIRECT, VOICE, CATEGORY_TYPE, THREAD, FORUM = 0, 1, 2, 4, 11, 15
"""Channel types."""

NOTES = {
    ADA: "A member. Makes and owns game servers.",
    BO: "Has the role Players. Plays on them.",
    CY: "Has the role Keepers, which may manage the guild.",
}

_ORDINARY = (
    Permission.CREATE_INSTANT_INVITE
    | Permission.ADD_REACTIONS
    | Permission.STREAM
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.CONNECT
    | Permission.SPEAK
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.CREATE_EVENTS
)
_KEEPING = (
    Permission.MANAGE_GUILD
    | Permission.MANAGE_CHANNELS
    | Permission.MANAGE_ROLES
    | Permission.MANAGE_MESSAGES
    | Permission.VIEW_AUDIT_LOG
    | Permission.KICK_MEMBERS
    | Permission.MENTION_EVERYONE
    | Permission.MANAGE_THREADS
    | Permission.MANAGE_EVENTS
)
_JOINED = "2026-01-01T00:00:00.000000+00:00"


def user(user_id: str, username: str, name: str, *, bot: bool = False) -> Json:
    return {
        "id": user_id,
        "username": username,
        "global_name": None if bot else name,
        "discriminator": "1701" if bot else "0",
        "avatar": None,
        "bot": bot,
        "public_flags": 0,
        "flags": 0,
        "banner": None,
        "accent_color": None,
    }


def role(role_id: str, name: str, permissions: Permission, position: int, color: int = 0) -> Json:
    return {
        "id": role_id,
        "name": name,
        "color": color,
        "colors": {"primary_color": color, "secondary_color": None, "tertiary_color": None},
        "hoist": bool(color),
        "icon": None,
        "unicode_emoji": None,
        "position": position,
        "permissions": str(int(permissions)),
        "managed": False,
        "mentionable": bool(color),
        "flags": 0,
    }


def member(of: Json, roles: list[str]) -> Json:
    return {
        "user": of,
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": roles,
        "joined_at": _JOINED,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": None,
    }


def channel(channel_id: str, kind: int, name: str, position: int, *, topic: str | None = None) -> Json:
    made: Json = {
        "id": channel_id,
        "type": kind,
        "guild_id": GUILD,
        "name": name,
        "position": position,
        "parent_id": None if kind == CATEGORY_TYPE else CATEGORY,
        "permission_overwrites": [],
        "nsfw": False,
        "flags": 0,
    }
    if kind == TEXT:
        made |= {"topic": topic, "last_message_id": None, "rate_limit_per_user": 0}
    if kind == FORUM:
        made |= {"topic": topic, "last_message_id": None, "rate_limit_per_user": 0, "available_tags": []}
        made |= {"default_reaction_emoji": None, "default_sort_order": None, "default_forum_layout": 0}
        made |= {"default_auto_archive_duration": 1440, "default_thread_rate_limit_per_user": 0}
    if kind == VOICE:
        made |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None, "last_message_id": None}
    return made


def thread(thread_id: str, name: str, parent_id: str, owner_id: str, now: str) -> Json:
    """A public thread, open; in a forum it is a post. Its members are not kept."""
    return {
        "id": thread_id,
        "type": THREAD,
        "guild_id": GUILD,
        "parent_id": parent_id,
        "owner_id": owner_id,
        "name": name,
        "last_message_id": None,
        "message_count": 0,
        "member_count": 1,
        "total_message_sent": 0,
        "rate_limit_per_user": 0,
        "flags": 0,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 1440,
            "archive_timestamp": now,
            "locked": False,
            "create_timestamp": now,
        },
    }


SCHEDULED, ACTIVE, COMPLETED, CANCELED = 1, 2, 3, 4
"""What becomes of a planned event."""
EXTERNAL = 3
"""The kind of event that has a place, in words."""


def planned(event_id: str, name: str, location: str, starts: str, ends: str, creator: Json) -> Json:
    """Discord's scheduled event of the kind EXTERNAL."""
    return {
        "id": event_id,
        "guild_id": GUILD,
        "channel_id": None,
        "creator_id": creator["id"],
        "creator": creator,
        "name": name,
        "description": None,
        "scheduled_start_time": starts,
        "scheduled_end_time": ends,
        "privacy_level": 2,
        "status": SCHEDULED,
        "entity_type": EXTERNAL,
        "entity_id": None,
        "entity_metadata": {"location": location},
        "user_count": 0,
        "image": None,
        "recurrence_rule": None,
    }


def direct(channel_id: str, recipient: Json) -> Json:
    return {"id": channel_id, "type": DIRECT, "last_message_id": None, "flags": 0, "recipients": [recipient]}


def roles() -> list[Json]:
    bot_role = role(BOT_ROLE, "Dormouse", _ORDINARY, 1)
    bot_role |= {"managed": True, "tags": {"bot_id": BOT}}
    return [
        role(EVERYONE, "@everyone", _ORDINARY, 0),
        bot_role,
        role(PLAYERS, "Players", Permission(0), 2, 0x5B8DEF),
        role(KEEPERS, "Keepers", _KEEPING, 3, 0xC27C0E),
    ]


def members() -> list[Json]:
    return [
        member(user(ADA, "ada", "Ada"), []),
        member(user(BO, "bo", "Bo"), [PLAYERS]),
        member(user(CY, "cy", "Cy"), [KEEPERS]),
        member(user(BOT, "Dormouse", "Dormouse", bot=True), [BOT_ROLE]),
    ]


def channels() -> list[Json]:
    by_id = {entry["user"]["id"]: entry["user"] for entry in members()}
    return [
        channel(CATEGORY, CATEGORY_TYPE, "Guild", 0),
        channel(WELCOME, TEXT, "welcome", 0, topic="Come in, wipe your feet."),
        channel(SERVERS, TEXT, "servers", 1, topic="Our game servers. Try /server create"),
        channel(CHAT, TEXT, "chat", 2, topic="Anything goes."),
        channel(BURROW, VOICE, "Burrow", 3),
        *(direct(channel_id, by_id[person]) for person, channel_id in DIRECT_CHANNELS.items()),
    ]
