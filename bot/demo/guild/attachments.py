"""Uploaded files, and how messages refer to them by `attachment://name`."""

import mimetypes
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.demo.guild.errors import Fault, Json, invalid_form
from bot.demo.guild.snowflakes import Snowflakes
from bot.demo.guild.storage import Storage

MAX_FILE = 10 * 1024 * 1024
"""Bytes; what Discord grants a guild without boosts since 2025."""

_SCHEME = "attachment://"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request; `index` is the n of `files[n]`."""

    index: int
    filename: str
    data: bytes
    content_type: str | None = None


class Attachments:
    """Files by id; `base` is where the page server hands them out and is set when its port is known."""

    def __init__(self, storage: Storage, snowflakes: Snowflakes) -> None:
        self._storage = storage
        self._snowflakes = snowflakes
        self._known: dict[str, Json] = {}
        self._bytes: dict[str, bytes] = {}
        self.base = ""

    def load(self, replace: tuple[str, str]) -> None:
        for key, body in self._storage.read("attachment", replace=replace):
            self._known[key] = body
            self._snowflakes.seen(key)

    def add(self, upload: Upload, description: str | None = None) -> Json:
        """Keep a file; returns Discord's attachment object."""
        key = self._snowflakes.make()
        filename = re.sub(r"[^\w.\-]+", "_", upload.filename).strip(".") or "file"
        url = f"{self.base}/{key}/{filename}"
        attachment: Json = {
            "id": key,
            "filename": filename,
            "size": len(upload.data),
            "url": url,
            "proxy_url": url,
            "content_type": _content_type(filename, upload.content_type),
        }
        if description:
            attachment["description"] = description
        attachment |= _png_size(upload.data)
        self._known[key] = attachment
        self._storage.put("attachment", key, attachment)
        if self._storage.file(key) is None:
            self._bytes[key] = upload.data
        else:
            self._storage.put_file(key, upload.data)
        return attachment

    def get(self, attachment_id: str) -> Json | None:
        return self._known.get(attachment_id)

    def content(self, attachment_id: str) -> bytes | Path | None:
        """The bytes, or the file that holds them."""
        if attachment_id in self._bytes:
            return self._bytes[attachment_id]
        return self._storage.file(attachment_id) if attachment_id in self._known else None


def resolve(parts: dict[str, Any], attachments: list[Json]) -> None:
    """Fill in, in place, every media item that names one of `attachments`. Raises 50035 for a name that none has."""
    by_name = {attachment["filename"]: attachment for attachment in attachments}
    for part, path in _media(parts, ()):
        url = str(part["url"])
        if not url.startswith(_SCHEME):
            continue
        attachment = by_name.get(url.removeprefix(_SCHEME))
        if attachment is None:
            message = "The referenced attachment was not found"
            raise invalid_form([Fault((*path, "url"), "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", message)])
        part |= {
            "url": attachment["url"],
            "proxy_url": attachment["proxy_url"],
            "content_type": attachment["content_type"],
            "attachment_id": attachment["id"],
            "width": attachment.get("width"),
            "height": attachment.get("height"),
            "loading_state": 2,
        }


def _media(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Json, tuple[str | int, ...]]]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _media(each, (*path, index))
    elif isinstance(value, dict):
        if isinstance(value.get("url"), str):
            yield value, path
        for key, each in value.items():
            if isinstance(each, (dict, list)):
                yield from _media(each, (*path, key))


def _content_type(filename: str, given: str | None) -> str:
    guessed = mimetypes.guess_type(filename)[0]
    if given and given != "application/octet-stream":
        return given
    return guessed or "application/octet-stream"


def _png_size(data: bytes) -> Json:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or len(data) < 24:
        return {}
    width, height = struct.unpack(">II", data[16:24])
    return {"width": width, "height": height}
