"""`dormouse games`: what an operator does to games' files at a shell."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.settings import load
from core.errors import Misconfigured
from core.games.catalogue import BUILT_IN
from core.games.checking import check_file


def run(chosen: argparse.Namespace) -> int:
    """The exit code."""
    if chosen.verb == "test":
        from bot import game_trial  # the whole core, which looking at files does not need

        return game_trial.run(chosen)
    return _check(chosen.files)


def _check(named: list[Path]) -> int:
    files = named or _on_offer()
    mistakes = [mistake for file in files for mistake in check_file(file)]
    for mistake in mistakes:
        print(mistake)
    if mistakes:
        return 1
    print(f"{len(files)} {'file' if len(files) == 1 else 'files'} looked at: all is well.")
    return 0


def _on_offer() -> list[Path]:
    """Those that come with Dormouse, and the operator's own. Misconfigured where their folder is missing."""
    own, _unknown = load()
    folders = [BUILT_IN, *([own.games_dir] if own.games_dir else [])]
    if missing := [folder for folder in folders if not folder.is_dir()]:
        raise Misconfigured([f"The folder of games {folder} does not exist." for folder in missing])
    return [file for folder in folders for file in sorted(folder.glob("*.toml"))]
