"""Server-sent events: how each is sent, and how it ends.

The format is that of the HTML standard (https://html.spec.whatwg.org/multipage/server-sent-events.html). Each stream
begins with how soon to come back, is never silent for longer than BEAT, and says in a last event why it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import structlog
from fastapi.sse import format_sse_event
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

log = structlog.get_logger()

BEAT = 15.0
"""Seconds; proxies end what is silent for a minute."""
TAKEN_WITHIN = 30.0
"""Seconds that a client may leave what was sent to it unread; then nobody listens any more."""
COME_BACK = 3000
"""Milliseconds after which a client is asked to open a stream that ended anew."""


class EventStream(Response):
    """What `frames` gives, as it comes. `held` is left when the stream ends, however it does."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncIterator[bytes], held: contextlib.AsyncExitStack) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._frames = frames
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(send), name="stream")
        listening = asyncio.create_task(_gone(receive), name="stream's client")
        try:
            await asyncio.wait([sending, listening], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, listening):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(sending, listening, return_exceptions=True)
            await self._held.aclose()
            if sending.done() and not sending.cancelled() and (wrong := sending.exception()) is not None:
                log.error("bug", exc_info=wrong, route=getattr(scope.get("route"), "operation_id", None))

    async def _send(self, send: Send) -> None:
        with contextlib.suppress(TimeoutError, OSError):
            send = taken(send)
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send(_part(format_sse_event(retry=COME_BACK)))
            async with contextlib.aclosing(self._frames) as frames:  # type: ignore[type-var]
                async for frame in frames:
                    await send(_part(frame))
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def frame(event: str, data: str, number: int | None = None) -> bytes:
    return format_sse_event(event=event, data_str=data, id=None if number is None else str(number))


def beat(number: int | None = None) -> bytes:
    """Nothing, so that both sides know that the other is there. With `number`, the client comes back from there."""
    return format_sse_event(comment="", id=None if number is None else str(number))


def end(why: str) -> bytes:
    """The last event: `stopping`, `slow`, `rights`, `unknown`."""
    return frame("end", json.dumps({"why": why}))


def taken(send: Send) -> Send:
    """The same, which raises TimeoutError where nobody takes what is sent."""

    async def within(message: Message) -> None:
        async with asyncio.timeout(TAKEN_WITHIN):
            await send(message)

    return within


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
