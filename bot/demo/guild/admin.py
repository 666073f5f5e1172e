"""Turning the guild's own screws from a test or a script, under `/page/admin`. No person and no bot can do this."""

from collections.abc import Iterator

from aiohttp import web

from bot.demo.guild import cast
from bot.demo.guild.bodies import answer, nothing, read_object
from bot.demo.guild.errors import PageError
from bot.demo.guild.gateway import Gateway
from bot.demo.guild.world import World

_CHANNEL_KEYS = {"name", "topic", "position", "permission_overwrites"}


class Admin:
    """Routes; each takes one JSON object."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway

    def routes(self) -> Iterator[web.RouteDef]:
        yield web.post("/page/admin/channels", self._create_channel)
        yield web.patch("/page/admin/channels/{channel}", self._edit_channel)
        yield web.delete("/page/admin/channels/{channel}", self._delete_channel)
        yield web.patch("/page/admin/members/{user}", self._edit_member)
        yield web.patch("/page/admin/roles/{role}", self._edit_role)
        yield web.post("/page/admin/voice", self._voice)
        yield web.post("/page/admin/bot", self._bot)
        yield web.post("/page/admin/gateway", self._close_gateway)

    async def _create_channel(self, request: web.Request) -> web.Response:
        """`{name}`"""
        return answer(self._world.create_channel(str((await read_object(request)).get("name", "new"))))

    async def _edit_channel(self, request: web.Request) -> web.Response:
        """`{name, topic, position, permission_overwrites: [{id, type, allow, deny}]}`, any of them"""
        body = await read_object(request)
        kept = {key: value for key, value in body.items() if key in _CHANNEL_KEYS}
        return answer(self._world.edit_channel(request.match_info["channel"], **kept))

    async def _delete_channel(self, request: web.Request) -> web.Response:
        return answer(self._world.delete_channel(request.match_info["channel"]))

    async def _edit_member(self, request: web.Request) -> web.Response:
        """`{roles, nick, direct_closed}`, any of them"""
        user_id, body = request.match_info["user"], await read_object(request)
        if user_id not in self._world.members:
            raise PageError("There is no such member.", 404)
        if "direct_closed" in body:
            self._world.close_direct(user_id, closed=bool(body["direct_closed"]))
        kept = {key: body[key] for key in ("roles", "nick") if key in body}
        return answer(self._world.edit_member(user_id, **kept))

    async def _edit_role(self, request: web.Request) -> web.Response:
        """`{permissions}`"""
        role_id, body = request.match_info["role"], await read_object(request)
        if role_id not in self._world.roles:
            raise PageError("There is no such role.", 404)
        return answer(self._world.edit_role(role_id, permissions=str(body["permissions"])))

    async def _voice(self, request: web.Request) -> web.Response:
        """`{user_id, channel_id}`; null leaves"""
        body = await read_object(request)
        if body.get("user_id") not in cast.PEOPLE:
            raise PageError("user_id must be the id of Ada, Bo or Cy.")
        self._world.move_voice(body["user_id"], body.get("channel_id"))
        return nothing()

    async def _bot(self, request: web.Request) -> web.Response:
        """`{present}`: remove the bot from the guild, or invite it again"""
        self._world.invite_bot(present=bool((await read_object(request)).get("present")))
        return nothing()

    async def _close_gateway(self, request: web.Request) -> web.Response:
        """`{code}`"""
        await self._gateway.close_all(int((await read_object(request)).get("code", 4000)))
        return nothing()
