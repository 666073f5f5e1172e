"""What the page in the browser asks and hears, under `/page`. A person is whoever `as=` names: there are no passwords.

Refusals are `{"reason": "one sentence"}`.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from aiohttp import WSCloseCode, WSMsgType, web

from bot.demo.guild import cast, objects, validation
from bot.demo.guild.attachments import Upload
from bot.demo.guild.bodies import answer, nothing, read_object, read_with_files
from bot.demo.guild.errors import ApiError, Json, PageError
from bot.demo.guild.events import (
    BotMembershipChanged,
    ChannelChanged,
    CommandsChanged,
    Event,
    MemberChanged,
    Message,
    MessageCreated,
    MessageDeleted,
    MessageUpdated,
    PlanChanged,
    PresenceChanged,
    RoleChanged,
    RoleCreated,
    RoleDeleted,
    ThreadChanged,
    Typing,
    VoiceChanged,
)
from bot.demo.guild.gateway import Gateway
from bot.demo.guild.interactions import Interactions
from bot.demo.guild.messages import DEFAULT, REPLY
from bot.demo.guild.permissions import Permission
from bot.demo.guild.snowflakes import seconds
from bot.demo.guild.world import World

PAGE = Path(__file__).parent / "page"

_SAFE = {
    "X-Content-Type-Options": "nosniff",
    # An uploaded page must not run as ours.
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'",
}


class PageApi:
    """Routes and live sockets of all people who look at the guild."""

    def __init__(self, world: World, gateway: Gateway, interactions: Interactions) -> None:
        self._world = world
        self._gateway = gateway
        self._interactions = interactions
        self._sockets: dict[asyncio.Queue[str | None], str] = {}
        world.emitter.listeners.append(self._on_event)

    def routes(self) -> Iterator[web.AbstractRouteDef]:
        yield web.get("/", self._index)
        yield web.get("/page/people", self._people)
        yield web.get("/page/state", self._state)
        yield web.get("/page/channels/{channel}/messages", self._messages)
        yield web.get("/page/events", self._events)
        yield web.get("/page/files/{file}/{name}", self._file)
        yield web.post("/page/channels/{channel}/messages", self._send)
        yield web.post("/page/channels/{channel}/delete-message", self._delete)
        yield web.post("/page/channels/{channel}/threads", self._create_thread)
        yield web.post("/page/channels", self._create_channel)
        yield web.patch("/page/channels/{channel}", self._edit_thread)
        yield web.delete("/page/channels/{channel}", self._delete_channel)
        yield web.post("/page/planned", self._create_plan)
        yield web.patch("/page/planned/{plan}", self._edit_plan)
        yield web.delete("/page/planned/{plan}", self._delete_plan)
        yield web.post("/page/roles", self._create_role)
        yield web.delete("/page/roles/{role}", self._delete_role)
        yield web.put("/page/members/{user}/roles/{role}", self._give_role)
        yield web.delete("/page/members/{user}/roles/{role}", self._take_role)
        yield web.post("/page/interactions", self._interact)
        yield web.post("/page/files", self._upload)
        if PAGE.is_dir():
            yield web.static("/page/static", PAGE)

    async def close(self, app: web.Application) -> None:
        """End every live socket, so that the server can stop."""
        for queue in self._sockets:
            queue.put_nowait(None)

    # Reading

    async def _index(self, request: web.Request) -> web.StreamResponse:
        index = PAGE / "index.html"
        if not index.is_file():
            raise PageError("The page is not installed.", 404)
        return web.FileResponse(index, headers={"Cache-Control": "no-cache"})

    async def _people(self, request: web.Request) -> web.Response:
        def person(user_id: str) -> Json:
            user = self._world.user(user_id)
            named = {key: user[key] for key in ("id", "username", "global_name", "avatar")}
            return named | {"note": cast.NOTES[user_id]}

        return answer([person(user_id) for user_id in cast.PEOPLE])

    async def _state(self, request: web.Request) -> web.Response:
        person, world = self._person(request), self._world
        bot = world.user(cast.BOT)
        return answer(
            {
                "me": world.user(person),
                "guild": {"id": cast.GUILD, "name": cast.GUILD_NAME},
                "roles": self._roles(),
                "planned": list(world.plans.values()),
                "channels": self._channels(person),
                "members": self._members(),
                "commands": list(world.commands.values()),
                "bots": [
                    {
                        "id": bot["id"],
                        "username": bot["username"],
                        "online": self._gateway.online,
                        "application_id": cast.APPLICATION,
                    }
                ],
            }
        )

    async def _messages(self, request: web.Request) -> web.Response:
        person = self._person(request)
        channel = self._channel(request, person)
        try:
            before, limit = int(request.query.get("before") or 0), int(request.query.get("limit") or 50)
        except ValueError:
            raise PageError("before and limit are numbers.") from None
        found: list[Json] = []
        for message in self._world.messages.newest_first(channel["id"], before=before or None):
            if len(found) >= max(1, min(limit, 200)):
                break
            if message.ephemeral_for in (None, person):
                found.append(objects.page_message(self._world, message))
        return answer(found[::-1])

    async def _file(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["file"]
        attachment, content = self._world.attachments.get(key), self._world.attachments.content(key)
        if attachment is None or content is None or (isinstance(content, Path) and not content.is_file()):
            raise PageError("There is no such file.", 404)
        headers = _SAFE | {"Content-Type": attachment["content_type"], "Cache-Control": "max-age=31536000, immutable"}
        if not attachment["content_type"].startswith(("image/", "audio/", "video/", "text/plain")):
            headers["Content-Disposition"] = f'attachment; filename="{attachment["filename"]}"'
        if isinstance(content, Path):
            return web.FileResponse(content, headers=headers)
        return web.Response(body=content, headers=headers)

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        person = self._person(request)
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        first = person not in self._sockets.values()
        self._sockets[queue] = person
        if first:
            self._world.emitter.emit(PresenceChanged(person, online=True))
        writer = asyncio.create_task(_write(socket, queue))
        try:
            while (await socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
                pass
        finally:
            writer.cancel()
            del self._sockets[queue]
            if person not in self._sockets.values():
                self._world.emitter.emit(PresenceChanged(person, online=False))
        return socket

    # Acting

    async def _send(self, request: web.Request) -> web.Response:
        person = self._person(request)
        channel = self._channel(request, person)
        if Permission.SEND_MESSAGES not in self._world.permissions(person, channel):
            raise PageError("You do not have permission to send messages here.", 403)
        if channel["type"] == cast.FORUM:
            raise PageError("Here you begin a post, with a title of its own.")
        if self._world.is_locked_for(person, channel):
            raise PageError("This thread is locked.", 403)
        body, uploads = await read_with_files(request)
        kept: Json = {"content": str(body.get("content") or "")}
        if body.get("nonce") is not None:
            kept["nonce"] = body["nonce"]
        extra: Json = {}
        if body.get("reply_to"):
            reference = self._message(person, channel["id"], str(body["reply_to"]))
            extra["message_reference"] = {"type": 0, "channel_id": channel["id"], "message_id": reference.id}
        if next(iter(validation.check_message(kept)), None) is not None:
            raise PageError("A message holds at most 2,000 characters.")
        if self._world.is_archived(channel):
            self._world.edit_thread(channel["id"], archived=False)
        message = self._world.messages.create(
            channel["id"], person, kept, uploads, kind=REPLY if extra else DEFAULT, extra=extra
        )
        return answer(objects.page_message(self._world, message))

    async def _delete(self, request: web.Request) -> web.Response:
        person = self._person(request)
        channel = self._channel(request, person)
        message = self._message(person, channel["id"], str((await read_object(request)).get("message_id")))
        mine = message.author_id == person or message.ephemeral_for == person
        if not mine and Permission.MANAGE_MESSAGES not in self._world.permissions(person, channel):
            raise PageError("Only its author or somebody who manages messages may delete this.", 403)
        self._world.messages.delete(message)
        return nothing()

    async def _create_channel(self, request: web.Request) -> web.Response:
        """`{name, type}`: a text channel (0), or a forum (15)"""
        self._require(self._person(request), Permission.MANAGE_CHANNELS, "manage channels")
        body = await read_object(request)
        kind = body.get("type", cast.TEXT)
        if kind not in (cast.TEXT, cast.FORUM):
            raise PageError("type is 0 or 15.")
        return answer(self._world.create_channel(_named(body), kind=kind))

    async def _create_thread(self, request: web.Request) -> web.Response:
        """`{name}`; in a forum `{name, content}`, the post's first message"""
        person = self._person(request)
        channel, body = self._channel(request, person), await read_object(request)
        name, forum = _named(body), channel["type"] == cast.FORUM
        if not forum and channel["type"] != cast.TEXT:
            raise PageError("Threads are begun in text channels and forums.")
        needed = Permission.SEND_MESSAGES if forum else Permission.CREATE_PUBLIC_THREADS
        if needed not in self._world.permissions(person, channel):
            raise PageError("You do not have permission to begin a thread here.", 403)
        if not forum:
            return answer(self._world.create_thread(channel["id"], name, person))
        content = str(body.get("content") or "")
        if next(iter(validation.check_message({"content": content})), None) is not None or not content:
            raise PageError("A post begins with a message of 1 to 2,000 characters.")
        thread, _ = self._world.create_post(channel["id"], name, person, {"content": content}, [])
        return answer(thread)

    async def _edit_thread(self, request: web.Request) -> web.Response:
        """`{archived, locked}`, any of them"""
        person = self._person(request)
        thread, body = self._channel(request, person), await read_object(request)
        if thread["type"] != cast.THREAD:
            raise PageError("Only threads are archived or locked.")
        changes = {key: bool(body[key]) for key in ("archived", "locked") if key in body}
        opens = changes == {"archived": False} and not self._world.is_locked_for(person, thread)
        own = "locked" not in changes and thread["owner_id"] == person
        has = self._world.permissions(person, thread)
        if Permission.MANAGE_THREADS not in has and not ((opens or own) and Permission.SEND_MESSAGES in has):
            raise PageError("Only whoever manages threads may do this.", 403)
        return answer(self._world.edit_thread(thread["id"], **changes))

    async def _delete_channel(self, request: web.Request) -> web.Response:
        person = self._person(request)
        channel = self._channel(request, person)
        thread = channel["type"] == cast.THREAD
        needed = Permission.MANAGE_THREADS if thread else Permission.MANAGE_CHANNELS
        self._require(person, needed, "manage threads" if thread else "manage channels", channel)
        self._world.delete_channel(channel["id"])
        return nothing()

    async def _create_plan(self, request: web.Request) -> web.Response:
        """`{name, location, starts, ends}`; times are of ISO 8601"""
        person = self._person(request)
        self._require(person, Permission.CREATE_EVENTS, "create events")
        body = await read_object(request)
        made = _plan_of(body) | {"privacy_level": 2, "entity_type": cast.EXTERNAL}
        if next(iter(validation.check_plan(made)), None) is not None:
            raise PageError("An event has a name, a place, a start, and an end that is later.")
        times = (seconds(str(body["starts"])), seconds(str(body["ends"])))
        return answer(self._world.create_plan(body["name"], body["location"], *times, person))

    async def _edit_plan(self, request: web.Request) -> web.Response:
        """`{name, location, starts, ends, status}`, any of them; status is 2 (begun), 3 (over) or 4 (cancelled)"""
        plan, body = self._planned(request), await read_object(request)
        if next(iter(validation.check_plan(_plan_of(body), old=plan)), None) is not None:
            raise PageError("An event has a name, a place, a start, and an end that is later.")
        changes: Json = {key: body[key] for key in ("name", "location", "status") if key in body}
        changes |= {key: seconds(str(body[key])) for key in ("starts", "ends") if key in body}
        return answer(self._world.edit_plan(plan["id"], **changes))

    async def _delete_plan(self, request: web.Request) -> web.Response:
        self._world.delete_plan(self._planned(request)["id"])
        return nothing()

    async def _create_role(self, request: web.Request) -> web.Response:
        """`{name}`"""
        self._require(self._person(request), Permission.MANAGE_ROLES, "manage roles")
        return answer(self._world.create_role(_named(await read_object(request)), color=0x3BA55C))

    async def _delete_role(self, request: web.Request) -> web.Response:
        self._require(self._person(request), Permission.MANAGE_ROLES, "manage roles")
        role = self._world.role(request.match_info["role"])
        if role["id"] == cast.EVERYONE or role["managed"]:
            raise PageError("This role stays.", 403)
        self._world.delete_role(role["id"])
        return nothing()

    async def _give_role(self, request: web.Request) -> web.Response:
        return self._change_role(request, take=False)

    async def _take_role(self, request: web.Request) -> web.Response:
        return self._change_role(request, take=True)

    def _change_role(self, request: web.Request, *, take: bool) -> web.Response:
        self._require(self._person(request), Permission.MANAGE_ROLES, "manage roles")
        role = self._world.role(request.match_info["role"])
        if role["id"] == cast.EVERYONE or role["managed"]:
            raise PageError("This role is nobody's to give.", 403)
        return answer(self._world.give_role(request.match_info["user"], role["id"], take=take))

    async def _interact(self, request: web.Request) -> web.Response:
        return answer(await self._interactions.begin(self._person(request), await read_object(request)))

    async def _upload(self, request: web.Request) -> web.Response:
        self._person(request)
        _, uploads = await read_with_files(request)
        if not uploads:
            raise PageError("No file came with the request.")
        made = self._world.attachments.add(Upload(0, uploads[0].filename, uploads[0].data, uploads[0].content_type))
        return answer(made)

    # Telling

    def _on_event(self, event: Event) -> None:
        match event:
            case MessageCreated(message) | MessageUpdated(message):
                name = "message_create" if isinstance(event, MessageCreated) else "message_update"
                self._tell_about(message, name, objects.page_message(self._world, message))
            case MessageDeleted(message):
                gone = {"id": message.id, "channel_id": message.channel_id}
                self._tell_about(message, "message_delete", gone)
            case Typing(channel_id, user_id):
                for queue, person in self._sockets.items():
                    if self._world.may_see(person, channel_id):
                        queue.put_nowait(_frame("typing", {"channel_id": channel_id, "user_id": user_id}))
            case PresenceChanged(user_id, online):
                self._tell("presence", {"user_id": user_id, "online": online})
            case CommandsChanged():
                self._tell("commands", list(self._world.commands.values()))
            case PlanChanged():
                self._tell("planned", list(self._world.plans.values()))
            case ChannelChanged() | ThreadChanged():
                self._tell_channels()
            case RoleChanged() | RoleCreated() | RoleDeleted():
                self._tell("roles", self._roles())
                self._tell_channels()
            case MemberChanged() | BotMembershipChanged():
                self._tell("members", self._members())
                self._tell_channels()
            case VoiceChanged():
                self._tell("members", self._members())

    def _tell(self, name: str, data: Json | list[Json]) -> None:
        frame = _frame(name, data)
        for queue in self._sockets:
            queue.put_nowait(frame)

    def _tell_channels(self) -> None:
        for queue, person in self._sockets.items():
            queue.put_nowait(_frame("channels", self._channels(person)))

    def _tell_about(self, message: Message, name: str, data: Json) -> None:
        if not self._sockets:
            return
        frame = _frame(name, data)
        for queue, person in self._sockets.items():
            if message.ephemeral_for in (None, person) and self._world.may_see(person, message.channel_id):
                queue.put_nowait(frame)

    # Looking up

    def _require(self, person: str, needed: Permission, what: str, channel: Json | None = None) -> None:
        if needed not in self._world.permissions(person, channel):
            raise PageError(f"Only whoever may {what} may do this.", 403)

    def _planned(self, request: web.Request) -> Json:
        """What this person may change: their own, or with Manage Events any."""
        person, plan = self._person(request), self._world.plan(request.match_info["plan"])
        if plan["creator_id"] != person:
            self._require(person, Permission.MANAGE_EVENTS, "manage events")
        return plan

    def _roles(self) -> list[Json]:
        keys = ("id", "name", "color", "position", "permissions")
        return [{key: role[key] for key in keys} for role in self._world.roles.values()]

    def _person(self, request: web.Request) -> str:
        person = request.query.get("as", "")
        if person not in cast.PEOPLE:
            raise PageError("as= must be the id of Ada, Bo or Cy.")
        return person

    def _channel(self, request: web.Request, person: str) -> Json:
        channel_id = request.match_info["channel"]
        if not self._world.may_see(person, channel_id):
            raise PageError("There is no such channel, or you cannot see it.", 404)
        return self._world.channels[channel_id]

    def _message(self, person: str, channel_id: str, message_id: str) -> Message:
        try:
            message = self._world.messages.get(channel_id, message_id)
        except ApiError:
            raise PageError("This message is no longer there.", 404) from None
        if message.ephemeral_for not in (None, person):
            raise PageError("This message is no longer there.", 404)
        return message

    def _channels(self, person: str) -> list[Json]:
        keys = ("id", "name", "type", "topic", "position", "parent_id", "owner_id", "thread_metadata")
        shown = [each for each in self._world.channels.values() if self._world.may_see(person, each["id"])]
        return [
            {key: channel.get(key) for key in keys}
            if channel["type"] != cast.DIRECT
            else {"id": channel["id"], "name": "Dormouse", "type": cast.DIRECT, "topic": None, "position": 0}
            | {"parent_id": None, "recipients": [self._world.user(cast.BOT)]}
            for channel in shown
        ]

    def _members(self) -> list[Json]:
        looking = Counter(self._sockets.values())
        return [
            {
                "user": member["user"],
                "nick": member["nick"],
                "roles": member["roles"],
                "online": self._gateway.online if user_id == cast.BOT else bool(looking[user_id]),
                "bot": bool(member["user"].get("bot")),
                "voice_channel_id": self._world.voice.get(user_id, {}).get("channel_id"),
            }
            for user_id, member in self._world.members.items()
            if user_id != cast.BOT or self._world.bot_present
        ]


def _named(body: Json) -> str:
    name = str(body.get("name") or "").strip()
    if not 1 <= len(name) <= 100:
        raise PageError("A name has 1 to 100 characters.")
    return name


def _plan_of(body: Json) -> Json:
    """As Discord names it."""
    names = {"starts": "scheduled_start_time", "ends": "scheduled_end_time", "name": "name", "status": "status"}
    made: Json = {names[key]: value for key, value in body.items() if key in names}
    return made | ({"entity_metadata": {"location": body["location"]}} if "location" in body else {})


def _frame(name: str, data: Json | list[Json]) -> str:
    return json.dumps({"t": name, "d": data})


async def _write(socket: web.WebSocketResponse, queue: asyncio.Queue[str | None]) -> None:
    while True:
        frame = await queue.get()
        try:
            if frame is None:
                await socket.close(code=WSCloseCode.GOING_AWAY)
                return
            await socket.send_str(frame)
        except ConnectionError:
            return
