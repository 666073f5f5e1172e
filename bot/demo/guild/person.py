"""A person at the guild, moved over HTTP exactly as the page moves them: for tests, benchmarks and scripts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import aiohttp

from bot.demo.guild.errors import Json, PageError


class Person:
    """`async with Person(guild.page_url, cast.ADA) as ada:`; refusals raise PageError with the page's sentence."""

    def __init__(self, page_url: str, user_id: str) -> None:
        self.id = user_id
        self._url = page_url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def state(self) -> Json:
        state: Json = await self._ask("GET", "/page/state")
        return state

    async def say(self, channel_id: str, content: str) -> Json:
        message: Json = await self._ask("POST", f"/page/channels/{channel_id}/messages", {"content": content})
        return message

    async def read(self, channel_id: str, *, limit: int = 50, before: str | None = None) -> list[Json]:
        """What this person sees in a channel, oldest first."""
        query = {"limit": str(limit)} | ({"before": before} if before else {})
        messages: list[Json] = await self._ask("GET", f"/page/channels/{channel_id}/messages", query=query)
        return messages

    async def delete(self, message: Json) -> None:
        path = f"/page/channels/{message['channel_id']}/delete-message"
        await self._ask("POST", path, {"message_id": message["id"]})

    async def create_channel(self, name: str, *, kind: int = 0) -> Json:
        """A text channel (0), or a forum (15)."""
        channel: Json = await self._ask("POST", "/page/channels", {"name": name, "type": kind})
        return channel

    async def create_thread(self, channel_id: str, name: str, content: str = "") -> Json:
        """In a forum a post, which begins with `content`."""
        body = {"name": name, "content": content}
        thread: Json = await self._ask("POST", f"/page/channels/{channel_id}/threads", body)
        return thread

    async def edit_thread(self, thread_id: str, **changes: bool) -> Json:
        """Change `archived` or `locked`."""
        thread: Json = await self._ask("PATCH", f"/page/channels/{thread_id}", changes)
        return thread

    async def delete_channel(self, channel_id: str) -> None:
        await self._ask("DELETE", f"/page/channels/{channel_id}")

    async def plan(self, name: str, location: str, starts: datetime, ends: datetime) -> Json:
        """Plan an event at a place."""
        body = {"name": name, "location": location, "starts": starts.isoformat(), "ends": ends.isoformat()}
        plan: Json = await self._ask("POST", "/page/planned", body)
        return plan

    async def edit_plan(self, plan_id: str, **changes: Any) -> Json:
        """Change `name`, `location`, `starts`, `ends` (datetimes) or `status` (2 begun, 3 over, 4 cancelled)."""
        sent = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in changes.items()}
        plan: Json = await self._ask("PATCH", f"/page/planned/{plan_id}", sent)
        return plan

    async def delete_plan(self, plan_id: str) -> None:
        await self._ask("DELETE", f"/page/planned/{plan_id}")

    async def create_role(self, name: str) -> Json:
        role: Json = await self._ask("POST", "/page/roles", {"name": name})
        return role

    async def delete_role(self, role_id: str) -> None:
        await self._ask("DELETE", f"/page/roles/{role_id}")

    async def give_role(self, user_id: str, role_id: str, *, take: bool = False) -> None:
        await self._ask("DELETE" if take else "PUT", f"/page/members/{user_id}/roles/{role_id}")

    async def upload(self, filename: str, data: bytes) -> Json:
        """For an attachment option or a file field; its `id` is the value."""
        form = aiohttp.FormData()
        form.add_field("file", data, filename=filename)
        attachment: Json = await self._ask("POST", "/page/files", form=form)
        return attachment

    async def slash(self, channel_id: str, command: str, /, **options: Any) -> Json:
        """`await ada.slash(SERVERS, "server create", game="meadow")`: the bot's first answer."""
        return await self._interact(2, channel_id, await self._command(command, options, focused=None))

    async def autocomplete(self, channel_id: str, command: str, focused: str, **options: Any) -> list[Json]:
        """The choices for the option `focused`, whose unfinished text stands among `options`."""
        data = await self._command(command, options, focused=focused)
        answer = await self._interact(4, channel_id, data)
        choices: list[Json] = answer.get("choices", [])
        return choices

    async def press(self, message: Json, custom_id: str) -> Json:
        return await self._interact(3, message["channel_id"], {"custom_id": custom_id, "component_type": 2}, message)

    async def select(self, message: Json, custom_id: str, *values: str) -> Json:
        return await self._interact(3, message["channel_id"], {"custom_id": custom_id, "values": values}, message)

    async def submit(self, channel_id: str, modal: Json, **answers: Any) -> Json:
        """Fill in a modal: custom id -> text, list of values, or bool."""

        def filled(custom_id: str, value: Any) -> Json:
            return {"type": 18, "component": {"custom_id": custom_id, _slot(value): value}}

        data = {"custom_id": modal["custom_id"], "components": [filled(*each) for each in answers.items()]}
        return await self._interact(5, channel_id, data)

    @asynccontextmanager
    async def events(self) -> AsyncIterator["Events"]:
        """The page's live socket; leaving the block closes it."""
        assert self._session is not None
        async with self._session.ws_connect(f"{self._url}/page/events", params={"as": self.id}) as socket:
            yield Events(socket)

    async def admin(self, method: str, path: str, body: Json | None = None) -> Any:
        """Turn one of the guild's own screws: `admin("PATCH", "/members/…", {"roles": []})`."""
        return await self._ask(method, f"/page/admin{path}", body)

    async def _command(self, command: str, options: Json, *, focused: str | None) -> Json:
        name, *path = command.split(" ")
        typed: list[Json] = [
            {"name": key, "value": value} | ({"focused": True} if key == focused else {})
            for key, value in options.items()
        ]
        for word in reversed(path):
            typed = [{"name": word, "options": typed}]
        return {"name": name, "options": typed}

    async def _interact(self, kind: int, channel_id: str, data: Json, message: Json | None = None) -> Json:
        body: Json = {"type": kind, "channel_id": channel_id, "data": data}
        if message is not None:
            body["message_id"] = message["id"]
        answer: Json = await self._ask("POST", "/page/interactions", body)
        return answer

    async def _ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: dict[str, str] | None = None,
        form: aiohttp.FormData | None = None,
    ) -> Any:
        assert self._session is not None
        params = {"as": self.id, **(query or {})}
        async with self._session.request(method, self._url + path, params=params, json=body, data=form) as response:
            answer: Any = await response.json() if response.status != 204 else None
            if response.status >= 400:
                raise PageError(answer["reason"], response.status)
            return answer


class Events:
    """Frames of the page's socket, in order."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def next(self, name: str, where: Callable[[Any], bool] = lambda data: True, *, within: float = 5.0) -> Any:
        """The data of the next frame of this name for which `where` holds; TimeoutError after `within` seconds."""
        async with asyncio.timeout(within):
            while True:
                frame = await self._socket.receive_json()
                if frame["t"] == name and where(frame["d"]):
                    return frame["d"]


def _slot(value: Any) -> str:
    return "values" if isinstance(value, (list, tuple)) else "value"
