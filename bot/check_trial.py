"""The objects that `dormouse check` lets the API server judge by dry run: a small server of a game. Never made."""

from __future__ import annotations

from typing import Any

from core.cluster.addresses import Addresses
from core.cluster.api import GROUPS
from core.cluster.manifests import manifests
from core.cluster.port import PortSpec, ServerSpec
from core.cluster.site import Site
from core.games.catalogue import Game

NAME = "dormouse-check"
"""No server's: an id has no hyphen."""


def objects(
    game: Game, namespace: str, image: str, addresses: Addresses, ports: range
) -> list[tuple[str, dict[str, Any]]]:
    """Path and object of each, as the bot would apply it. Nothing for a game that has no image."""
    if game.image is None:
        return []
    site = Site(installation=addresses.installation, image=image or "none", addresses=addresses)
    return [
        (
            _path(resource, namespace, made["metadata"]["name"]),
            made | {"metadata": made["metadata"] | {"namespace": namespace}},
        )
        for resource, made in manifests(_spec(game, ports), site)
    ]


def _path(resource: str, namespace: str, name: str) -> str:
    root = f"/apis/{GROUPS[resource]}/v1" if resource in GROUPS else "/api/v1"
    return f"{root}/namespaces/{namespace}/{resource}/{name}"


def _spec(game: Game, ports: range) -> ServerSpec:
    """Its smallest size; secrets that are none."""
    hosts = iter(ports)
    return ServerSpec(
        server=NAME,
        guild=0,
        owner=0,
        name=NAME,
        game=game,
        size=min(game.sizes, key=lambda size: size.memory),
        run=1,
        volume=1,
        replicas=1,
        ports=tuple(
            PortSpec(port.name, port.protocol, port.container, next(hosts, None) if port.public else None)
            for port in game.ports
        ),
        settings=game.values({}),
        console_secret="none",
        agent_secret="none",
        volume_bytes=1024**3,
    )
