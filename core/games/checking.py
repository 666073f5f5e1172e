"""What a game's file says that cannot be right, beyond its form: what `dormouse games check` tells of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.errors import Misconfigured
from core.games import toml_file
from core.games.forging import forge
from core.games.form.game import Game
from core.games.form.model import Fault
from core.worlds.tree import Rules


def check_file(file: Path) -> list[str]:
    """Every mistake in one file, in words and with its line. Empty: there is none."""
    try:
        game, say = toml_file.read(file, Game)
    except Misconfigured as wrong:
        return list(wrong.lines)
    return [say(where, words) for where, words in faults(game)]


def faults(game: Game) -> Iterator[Fault]:
    """Of a game that has the right form."""
    yield from _forged(game)
    yield from _believed(game)
    if not game.join.text and not game.join.url:
        yield ("join",), "players are not told how to join: give it a text"
    if game.image is None and game.local is None:
        yield (), "it has neither [image] nor [local], so it can run nowhere"
    if game.image is not None and game.image.uid == 0:
        yield ("image", "uid"), "0 is root: leave uid out where the image has to start as root"
    if game.ready.kind == "log" and not game.ready.log:
        yield ("ready",), "kind log needs log"


def _forged(game: Game) -> Iterator[Fault]:
    found = forge(game.query.join, game.query.leave, chat=game.chat, names=game.names)
    if found is not None:
        how = "says" if found.by == "text" else "is called"
        yield (
            ("query", found.which),
            f"a player can forge this: whoever {how} the right thing makes the line {found.line!r}, which is read as a "
            f"{found.which}. Anchor it with ^ to what only the server writes, and with $ at its end",
        )


def _believed(game: Game) -> Iterator[Fault]:
    """What the image vouches for by a file that a snapshot keeps has to be kept too."""
    rules = Rules(game.save.include, game.save.exclude)
    for number, trust in enumerate(game.image.trusts if game.image else ()):
        if not _kept(rules, trust.file):
            continue
        missing = [each for each in trust.vouches if not _kept(rules, each)]
        if missing:
            yield (
                ("image", "trusts", number),
                f"a snapshot keeps {trust.file} and leaves out {', '.join(missing)}, which the image then takes to be "
                "there: keep both, or exclude both",
            )


def _kept(rules: Rules, path: str) -> bool:
    """Whether a snapshot has it. Written with a / at its end it is a folder, and those are kept unless excluded."""
    parts = path.rstrip("/").encode().split(b"/")
    if any(rules.excludes(b"/".join(parts[:end])) for end in range(1, len(parts) + 1)):
        return False
    return path.endswith("/") or rules.includes(b"/".join(parts))
