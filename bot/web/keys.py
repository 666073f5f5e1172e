"""Idempotency-Key: a program that heard no answer asks again with the same key, and nothing is made twice.

The key is taken in the transaction that makes the thing (core.once), which is remembered with it. Who asks again gets
the same answer; where the process died before it could be kept, an answer about the same thing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header, Request
from pydantic import BaseModel

from bot.web.callers import Caller
from bot.web.context import web_of
from core import once
from core.errors import BadInput, Refusal

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Chosen by the caller, new for each thing that is to be made. The same key and request within "
        "24 hours get the same answer, and nothing is made twice.",
        examples=["0b6f2f3e-8d0c-4b0a-9a56-1f6b2a1f7c11"],
    ),
]


async def at_most_once(
    request: Request,
    caller: Caller,
    key: str | None,
    asked: BaseModel,
    make: Callable[[], Awaitable[BaseModel]],
    again: Callable[[str], Awaitable[BaseModel]],
) -> BaseModel | str:
    """What `make` makes, or the answer that it gave for this key, as JSON. `again`: the answer about what was made, by
    its id. BadInput where the key was used for something else."""
    if key is None:
        return await make()
    web = web_of(request)
    taken = once.Key(caller.user, key, _digest(request, asked))
    if (done := await _done(request, taken, again)) is not None:
        return done
    once.begin(taken)
    try:
        made = await make()
    except once.Repeated:  # by somebody who asked at the same time
        if (done := await _done(request, taken, again)) is None:
            raise
        return done
    with contextlib.suppress(Refusal):  # it is made; who asks again gets an answer about it
        await web.core.keys.keep(taken, made.model_dump_json())
    return made


async def _done(
    request: Request, key: once.Key, again: Callable[[str], Awaitable[BaseModel]]
) -> BaseModel | str | None:
    found = await web_of(request).core.keys.find(key)
    if found is None:
        return None
    if found.digest != key.digest:
        raise BadInput("web.key_reused")
    if found.answer is not None:
        return found.answer
    if not found.made:
        raise once.Repeated(key.key)
    return await again(found.made)


def _digest(request: Request, asked: BaseModel) -> str:
    about = [request.method, request.url.path, asked.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
