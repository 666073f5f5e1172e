"""The HTTP face, put together. Loaded only where DORMOUSE_WEB is on."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI
from starlette.types import ASGIApp

from bot.web import exports, problems
from bot.web.api import (
    account,
    activity,
    audit,
    console,
    docs,
    events,
    files,
    games,
    guilds,
    host,
    power,
    schedule,
    servers,
    sharing,
    webhooks,
    worlds,
)
from bot.web.api.origins import from_here
from bot.web.api.queries import only_known
from bot.web.api.spec import PREFIX as API
from bot.web.auth import routes as auth
from bot.web.auth.providers import Providers
from bot.web.context import Web
from bot.web.guard import Guard
from bot.web.pages import problems as problem_pages
from bot.web.pages.routes import PAGES


def make_app(web: Web) -> ASGIApp:
    return Guard(make_api(web), secure=web.public_url.startswith("https://"), served=web.served)


def make_api(web: Web) -> FastAPI:
    """Without what stands around every request; it has the routes, and describes them."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.web = web
    app.state.providers = Providers.of(web.settings)
    problems.install(app)
    api = APIRouter(prefix=API, dependencies=[Depends(from_here), Depends(only_known)])
    for part in (
        servers.router,
        power.router,
        schedule.router,
        sharing.router,
        worlds.router,
        files.router,
        console.router,
        activity.router,
        events.router,
        webhooks.router,
        guilds.router,
        audit.router,
        games.router,
        account.router,
        host.router,
    ):
        api.include_router(part)
    app.include_router(api)
    app.include_router(docs.router)
    app.include_router(exports.router)
    app.include_router(auth.router)
    app.state.problem_pages = problem_pages.page
    for page in PAGES:
        app.include_router(page)
    return app
