"""What goes wrong on the way, as a page in words and one line in the log."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from bot.web.auth import cookies
from bot.web.pages.problems import reader_of
from bot.web.pages.render import render
from bot.web.problems import language_of, retry_after, status_of
from bot.web.words import said
from core.errors import BadInput, NotAllowed, Refusal


class NotOnItsWay(NotAllowed):
    """Nobody began this sign-in in this browser, or it is over."""

    def __init__(self) -> None:
        super().__init__("signin.not_begun")


class PageRoute(APIRoute):
    """Whose refusals are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle: Callable[[Request], Any] = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                found: Response = await handle(request)
            except RequestValidationError:
                return await refused(request, BadInput("web.http"))
            except Refusal as wrong:
                return await refused(request, wrong)
            return found

        return answer


async def refused(request: Request, wrong: Refusal) -> Response:
    request.state.refused = wrong.message
    status = status_of(wrong)
    page = render(
        request,
        "auth/refused.html",
        await reader_of(request),
        status,
        why=said(wrong, language_of(request)),
        link=wrong.message == "signin.unlinked",
    )
    page.headers.update(retry_after(wrong))
    if status != 429:  # else it goes on where it is, a little later
        cookies.arrived(page)
    return page
