"""The games that can be offered: one TOML file each, in `catalogue/` beside this module or in `DORMOUSE_GAMES_DIR`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from core.errors import BadInput, Misconfigured
from core.games.form.game import Game, read_game

BUILT_IN = Path(__file__).with_name("catalogue")

MOST_REPEATED = 60
"""Characters of what was typed that a refusal repeats."""


class Catalogue:
    """Games by id, in the order of their names."""

    def __init__(self, games: Iterable[Game]) -> None:
        self._games = {game.id: game for game in sorted(games, key=lambda game: game.name.casefold())}

    def __iter__(self) -> Iterator[Game]:
        return iter(self._games.values())

    @property
    def largest_volume(self) -> int:
        """GiB of the largest disk that a server may have."""
        return max((game.volume_of(size) for game in self for size in game.sizes), default=0)

    def get(self, game: str) -> Game | None:
        return self._games.get(game)

    def memory(self, game: str, size: str) -> int:
        """MiB of a server of this game and size; 0 where there is no such game any more."""
        found = self._games.get(game)
        return found.sized(size).memory if found else 0

    def find(self, typed: str) -> Game:
        """By id or by name whatever the case; BadInput lists what there is."""
        wanted = typed.strip().casefold()
        for game in self._games.values():
            if wanted in (game.id, game.name.casefold()):
                return game
        raise BadInput(
            "create.no_game",
            typed=typed.strip()[:MOST_REPEATED],
            games=", ".join(game.name for game in self._games.values()),
        )

    @classmethod
    def load(
        cls, *folders: Path, local_only: bool = False, image_only: bool = False, keys: Collection[str] = ()
    ) -> Catalogue:
        """Read every `*.toml`; a later folder's entry replaces an earlier one's. Misconfigured lists all mistakes.

        `local_only`: those that can run as child processes; `image_only`: those that can run in a pod. `keys`: which
        of its keys the operator gave.
        """
        games: dict[str, Game] = {}
        mistakes: list[str] = []
        for folder in folders:
            if not folder.is_dir():
                mistakes.append(f"The folder of games {folder} does not exist.")
                continue
            for file in sorted(folder.glob("*.toml")):
                try:
                    game = read_game(file)
                except Misconfigured as wrong:
                    mistakes += wrong.lines
                else:
                    games[game.id] = game
        if mistakes:
            raise Misconfigured(mistakes)
        return cls(
            game.without(keys)
            for game in games.values()
            if (game.local is not None or not local_only) and (game.image is not None or not image_only)
        )
