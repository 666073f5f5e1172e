"""Which Dormouse this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def own() -> str:
    """The installed version; `0` where the program runs without being installed."""
    try:
        return version("dormouse")
    except PackageNotFoundError:
        return "0"
