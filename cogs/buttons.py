"""Every button, on one class that acknowledges and catches.

A custom id is `dm:<verb>[:<server id>][:<more>]` and all there is to know about a button: nothing else is remembered,
so those posted before a restart work as any other.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

from discord.ui import Button, DynamicItem, Item

from cogs import (
    account_pages,
    audit_pages,
    console_page,
    forms,
    games,
    guild_pages,
    licence_page,
    pages,
    schedule_page,
    setup,
    share_page,
    world_pages,
)
from cogs.faces import Faces, zone_of
from cogs.membership import deleted_roles, role_is_there
from cogs.replies import Answer, How, Interaction, actor_of, in_words, language_of
from core.errors import Refusal
from core.guilds.access import Actor, Do
from core.servers.worlds import Worlds
from core.text import say
from core.words import Sharer

SNOWFLAKE = re.compile("[0-9]{1,18}|[1-8][0-9]{18}")
"""An id of Discord's, small enough for every database."""
TEMPLATE = r"dm:(?P<verb>[a-z_]+)(?::(?P<server>[a-z][a-z2-7]{11}))?(?::(?P<more>[a-z0-9_]+))?"


@dataclass(frozen=True, slots=True)
class Pressed:
    """One press: what a verb needs to act on it."""

    faces: Faces
    actor: Actor
    server: str
    more: str
    language: str
    interaction: Interaction


class Press(DynamicItem[Button[Any]], template=TEMPLATE):
    """Any of our buttons; VERBS says what it does."""

    def __init__(self, item: Button[Any], verb: str, server: str, more: str) -> None:
        super().__init__(item)
        self.verb, self.server, self.more = verb, server, more

    @classmethod
    async def from_custom_id(cls, interaction: Interaction, item: Item[Any], match: re.Match[str], /) -> Self:
        assert isinstance(item, Button)
        return cls(item, match["verb"], match["server"] or "", match["more"] or "")

    async def callback(self, interaction: Interaction) -> Any:
        faces: Faces = interaction.client.faces
        how, do = VERBS.get(self.verb, (How.NEW, _old))
        # Only the notice's own buttons carry a guild, and only direct messages make use of it.
        guild = int(self.more) if SNOWFLAKE.fullmatch(self.more) else 0
        actor = actor_of(interaction, guild=guild)

        async def handle() -> Answer:  # whose language it is, is known by now
            return await do(Pressed(faces, actor, self.server, self.more, language_of(interaction), interaction))

        await faces.replies.answer(interaction, handle, how=how)


async def _old(pressed: Pressed) -> Answer:
    return say(pressed.language, "old")


async def _resume(pressed: Pressed) -> Answer:
    return pages.resumed(await pressed.faces.servers.power.resume(pressed.actor, pressed.server), pressed.language)


async def _pause(pressed: Pressed) -> Answer:
    return pages.pausing(await pressed.faces.servers.power.pause(pressed.actor, pressed.server), pressed.language)


async def _restart(pressed: Pressed) -> Answer:
    return pages.restarted(await pressed.faces.servers.power.restart(pressed.actor, pressed.server), pressed.language)


async def _keep(pressed: Pressed) -> Answer:
    return pages.kept(await pressed.faces.servers.power.keep(pressed.actor, pressed.server), pressed.language)


async def _vote(pressed: Pressed) -> Answer:
    return pages.voted(await pressed.faces.servers.power.vote(pressed.actor, pressed.server), pressed.language)


async def _voice_off(pressed: Pressed) -> Answer:
    view = await pressed.faces.servers.editing.stop_watching(pressed.actor, pressed.server)
    return pages.no_voice(view, pressed.language)


async def _join(pressed: Pressed) -> Answer:
    return pages.join(await pressed.faces.servers.lookup.get(pressed.actor, pressed.server, Do.JOIN), pressed.language)


async def _more(pressed: Pressed) -> Answer:
    view, rights = await pressed.faces.servers.lookup.get_with_rights(pressed.actor, pressed.server)
    return pages.more(view, pressed.language, rights)


async def _undo(pressed: Pressed) -> Answer:
    return pages.undone(await pressed.faces.servers.removal.undo(pressed.actor, pressed.server), pressed.language)


async def _edit(pressed: Pressed) -> Answer:
    return forms.page(await pressed.faces.servers.lookup.get(pressed.actor, pressed.server, Do.EDIT), pressed.language)


async def _list(pressed: Pressed) -> Answer:
    asked, _, number = pressed.more.partition("_")
    whose = "mine" if asked == "mine" else "guild"
    views = await pressed.faces.servers.lookup.list(pressed.actor, mine=whose == "mine")
    page = int(number[:9]) if number.isdecimal() else 0
    return pages.listing(views, pressed.language, whose=whose, page=page, reader=pressed.actor.user)


async def _setup(pressed: Pressed) -> Answer:
    view = await setup.look(pressed.faces.guilds, pressed.actor)
    return setup.shown(pressed.interaction, view)


async def _open_guild_zone(pressed: Pressed) -> Answer:
    return setup.zone_form(await setup.look(pressed.faces.guilds, pressed.actor), pressed.language)


async def _quota_remove(pressed: Pressed) -> Answer:
    target, kind = guild_pages.special_of(pressed.more) or (0, Sharer.MEMBER)
    found = await pressed.faces.quotas.remove(pressed.actor, target, kind)
    return guild_pages.quota(found, pressed.language)


async def _games(pressed: Pressed) -> Answer:
    return games.listing(await pressed.faces.games.look(pressed.actor), pressed.language)


async def _game_on(pressed: Pressed) -> Answer:
    return await _offer(pressed, offered=True)


async def _game_off(pressed: Pressed) -> Answer:
    return await _offer(pressed, offered=False)


async def _offer(pressed: Pressed, *, offered: bool) -> Answer:
    game = games.game_of(pressed.more)
    return games.page(await pressed.faces.games.offer(pressed.actor, game, offered=offered), pressed.language)


async def _open_change(pressed: Pressed) -> Answer:
    view = await pressed.faces.servers.lookup.get(pressed.actor, pressed.server, Do.EDIT)
    draft = pressed.faces.drafts.take(pressed.actor.user, view.id, pressed.more)
    return forms.change(view, pressed.more, pressed.language, draft)


async def _open_console(pressed: Pressed) -> Answer:
    view = await pressed.faces.servers.consoles.look(pressed.actor, pressed.server)
    draft = pressed.faces.drafts.take(pressed.actor.user, view.id, console_page.DRAFT)
    return console_page.form(view, pressed.language, draft)


async def _logs(pressed: Pressed) -> Answer:
    before = pressed.more == console_page.BEFORE
    found = await pressed.faces.servers.consoles.logs(pressed.actor, pressed.server, console_page.LINES, before=before)
    return console_page.log(found, pressed.language)


async def _open_delete(pressed: Pressed) -> Answer:
    return forms.open_delete(
        await pressed.faces.servers.lookup.get(pressed.actor, pressed.server, Do.DELETE), pressed.language
    )


async def _open_purge(pressed: Pressed) -> Answer:
    view = await pressed.faces.servers.lookup.get(pressed.actor, pressed.server, Do.PURGE)
    return forms.purge(view, pressed.language)


async def _open_entry(pressed: Pressed) -> Answer:
    view = await pressed.faces.servers.lookup.get(pressed.actor, pressed.server, Do.SCHEDULE)
    draft = pressed.faces.drafts.take(pressed.actor.user, view.id, schedule_page.DRAFT)
    return schedule_page.entry_form(view, pressed.language, draft)


async def _open_zone(pressed: Pressed) -> Answer:
    view = await pressed.faces.servers.lookup.get(pressed.actor, pressed.server, Do.SCHEDULE)
    return schedule_page.zone_form(view, pressed.language)


async def _remove_entry(pressed: Pressed) -> Answer:
    view = await pressed.faces.servers.scheduling.remove(pressed.actor, pressed.server, pressed.more)
    return schedule_page.page(view, pressed.language, await zone_of(pressed.faces, pressed.actor))


async def _open_forget(pressed: Pressed) -> Answer:
    view = await pressed.faces.servers.lookup.get(pressed.actor, pressed.server, Do.FORGET)
    return forms.forget(view, pressed.language)


async def _account_forget(pressed: Pressed) -> Answer:
    if pressed.faces.own is None:
        return await _old(pressed)
    stays = await pressed.faces.own.forgetting.forget(pressed.actor)
    pressed.faces.replies.languages.forget()
    return account_pages.forgotten(stays, pressed.language)


async def _kept(pressed: Pressed) -> Answer:
    return pages.kept_for_undo(await pressed.faces.servers.lookup.deleted(pressed.actor), pressed.language)


async def _snapshots(pressed: Pressed) -> Answer:
    view, found = await _worlds(pressed).snapshots(pressed.actor, pressed.server)
    return world_pages.snapshots(view, found, pressed.language)


async def _world_undo(pressed: Pressed) -> Answer:
    view = await _worlds(pressed).undo(pressed.actor, pressed.server)
    return world_pages.restoring(view, pressed.language)


async def _world_good(pressed: Pressed) -> Answer:
    view = await _worlds(pressed).restore_good(pressed.actor, pressed.server)
    return world_pages.restoring(view, pressed.language)


async def _audit(pressed: Pressed) -> Answer:
    asked = audit_pages.asked_by(pressed.server, pressed.more)
    if pressed.faces.audit is None:
        return await _old(pressed)
    return audit_pages.page(await pressed.faces.audit.read(pressed.actor, asked), pressed.language)


async def _offer_take(pressed: Pressed) -> Answer:
    return pages.taken(await pressed.faces.servers.transfers.take(pressed.actor, pressed.server), pressed.language)


async def _offer_decline(pressed: Pressed) -> Answer:
    view = await pressed.faces.servers.transfers.decline(pressed.actor, pressed.server)
    return pages.declined(view, pressed.language)


async def _owner_take(pressed: Pressed) -> Answer:
    view = await pressed.faces.servers.left_owners.take(pressed.actor, pressed.server)
    return pages.inherited(view, pressed.language)


async def _unfollow(pressed: Pressed) -> Answer:
    return pages.followed(await pressed.faces.servers.following.stop(pressed.actor, pressed.server), pressed.language)


async def _share(pressed: Pressed) -> Answer:
    shares = await pressed.faces.servers.sharing.with_whom(pressed.actor, pressed.server)
    return share_page.page(shares, pressed.language, deleted_roles(pressed.interaction.guild, shares))


async def _share_clean(pressed: Pressed) -> Answer:
    guild = pressed.interaction.guild
    shares = await pressed.faces.servers.sharing.forget_roles(
        pressed.actor, pressed.server, lambda role: role_is_there(guild, role)
    )
    return pages.shared(shares, pressed.language, deleted_roles(guild, shares))


async def _accept(pressed: Pressed) -> Answer:
    actor, mark = _accepting(pressed)
    await pressed.faces.servers.power.accept(actor, pressed.server, mark)
    return licence_page.accepted(pressed.language)


async def _accept_resume(pressed: Pressed) -> Answer:
    actor, mark = _accepting(pressed)
    return pages.resumed(
        await pressed.faces.servers.power.resume(actor, pressed.server, accepts=mark), pressed.language
    )


async def _accept_restart(pressed: Pressed) -> Answer:
    actor, mark = _accepting(pressed)
    return pages.restarted(
        await pressed.faces.servers.power.restart(actor, pressed.server, accepts=mark), pressed.language
    )


async def _accept_create(pressed: Pressed) -> Answer:
    made = await pressed.faces.servers.creation.go_on(pressed.actor, pressed.more)
    if isinstance(made, Refusal):
        return licence_page.accepted(pressed.language, in_words(made, pressed.language) or "")
    rules = await pressed.faces.guilds.get(pressed.actor.guild)
    obstacles = setup.card_obstacles(pressed.interaction, rules, pressed.language)
    return "\n".join([pages.created(made, pressed.language), *obstacles])


async def _accept_go_on(pressed: Pressed) -> Answer:
    (actor, question), language = _accepting(pressed), pressed.language
    if (going_on := pressed.faces.going_on) is None:
        return say(language, "old")
    went = await going_on.go_on(actor, pressed.server, question)
    if went.taken_in is not None:
        return world_pages.imported(went.taken_in, language)
    match went.do:
        case "file":
            return licence_page.accepted_without_file(language)
        case "restore" | "undo" | "good":
            return world_pages.restoring(went.server, language)
        case _:
            return licence_page.went_on(language, went.server.name)


def _accepting(pressed: Pressed) -> tuple[Actor, str]:
    """Who accepts which text: the custom id carries the guild, for direct messages, and the text's mark, or the
    question's."""
    guild, _, mark = pressed.more.partition("_")
    number = int(guild) if SNOWFLAKE.fullmatch(guild) else 0
    return actor_of(pressed.interaction, guild=number), mark


def _worlds(pressed: Pressed) -> Worlds:
    if pressed.faces.worlds is None:
        raise Refusal("world.nowhere")
    return pressed.faces.worlds


VERBS: dict[str, tuple[How, Callable[[Pressed], Awaitable[Answer]]]] = {
    "resume": (How.NEW, _resume),
    "pause": (How.NEW, _pause),
    "restart": (How.NEW, _restart),
    "keep": (How.NEW, _keep),
    "vote": (How.NEW, _vote),
    "offer_take": (How.NEW, _offer_take),
    "offer_decline": (How.NEW, _offer_decline),
    "owner_take": (How.NEW, _owner_take),
    "unfollow": (How.NEW, _unfollow),
    "share": (How.NEW, _share),
    "share_clean": (How.NEW, _share_clean),
    "accept": (How.NEW, _accept),
    "accept_resume": (How.NEW, _accept_resume),
    "accept_restart": (How.NEW, _accept_restart),
    "accept_create": (How.NEW, _accept_create),
    "accept_go_on": (How.NEW, _accept_go_on),
    "voice_off": (How.NEW, _voice_off),
    "join": (How.NEW, _join),
    "more": (How.NEW, _more),
    "undo": (How.NEW, _undo),
    "edit": (How.NEW, _edit),
    "snapshots": (How.NEW, _snapshots),
    "world_undo": (How.NEW, _world_undo),
    "world_good": (How.NEW, _world_good),
    "list": (How.UPDATE, _list),
    "setup": (How.NEW, _setup),
    "setup_check": (How.UPDATE, _setup),
    "setup_zone": (How.MODAL, _open_guild_zone),
    "quota_remove": (How.UPDATE, _quota_remove),
    "games": (How.UPDATE, _games),
    "game_on": (How.UPDATE, _game_on),
    "game_off": (How.UPDATE, _game_off),
    "change": (How.MODAL, _open_change),
    "console": (How.MODAL, _open_console),
    "logs": (How.NEW, _logs),
    "delete": (How.MODAL, _open_delete),
    "purge": (How.MODAL, _open_purge),
    "kept": (How.NEW, _kept),
    "audit": (How.UPDATE, _audit),
    "schedule_add": (How.MODAL, _open_entry),
    "schedule_zone": (How.MODAL, _open_zone),
    "schedule_remove": (How.UPDATE, _remove_entry),
    "forget": (How.MODAL, _open_forget),
    "account_forget": (How.UPDATE, _account_forget),
}
