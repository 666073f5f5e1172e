"""Satisfactory's HTTPS API, as its dedicated server documents it (DedicatedServerAPIDocs.md in the game's folder).

Whoever signs in without a password may ask how many play, as long as players need no password to join either.
"""

from __future__ import annotations

import json

from core.games.protocols.answer import Answer, NoAnswer
from core.games.protocols.http import request
from core.games.protocols.status import pick, read_json

_SIGN_IN = {"function": "PasswordlessLogin", "data": {"MinimumPrivilegeLevel": "Client"}}
_STATE = {"function": "QueryServerState", "data": {}}
_WHERE = {
    "online": "data.serverGameState.numConnectedPlayers",
    "max": "data.serverGameState.playerLimit",
}
_LONGEST_TOKEN = 4096  # characters


async def ask(host: str, port: int) -> Answer:
    return read_json(await _call(host, port, _STATE, await _token(host, port)), _WHERE)


async def _token(host: str, port: int) -> str:
    try:
        found = pick(json.loads(await _call(host, port, _SIGN_IN)), "data.authenticationToken")
    except (ValueError, RecursionError) as wrong:
        raise NoAnswer("the answer is not JSON") from wrong
    if not isinstance(found, str) or not found.isascii() or not found.isprintable() or len(found) > _LONGEST_TOKEN:
        raise NoAnswer("it lets nobody in without a password")
    return found


async def _call(host: str, port: int, what: object, token: str = "") -> bytes:
    body = json.dumps(what).encode()
    return await request(host, port, "/api/v1", method="POST", body=body, https=True, token=token)
