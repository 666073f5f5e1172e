"""A server, changed: name, description, the game's settings, size, when it pauses."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from bot.web.api.servers import ServerId
from bot.web.callers import Caller, actor_for
from bot.web.context import web_of
from bot.web.pages.cards import people_in
from bot.web.pages.forms import Sent
from bot.web.pages.render import Viewing, know, lines, marks_of, render
from bot.web.pages.servers import places
from bot.web.problems import language_of, status_of
from bot.web.words import said
from core.errors import Refusal
from core.guilds.access import Actor, Do
from core.servers.card_text import pending
from core.servers.edit import IDLE_MINUTES, Shown
from core.servers.views import ServerView
from core.text import say
from core.words import Desired

router = APIRouter(include_in_schema=False)

NAME, DESCRIPTION = "name", "description"
_OURS = ("mark", "shown", "keys", "size", "minutes")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that can be changed. `kind`: a setting's type, or `lines`."""

    key: str
    label: str
    value: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    hint: str = ""
    low: int | None = None
    high: int | None = None


@router.get("/servers/{server}/edit", operation_id="page_edit")
async def edit(request: Request, caller: Viewing, server: ServerId, done: bool = False) -> Response:
    actor = await actor_for(web_of(request), caller, server)
    view = await web_of(request).core.servers.lookup.get(actor, server, Do.EDIT)
    return await _page(request, caller, actor, view, done=done)


@router.post("/servers/{server}/edit", operation_id="page_save")
async def save(request: Request, caller: Sent, server: ServerId) -> Response:
    """What was typed stays in the form where it is refused."""
    sent = {key: str(value) for key, value in (await request.form()).items()}
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    view = await web.core.servers.lookup.get(actor, server, Do.EDIT)
    typed = {key: value for key, value in sent.items() if key not in _OURS}
    shown = Shown(tuple(filter(None, sent.get("keys", "").split(" "))), sent.get("shown", ""))
    changes = {key: value for key, value in typed.items() if value != view.editable.get(key)}
    try:
        if changes:
            await web.core.servers.editing.edit(actor, server, changes, shown=shown)
        if (size := sent.get("size", "")) and size != view.size:
            await web.core.servers.editing.resize(actor, server, size)
        if (minutes := sent.get("minutes", "").strip()) and minutes != str(view.idle.after // 60):
            given = int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 6 else -1
            await web.core.servers.editing.set_idle(actor, server, minutes=given, warn=None, voice=None)
    except Refusal as wrong:
        await know(request, caller)
        request.state.refused = wrong.message
        view = await web.core.servers.lookup.get(actor, server, Do.EDIT)
        return await _page(request, caller, actor, view, wrong=wrong, typed=sent)
    return RedirectResponse(f"/servers/{server}/edit?done=1", 303)


async def _page(
    request: Request,
    caller: Caller,
    actor: Actor,
    view: ServerView,
    *,
    wrong: Refusal | None = None,
    typed: dict[str, str] | None = None,
    done: bool = False,
) -> Response:
    web, language = web_of(request), language_of(request)
    _, rights = await web.core.servers.lookup.get_with_rights(actor, view.id)
    marks = marks_of(request, await web.core.servers.lookup.names(view.guild, people_in([view])))
    fields = _fields(view, language, typed or {})
    keys = [field.key for field in fields]
    return render(
        request,
        "edit.html",
        caller,
        200 if wrong is None else status_of(wrong),
        view=view,
        places=places(view, rights, worlds=web.core.worlds is not None),
        fields=fields,
        shown=Shown.of(view.editable, keys).mark,
        keys=" ".join(keys),
        sizes=[each.id for each in view.game.sizes] if view.game else [],
        chosen=(typed or {}).get("size", view.size),
        minutes=(typed or {}).get("minutes", view.idle.after // 60),
        most_minutes=IDLE_MINUTES[1],
        wrong=said(wrong, language) if wrong else "",
        done=done,
        pending=lines(marks, pending(view, language, marks)),
        restarts=view.desired is Desired.RUNNING and bool(view.pending) and rights.may(Do.RESTART),
    )


def _fields(view: ServerView, language: str, typed: dict[str, str]) -> list[Field]:
    def value(key: str) -> str:
        return typed.get(key, view.editable.get(key, ""))

    found = [
        Field(NAME, say(language, "edit.name"), value(NAME)),
        Field(DESCRIPTION, say(language, "edit.description"), value(DESCRIPTION), "lines"),
    ]
    for setting in view.game.settings if view.game else ():
        low, high = setting.limits if setting.type == "int" else (None, None)
        found.append(
            Field(
                setting.id,
                setting.label,
                value(setting.id),
                setting.type,
                tuple(setting.choices),
                setting.description,
                low,
                high,
            )
        )
    return found
