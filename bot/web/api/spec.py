"""The OpenAPI 3.1 description of the API, with what every operation has in common, and pages that show it."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from bot.web import rights
from bot.web.problems import MEDIA

PREFIX = "/api/v1"
_ABOUT = """\
What Discord can do, a program can ask for here, by the same use-cases and the same rights.

A **token** (`/account token` in Discord makes one) acts as the member who made it, as far as its scopes reach. Ids of
Discord's are strings. Times are RFC 3339, in UTC. What is refused is a problem (RFC 9457): its `type` is what programs
may rely on, its `detail` the sentence that Discord shows, in the caller's language. Lists come in parts: `next` goes
into `cursor`. How much more may be asked says `RateLimit-Remaining`; it is all there again after `RateLimit-Reset`
seconds.
"""
TAGS = {
    "servers": "Game servers that a guild owns.",
    "schedules": "When a server is awake, asleep, restarted or in maintenance.",
    "sharing": "With whom a server is shared, to whom it is offered, who follows it.",
    "worlds": "Snapshots, going back, bringing in, taking away.",
    "files": "The files of a world, whether its server runs, is paused or is archived (then they can only be read).",
    "console": "A game's console and its log, as it was and as it comes.",
    "activity": "Who played, how much, and when.",
    "events": "What happens, as it happens: streams that stay open ([events](events.md)).",
    "webhooks": "Where a guild's events are sent, signed ([webhooks](webhooks.md)).",
    "guilds": "A guild's rules, for its admins.",
    "audit": "Who did what in a guild.",
    "games": "The catalogue.",
    "account": "What the caller set, their tokens and browsers.",
    "host": "For whoever runs the bot.",
}
RESPONSES = {
    400: "The request cannot be read.",
    401: "Nobody proved who they are, or what they sent does not hold any more.",
    403: "The rights or the token's scopes do not reach. The sentence says who may.",
    404: "There is no such thing, or not for this caller: the two look the same.",
    405: "This address does not take that method.",
    409: "Not in this state, or a limit is reached, or a licence comes first.",
    412: "Somebody changed it since it was read.",
    413: "The request is too large.",
    415: "The request is of a kind that is not taken.",
    422: "What was sent cannot be taken; `fields` says which and why.",
    428: "`If-Match` is missing.",
    429: "Asked too fast; `Retry-After` says how long to wait, in seconds.",
    500: "A bug.",
    503: "A part of the house is away for now; nothing was changed.",
    504: "It took too long, and was given up.",
}
_HEADERS = {
    "X-Request-Id": ("By which whoever runs the bot finds it in the log.", "string"),
    "RateLimit-Limit": ("So much may be asked at once.", "integer"),
    "RateLimit-Remaining": ("So much is left of that.", "integer"),
    "RateLimit-Reset": ("Seconds until all of it is there again.", "integer"),
}


def describe(app: FastAPI) -> dict[str, Any]:
    """Made once, and kept."""
    if app.openapi_schema is None:
        app.openapi_schema = _made(app)
    return app.openapi_schema


def _made(app: FastAPI) -> dict[str, Any]:
    spec = get_openapi(
        title="Dormouse",
        version="1",
        openapi_version="3.1.0",
        summary="Game servers that a Discord guild owns.",
        description=_ABOUT,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
    )
    spec = _named(spec)
    parts = spec["components"]
    parts["responses"] = {str(status): _response(text) for status, text in RESPONSES.items()}
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token of `/account token`."},
        "browser": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-dormouse",
            "description": "A browser in which somebody signed in.",
        },
    }
    parts["headers"] = {
        name: {"description": text, "schema": {"type": kind}} for name, (text, kind) in _HEADERS.items()
    }
    for item in spec["paths"].values():
        for method, operation in item.items():
            _complete(method, operation)
    return spec


_NAMES = {"core__words__Problem": "ServerProblem", "bot__web__problems__Problem": "Problem"}
_PAGE, _SHOWN = re.compile(r"Page_(\w+)_"), re.compile(r"(\w+)Shown")


def _name(made: str) -> str:
    """As programs call it, for what FastAPI does."""
    if page := _PAGE.fullmatch(made):
        return f"{_name(page[1])}Page"
    shown = _SHOWN.fullmatch(made)
    return _NAMES.get(made) or (shown[1] if shown else made)


def _named(spec: dict[str, Any]) -> dict[str, Any]:
    schemas = spec["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    names = {old: _name(old) for old in schemas}
    assert len(set(names.values())) == len(names), "two schemas of one name"
    renamed = {names[old]: {**schema, "title": names[old]} for old, schema in schemas.items()}
    text = json.dumps({**spec, "components": {**spec["components"], "schemas": renamed}})
    made: dict[str, Any] = json.loads(
        re.sub(r"#/components/schemas/(\w+)", lambda at: _REF + names.get(at[1], at[1]), text)
    )
    return made


_REF = "#/components/schemas/"


def _complete(method: str, operation: dict[str, Any]) -> None:
    right = rights.of(operation["operationId"])
    operation["summary"] = operation["operationId"].replace("_", " ").capitalize()
    if right.scope is not None:
        operation["security"] = [{"token": []}, {"browser": []}]
        told = f"Needs the scope `{right.scope}`."
        operation["description"] = f"{operation.get('description', '').strip()}\n\n{told}".strip()
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
    answers = operation["responses"]
    answers.pop("422", None)
    for answer in answers.values():
        answer["headers"] = headers | answer.get("headers", {})
    named = {each["name"] for each in operation.get("parameters", ())}
    for status in RESPONSES:
        if status in (412, 428) and "If-Match" not in named:
            continue
        answers.setdefault(str(status), {"$ref": f"#/components/responses/{status}"})
    if "Job" in _models(answers):
        answers["202"] = {**answers["200"], "description": "It goes on: `Location` says where to ask for it."}
    if "requestBody" in operation:
        operation["requestBody"].setdefault("description", "What is asked for.")
    for parameter in operation.get("parameters", ()):
        if "description" not in parameter:
            parameter["description"] = parameter["schema"].pop("description", "")


def _models(answers: dict[str, Any]) -> set[str]:
    ok = answers.get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return {ok.get("$ref", "").rpartition("/")[2]} if ok.get("$ref") else set()


def _response(text: str) -> dict[str, Any]:
    return {
        "description": text,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id",)},
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
