"""The game over HTTP and WebSocket: one port serves page, status and play."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from . import VERSION
from .messages import MESSAGE_BYTES, Chat, Move, Plant, parse
from .output import say
from .players import Budget, Crowd, FullError, Player
from .settings import Settings
from .storage import Keeper
from .world import HEIGHT, WIDTH, Cell, World

# Close codes 4000-4999 are an application's own (RFC 6455, 7.4.2). The page does not come back by itself after these.
CLOSE_PASSWORD = 4001
CLOSE_FULL = 4002
CLOSE_KICKED = 4003
CLOSE_FLOOD = 4004

MOVES_EVERY = 0.08
WRONG_PASSWORD_DELAY = 0.5
# Messages that may wait for one slow player before the connection is given up.
OUTBOX = 256
GOODBYE_TIME = 5.0  # seconds

PAGE = Path(__file__).with_name("page")
PAGE_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class _Goodbye:
    """The last thing in an outbox."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason


class _Session:
    """One player's connection: what waits to be sent, and how much the player may still do."""

    def __init__(self, player: Player, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        now = time.monotonic()
        self.player = player
        self.socket = socket
        self.messages = Budget(60, 240, now)
        self.cells = Budget(150, 600, now)
        self.chats = Budget(0.7, 4, now)
        self._transport = transport
        self.ended = False
        self._outbox: asyncio.Queue[str | _Goodbye] = asyncio.Queue(OUTBOX)

    def send(self, text: str | _Goodbye) -> None:
        """Never waits: a player who is too slow to read is dropped. Nothing follows a goodbye."""
        if self.ended:
            return
        self.ended = isinstance(text, _Goodbye)
        try:
            self._outbox.put_nowait(text)
        except asyncio.QueueFull:
            if self._transport is not None:
                self._transport.abort()

    async def write(self) -> _Goodbye | None:
        """Send what waits. Returns the goodbye that is to be said, or None where the connection broke."""
        try:
            while isinstance(message := await self._outbox.get(), str):
                await self.socket.send_str(message)
        except ConnectionError:
            return None
        return message


class Server:
    def __init__(self, settings: Settings, world: World, keeper: Keeper) -> None:
        self.crowd = Crowd(settings.max_players)
        self._settings = settings
        self._world = world
        self._keeper = keeper
        self._sessions: dict[int, _Session] = {}
        self._handlers: set[asyncio.Task[Any]] = set()
        self._moved: set[int] = set()
        self._closing = False
        self._page = {path.name: path.read_bytes() for path in PAGE.iterdir() if path.suffix in PAGE_TYPES}
        app = web.Application(client_max_size=4096)
        app.router.add_get("/", self._serve_index)
        app.router.add_get("/page/{name}", self._serve_page)
        app.router.add_get("/status", self._serve_status)
        app.router.add_get("/play", self._play)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)

    async def start(self) -> int:
        """Accept players and return the port. Raises `OSError` where the address cannot be had."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._settings.host, self._settings.port).start()
        return int(self._runner.addresses[0][1])

    def freeze(self) -> None:
        """Nobody joins or changes the world from here on."""
        self._closing = True

    async def stop(self) -> None:
        """Say goodbye to everybody and close the port. Takes at most about two seconds."""
        self.freeze()
        self._broadcast({"t": "sleep"})
        for session in self._sessions.values():
            session.send(_Goodbye(WSCloseCode.GOING_AWAY, "the meadow sleeps"))
        if self._handlers:
            await asyncio.wait(self._handlers, timeout=1)
        await self._runner.cleanup()

    def announce(self, text: str) -> None:
        self._broadcast({"t": "say", "text": text})

    def kick(self, name: str) -> str | None:
        """Close that player's connection. Returns the name as it was shown, or None if nobody has it."""
        player = self.crowd.find(name)
        if player is None:
            return None
        self._sessions[player.id].send(_Goodbye(CLOSE_KICKED, "kicked"))
        return player.name

    async def _serve_index(self, request: web.Request) -> web.Response:
        return self._page_response("index.html")

    async def _serve_page(self, request: web.Request) -> web.Response:
        return self._page_response(request.match_info["name"])

    def _page_response(self, name: str) -> web.Response:
        body = self._page.get(name)
        if body is None:
            raise web.HTTPNotFound
        kind = PAGE_TYPES[Path(name).suffix]
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=PAGE_HEADERS)

    async def _serve_status(self, request: web.Request) -> web.Response:
        saved = self._keeper.saved
        status = {
            "title": self._settings.title,
            "players": {"online": len(self.crowd), "max": self.crowd.maximum, "names": self.crowd.names()},
            "world": {
                "cells": self._world.planted,
                "revision": self._world.revision,
                "saved_revision": saved.revision,
                "saved_at": round(saved.at, 3),
                "hash": saved.digest,
            },
            "season": self._settings.season,
            "locked": bool(self._settings.password),
            "version": VERSION,
        }
        return web.json_response(status, headers={"Cache-Control": "no-store"})

    async def _play(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(
            heartbeat=self._settings.ping_every, max_msg_size=MESSAGE_BYTES, timeout=GOODBYE_TIME, compress=False
        )
        await socket.prepare(request)
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        try:
            await self._welcome(request, socket)
        finally:
            self._handlers.discard(task)
        return socket

    async def _welcome(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        # A browser cannot read the answer of a refused handshake: refusals are a message and a close code.
        wanted = self._settings.password.encode()
        given = request.query.get("password", "").encode("utf-8", "replace")
        if wanted and not hmac.compare_digest(wanted, given):
            await asyncio.sleep(WRONG_PASSWORD_DELAY if given else 0)
            await _refuse(socket, CLOSE_PASSWORD, "That is not the password.")
            return
        if self._closing:
            await _refuse(socket, WSCloseCode.GOING_AWAY, "The meadow is going to sleep.")
            return
        try:
            player = self.crowd.join(request.query.get("name", ""), request.query.get("animal", ""))
        except FullError:
            await _refuse(socket, CLOSE_FULL, "The meadow is full. Try again when somebody has left.")
            return
        await self._accompany(_Session(player, socket, request.transport))

    async def _accompany(self, session: _Session) -> None:
        player = session.player
        others = [_show(other) for other in self.crowd if other is not player]
        session.send(self._hello(player, others))
        self._broadcast({"t": "join", "player": _show(player)})
        self._sessions[player.id] = session
        say(f"{player.name} joined")
        writing = asyncio.create_task(session.write())
        reading = asyncio.create_task(self._listen(session))
        try:
            await asyncio.wait([writing, reading], return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            self._sessions.pop(player.id, None)
            self._moved.discard(player.id)
            self.crowd.leave(player)
            say(f"{player.name} left")
            self._broadcast({"t": "leave", "id": player.id})
            # A goodbye under way closes the connection properly; cut short, its code would be lost.
            await asyncio.wait([writing], timeout=GOODBYE_TIME if session.ended else 0)
            writing.cancel()
        await asyncio.wait([reading])
        if not reading.cancelled():
            reading.result()
        if writing.done() and not writing.cancelled() and (goodbye := writing.result()) is not None:
            # With nobody reading, aiohttp's close waits for the player's own goodbye: what they are still sending would
            # otherwise reset the connection, and the code would not arrive.
            await session.socket.close(code=goodbye.code, message=goodbye.reason.encode()[:120])

    async def _listen(self, session: _Session) -> None:
        async for message in session.socket:
            if self._closing or message.type is not WSMsgType.TEXT:
                continue
            if session.messages.take(1, time.monotonic()):
                self._obey(session, message.data)
            else:
                session.send(_Goodbye(CLOSE_FLOOD, "too many messages"))

    def _obey(self, session: _Session, text: str) -> None:
        now = time.monotonic()
        match parse(text):
            case Move(x, y):
                session.player.move(x, y)
                self._tell_moves_soon(session.player)
            case Plant(cells):
                self._plant(session, cells, session.cells.take(len(cells), now))
            case Chat(words) if session.chats.take(1, now):
                self._broadcast({"t": "chat", "id": session.player.id, "text": words})

    def _plant(self, session: _Session, cells: tuple[Cell, ...], granted: int) -> None:
        changed = self._world.plant(cells[:granted])
        if changed:
            self._broadcast({"t": "plant", "id": session.player.id, "cells": [[c.x, c.y, c.kind] for c in changed]})
        if refused := cells[granted:]:
            # The page showed them at once; it must be told how these cells really are.
            truth = [[cell.x, cell.y, self._world.at(cell.x, cell.y)] for cell in refused]
            session.send(_text({"t": "plant", "id": 0, "cells": truth}))

    def _tell_moves_soon(self, player: Player) -> None:
        if not self._moved:
            asyncio.get_running_loop().call_later(MOVES_EVERY, self._tell_moves)
        self._moved.add(player.id)

    def _tell_moves(self) -> None:
        places = [[p.id, round(p.x, 2), round(p.y, 2)] for p in self.crowd if p.id in self._moved]
        self._moved.clear()
        if places:
            self._broadcast({"t": "moves", "places": places})

    def _hello(self, player: Player, others: Iterable[dict[str, Any]]) -> str:
        return _text(
            {
                "t": "hello",
                "you": _show(player),
                "players": list(others),
                "title": self._settings.title,
                "greeting": self._settings.greeting,
                "season": self._settings.season,
                "width": WIDTH,
                "height": HEIGHT,
                "rows": self._world.rows(),
                "version": VERSION,
            }
        )

    def _broadcast(self, message: dict[str, Any]) -> None:
        text = _text(message)
        for session in self._sessions.values():
            session.send(text)


async def _refuse(socket: web.WebSocketResponse, code: int, why: str) -> None:
    await socket.send_str(_text({"t": "refused", "why": why}))
    await socket.close(code=code, message=why.encode())


def _show(player: Player) -> dict[str, Any]:
    return {"id": player.id, "name": player.name, "animal": player.animal, "x": player.x, "y": player.y}


def _text(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
