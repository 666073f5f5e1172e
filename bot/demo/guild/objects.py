"""Discord's larger objects, put together from the world: guild, application, partial channel."""

from typing import Any

from bot.demo.guild import cast
from bot.demo.guild.errors import Json
from bot.demo.guild.events import Message
from bot.demo.guild.permissions import Permission
from bot.demo.guild.validation import LOADING
from bot.demo.guild.world import World


def guild(world: World) -> Json:
    """As REST answers it."""
    return {
        "id": cast.GUILD,
        "name": cast.GUILD_NAME,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "owner_id": cast.OWNER,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": list(world.roles.values()),
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "nsfw_level": 0,
        "nsfw": False,
        "application_id": None,
        "system_channel_id": cast.WELCOME if cast.WELCOME in world.channels else None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "max_members": 500000,
        "max_presences": None,
        "incidents_data": None,
    }


def gateway_guild(world: World, *, everybody: bool) -> Json:
    """As GUILD_CREATE brings it.

    Without the presences intent Discord names only the bot and the people in voice channels; so does this.
    """
    members = [
        member
        for user_id, member in world.members.items()
        if everybody or user_id == cast.BOT or user_id in world.voice
    ]
    return guild(world) | {
        "joined_at": world.members[cast.BOT]["joined_at"],
        "large": False,
        "unavailable": False,
        "member_count": len(world.members),
        "members": members,
        "channels": world.guild_channels(),
        "threads": world.active_threads(),
        "presences": [],
        "voice_states": [{k: v for k, v in s.items() if k != "guild_id"} for s in world.voice.values()],
        "stage_instances": [],
        "guild_scheduled_events": list(world.plans.values()),
        "soundboard_sounds": [],
    }


def application(world: World, *, flags: int) -> Json:
    return {
        "id": cast.APPLICATION,
        "name": "Dormouse",
        "icon": None,
        "description": "",
        "summary": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "owner": world.user(cast.OWNER),
        "team": None,
        "verify_key": "0" * 64,
        "flags": flags,
        "hook": True,
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "redirect_uris": [],
        "integration_types_config": {"0": {}},
        "bot": world.user(cast.BOT),
    }


def partial_channel(world: World, channel: Json, user_id: str) -> Json:
    """A channel as interactions carry it, with the person's permissions there."""
    if channel["type"] == cast.DIRECT:
        return channel
    kept: dict[str, Any] = {key: value for key, value in channel.items() if key != "permission_overwrites"}
    return kept | {"permissions": bits(world.permissions(user_id, channel))}


def bits(permissions: Permission) -> str:
    return str(int(permissions))


def page_message(world: World, message: Message) -> Json:
    """A message as the page gets it."""
    view = world.messages.view(message, nonce=True) | {"ephemeral_for": message.ephemeral_for}
    return view | ({"thinking": True} if view["flags"] & LOADING else {})
