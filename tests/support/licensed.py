"""Meadow with a licence, for tests: the catalogue's own games are as they are."""

from __future__ import annotations

from typing import Any

from core.games.form.game import Game, Licence

TEXT = Licence(name="Meadow Licence", url="https://example.org/meadow", version="2026-01-01")
NEXT = Licence(name="Meadow Licence", url="https://example.org/meadow", version="2026-07-01")


def license_meadow(core: Any, licence: Licence | None = TEXT) -> Game:
    """From now on the core's Meadow has this text, as after an update of its file."""
    games = core.catalogue._games
    games["meadow"] = games["meadow"].model_copy(update={"licence": licence})
    found: Game = games["meadow"]
    return found
