"""The objects that `dormouse check` lets the API server judge by dry run: a small server of a game, and the job that
saves it. Never made."""

from __future__ import annotations

from typing import Any

from core.cluster.kubernetes import names
from core.cluster.kubernetes.api import GROUPS
from core.cluster.kubernetes.manifests import manifests
from core.cluster.kubernetes.manifests_job import job
from core.cluster.kubernetes.site import Site
from core.cluster.port import PortSpec, ServerSpec
from core.games.form.game import Game

NAME = "dormouse-check"
"""No server's: an id has no hyphen."""


def objects(game: Game, namespace: str, site: Site, ports: range) -> list[tuple[str, dict[str, Any]]]:
    """Path and object of each, as the bot would apply it. Nothing for a game that has no image."""
    if game.image is None:
        return []
    made = manifests(_spec(game, ports), site)
    world = dict(made)["statefulsets"]["metadata"]["annotations"][names.WORLD]
    made.append(("jobs", job(NAME, NAME, 1, 1, world, site, note="", verify=True)))
    return [
        (
            _path(resource, namespace, each["metadata"]["name"]),
            each | {"metadata": each["metadata"] | {"namespace": namespace}},
        )
        for resource, each in made
    ]


def _path(resource: str, namespace: str, name: str) -> str:
    root = f"/apis/{GROUPS[resource]}/v1" if resource in GROUPS else "/api/v1"
    return f"{root}/namespaces/{namespace}/{resource}/{name}"


def _spec(game: Game, ports: range) -> ServerSpec:
    """Its smallest size; secrets that are none."""
    hosts = iter(ports)
    size = min(game.sizes, key=lambda size: size.memory)
    return ServerSpec(
        server=NAME,
        guild=0,
        owner=0,
        name=NAME,
        game=game,
        size=size,
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
        volume_bytes=game.volume_of(size) * 2**30,
    )
