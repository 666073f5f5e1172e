"""What the agent of the local cluster answers besides (core/agent/requests.py).

GET  /ready                     200 or 503; needs no token
GET  /v1/status[?after=N]       the state; with `after`, waits up to 30 s for a revision other than N
POST /v1/stop                   202; the game is ended, then the agent
"""

from __future__ import annotations

from typing import Any

from core.agent.http_server import Response
from core.agent.local.supervisor import Supervisor
from core.agent.requests import Requests
from core.agent.saver import Saver
from core.agent.wire import PodSpec

LONG_POLL = 30.0  # seconds


class LocalRequests(Requests):
    def __init__(self, pod: PodSpec, supervisor: Supervisor, saver: Saver) -> None:
        super().__init__(pod, saver)
        self._pod = pod
        self._supervisor = supervisor

    async def open_to_all(self, method: str, path: str) -> Response | None:
        if (method, path) != ("GET", "/ready"):
            return None
        ready = self._supervisor.state.phase == "ready"
        return (200 if ready else 503), {"ready": ready}

    async def own(self, method: str, path: str, after: int | None, body: bytes) -> Response | None:
        match method, path:
            case "GET", "/v1/status":
                if after is not None:
                    await self._supervisor.changed(after, LONG_POLL)
                return 200, self._supervisor.state.to_json()
            case "POST", "/v1/stop":
                self._supervisor.stop()
                return 202, self._supervisor.state.to_json()
        return None

    async def players(self) -> dict[str, Any]:
        return await self._supervisor.players()

    async def console(self, line: str) -> str:
        return await self._supervisor.console(line)
