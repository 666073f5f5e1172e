"""A guild's webhooks: where its events are sent, for its admins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from bot.web.api.models import Model, Page, Snowflake, Typed
from bot.web.callers import Called, Caller, actor_in
from bot.web.context import web_of
from core.guilds.access import Actor
from core.webhooks import registry
from core.webhooks.post import LONGEST_URL
from core.webhooks.registry import LONGEST_DESCRIPTION
from core.webhooks.rules import Off, State
from core.words import EventKind

router = APIRouter(prefix="/guilds/{guild}/webhooks", tags=["webhooks"])

GuildId = Annotated[Snowflake, Path(description="The guild's id.")]
WebhookId = Annotated[str, Path(pattern=r"^[a-z][a-z2-7]{11}$", description="The webhook's id.")]
DeliveryId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$", description="The delivery's id.")]
Url = Annotated[Typed, Field(max_length=LONGEST_URL, examples=["https://example.org/dormouse"])]
Description = Annotated[Typed, Field(max_length=LONGEST_DESCRIPTION)]


class NewWebhook(Model):
    url: Url
    """https, and a public address. What stands in it besides the host is shown to admins only."""
    kinds: list[EventKind] = Field(default_factory=list)
    """Empty: all."""
    description: Description = ""


class WebhookEdit(Model):
    """What is left out stays."""

    url: Url | None = None
    kinds: list[EventKind] | None = None
    description: Description | None = None
    on: bool | None = None
    """Off, nothing is sent, and what happens meanwhile never will be."""


class Webhook(Model):
    id: str
    guild: Snowflake
    url: str
    description: str
    kinds: list[EventKind]
    on: bool
    off_at: datetime | None
    off_why: Off | None
    """`failing`: nothing was taken for days. `gone`: it answered 410."""
    failing_since: datetime | None
    """Since then nothing was taken."""
    created_at: datetime
    created_by: Snowflake
    rotated_at: datetime | None

    @classmethod
    def of(cls, webhook: registry.Webhook) -> Webhook:
        return cls(
            id=webhook.id,
            guild=str(webhook.guild),
            url=webhook.url,
            description=webhook.description,
            kinds=list(webhook.kinds),
            on=webhook.off_at is None,
            off_at=webhook.off_at,
            off_why=webhook.off_why,
            failing_since=webhook.failing_since,
            created_at=webhook.created_at,
            created_by=str(webhook.created_by),
            rotated_at=webhook.rotated_at,
        )


class WebhookWithSecret(Webhook):
    secret: str
    """By which what is sent is signed. Shown now, and never again."""


class Delivery(Model):
    id: str
    event: int | None
    """null: a ping."""
    kind: str
    state: State
    attempts: int
    created_at: datetime
    tried_at: datetime | None
    next_at: datetime | None
    """When it is tried again; null: it is not."""
    status: int | None
    """Of the last answer; null: there was none."""
    why: str
    """Why there was none: `away`, `time` (10 seconds were over), `address` (it is not public any more)."""

    @classmethod
    def of(cls, delivery: registry.Delivery) -> Delivery:
        return cls(
            id=delivery.id,
            event=delivery.event,
            kind=delivery.kind,
            state=delivery.state,
            attempts=delivery.attempts,
            created_at=delivery.created_at,
            tried_at=delivery.tried_at,
            next_at=delivery.next_at,
            status=delivery.status,
            why=delivery.why,
        )


@router.get("", operation_id="list_webhooks")
async def list_webhooks(request: Request, caller: Called, guild: GuildId) -> list[Webhook]:
    found = await web_of(request).core.webhooks.all(await _actor(request, caller, guild))
    return [Webhook.of(each) for each in found]


@router.post("", operation_id="create_webhook", status_code=201)
async def create_webhook(request: Request, caller: Called, guild: GuildId, new: NewWebhook) -> WebhookWithSecret:
    """From the next event on. The answer has the secret, which is shown once."""
    actor = await _actor(request, caller, guild)
    made, secret = await web_of(request).core.webhooks.add(actor, new.url, new.kinds, new.description)
    return _with_secret(made, secret)


@router.get("/{webhook}", operation_id="get_webhook")
async def get_webhook(request: Request, caller: Called, guild: GuildId, webhook: WebhookId) -> Webhook:
    return Webhook.of(await web_of(request).core.webhooks.get(await _actor(request, caller, guild), webhook))


@router.patch("/{webhook}", operation_id="edit_webhook")
async def edit_webhook(
    request: Request, caller: Called, guild: GuildId, webhook: WebhookId, changes: WebhookEdit
) -> Webhook:
    actor = await _actor(request, caller, guild)
    edited = await web_of(request).core.webhooks.edit(
        actor, webhook, url=changes.url, kinds=changes.kinds, description=changes.description, on=changes.on
    )
    return Webhook.of(edited)


@router.delete("/{webhook}", operation_id="delete_webhook", status_code=204)
async def delete_webhook(request: Request, caller: Called, guild: GuildId, webhook: WebhookId) -> None:
    """With the list of its deliveries."""
    await web_of(request).core.webhooks.remove(await _actor(request, caller, guild), webhook)


@router.post("/{webhook}/rotate", operation_id="rotate_webhook")
async def rotate_webhook(request: Request, caller: Called, guild: GuildId, webhook: WebhookId) -> WebhookWithSecret:
    """Another secret. For 24 hours what is sent is signed by the old one too."""
    actor = await _actor(request, caller, guild)
    return _with_secret(*await web_of(request).core.webhooks.rotate(actor, webhook))


@router.post("/{webhook}/ping", operation_id="ping_webhook", status_code=202)
async def ping_webhook(request: Request, caller: Called, guild: GuildId, webhook: WebhookId) -> Delivery:
    """Send an event of kind `ping`. What became of it, the list of deliveries says."""
    return Delivery.of(await web_of(request).core.webhooks.ping(await _actor(request, caller, guild), webhook))


@router.get("/{webhook}/deliveries", operation_id="list_deliveries")
async def list_deliveries(
    request: Request,
    caller: Called,
    guild: GuildId,
    webhook: WebhookId,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9a-f]{24}$", description="`next` of the page before.")] = None,
) -> Page[Delivery]:
    """The newest first. Those that are over are kept for a week."""
    actor = await _actor(request, caller, guild)
    found, following = await web_of(request).core.webhooks.deliveries(actor, webhook, cursor)
    return Page(items=[Delivery.of(each) for each in found], next=following)


@router.post("/{webhook}/deliveries/{delivery}/redeliver", operation_id="redeliver", status_code=202)
async def redeliver(
    request: Request, caller: Called, guild: GuildId, webhook: WebhookId, delivery: DeliveryId
) -> Delivery:
    """Send it once more, under the same id, whatever became of it."""
    actor = await _actor(request, caller, guild)
    return Delivery.of(await web_of(request).core.webhooks.redeliver(actor, webhook, delivery))


async def _actor(request: Request, caller: Caller, guild: str) -> Actor:
    return await actor_in(web_of(request), caller, int(guild))


def _with_secret(webhook: registry.Webhook, secret: str) -> WebhookWithSecret:
    return WebhookWithSecret(**Webhook.of(webhook).model_dump(), secret=secret)
