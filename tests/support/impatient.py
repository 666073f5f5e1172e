"""The shipped bot, but that it waits seconds for what it waits minutes for. Nothing of the product knows of this."""

from __future__ import annotations

import functools
from datetime import timedelta
from types import ModuleType
from typing import Any

from bot import from_settings
from bot.__main__ import main
from core.cluster.kubernetes import cluster


def run(*, healthy_after: float = 600.0, **timing: float) -> None:
    """`dormouse run`. `healthy_after`: seconds that a game has to be ready until its crashes are forgotten; `timing`:
    fields of `core.cluster.kubernetes.watch.Timing`."""
    _change(from_settings, "HostRules", healthy_after=timedelta(seconds=healthy_after))
    _change(cluster, "Timing", **timing)
    main(["run"])


def _change(module: ModuleType, name: str, **defaults: Any) -> None:
    setattr(module, name, functools.partial(getattr(module, name), **defaults))
