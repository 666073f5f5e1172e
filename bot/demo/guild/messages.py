"""The messages of every channel: made from bodies that passed `validation`, kept in order, edited, deleted."""

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from bot.demo.guild import components
from bot.demo.guild.attachments import Attachments, Upload, resolve
from bot.demo.guild.errors import Json, empty_message, unknown_message
from bot.demo.guild.events import Emitter, Message, MessageCreated, MessageDeleted, MessageUpdated
from bot.demo.guild.snowflakes import Snowflakes, iso
from bot.demo.guild.storage import Storage
from bot.demo.guild.validation import EPHEMERAL, LOADING, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, V2, is_empty

DEFAULT, REPLY, COMMAND_ANSWER = 0, 19, 20
"""Message types."""

NONCE_SECONDS = 300
"""How long a nonce names its message. Discord says "the past few minutes" without a figure."""

MOST_EPHEMERAL = 1000
"""Ephemeral messages kept, of all people together; older ones vanish as they do with a reload of Discord."""

_USER_MENTION = re.compile(r"<@!?(\d+)>")
_ROLE_MENTION = re.compile(r"<@&(\d+)>")


class Messages:
    """`user` finds a user object by id and raises KeyError for a stranger."""

    def __init__(
        self,
        storage: Storage,
        snowflakes: Snowflakes,
        attachments: Attachments,
        emitter: Emitter,
        clock: Callable[[], float],
        user: Callable[[str], Json],
    ) -> None:
        self._storage = storage
        self._snowflakes = snowflakes
        self._attachments = attachments
        self._emitter = emitter
        self._clock = clock
        self._user = user
        self._by_id: dict[str, Message] = {}
        self._order: dict[str, list[int]] = {}
        self._nonces: dict[tuple[str, str], tuple[str, float]] = {}
        self._ephemeral: deque[Message] = deque()

    def load(self, replace: tuple[str, str]) -> None:
        for key, data in self._storage.read("message", replace=replace):
            nonce, at = data.pop("_nonce", None), data.pop("_at", 0.0)
            self._keep(Message(data))
            self._snowflakes.seen(key)
            if nonce is not None:
                self._nonces[data["author"]["id"], nonce] = (key, at)

    def get(self, channel_id: str, message_id: str) -> Message:
        """Raises 10008."""
        message = self._by_id.get(message_id)
        if message is None or message.channel_id != channel_id:
            raise unknown_message()
        return message

    def newest_first(
        self, channel_id: str, *, before: int | None = None, after: int | None = None
    ) -> Iterator[Message]:
        """Messages of a channel between two ids, both exclusive."""
        order = self._order.get(channel_id, [])
        stop = len(order) if before is None else bisect_left(order, before)
        start = 0 if after is None else bisect_right(order, after)
        for index in range(stop - 1, start - 1, -1):
            yield self._by_id[str(order[index])]

    def oldest_first(self, channel_id: str, *, after: int) -> Iterator[Message]:
        order = self._order.get(channel_id, [])
        for index in range(bisect_right(order, after), len(order)):
            yield self._by_id[str(order[index])]

    def by_nonce(self, author_id: str, nonce: str) -> Message | None:
        """The message this author sent with this nonce lately. Raises 10008 if it was deleted since."""
        found = self._nonces.get((author_id, nonce))
        if found is None or self._clock() - found[1] > NONCE_SECONDS:
            return None
        if found[0] not in self._by_id:
            raise unknown_message()
        return self._by_id[found[0]]

    def create(
        self,
        channel_id: str,
        author_id: str,
        body: Json,
        uploads: list[Upload],
        *,
        kind: int = DEFAULT,
        ephemeral_for: str | None = None,
        thinking: bool = False,
        extra: Json | None = None,
        message_id: str | None = None,
    ) -> Message:
        """Keep a new message and tell everybody. Raises 50006; a `thinking` one may be empty. `message_id`: where it is
        given, as for the first message of a forum's post."""
        now = self._clock()
        flags = (body.get("flags") or 0) & (SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | V2)
        flags |= (EPHEMERAL if ephemeral_for else 0) | (LOADING if thinking else 0)
        data: Json = {
            "id": "",
            "type": kind,
            "channel_id": channel_id,
            "author": self._user(author_id),
            "content": body.get("content") or "",
            "timestamp": iso(now),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": self._attach(body, uploads, []),
            "embeds": self._embeds(body.get("embeds") or []),
            "components": body.get("components") or [],
            "pinned": False,
            "flags": flags,
        } | (extra or {})
        self._finish(data, body, allow_empty=thinking)
        data["id"] = message_id or self._snowflakes.make()
        message = Message(data, ephemeral_for)
        self._keep(message)
        if ephemeral_for is not None:
            self._limit_ephemeral(message)
        if body.get("nonce") is not None:
            data["nonce"] = str(body["nonce"])
            if body.get("enforce_nonce"):
                self._remember_nonce(author_id, data["nonce"], data["id"], now)
        self._save(message)
        self._emitter.emit(MessageCreated(message))
        return message

    def edit(self, message: Message, body: Json, uploads: list[Upload], *, notify: bool = True) -> Message:
        """Change what `body` names, in place, and tell everybody. Raises 50006, and then nothing has changed."""
        old, data = message.data, dict(message.data)
        if "content" in body:
            data["content"] = body["content"] or ""
        if "embeds" in body:
            data["embeds"] = self._embeds(body["embeds"] or [])
        if "components" in body:
            data["components"] = body["components"] or []
        if "attachments" in body or uploads:
            data["attachments"] = self._attach(body, uploads, old["attachments"])
        if body.get("flags") is not None:
            settable = SUPPRESS_EMBEDS | V2
            data["flags"] = (old["flags"] & ~SUPPRESS_EMBEDS) | (body["flags"] & settable)
        if old["flags"] & LOADING:
            data["flags"] &= ~LOADING
        else:
            data["edited_timestamp"] = iso(self._clock())
        self._finish(data, body, allow_empty=False)
        message.data = data
        self._save(message)
        if notify:
            self._emitter.emit(MessageUpdated(message))
        return message

    def delete(self, message: Message) -> None:
        del self._by_id[message.id]
        order = self._order[message.channel_id]
        del order[bisect_left(order, int(message.id))]
        if message.ephemeral_for is None:
            self._storage.drop("message", message.id)
        self._emitter.emit(MessageDeleted(message))

    def forget_channel(self, channel_id: str) -> None:
        for number in self._order.pop(channel_id, []):
            del self._by_id[str(number)]
            self._storage.drop("message", str(number))

    def view(self, message: Message, *, nonce: bool = False, deep: bool = True) -> Json:
        """The message as Discord shows it. Only the answer to its creation and the gateway show the nonce."""
        data = dict(message.data)
        if not nonce:
            data.pop("nonce", None)
        reference = data.get("message_reference")
        if deep and reference is not None:
            found = self._by_id.get(reference["message_id"])
            data["referenced_message"] = None if found is None else self.view(found, deep=False)
        return data

    def _keep(self, message: Message) -> None:
        self._by_id[message.id] = message
        self._order.setdefault(message.channel_id, []).append(int(message.id))

    def _limit_ephemeral(self, newest: Message) -> None:
        self._ephemeral.append(newest)
        if len(self._ephemeral) > MOST_EPHEMERAL:
            oldest = self._ephemeral.popleft()
            if self._by_id.pop(oldest.id, None) is not None:
                order = self._order[oldest.channel_id]
                del order[bisect_left(order, int(oldest.id))]

    def _save(self, message: Message) -> None:
        if message.ephemeral_for is not None:
            return
        data, nonce = message.data, message.data.get("nonce")
        remembered = self._nonces.get((message.author_id, nonce)) if nonce is not None else None
        if remembered is not None:
            data = data | {"_nonce": nonce, "_at": remembered[1]}
        self._storage.put("message", message.id, data)

    def _remember_nonce(self, author_id: str, nonce: str, message_id: str, now: float) -> None:
        self._nonces[author_id, nonce] = (message_id, now)
        # Insertion order is age: drop from the front what no longer counts.
        while self._nonces:
            oldest = next(iter(self._nonces))
            if now - self._nonces[oldest][1] <= NONCE_SECONDS:
                break
            del self._nonces[oldest]

    def _attach(self, body: Json, uploads: list[Upload], old: list[Json]) -> list[Json]:
        entries = body.get("attachments")
        if entries is None:
            return old + [self._attachments.add(upload) for upload in uploads]
        by_index = {str(upload.index): upload for upload in uploads}
        by_id = {attachment["id"]: attachment for attachment in old}
        result: list[Json] = []
        for entry in entries:
            key = str(entry.get("id"))
            if key in by_id:
                result.append(by_id[key])
            elif key in by_index:
                result.append(self._attachments.add(by_index.pop(key), entry.get("description")))
        return result + [self._attachments.add(upload) for upload in by_index.values()]

    def _embeds(self, embeds: list[Any]) -> list[Json]:
        return [{"type": "rich", **embed} for embed in embeds]

    def _finish(self, data: Json, body: Json, *, allow_empty: bool) -> None:
        resolve({"components": data["components"], "embeds": data["embeds"]}, data["attachments"])
        components.give_ids(data["components"])
        if not allow_empty and is_empty(data):
            raise empty_message()
        self._mention(data, body.get("allowed_mentions"))

    def _mention(self, data: Json, allowed: Json | None) -> None:
        said = "\n".join([data["content"], *components.texts(data["components"])])
        parse = {"users", "roles", "everyone"} if allowed is None else set(allowed.get("parse") or [])
        users = list(dict.fromkeys(_USER_MENTION.findall(said)))
        roles = list(dict.fromkeys(_ROLE_MENTION.findall(said)))
        if "users" not in parse:
            users = [each for each in users if each in ((allowed or {}).get("users") or [])]
        if "roles" not in parse:
            roles = [each for each in roles if each in ((allowed or {}).get("roles") or [])]
        reference = self._by_id.get((data.get("message_reference") or {}).get("message_id", ""))
        if data["type"] == REPLY and reference is not None and (allowed or {}).get("replied_user", allowed is None):
            users.append(reference.author_id)
        data["mentions"] = [found for each in dict.fromkeys(users) if (found := self._find(each)) is not None]
        data["mention_roles"] = roles
        data["mention_everyone"] = "everyone" in parse and bool(re.search(r"@(everyone|here)\b", said))

    def _find(self, user_id: str) -> Json | None:
        try:
            return self._user(user_id)
        except KeyError:
            return None
