"""The bot's answers to interactions over REST: the callback, and the webhook for all that comes after it."""

from collections.abc import Iterator

from aiohttp import web

from bot.demo.guild import cast
from bot.demo.guild.bodies import answer, nothing, read_with_files
from bot.demo.guild.errors import unknown_webhook
from bot.demo.guild.interactions import Interactions
from bot.demo.guild.rest import BASE
from bot.demo.guild.world import World


class Callbacks:
    """Routes over one table of interactions."""

    def __init__(self, world: World, interactions: Interactions) -> None:
        self._world = world
        self._interactions = interactions

    def routes(self) -> Iterator[web.RouteDef]:
        webhook = BASE + "/webhooks/{application}/{token}"
        message = webhook + "/messages/{message}"
        yield web.post(BASE + "/interactions/{interaction}/{token}/callback", self._callback)
        yield web.post(webhook, self._follow_up)
        yield web.get(message, self._get, allow_head=False)
        yield web.patch(message, self._edit)
        yield web.delete(message, self._delete)

    async def _callback(self, request: web.Request) -> web.Response:
        body, uploads = await read_with_files(request)
        interaction, token = request.match_info["interaction"], request.match_info["token"]
        shown = self._interactions.answer(interaction, token, body, uploads)
        wanted = request.query.get("with_response", "").lower() in ("1", "true")
        return answer(shown) if wanted else nothing()

    async def _follow_up(self, request: web.Request) -> web.Response:
        body, uploads = await read_with_files(request)
        message = self._interactions.follow_up(_token(request), body, uploads)
        wanted = request.query.get("wait", "true").lower() in ("1", "true")
        return answer(self._world.messages.view(message)) if wanted else nothing()

    async def _get(self, request: web.Request) -> web.Response:
        message = self._interactions.message(_token(request), request.match_info["message"])
        return answer(self._world.messages.view(message))

    async def _edit(self, request: web.Request) -> web.Response:
        body, uploads = await read_with_files(request)
        message = self._interactions.edit(_token(request), request.match_info["message"], body, uploads)
        return answer(self._world.messages.view(message))

    async def _delete(self, request: web.Request) -> web.Response:
        self._interactions.delete(_token(request), request.match_info["message"])
        return nothing()


def _token(request: web.Request) -> str:
    if request.match_info["application"] != cast.APPLICATION:
        raise unknown_webhook()
    return request.match_info["token"]
