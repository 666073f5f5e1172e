"""A game's console and its log: as it was, and as it comes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from bot.web.api.models import Model
from bot.web.api.servers import ServerId
from bot.web.callers import Called, actor_for, still_caller_of
from bot.web.context import web_of
from bot.web.problems import language_of
from bot.web.words import said
from core.errors import Refusal
from core.guilds.access import Actor
from core.servers.console import LOG_LINES
from core.servers.live_log import LogNews, LogNewsKind

router = APIRouter(prefix="/servers/{server}", tags=["console"])


class Line(Model):
    line: str = Field(max_length=2000)


class Answer(Model):
    line: str
    answer: str
    """What the game printed within a second or so; empty: nothing."""


class Log(Model):
    lines: list[str]
    before: bool
    """Of the run before its last start."""
    last_words: bool
    """Only the end of a run that crashed is left."""


@router.post("/console", operation_id="send_line")
async def send_line(request: Request, caller: Called, server: ServerId, body: Line) -> Answer:
    """One line to the game's console. Who sent it is kept for the guild's admins."""
    web = web_of(request)
    sent = await web.core.servers.consoles.send(await actor_for(web, caller, server), server, body.line)
    return Answer(line=sent.line, answer=sent.answer)


@router.get("/logs", operation_id="get_log")
async def get_log(
    request: Request,
    caller: Called,
    server: ServerId,
    lines: Annotated[int, Query(ge=LOG_LINES[0], le=LOG_LINES[-1], description="So many at most.")] = 100,
    before: Annotated[bool, Query(description="Of the run before its last start.")] = False,
) -> Log:
    """The newest lines that the game wrote, without its secrets."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    log = await web.core.servers.consoles.logs(actor, server, lines, before=before)
    return Log(lines=log.text.splitlines(), before=log.before, last_words=log.last_words)


@router.get(
    "/log",
    operation_id="follow_log",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "The stream."}},
)
async def follow_log(request: Request, caller: Called, server: ServerId) -> StreamingResponse:
    """The log as it comes, as server-sent events: `begin` of a run, `lines` (`{"lines": [...], "missed": N}`), `end` of
    a run, whose next one follows by itself; `refused` where the caller may not watch any more. A comment every 15 s
    says that all is well."""
    web = web_of(request)
    asked = False

    async def who() -> Actor:
        nonlocal asked
        again, asked = asked, True
        return await actor_for(web, await still_caller_of(request) if again else caller, server)

    watched = web.core.live_logs.watch(server, who)
    first = await anext(watched)  # a refusal is an answer, not a stream
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, first, watched), headers=headers, media_type="text/event-stream")


async def _events(request: Request, first: LogNews, watched: AsyncIterator[LogNews]) -> AsyncIterator[str]:
    async with aclosing(watched):  # type: ignore[type-var]
        yield _event(first)
        try:
            async for news in watched:
                yield _event(news)
        except Refusal as wrong:
            detail = {"type": f"urn:dormouse:{wrong.message}", "detail": said(wrong, language_of(request))}
            yield f"event: refused\ndata: {json.dumps(detail)}\n\n"


def _event(news: LogNews) -> str:
    if news.kind is LogNewsKind.ALIVE:
        return ": alive\n\n"
    data = {"lines": news.lines, "missed": news.missed} if news.kind is LogNewsKind.LINES else {}
    return f"event: {news.kind}\ndata: {json.dumps(data)}\n\n"
