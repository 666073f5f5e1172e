"""Reading requests and writing answers: JSON and multipart in, JSON with Discord's exact content type out."""

import json
import re
from typing import Any

from aiohttp import BodyPartReader, MultipartReader, web

from bot.demo.guild.attachments import MAX_FILE, Upload
from bot.demo.guild.errors import Json, bad_json, too_large


def answer(body: Any, status: int = 200) -> web.Response:
    # discord.py compares the content type as a whole, so no charset may follow.
    return web.Response(body=json.dumps(body).encode(), status=status, content_type="application/json")


def nothing() -> web.Response:
    return web.Response(status=204)


async def read_json(request: web.Request) -> Any:
    """The body; an empty one is an empty object."""
    raw = await request.read()
    if not raw:
        return {}
    try:
        return json.loads(raw)
    except ValueError:
        raise bad_json() from None


async def read_object(request: web.Request) -> Json:
    body = await read_json(request)
    if not isinstance(body, dict):
        raise bad_json()
    return body


async def read_with_files(request: web.Request) -> tuple[Json, list[Upload]]:
    """A JSON object, alone or as `payload_json` beside files; other form fields become keys of it."""
    if not request.content_type.startswith("multipart/"):
        return await read_object(request), []
    body: Json = {}
    uploads: list[Upload] = []
    async for part in await request.multipart():
        if part is None or isinstance(part, MultipartReader):
            continue
        if part.filename is not None:
            uploads.append(await _upload(part, len(uploads)))
        elif part.name == "payload_json":
            try:
                body |= json.loads(await part.text())
            except (ValueError, TypeError):
                raise bad_json() from None
        elif part.name:
            body[part.name] = await part.text()
    return body, uploads


async def _upload(part: BodyPartReader, count: int) -> Upload:
    data = bytearray()
    while chunk := await part.read_chunk(1 << 16):
        data += chunk
        if len(data) > MAX_FILE:
            raise too_large()
    numbered = re.fullmatch(r"files?\[(\d+)\]", part.name or "")
    index = int(numbered[1]) if numbered else count
    return Upload(index, part.filename or "file", bytes(data), part.headers.get("Content-Type"))
