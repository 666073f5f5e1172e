"""Gateway sessions: what a bot was sent, numbered and kept a while, so that it can be sent again on RESUME."""

import asyncio
import json
import secrets
import zlib
from collections import deque
from enum import IntEnum, IntFlag
from typing import Any

from aiohttp import web

from bot.demo.guild import cast
from bot.demo.guild.errors import Json

BUFFERED_EVENTS = 2000
"""Events a session remembers; who missed more must identify anew."""


class Op(IntEnum):
    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    GOING_AWAY = 1001
    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQ = 4007
    SESSION_TIMED_OUT = 4009
    INVALID_SHARD = 4010
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


class Intent(IntFlag):
    """Which events a session asked for; those without an event here travel unread."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_VOICE_STATES = 1 << 7
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    MESSAGE_CONTENT = 1 << 15
    GUILD_SCHEDULED_EVENTS = 1 << 16


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT


class Connection:
    """One WebSocket with a writer of its own, so that `send` never waits; compressed as one zlib stream if asked."""

    def __init__(self, socket: web.WebSocketResponse, *, compress: bool) -> None:
        self.socket = socket
        self.closed_by_us = False
        self.said_goodbye = False
        """The bot closed it with 1000 or 1001, which ends its session."""
        self._deflate = zlib.compressobj() if compress else None
        self._queue: asyncio.Queue[str | int] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def send(self, op: Op, data: Any) -> None:
        self.send_text(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def send_text(self, text: str) -> None:
        self._queue.put_nowait(text)

    def close(self, code: int) -> None:
        """Close after what was sent so far."""
        self.closed_by_us = True
        self._queue.put_nowait(code)

    async def stop(self) -> None:
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)

    async def _write(self) -> None:
        while True:
            item = await self._queue.get()
            try:
                if isinstance(item, int):
                    await self.socket.close(code=item)
                    return
                if self._deflate is None:
                    await self.socket.send_str(item)
                else:
                    packed = self._deflate.compress(item.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(packed)
            except ConnectionError:
                # The reader notices too, and drops the session; what was not sent waits there for RESUME.
                return


class Session:
    """A bot's session over one or more connections, one after the other."""

    def __init__(self, token: str, intents: Intent, shard: tuple[int, int]) -> None:
        self.id = secrets.token_hex(16)
        self.token = token
        self.intents = intents
        self.shard = shard
        self.connection: Connection | None = None
        self.dropped_at: float | None = None
        """Loop time at which the connection broke; None while connected."""
        self._sequence = 0
        self._sent: deque[tuple[int, str]] = deque(maxlen=BUFFERED_EVENTS)

    @property
    def has_guild(self) -> bool:
        number, count = self.shard
        return (int(cast.GUILD) >> 22) % count == number

    @property
    def has_direct(self) -> bool:
        return self.shard[0] == 0

    def dispatch(self, event: str, data: Json) -> None:
        self._sequence += 1
        text = json.dumps({"op": Op.DISPATCH, "d": data, "s": self._sequence, "t": event})
        self._sent.append((self._sequence, text))
        if self.connection is not None:
            self.connection.send_text(text)

    def can_replay(self, after: int) -> bool:
        return after <= self._sequence and (not self._sent or after >= self._sent[0][0] - 1)

    def replay(self, after: int) -> None:
        """Send again, on the present connection, every event with a greater number."""
        if self.connection is not None:
            for number, text in self._sent:
                if number > after:
                    self.connection.send_text(text)
