"""Whom somebody names by an id, where Discord does not offer only those who are there."""

from __future__ import annotations

from bot.web.context import Web
from core.errors import NotFound, TryAgain
from core.guilds.access import Actor
from core.servers.sharing import Target
from core.words import Gone, Sharer, Unknown


async def target_in(web: Web, actor: Actor, kind: Sharer, target: int) -> Target:
    """NotFound where there is no such member of the actor's guild, TryAgain where nobody tells now. Roles are taken as
    they come: one of another guild is nobody's here."""
    if kind is Sharer.MEMBER:
        found = await web.core.members.of(actor.guild, target)
        if isinstance(found, Gone):
            raise NotFound("web.no_member")
        if isinstance(found, Unknown):
            raise TryAgain("guild.unknown")
    return Target(target, kind)
