"""What stands behind the `?` of an address and nobody knows is refused: a typing mistake shall not look like a yes."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError


async def only_known(request: Request) -> None:
    if not request.query_params:
        return
    known = set(_queries(request.scope["route"].dependant))
    if unknown := [name for name in request.query_params if name not in known]:
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "msg": ""} for name in unknown]
        )


def _queries(of: Dependant) -> Iterator[str]:
    for each in of.query_params:
        yield each.alias
    for part in of.dependencies:
        yield from _queries(part)
