"""Interactions from the person's action to the bot's answers: who may answer what, how often and until when.

Rules: https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import asyncio
import secrets
from dataclasses import dataclass

from bot.demo.guild import cast, components, objects, requests, validation
from bot.demo.guild.attachments import MAX_FILE, Upload
from bot.demo.guild.errors import (
    ApiError,
    Fault,
    Json,
    PageError,
    already_acknowledged,
    expired_token,
    invalid_form,
    refuse,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from bot.demo.guild.events import Message
from bot.demo.guild.gateway import Gateway
from bot.demo.guild.messages import COMMAND_ANSWER, DEFAULT, REPLY
from bot.demo.guild.validation import EPHEMERAL, LOADING
from bot.demo.guild.world import World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
"""Interaction types."""
PONG, ANSWER, DEFER, DEFER_UPDATE, UPDATE, CHOICES, OPEN_MODAL = 1, 4, 5, 6, 7, 8, 9
"""Callback types."""

TOKEN_SECONDS = 15 * 60

_ALLOWED = {
    COMMAND: (PONG, ANSWER, DEFER, OPEN_MODAL),
    COMPONENT: (PONG, ANSWER, DEFER, DEFER_UPDATE, UPDATE, OPEN_MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL: (PONG, ANSWER, DEFER, DEFER_UPDATE, UPDATE),
}
_REMEMBERED_MODALS = 200


@dataclass(slots=True, eq=False)
class Interaction:
    id: str
    token: str
    kind: int
    user_id: str
    channel_id: str
    created: float
    result: asyncio.Future[Json]
    metadata: Json
    source: Message | None = None
    """The message whose component was used, also through a modal."""
    option_type: int = 0
    callback: int | None = None
    """How it was answered; None while it was not."""
    late: bool = False
    original: Message | None = None
    """What `@original` names."""


class Interactions:
    """`answer_timeout` is how many seconds the bot has for its first answer."""

    def __init__(self, world: World, gateway: Gateway, *, answer_timeout: float = 3.0) -> None:
        self._world = world
        self._gateway = gateway
        self._answer_timeout = answer_timeout
        self._by_token: dict[str, Interaction] = {}
        self._modals: dict[tuple[str, str], tuple[Json, Interaction]] = {}

    # The person's side

    async def begin(self, user_id: str, request: Json) -> Json:
        """Send what a person did to the bot and wait for its first answer. PageError if it cannot be sent."""
        interaction, data = self._make(user_id, request)
        self._purge()
        if not self._gateway.online or not self._world.bot_present:
            return self._failed(interaction)
        self._by_token[interaction.token] = interaction
        payload = self._payload(interaction, data, request.get("locale") or "en-US")
        direct = self._world.channels[interaction.channel_id]["type"] == cast.DIRECT
        self._gateway.dispatch("INTERACTION_CREATE", payload, direct=direct)
        try:
            async with asyncio.timeout(self._answer_timeout):
                return {"id": interaction.id, **await interaction.result}
        except TimeoutError:
            interaction.late = True
            return self._failed(interaction)

    def _make(self, user_id: str, request: Json) -> tuple[Interaction, Json]:
        world = self._world
        kind, given = request.get("type"), request.get("data") or {}
        channel = world.channels.get(str(request.get("channel_id")))
        if channel is None or not world.may_see(user_id, channel["id"]):
            raise PageError("There is no such channel, or you cannot see it.", 404)
        interaction = Interaction(
            id=world.snowflakes.make(),
            token=secrets.token_urlsafe(48),
            kind=kind or 0,
            user_id=user_id,
            channel_id=channel["id"],
            created=world.clock(),
            result=asyncio.get_running_loop().create_future(),
            metadata={},
        )
        owners = {"0": "0" if channel["type"] == cast.DIRECT else cast.GUILD}
        interaction.metadata = {
            "id": interaction.id,
            "type": COMMAND if kind == AUTOCOMPLETE else kind,
            "user": world.user(user_id),
            "authorizing_integration_owners": owners,
        }
        if kind in (COMMAND, AUTOCOMPLETE):
            completing = kind == AUTOCOMPLETE
            data, name, interaction.option_type = requests.command(
                world, user_id, channel, given, autocomplete=completing
            )
            interaction.metadata |= {"name": name, "command_type": 1}
        elif kind == COMPONENT:
            interaction.source = self._message(user_id, channel["id"], str(request.get("message_id")))
            data = requests.component(world, interaction.source, given)
            interaction.metadata["interacted_message_id"] = interaction.source.id
        elif kind == MODAL:
            opened = self._modals.get((user_id, str(given.get("custom_id"))))
            if opened is None:
                raise PageError("This form is no longer open.")
            modal, trigger = opened
            data = requests.modal(world, modal, given)
            interaction.source = trigger.source
            interaction.metadata["triggering_interaction_metadata"] = trigger.metadata
        else:
            raise PageError("type must be 2, 3, 4 or 5.")
        return interaction, data

    def _message(self, user_id: str, channel_id: str, message_id: str) -> Message:
        try:
            message = self._world.messages.get(channel_id, message_id)
        except ApiError:
            raise PageError("This message is no longer there.", 404) from None
        if message.ephemeral_for not in (None, user_id) or message.author_id != cast.BOT:
            raise PageError("This message is no longer there.", 404)
        return message

    def _payload(self, interaction: Interaction, data: Json, locale: str) -> Json:
        world, user_id = self._world, interaction.user_id
        channel = world.channels[interaction.channel_id]
        payload: Json = {
            "id": interaction.id,
            "application_id": cast.APPLICATION,
            "type": interaction.kind,
            "data": data,
            "token": interaction.token,
            "version": 1,
            "channel_id": interaction.channel_id,
            "channel": objects.partial_channel(world, channel, user_id),
            "app_permissions": objects.bits(world.permissions(cast.BOT, channel)),
            "locale": locale,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": interaction.metadata["authorizing_integration_owners"],
            "attachment_size_limit": MAX_FILE,
        }
        if channel["type"] == cast.DIRECT:
            payload |= {"user": world.user(user_id), "context": requests.CONTEXT_DIRECT}
        else:
            permissions = objects.bits(world.permissions(user_id, channel))
            payload |= {
                "guild_id": cast.GUILD,
                "guild": {"id": cast.GUILD, "locale": "en-US", "features": []},
                "guild_locale": "en-US",
                "member": world.members[user_id] | {"permissions": permissions},
                "context": requests.CONTEXT_GUILD,
            }
        if interaction.source is not None:
            payload["message"] = world.messages.view(interaction.source)
        return payload

    def _failed(self, interaction: Interaction) -> Json:
        reason = "The application did not respond." if interaction.kind == COMMAND else "This interaction failed."
        return {"id": interaction.id, "answer": "failed", "reason": reason}

    def _purge(self) -> None:
        now = self._world.clock()
        # Insertion order is age.
        while self._by_token:
            oldest = next(iter(self._by_token.values()))
            if now - oldest.created <= TOKEN_SECONDS:
                break
            del self._by_token[oldest.token]

    # The bot's side: the first answer

    def answer(self, interaction_id: str, token: str, body: Json, uploads: list[Upload]) -> Json:
        """The callback. Returns the body for `with_response`; raises 10062, 40060, 50035, 50006."""
        interaction = self._by_token.get(token)
        if interaction is None or interaction.id != interaction_id or interaction.late:
            raise unknown_interaction()
        if interaction.callback is not None:
            raise already_acknowledged()
        kind, data = body.get("type"), body.get("data") or {}
        if kind not in _ALLOWED[interaction.kind] or (kind in (DEFER_UPDATE, UPDATE) and interaction.source is None):
            raise invalid_form([Fault(("type",), "BASE_TYPE_CHOICES", "Not an answer to this type of interaction.")])
        shown = self._carry_out(interaction, kind, data, uploads)
        interaction.callback = kind
        interaction.result.set_result(shown)
        return self._callback_body(interaction, kind)

    def _carry_out(self, interaction: Interaction, kind: int, data: Json, uploads: list[Upload]) -> Json:
        match kind:
            case 4:
                refuse(validation.check_message(data))
                interaction.original = self._post(interaction, data, uploads)
                return {"answer": "message", "message": objects.page_message(self._world, interaction.original)}
            case 5:
                interaction.original = self._post(interaction, {"flags": data.get("flags")}, [], thinking=True)
                return {"answer": "deferred", "message": objects.page_message(self._world, interaction.original)}
            case 6:
                interaction.original = interaction.source
                return {"answer": "deferred_update"}
            case 7:
                assert interaction.source is not None
                interaction.original = self._edit(interaction.source, data, uploads)
                return {"answer": "update", "message": objects.page_message(self._world, interaction.original)}
            case 8:
                refuse(validation.check_choices(data, interaction.option_type))
                return {"answer": "choices", "choices": data["choices"]}
            case 9:
                refuse(components.check_modal(data))
                components.give_ids(data["components"])
                self._remember_modal(interaction, data)
                return {"answer": "modal", "modal": data}
            case _:
                return {"answer": "failed", "reason": "This interaction failed."}

    def _callback_body(self, interaction: Interaction, kind: int) -> Json:
        about: Json = {"id": interaction.id, "type": interaction.kind}
        body: Json = {"interaction": about}
        if interaction.original is not None:
            flags = interaction.original.data["flags"]
            about |= {
                "response_message_id": interaction.original.id,
                "response_message_loading": bool(flags & LOADING),
                "response_message_ephemeral": bool(flags & EPHEMERAL),
            }
        body["resource"] = {"type": kind}
        if interaction.original is not None and kind in (ANSWER, DEFER, UPDATE):
            body["resource"]["message"] = self._world.messages.view(interaction.original)
        return body

    def _remember_modal(self, interaction: Interaction, modal: Json) -> None:
        key = (interaction.user_id, modal["custom_id"])
        self._modals.pop(key, None)
        self._modals[key] = (modal, interaction)
        if len(self._modals) > _REMEMBERED_MODALS:
            del self._modals[next(iter(self._modals))]

    # The bot's side: what comes after, by webhook

    def message(self, token: str, message_id: str) -> Message:
        """What `@original` or an id names. Raises 50027 past 15 minutes, 10015 before an answer, 10008."""
        interaction = self._answered(token)
        if message_id != "@original":
            message = self._world.messages.get(interaction.channel_id, message_id)
            if message.author_id != cast.BOT:
                raise unknown_message()
            return message
        original = interaction.original
        if original is None:
            raise unknown_message()
        return self._world.messages.get(interaction.channel_id, original.id)

    def edit(self, token: str, message_id: str, body: Json, uploads: list[Upload]) -> Message:
        return self._edit(self.message(token, message_id), body, uploads)

    def follow_up(self, token: str, body: Json, uploads: list[Upload]) -> Message:
        """A further message. The first one after a deferral takes the deferred message's place, as on Discord."""
        interaction = self._answered(token)
        original = interaction.original
        if interaction.callback == DEFER and original is not None and original.data["flags"] & LOADING:
            return self.edit(token, "@original", body, uploads)
        refuse(validation.check_message(body))
        return self._post(interaction, body, uploads, replies_to=original)

    def delete(self, token: str, message_id: str) -> None:
        self._world.messages.delete(self.message(token, message_id))

    def _answered(self, token: str) -> Interaction:
        interaction = self._by_token.get(token)
        if interaction is None or self._world.clock() - interaction.created > TOKEN_SECONDS:
            raise expired_token()
        if interaction.callback is None:
            raise unknown_webhook()
        return interaction

    def _edit(self, message: Message, body: Json, uploads: list[Upload]) -> Message:
        refuse(validation.check_message(body, old=message.data))
        return self._world.messages.edit(message, body, uploads)

    def _post(
        self,
        interaction: Interaction,
        body: Json,
        uploads: list[Upload],
        *,
        thinking: bool = False,
        replies_to: Message | None = None,
    ) -> Message:
        extra: Json = {
            "application_id": cast.APPLICATION,
            "webhook_id": cast.APPLICATION,
            "interaction_metadata": interaction.metadata,
        }
        kind = DEFAULT
        if interaction.original is None and "name" in interaction.metadata:
            kind = COMMAND_ANSWER
            extra["interaction"] = {
                "id": interaction.id,
                "type": COMMAND,
                "name": interaction.metadata["name"],
                "user": interaction.metadata["user"],
            }
        target = replies_to or interaction.source
        if kind == DEFAULT and target is not None:
            kind = REPLY
            extra["message_reference"] = {"type": 0, "channel_id": target.channel_id, "message_id": target.id}
            if self._world.channels[target.channel_id]["type"] != cast.DIRECT:
                extra["message_reference"]["guild_id"] = cast.GUILD
        ephemeral = bool((body.get("flags") or 0) & EPHEMERAL)
        return self._world.messages.create(
            interaction.channel_id,
            cast.BOT,
            body,
            uploads,
            kind=kind,
            ephemeral_for=interaction.user_id if ephemeral else None,
            thinking=thinking,
            extra=extra,
        )
