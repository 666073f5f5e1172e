"""Pure: what a game is told that runs from its image, in a pod as in a container of this machine."""

from __future__ import annotations

from collections.abc import Mapping

from core.cluster.port import ServerSpec
from core.games.form.image import Image
from core.games.form.placeholders import SECRETS, escaped, fill, placeholders

OWN = "dormouse"
"""The `ref` of Dormouse's own image."""


def image_of(spec: ServerSpec) -> Image:
    if spec.game.image is None:
        raise ValueError(f"{spec.game.id} has no image")
    return spec.game.image


def name_of(image: Image, own: str, values: Mapping[str, str]) -> str:
    """What it is pulled by where the game's settings have these values; `own` is the name of Dormouse's own image."""
    return own if image.ref == OWN else image.ref_for(values)


def values_of(spec: ServerSpec, *, secret: bool) -> dict[str, str]:
    """What placeholders stand for. Without `secret`, those that are secret are missing."""
    image = image_of(spec)
    values = placeholders(
        name=spec.name,
        host="0.0.0.0",
        data=image.data,
        memory=spec.size.memory,
        ports={port.name: port.container for port in spec.ports},
        settings=spec.game.told(spec.settings),
        console_secret=spec.console_secret,
        curseforge_key=spec.curseforge_key,
        python="python",
    )
    hidden = {f"secret.{each}" for each in SECRETS} | {
        f"{kind}.{each.id}"
        for each in spec.game.settings
        if each.type == "secret"
        for kind in ("setting", "lines", "array")
    }
    return values if secret else {key: value for key, value in values.items() if key not in hidden}


def env_of(spec: ServerSpec) -> tuple[dict[str, str], dict[str, str]]:
    """The game's environment: what others may read, and what they may not."""
    plain, hidden = {}, {}
    for name, template in {**spec.game.env, **image_of(spec).env}.items():
        try:
            plain[name] = fill(template, values_of(spec, secret=False))
        except KeyError:
            hidden[name] = fill(template, values_of(spec, secret=True))
    return plain, hidden


def files_of(spec: ServerSpec) -> dict[str, str]:
    """What is written below the data folder before each start."""
    values = values_of(spec, secret=True)
    return {file.path: fill(file.content, escaped(values, file.path)) for file in image_of(spec).files}
