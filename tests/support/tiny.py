"""Servers of the smallest game (tinygame.py), as the contract of the `Cluster` port wants them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ports import ports

from core.cluster.port import PortSpec, ServerSpec
from core.games.form.game import Game
from core.words import new_server_id

TINY = Game.model_validate(
    {
        "id": "tiny",
        "name": "Tiny",
        "local": {"command": ["{python}", str(Path(__file__).parent / "tinygame.py")]},
        "env": {
            "TINY_HOST": "{host}",
            "TINY_PORT": "{port.game}",
            "TINY_DATA": "{data}",
            "TINY_MODE": "{setting.mode}",
        },
        "ports": [{"name": "game", "container": 8400}],
        "query": {"kind": "http", "path": "/status"},
        "console": {"kind": "stdin"},
        "stop": {"grace": 10},
        "sizes": [{"id": "small", "cpu": 100, "memory": 64}],
        "settings": [{"id": "mode", "group": "Tiny", "label": "Mode"}],
    }
)


def specs() -> Callable[..., ServerSpec]:
    """Makes specs of one server."""
    server = new_server_id()
    port = int(ports().partition("-")[0])

    def make(*, mode: str = "", within: int = 60, grace: int = 10, run: int = 1, replicas: int = 1) -> ServerSpec:
        # The catalogue's least are 5 and 1 second.
        game = TINY.model_copy(
            update={
                "ready": TINY.ready.model_copy(update={"within": within}),
                "stop": TINY.stop.model_copy(update={"grace": grace}),
            }
        )
        return ServerSpec(
            server=server,
            guild=1,
            owner=2,
            name="Pond",
            game=game,
            size=game.sizes[0],
            run=run,
            volume=1,
            replicas=replicas,
            ports=(PortSpec("game", "tcp", 8400, port),),
            settings={"mode": mode},
            console_secret="c" * 64,
            agent_secret="a" * 64,
            volume_bytes=1 << 30,
        )

    return make
