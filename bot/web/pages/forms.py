"""Forms that no other site can send: each carries its session's mark, and comes from a page of ours."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request

from bot.web import pace
from bot.web.callers import Caller, signed_in
from bot.web.context import web_of
from bot.web.problems import SignInNeeded
from core.accounts.sessions import form_mark
from core.errors import BadInput, Refusal


class Forged(Refusal):
    """A form of another site, or of a page from before the sign-in."""

    def __init__(self) -> None:
        super().__init__("web.forged")


async def sent_by(request: Request) -> Caller:
    """Who sent this form. SignInNeeded, Forged, LimitReached where they send too fast, BadInput where nobody can have
    typed that."""
    caller = await _browser(request)
    form = await request.form()
    _proven(request, caller, request.headers.get("x-mark") or form.get("mark"))
    if any("\0" in typed for _, typed in form.multi_items() if isinstance(typed, str)):
        raise BadInput("web.typed")
    return caller


async def sent_ahead(request: Request) -> Caller:
    """Who sends this form, before anything of it is read: its mark stands in the query. Raises as `sent_by`."""
    caller = await _browser(request)
    return _proven(request, caller, request.headers.get("x-mark") or request.query_params.get("mark"))


async def _browser(request: Request) -> Caller:
    caller = await signed_in(request)
    if caller is None or caller.secret is None:
        raise SignInNeeded
    pace.take(request, web_of(request), caller.user)
    return caller


def _proven(request: Request, caller: Caller, given: object) -> Caller:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forged
    mark = form_mark(caller.secret or "")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), mark.encode()):
        raise Forged
    return caller


Sent = Annotated[Caller, Depends(sent_by)]
