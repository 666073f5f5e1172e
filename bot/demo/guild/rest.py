"""The REST API for the bot, under `/api/v10`: users, guild, channels, threads, messages, planned events, commands.

Interactions and webhooks are in `callbacks.py`. What is not here answers 404, as an unknown route does on Discord.
"""

from collections.abc import Iterator

from aiohttp import web

from bot.demo.guild import cast, commands, objects, validation
from bot.demo.guild.bodies import answer, nothing, read_json, read_object, read_with_files
from bot.demo.guild.errors import (
    ApiError,
    Fault,
    Json,
    archived_thread,
    closed_to_messages,
    forum_message,
    invalid_form,
    locked_thread,
    missing_access,
    missing_permissions,
    missing_tag,
    no_history,
    no_mutual_guild,
    not_text,
    not_yours,
    refuse,
    unauthorized,
    unknown_command,
    unknown_guild,
    unknown_message,
    unknown_user,
    wrong_channel_type,
)
from bot.demo.guild.events import Message, Typing
from bot.demo.guild.gateway import Gateway
from bot.demo.guild.messages import DEFAULT, REPLY
from bot.demo.guild.oauth import OAuth
from bot.demo.guild.permissions import Permission
from bot.demo.guild.snowflakes import seconds
from bot.demo.guild.world import World

BASE = "/api/v10"
REQUIRE_TAG = 1 << 4
"""A forum's flag: each post has to have a tag."""


class Rest:
    """Routes over one world."""

    def __init__(self, world: World, gateway: Gateway, oauth: OAuth) -> None:
        self._world = world
        self._gateway = gateway
        self._oauth = oauth

    def routes(self) -> Iterator[web.RouteDef]:
        channel = "/channels/{channel}"
        message = channel + "/messages/{message}"
        table = [
            ("GET", "/gateway", self._gateway_url),
            ("GET", "/gateway/bot", self._gateway_bot),
            ("GET", "/users/@me", self._me),
            ("GET", "/users/@me/guilds", self._my_guilds),
            ("DELETE", "/users/@me/guilds/{guild}", self._leave),
            ("POST", "/users/@me/channels", self._open_direct),
            ("GET", "/users/{user}", self._user),
            ("GET", "/applications/@me", self._application),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/guilds/{guild}", self._guild),
            ("GET", "/guilds/{guild}/channels", self._channels),
            ("GET", "/guilds/{guild}/roles", self._roles),
            ("GET", "/guilds/{guild}/members", self._members),
            ("GET", "/guilds/{guild}/members/search", self._search),
            ("GET", "/guilds/{guild}/members/{user}", self._member),
            ("GET", "/guilds/{guild}/scheduled-events", self._plans),
            ("POST", "/guilds/{guild}/scheduled-events", self._create_plan),
            ("GET", "/guilds/{guild}/scheduled-events/{plan}", self._plan),
            ("PATCH", "/guilds/{guild}/scheduled-events/{plan}", self._edit_plan),
            ("DELETE", "/guilds/{guild}/scheduled-events/{plan}", self._delete_plan),
            ("GET", "/guilds/{guild}/threads/active", self._threads),
            ("GET", channel, self._channel),
            ("PATCH", channel, self._edit_channel),
            ("DELETE", channel, self._delete_channel),
            ("POST", channel + "/typing", self._typing),
            ("POST", channel + "/threads", self._create_thread),
            ("GET", channel + "/threads/archived/public", self._archived_threads),
            ("GET", channel + "/messages", self._list),
            ("POST", channel + "/messages", self._send),
            ("GET", message, self._get),
            ("PATCH", message, self._edit),
            ("DELETE", message, self._delete),
        ]
        for prefix in ("/applications/{application}", "/applications/{application}/guilds/{guild}"):
            table += [
                ("GET", prefix + "/commands", self._commands),
                ("PUT", prefix + "/commands", self._overwrite_commands),
                ("POST", prefix + "/commands", self._create_command),
                ("GET", prefix + "/commands/{command}", self._command),
                ("DELETE", prefix + "/commands/{command}", self._delete_command),
            ]
        for method, path, handler in table:
            yield web.route(method, BASE + path, handler)

    # Who and where

    async def _gateway_url(self, request: web.Request) -> web.Response:
        return answer({"url": self._gateway.url})

    async def _gateway_bot(self, request: web.Request) -> web.Response:
        return answer(self._gateway.bot_info())

    async def _me(self, request: web.Request) -> web.Response:
        if person := self._oauth.person(request, "identify"):
            return answer(self._oauth.me(person))
        return answer(self._world.user(cast.BOT) | {"verified": True, "mfa_enabled": True, "email": None})

    async def _my_guilds(self, request: web.Request) -> web.Response:
        if person := self._oauth.person(request, "guilds"):
            return answer(self._oauth.guilds(person))
        permissions = objects.bits(self._world.permissions(cast.BOT))
        mine: Json = {"id": cast.GUILD, "name": cast.GUILD_NAME, "icon": None, "owner": False, "features": []}
        return answer([mine | {"permissions": permissions}] if self._world.bot_present else [])

    async def _leave(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        self._world.invite_bot(present=False)
        return nothing()

    async def _user(self, request: web.Request) -> web.Response:
        try:
            return answer(self._world.user(request.match_info["user"]))
        except KeyError:
            raise unknown_user() from None

    async def _application(self, request: web.Request) -> web.Response:
        return answer(objects.application(self._world, flags=self._gateway.application_flags()))

    async def _guild(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        count = len(self._world.members)
        counts = {"approximate_member_count": count, "approximate_presence_count": count}
        return answer(objects.guild(self._world) | (counts if request.query.get("with_counts") else {}))

    async def _channels(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        return answer(self._world.guild_channels())

    async def _roles(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        return answer(list(self._world.roles.values()))

    async def _members(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        if not self._gateway.application_flags() & (1 << 15):
            raise missing_access()
        limit, after = _number(request, "limit", 1), _number(request, "after", 0)
        ids = sorted((each for each in self._world.members if int(each) > after), key=int)
        return answer([self._world.members[each] for each in ids[:limit]])

    async def _search(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        query, limit = request.query.get("query", "").lower(), _number(request, "limit", 1)
        found = [m for m in self._world.members.values() if m["user"]["username"].lower().startswith(query)]
        return answer(found[:limit])

    async def _member(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        return answer(self._world.member(request.match_info["user"]))

    async def _plans(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        return answer(list(self._world.plans.values()))

    async def _plan(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        return answer(self._world.plan(request.match_info["plan"]))

    async def _create_plan(self, request: web.Request) -> web.Response:
        """Of the kind that has a place, in words; it has to have an end."""
        self._require_planning(request, Permission.CREATE_EVENTS)
        body = await read_object(request)
        refuse(validation.check_plan(body))
        location = body["entity_metadata"]["location"]
        starts, ends = seconds(body["scheduled_start_time"]), seconds(body["scheduled_end_time"])
        return answer(self._world.create_plan(body["name"], location, starts, ends, cast.BOT))

    async def _edit_plan(self, request: web.Request) -> web.Response:
        body, plan = await read_object(request), self._planned(request)
        refuse(validation.check_plan(body, old=plan))
        changes: Json = {key: body[key] for key in ("name", "status", "description") if key in body}
        if body.get("entity_metadata"):
            changes["location"] = body["entity_metadata"].get("location")
        for key, name in (("starts", "scheduled_start_time"), ("ends", "scheduled_end_time")):
            if body.get(name):
                changes[key] = seconds(body[name])
        return answer(self._world.edit_plan(plan["id"], **changes))

    async def _delete_plan(self, request: web.Request) -> web.Response:
        self._world.delete_plan(self._planned(request)["id"])
        return nothing()

    def _planned(self, request: web.Request) -> Json:
        """What the bot may change: its own, or with Manage Events any."""
        plan = self._world.plan(request.match_info["plan"])
        own = plan["creator_id"] == cast.BOT
        self._require_planning(request, Permission.CREATE_EVENTS if own else Permission.MANAGE_EVENTS)
        return plan

    def _require_planning(self, request: web.Request, needed: Permission) -> None:
        self._require_guild(request)
        if needed not in self._world.permissions(cast.BOT):
            raise missing_permissions()

    async def _threads(self, request: web.Request) -> web.Response:
        self._require_guild(request)
        return answer({"threads": self._world.active_threads(), "members": [], "has_more": False})

    def _require_guild(self, request: web.Request) -> None:
        if request.match_info["guild"] != cast.GUILD:
            raise unknown_guild()
        if not self._world.bot_present:
            raise missing_access()

    # Channels

    async def _open_direct(self, request: web.Request) -> web.Response:
        recipient = str((await read_object(request)).get("recipient_id"))
        if recipient not in cast.DIRECT_CHANNELS:
            raise invalid_form([Fault(("recipient_id",), "USER_INVALID", "Invalid Recipient(s)")])
        return answer(self._world.channel(cast.DIRECT_CHANNELS[recipient]))

    async def _channel(self, request: web.Request) -> web.Response:
        return answer(self._visible(request, Permission(0)))

    async def _edit_channel(self, request: web.Request) -> web.Response:
        """`{archived, name}` of a thread: whoever may write there opens it, and its owner does all of it. Nothing else
        is the bot's to change."""
        channel, body = self._visible(request, Permission(0)), await read_object(request)
        if channel["type"] != cast.THREAD or set(body) - {"archived", "name"}:
            raise missing_permissions()
        closes = (bool(body.get("archived")) or "name" in body) and channel["owner_id"] != cast.BOT
        self._visible(request, Permission.MANAGE_THREADS if closes else Permission.SEND_MESSAGES)
        if channel["thread_metadata"]["locked"]:
            self._visible(request, Permission.MANAGE_THREADS)
        if "name" in body:
            refuse(validation.check_thread({"name": body["name"]}, forum=False))
            channel = self._world.edit_channel(channel["id"], name=body["name"])
        if "archived" in body:
            channel = self._world.edit_thread(channel["id"], archived=bool(body["archived"]))
        return answer(channel)

    async def _create_thread(self, request: web.Request) -> web.Response:
        """A public thread, or in a forum a post: a thread with its first message. No nonce guards either."""
        body, uploads = await read_with_files(request)
        channel = self._visible(request, Permission(0))
        forum = channel["type"] == cast.FORUM
        if not forum and channel["type"] != cast.TEXT:
            raise wrong_channel_type()
        self._visible(request, Permission.SEND_MESSAGES if forum else Permission.CREATE_PUBLIC_THREADS)
        refuse(validation.check_thread(body, forum=forum))
        if not forum:
            return answer(self._world.create_thread(channel["id"], body["name"], cast.BOT), 201)
        if channel["flags"] & REQUIRE_TAG and not body.get("applied_tags"):
            raise missing_tag()
        refuse(validation.check_message(body["message"]))
        given, tags = body["message"], body.get("applied_tags") or []
        thread, message = self._world.create_post(channel["id"], body["name"], cast.BOT, given, uploads, tags)
        return answer(thread | {"message": self._world.messages.view(message)}, 201)

    async def _archived_threads(self, request: web.Request) -> web.Response:
        channel = self._visible(request, Permission.READ_MESSAGE_HISTORY)
        found = [each for each in self._world.threads_of(channel["id"]) if self._world.is_archived(each)]
        found.sort(key=lambda each: str(each["thread_metadata"]["archive_timestamp"]), reverse=True)
        limit = _number(request, "limit", 50)
        return answer({"threads": found[:limit], "members": [], "has_more": len(found) > limit})

    async def _delete_channel(self, request: web.Request) -> web.Response:
        channel = self._visible(request, Permission(0))
        is_thread = channel["type"] == cast.THREAD
        self._visible(request, Permission.MANAGE_THREADS if is_thread else Permission.MANAGE_CHANNELS)
        return answer(self._world.delete_channel(channel["id"]))

    async def _typing(self, request: web.Request) -> web.Response:
        channel = self._visible(request, Permission.SEND_MESSAGES)
        self._world.emitter.emit(Typing(channel["id"], cast.BOT))
        return nothing()

    def _visible(self, request: web.Request, needed: Permission) -> Json:
        channel = self._world.channel(request.match_info["channel"])
        self._world.require(cast.BOT, channel, needed)
        return channel

    # Messages

    async def _list(self, request: web.Request) -> web.Response:
        channel = self._visible(request, Permission(0))
        if Permission.READ_MESSAGE_HISTORY not in self._world.permissions(cast.BOT, channel):
            return answer([])
        limit = _number(request, "limit", 50)
        if not 1 <= limit <= 100:
            raise invalid_form([Fault(("limit",), "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")])
        messages, key = self._world.messages, channel["id"]
        if "around" in request.query:
            middle = _number(request, "around", 0)
            older = _public(messages.newest_first(key, before=middle + 1), limit // 2 + 1)
            newer = _public(messages.oldest_first(key, after=middle), limit - len(older))
            found = [*reversed(newer), *older]
        elif "after" in request.query:
            found = _public(messages.oldest_first(key, after=_number(request, "after", 0)), limit)[::-1]
        else:
            before = _number(request, "before", 0) or None
            found = _public(messages.newest_first(key, before=before), limit)
        return answer([messages.view(message) for message in found])

    async def _get(self, request: web.Request) -> web.Response:
        self._visible(request, Permission.READ_MESSAGE_HISTORY)
        return answer(self._world.messages.view(self._message(request)))

    async def _send(self, request: web.Request) -> web.Response:
        body, uploads = await read_with_files(request)
        channel = self._visible(request, Permission.SEND_MESSAGES)
        if channel["type"] == cast.CATEGORY_TYPE:
            raise not_text()
        if channel["type"] == cast.FORUM:
            raise forum_message()
        if channel["type"] == cast.DIRECT and channel["recipients"][0]["id"] in self._world.closed:
            raise closed_to_messages()
        if channel["type"] == cast.DIRECT and not self._world.bot_present:
            raise no_mutual_guild()
        self._require_unlocked(channel)
        refuse(validation.check_message(body))
        if uploads:
            self._visible(request, Permission.ATTACH_FILES)
        messages, nonce = self._world.messages, body.get("nonce")
        if nonce is not None and body.get("enforce_nonce"):
            same = messages.by_nonce(cast.BOT, str(nonce))
            if same is not None:
                return answer(messages.view(same, nonce=True))
        extra = self._reference(channel, body)
        kind = REPLY if extra else DEFAULT
        if channel["type"] == cast.THREAD and channel["thread_metadata"]["archived"]:
            self._world.edit_thread(channel["id"], archived=False)
        message = messages.create(channel["id"], cast.BOT, body, uploads, kind=kind, extra=extra)
        return answer(messages.view(message, nonce=True))

    async def _edit(self, request: web.Request) -> web.Response:
        body, uploads = await read_with_files(request)
        channel = self._visible(request, Permission(0))
        message = self._message(request)
        if message.author_id != cast.BOT:
            raise not_yours()
        if channel["type"] == cast.THREAD and channel["thread_metadata"]["archived"]:
            raise archived_thread()
        self._require_unlocked(channel)
        refuse(validation.check_message(body, old=message.data))
        return answer(self._world.messages.view(self._world.messages.edit(message, body, uploads)))

    async def _delete(self, request: web.Request) -> web.Response:
        self._visible(request, Permission(0))
        message = self._message(request)
        if message.author_id != cast.BOT:
            self._visible(request, Permission.MANAGE_MESSAGES)
        self._world.messages.delete(message)
        return nothing()

    def _require_unlocked(self, channel: Json) -> None:
        if self._world.is_locked_for(cast.BOT, channel):
            raise locked_thread()

    def _message(self, request: web.Request) -> Message:
        message = self._world.messages.get(request.match_info["channel"], request.match_info["message"])
        if message.ephemeral_for is not None:
            raise unknown_message()
        return message

    def _reference(self, channel: Json, body: Json) -> Json:
        reference = body.get("message_reference")
        if reference is None:
            return {}
        message_id = str(reference.get("message_id"))
        try:
            found = self._world.messages.get(channel["id"], message_id)
        except ApiError:
            found = None
        if found is None or found.ephemeral_for is not None:
            if reference.get("fail_if_not_exists", True):
                raise invalid_form([Fault(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")])
            return {}
        if Permission.READ_MESSAGE_HISTORY not in self._world.permissions(cast.BOT, channel):
            raise no_history()
        kept: Json = {"type": 0, "channel_id": channel["id"], "message_id": message_id}
        if channel["type"] != cast.DIRECT:
            kept["guild_id"] = cast.GUILD
        return {"message_reference": kept}

    # Commands

    async def _commands(self, request: web.Request) -> web.Response:
        return answer(self._world.commands_of(self._scope(request)))

    async def _overwrite_commands(self, request: web.Request) -> web.Response:
        scope, bodies = self._scope(request), await read_json(request)
        refuse(commands.check_all(bodies))
        return answer(self._world.overwrite_commands(bodies, scope))

    async def _create_command(self, request: web.Request) -> web.Response:
        scope, body = self._scope(request), await read_object(request)
        refuse(commands.check_one(body))
        return answer(self._world.put_command(body, scope), 201)

    async def _command(self, request: web.Request) -> web.Response:
        return answer(self._registered(request))

    async def _delete_command(self, request: web.Request) -> web.Response:
        self._world.delete_command(self._registered(request)["id"])
        return nothing()

    def _registered(self, request: web.Request) -> Json:
        command = self._world.commands.get(request.match_info["command"])
        if command is None or command.get("guild_id") != self._scope(request):
            raise unknown_command()
        return command

    def _scope(self, request: web.Request) -> str | None:
        if request.match_info["application"] != cast.APPLICATION:
            raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
        if "guild" in request.match_info:
            self._require_guild(request)
        return request.match_info.get("guild")


def require_token(request: web.Request) -> None:
    """Any bot token will do, but there must be one; interactions and webhooks carry theirs in the path, and a person's
    (`oauth.py`) holds only for who they are."""
    if request.path.startswith((BASE + "/interactions/", BASE + "/webhooks/")):
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer" and request.path in (BASE + "/users/@me", BASE + "/users/@me/guilds"):
        return
    if scheme != "Bot" or not token.strip():
        raise unauthorized()


def _public(found: Iterator[Message], limit: int) -> list[Message]:
    chosen: list[Message] = []
    for message in found:
        if len(chosen) >= limit:
            break
        if message.ephemeral_for is None:
            chosen.append(message)
    return chosen


def _number(request: web.Request, name: str, default: int) -> int:
    value = request.query.get(name)
    if value is None:
        return default
    try:
        return int(value)
    except ValueError:
        raise invalid_form([Fault((name,), "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')]) from None
