"""The description, the table of rights and the pages agree with what the program serves."""

from __future__ import annotations

import hashlib
import tomllib
from typing import Any

from apipage import EXAMPLES, PAGE, SPEC, described, page, spec

from bot.settings import Settings
from bot.web import rights
from bot.web.api.docs import FOLDER
from bot.web.app import make_api
from bot.web.context import Web


def test_the_description_is_the_one_that_the_program_serves() -> None:
    assert SPEC.read_text("utf-8") == spec(), "make docs"


def test_the_page_is_made_of_it() -> None:
    assert PAGE.read_text("utf-8") == page(), "make docs"


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    app: Any = make_api(Web(None, Settings()))  # type: ignore[arg-type]
    assert set(EXAMPLES) == {said["operationId"] for item in described()["paths"].values() for said in item.values()}, (
        "each operation has an example"
    )
    known = {*routes(app)}
    assert known - set(rights.ROUTES) == set(), "a route without a row"
    assert set(rights.ROUTES) - known - {"live", "ready"} == set(), "a row without a route"  # those are health.py's


def routes(app: Any) -> list[str]:
    """Of all, whether or not they are described."""
    found, left = [], list(app.routes)
    while left:
        route = left.pop()
        left += getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None) or []
        if getattr(route, "operation_id", None):
            found.append(route.operation_id)
    return found


def test_what_was_taken_from_elsewhere_is_what_its_note_says() -> None:
    told = tomllib.loads((FOLDER / "vendored.toml").read_text("utf-8"))
    for name, known in told["sha256"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == known


def test_the_description_is_whole() -> None:
    """Everything has a name and words."""
    spec = described()
    lacking = [
        f"{said['operationId']}: {what}"
        for item in spec["paths"].values()
        for said in item.values()
        for what in ("summary", "description", "tags", "responses")
        if not said.get(what)
    ]
    lacking += [
        f"{said['operationId']}: {each['name']}"
        for item in spec["paths"].values()
        for said in item.values()
        for each in said.get("parameters", ())
        if not each.get("description")
    ]
    assert lacking == []
    assert spec["openapi"] == "3.1.0"
