"""The gateway: identify, resume, heartbeats, and which session hears of which event.

Protocol: https://discord.com/developers/docs/events/gateway
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from aiohttp import WSCloseCode, WSMsgType, web

from bot.demo.guild import cast, objects
from bot.demo.guild.errors import Json
from bot.demo.guild.events import (
    BotMembershipChanged,
    ChannelChanged,
    Event,
    GuildAvailability,
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
    VoiceChanged,
)
from bot.demo.guild.sessions import PRIVILEGED, CloseCode, Connection, Intent, Op, Session
from bot.demo.guild.world import World

IDENTIFIES_A_DAY = 1000
_NO_INTENT = Intent(0)
_CLOSE_SECONDS = 1.0
"""How long a close waits for the other side's."""
_REMEMBERED_TURNS = 1000


class Turn(NamedTuple):
    """One line of the log of connections: the bot signed in anew, came back to its session, or was gone.

    `code` is the close code that the bot sent; None where the line broke or the guild closed it.
    """

    what: Literal["identify", "resume", "closed"]
    code: int | None = None


class Gateway:
    """All sessions of the bot.

    `offline_after` is how long a bot whose connection broke still shows as online; `resume_within` how long it may
    come back to its session; `heartbeat` the interval asked of it, all in seconds. `privileged` are the intents that
    are switched on for the application; asking for another privileged one closes with 4014.
    """

    def __init__(
        self,
        world: World,
        *,
        privileged: Intent = _NO_INTENT,
        heartbeat: float = 41.25,
        offline_after: float = 10.0,
        resume_within: float = 180.0,
    ) -> None:
        self._world = world
        self._privileged = privileged
        self.heartbeat = heartbeat
        """Told to every connection from now on."""
        self.acknowledges = True
        """Whether heartbeats are answered; a bot that hears nothing has to give the connection up."""
        self.log: deque[Turn] = deque(maxlen=_REMEMBERED_TURNS)
        self._offline_after = offline_after
        self._resume_within = resume_within
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self._shown_online = False
        self._identified = 0
        self._timers: set[asyncio.TimerHandle] = set()
        self.url = ""
        world.emitter.listeners.append(self._on_event)

    @property
    def online(self) -> bool:
        """Whether the bot shows as online: connected, or lost only just now."""
        now = asyncio.get_running_loop().time()
        return any(
            session.dropped_at is None or now - session.dropped_at < self._offline_after
            for session in self._sessions.values()
        )

    @property
    def identified(self) -> int:
        """How often a bot has signed in anew."""
        return self._identified

    def bot_info(self) -> Json:
        """The answer of `GET /gateway/bot`."""
        return {
            "url": self.url,
            "shards": 1,
            "session_start_limit": {
                "total": IDENTIFIES_A_DAY,
                "remaining": max(0, IDENTIFIES_A_DAY - self._identified),
                "reset_after": 86_400_000,
                "max_concurrency": 1,
            },
        }

    def application_flags(self) -> int:
        """GATEWAY_*_LIMITED: which privileged intents are switched on."""
        limited = {Intent.GUILD_PRESENCES: 1 << 13, Intent.GUILD_MEMBERS: 1 << 15, Intent.MESSAGE_CONTENT: 1 << 19}
        return sum(bit for intent, bit in limited.items() if intent in self._privileged)

    def dispatch(self, event: str, data: Json, *, direct: bool = False) -> None:
        """Send to every session that has the guild, or with `direct` the direct messages, whatever its intents."""
        for session in self._sessions.values():
            if session.has_direct if direct else session.has_guild:
                session.dispatch(event, data)

    async def close_all(self, code: int) -> None:
        """Close every connection; all but 1000 and 1001 leave sessions that can be resumed."""
        connections = list(self._connections)
        for connection in connections:
            connection.close(code)
        await asyncio.gather(*(connection.socket.close(code=code) for connection in connections))

    def reconnect(self) -> None:
        """Ask every connection to come again (op 7)."""
        for connection in self._connections:
            connection.send(Op.RECONNECT, None)

    def invalidate(self, *, resumable: bool) -> None:
        """Tell every connection that its session is invalid (op 9); unless resumable, forget it."""
        for session in list(self._sessions.values()):
            if session.connection is not None:
                session.connection.send(Op.INVALID_SESSION, resumable)
            if not resumable:
                self._forget(session)

    def forget(self) -> None:
        """Know no session any more: whoever comes back has to identify anew."""
        for session in list(self._sessions.values()):
            self._forget(session)

    async def stop(self) -> None:
        await self.close_all(CloseCode.GOING_AWAY)
        for timer in self._timers:
            timer.cancel()

    # One connection

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        # discord.py may ask for zstd-stream; it reads plain text all the same.
        socket = web.WebSocketResponse(max_msg_size=0, compress=False, timeout=_CLOSE_SECONDS)
        await socket.prepare(request)
        connection = Connection(socket, compress=request.query.get("compress") == "zlib-stream")
        self._connections.add(connection)
        connection.send(Op.HELLO, {"heartbeat_interval": int(self.heartbeat * 1000)})
        try:
            await self._converse(connection)
        finally:
            self._connections.discard(connection)
            for session in [each for each in self._sessions.values() if each.connection is connection]:
                self._drop(session, clean=connection.said_goodbye)
            await connection.stop()
        return socket

    async def _converse(self, connection: Connection) -> None:
        session: Session | None = None
        while True:
            try:
                frame = await connection.socket.receive(timeout=self.heartbeat * 1.5)
            except TimeoutError:
                await connection.socket.close(code=CloseCode.SESSION_TIMED_OUT)
                return
            if frame.type is not WSMsgType.TEXT:
                # A broken line ends without a close frame; an answer to our own close is no goodbye.
                goodbye = frame.type is WSMsgType.CLOSE and frame.data in (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
                connection.said_goodbye = goodbye and not connection.closed_by_us
                told = frame.type is WSMsgType.CLOSE and not connection.closed_by_us
                self.log.append(Turn("closed", frame.data if told else None))
                return
            try:
                body = json.loads(frame.data)
                op, data = body["op"], body.get("d")
            except (ValueError, KeyError, TypeError):
                connection.close(CloseCode.DECODE_ERROR)
                continue
            match op:
                case Op.HEARTBEAT:
                    if self.acknowledges:
                        connection.send(Op.HEARTBEAT_ACK, None)
                case Op.IDENTIFY if session is None:
                    session = self._identify(connection, data)
                case Op.RESUME if session is None:
                    session = self._resume(connection, data)
                case Op.IDENTIFY | Op.RESUME:
                    connection.close(CloseCode.ALREADY_AUTHENTICATED)
                case Op.PRESENCE | Op.VOICE_STATE | Op.REQUEST_MEMBERS if session is None:
                    connection.close(CloseCode.NOT_AUTHENTICATED)
                case Op.PRESENCE | Op.VOICE_STATE:
                    pass
                case Op.REQUEST_MEMBERS if session is not None:
                    self._send_members(session, data)
                case _:
                    connection.close(CloseCode.UNKNOWN_OPCODE)

    def _identify(self, connection: Connection, data: Any) -> Session | None:
        token = data.get("token") if isinstance(data, dict) else None
        if not token:
            connection.close(CloseCode.AUTHENTICATION_FAILED)
            return None
        intents = data.get("intents")
        if not isinstance(intents, int) or isinstance(intents, bool) or intents < 0:
            connection.close(CloseCode.INVALID_INTENTS)
            return None
        if Intent(intents) & PRIVILEGED & ~self._privileged:
            connection.close(CloseCode.DISALLOWED_INTENTS)
            return None
        number, count = data.get("shard") or (0, 1)
        if not 0 <= number < count:
            connection.close(CloseCode.INVALID_SHARD)
            return None
        self._identified += 1
        self.log.append(Turn("identify"))
        session = Session(token, Intent(intents), (number, count))
        session.connection = connection
        self._sessions[session.id] = session
        with_guild = session.has_guild and self._world.bot_present
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": self._world.user(cast.BOT) | {"verified": True, "mfa_enabled": True, "email": None},
                "guilds": [{"id": cast.GUILD, "unavailable": True}] if with_guild else [],
                "session_id": session.id,
                "resume_gateway_url": self.url,
                "session_type": "normal",
                "shard": [number, count],
                "application": {"id": cast.APPLICATION, "flags": self.application_flags()},
                "private_channels": [],
                "relationships": [],
                "presences": [],
                "_trace": [],
            },
        )
        if with_guild and self._world.available and Intent.GUILDS in session.intents:
            session.dispatch("GUILD_CREATE", self._guild(session))
        self._show_presence()
        return session

    def _resume(self, connection: Connection, data: Any) -> Session | None:
        session = self._sessions.get(data.get("session_id", "")) if isinstance(data, dict) else None
        after = data.get("seq") if isinstance(data, dict) else None
        if session is None or session.token != data.get("token") or not session.can_replay(after or 0):
            connection.send(Op.INVALID_SESSION, False)
            return None
        if session.connection is not None:
            # The old connection is half-open: the bot has left it, but nobody told us.
            session.connection.close(CloseCode.SESSION_TIMED_OUT)
        session.connection, session.dropped_at = connection, None
        self.log.append(Turn("resume"))
        session.replay(after or 0)
        session.dispatch("RESUMED", {"_trace": []})
        self._show_presence()
        return session

    def _send_members(self, session: Session, data: Json) -> None:
        wanted = data.get("user_ids")
        query = (data.get("query") or "").lower()
        if wanted is not None:
            ids = [str(each) for each in (wanted if isinstance(wanted, list) else [wanted])]
        elif query or Intent.GUILD_MEMBERS in session.intents:
            ids = [key for key, m in self._world.members.items() if m["user"]["username"].lower().startswith(query)]
            ids = ids[: data.get("limit") or None]
        else:
            ids = []
        chunk: Json = {
            "guild_id": cast.GUILD,
            "members": [self._world.members[each] for each in ids if each in self._world.members],
            "not_found": [each for each in ids if each not in self._world.members],
            "chunk_index": 0,
            "chunk_count": 1,
            "presences": [],
        }
        if data.get("nonce"):
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    # Presence

    def _drop(self, session: Session, *, clean: bool) -> None:
        session.connection = None
        if clean:
            self._forget(session)
            return
        session.dropped_at = asyncio.get_running_loop().time()
        self._later(self._offline_after + 0.01, self._show_presence)
        self._later(self._resume_within + 0.01, lambda: self._expire(session))

    def _expire(self, session: Session) -> None:
        # It may have come back and broken again since the timer was set.
        dropped, now = session.dropped_at, asyncio.get_running_loop().time()
        if dropped is not None and now - dropped >= self._resume_within:
            self._forget(session)

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        self._show_presence()

    def _show_presence(self) -> None:
        if self._shown_online != self.online:
            self._shown_online = self.online
            self._world.emitter.emit(PresenceChanged(cast.BOT, self._shown_online))

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self._timers = {timer for timer in self._timers if timer.when() > loop.time() and not timer.cancelled()}
        self._timers.add(loop.call_later(seconds, call))

    # Who hears what

    def _on_event(self, event: Event) -> None:
        match event:
            case MessageCreated(message) | MessageUpdated(message) if message.ephemeral_for is None:
                self._send_message("MESSAGE_CREATE" if isinstance(event, MessageCreated) else "MESSAGE_UPDATE", message)
            case MessageDeleted(message) if message.ephemeral_for is None:
                gone = {"id": message.id, "channel_id": message.channel_id}
                self._to_channel("MESSAGE_DELETE", message.channel_id, gone)
            case ChannelChanged(how, channel):
                self._to(Intent.GUILDS, f"CHANNEL_{how}", channel)
            case ThreadChanged(how, thread) if self._world.may_see(cast.BOT, thread["parent_id"]):
                new = {"newly_created": True} if how == "CREATE" else {}
                self._to(Intent.GUILDS, f"THREAD_{how}", thread | new)
            case RoleDeleted(role_id):
                self._to(Intent.GUILDS, "GUILD_ROLE_DELETE", {"guild_id": cast.GUILD, "role_id": role_id})
            case RoleCreated(role):
                self._to(Intent.GUILDS, "GUILD_ROLE_CREATE", {"guild_id": cast.GUILD, "role": role})
            case PlanChanged(how, plan):
                self._to(Intent.GUILD_SCHEDULED_EVENTS, f"GUILD_SCHEDULED_EVENT_{how}", plan)
            case RoleChanged(role):
                self._to(Intent.GUILDS, "GUILD_ROLE_UPDATE", {"guild_id": cast.GUILD, "role": role})
            case MemberChanged(member):
                about_bot = member["user"]["id"] == cast.BOT
                needed = Intent(0) if about_bot else Intent.GUILD_MEMBERS
                self._to(needed, "GUILD_MEMBER_UPDATE", member | {"guild_id": cast.GUILD})
            case VoiceChanged(state):
                self._to(Intent.GUILD_VOICE_STATES, "VOICE_STATE_UPDATE", state)
            case BotMembershipChanged(present):
                for session in self._sessions.values():
                    if session.has_guild and present:
                        session.dispatch("GUILD_CREATE", self._guild(session))
                    elif session.has_guild:
                        session.dispatch("GUILD_DELETE", {"id": cast.GUILD})
            case GuildAvailability(available) if self._world.bot_present:
                lost: Json = {"id": cast.GUILD, "unavailable": True}
                for session in self._sessions.values():
                    if session.has_guild and Intent.GUILDS in session.intents:
                        name = "GUILD_CREATE" if available else "GUILD_DELETE"
                        session.dispatch(name, self._guild(session) if available else lost)
            case _:
                pass

    def _guild(self, session: Session) -> Json:
        return objects.gateway_guild(self._world, everybody=Intent.GUILD_PRESENCES in session.intents)

    def _to(self, needed: Intent, event: str, data: Json) -> None:
        if self._world.bot_present and self._world.available:
            for session in self._sessions.values():
                if session.has_guild and needed in session.intents:
                    session.dispatch(event, data)

    def _to_channel(self, event: str, channel_id: str, data: Json) -> None:
        channel = self._world.channels[channel_id]
        if channel["type"] == cast.DIRECT:
            for session in self._sessions.values():
                if session.has_direct and Intent.DIRECT_MESSAGES in session.intents:
                    session.dispatch(event, data)
        elif self._world.may_see(cast.BOT, channel_id):
            self._to(Intent.GUILD_MESSAGES, event, data | {"guild_id": cast.GUILD})

    def _send_message(self, event: str, message: Message) -> None:
        channel = self._world.channels[message.channel_id]
        data = self._world.messages.view(message, nonce=True)
        direct = channel["type"] == cast.DIRECT
        if not direct:
            member = self._world.members[message.author_id]
            data["member"] = {key: value for key, value in member.items() if key != "user"}
        for session in self._sessions.values():
            whole = (
                direct
                or message.author_id == cast.BOT
                or Intent.MESSAGE_CONTENT in session.intents
                or any(mentioned["id"] == cast.BOT for mentioned in data["mentions"])
            )
            shown = data if whole else data | {"content": "", "embeds": [], "attachments": [], "components": []}
            if direct and session.has_direct and Intent.DIRECT_MESSAGES in session.intents:
                session.dispatch(event, shown)
            elif (
                not direct
                and session.has_guild
                and Intent.GUILD_MESSAGES in session.intents
                and self._world.may_see(cast.BOT, message.channel_id)
            ):
                session.dispatch(event, shown | {"guild_id": cast.GUILD})
