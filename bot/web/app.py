"""The HTTP face, put together. Loaded only where DORMOUSE_WEB is on."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from bot.web import exports, problems
from bot.web.api import servers
from bot.web.context import Web
from bot.web.guard import Guard
from bot.web.pages import problems as problem_pages
from bot.web.pages.routes import PAGES

API = "/api/v1"


def make_app(web: Web) -> ASGIApp:
    return Guard(make_api(web), secure=web.public_url.startswith("https://"))


def make_api(web: Web) -> FastAPI:
    """Without what stands around every request; it has the routes, and describes them."""
    app = FastAPI(
        title="Dormouse",
        version="1",
        summary="Game servers that a Discord guild owns.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.web = web
    problems.install(app)
    api = APIRouter(prefix=API)
    for part in (servers.router,):
        api.include_router(part)
    app.include_router(api)
    app.include_router(exports.router)
    app.state.problem_pages = problem_pages.page
    for page in PAGES:
        app.include_router(page)
    return app
