"""Who has to do with a server: with whom it is shared, to whom it is offered, who follows it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from bot.web.api.models import Body, Model, Server, Snowflake
from bot.web.api.servers import ServerId
from bot.web.api.targets import target_in
from bot.web.callers import Called, actor_for
from bot.web.context import web_of
from bot.web.problems import language_of
from core.guilds.access import Do
from core.servers.sharing import Shares, Target
from core.words import Sharer, ShareRole

router = APIRouter(prefix="/servers/{server}", tags=["sharing"])

TargetKind = Annotated[Sharer, Path(description="Whether it is a member's id or a role's.")]
TargetId = Annotated[Snowflake, Path(description="The member's or the role's id.", examples=["80351110224678912"])]


class Share(Model):
    kind: Sharer
    id: Snowflake
    role: ShareRole


class ShareList(Model):
    """Without players it is open to everybody in the guild."""

    items: list[Share]

    @classmethod
    def of(cls, shares: Shares) -> ShareList:
        return cls(
            items=[Share(kind=Sharer(each.kind), id=str(each.target), role=ShareRole(each.role)) for each in shares.all]
        )


class As(Body):
    role: ShareRole


class To(Body):
    member: Snowflake


class Following(Model):
    follows: bool


@router.get("/shares", operation_id="list_shares")
async def list_shares(request: Request, caller: Called, server: ServerId) -> ShareList:
    """With whom it is shared, managers first."""
    web = web_of(request)
    return ShareList.of(await web.core.servers.sharing.with_whom(await actor_for(web, caller, server), server))


@router.put("/shares/{kind}/{target}", operation_id="share_server")
async def share_server(
    request: Request, caller: Called, server: ServerId, kind: TargetKind, target: TargetId, body: As
) -> ShareList:
    """Share it with a member or a role. With the role that everybody has (its id is the guild's) as player, it is open
    to all again."""
    web = web_of(request)
    actor, sharing = await actor_for(web, caller, server), web.core.servers.sharing
    await sharing.with_whom(actor, server)  # who may not, learns nothing of who is a member
    return ShareList.of(await sharing.share(actor, server, await target_in(web, actor, kind, int(target)), body.role))


@router.delete("/shares/{kind}/{target}", operation_id="unshare_server")
async def unshare_server(
    request: Request, caller: Called, server: ServerId, kind: TargetKind, target: TargetId
) -> ShareList:
    """No longer with this one."""
    web = web_of(request)
    actor, sharing = await actor_for(web, caller, server), web.core.servers.sharing
    return ShareList.of(await sharing.share(actor, server, Target(int(target), kind), None))


@router.put("/offer", operation_id="offer_server")
async def offer_server(request: Request, caller: Called, server: ServerId, body: To) -> Server:
    """Offer it to another member, who may take it for 7 days."""
    web = web_of(request)
    actor, servers = await actor_for(web, caller, server), web.core.servers
    await servers.lookup.get(actor, server, Do.TRANSFER)
    return Server.of(
        await servers.transfers.offer(actor, server, await target_in(web, actor, Sharer.MEMBER, int(body.member)))
    )


@router.delete("/offer", operation_id="decline_server")
async def decline_server(request: Request, caller: Called, server: ServerId) -> Server:
    """The offer ends: by the one who has it, or by whoever could make it."""
    web = web_of(request)
    return Server.of(await web.core.servers.transfers.decline(await actor_for(web, caller, server), server))


@router.post("/offer/take", operation_id="take_server")
async def take_server(request: Request, caller: Called, server: ServerId) -> Server:
    """It is the caller's from now on."""
    web = web_of(request)
    return Server.of(await web.core.servers.transfers.take(await actor_for(web, caller, server), server))


@router.put("/follow", operation_id="follow_server")
async def follow_server(request: Request, caller: Called, server: ServerId) -> Following:
    """Be told by direct message when players join."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    found = await web.core.servers.following.follow(actor, server, language_of(request), toggles=False)
    return Following(follows=found.follows)


@router.delete("/follow", operation_id="unfollow_server")
async def unfollow_server(request: Request, caller: Called, server: ServerId) -> Following:
    """Be told no more."""
    web = web_of(request)
    found = await web.core.servers.following.stop(await actor_for(web, caller, server), server)
    return Following(follows=found.follows)
