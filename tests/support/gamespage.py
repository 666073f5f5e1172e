"""docs/games.md, made of the catalogue: `make docs` writes it, and a test fails where it is stale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.games.catalogue import BUILT_IN, Catalogue
from core.games.form.game import Game
from core.games.form.setting import Setting

PAGE = Path(__file__).parents[2] / "docs" / "games.md"

RUNS_HERE = {"meadow": "started, joined, paused and resumed by Dormouse's tests, as a process and in a pod"}
"""The games that were started here, by id, and how. No other is said to run."""

QUERIES = {
    "none": "nobody can be asked: it is paused by hand only",
    "http": "the game's own interface tells",
    "prometheus": "the game's metrics tell how many",
    "minecraft": "the game's status tells",
    "bedrock": "the game's status tells how many",
    "a2s": "Steam's server queries tell how many",
    "opengsq": "the game's query tells",
    "console": "the game's console tells",
    "log": "its log tells who came and left",
}
CONSOLES = {
    "none": "none",
    "stdin": "yes (its answers stand in the log)",
    "rcon": "yes",
    "rest": "yes",
    "webrcon": "yes",
    "telnet": "yes",
}


def page() -> str:
    games = list(Catalogue.load(BUILT_IN, keys={"curseforge"}))
    return "\n".join([*_head(games), *(line for game in games for line in _game(game))])


HEAD = """\
# Games

<!-- Made by `make docs` of core/games/catalogue: change those files. -->

Dormouse comes with {count} games. Each is one [TOML file](games-toml.md); your own go beside them.

*Runs here* means that the game itself was started by Dormouse's tests. *Manifest and parser tested* means less: a
real API server takes its objects in every size, and what is read of it (lines of its log, answers) was tried on
samples whose source is named, but the game was not run. What a file is unsure of is listed with each game.

All but Meadow run from an image. The disk is what each server asks for in its smallest size, with what the game
fetches.
"""


def _head(games: list[Game]) -> Iterator[str]:
    yield HEAD.format(count=len(games))
    yield "| game | status | who plays | memory | disk |"
    yield "|---|---|---|---|---|"
    for game in games:
        anchor = "".join(char for char in game.name.lower() if char.isalnum() or char in " -_").replace(" ", "-")
        memory = " / ".join(_memory(size.memory) for size in game.sizes)
        cells = [f"[{game.name}](#{anchor})", _status(game), QUERIES[game.query.kind], memory, f"{_disk(game)} GiB"]
        yield f"| {' | '.join(cells)} |"
    yield ""


def _game(game: Game) -> Iterator[str]:
    yield f"## {game.name}"
    yield game.summary
    yield ""
    status = RUNS_HERE.get(game.id)
    yield f"- **{_status(game)[0].upper()}{_status(game)[1:]}**{f': {status}' if status else ''}."
    if game.image is not None and game.image.ref != "dormouse":
        others = "".join(f", `{each.ref}`" for each in game.image.instead)
        yield f"- Image: `{game.image.ref}`{others}{'; it starts as root' if game.image.uid is None else ''}."
    if game.licence is not None:
        yield f"- Licence to accept: [{game.licence.name}]({game.licence.url})."
    yield f"- To join: {game.join.text}"
    yield f"- Who plays: {QUERIES[game.query.kind]}. Console: {CONSOLES[game.console.kind]}."
    yield f"- It ends {_stop(game)}, within {game.stop.grace} s."
    plugins = f" Plugins or mods go into `{game.imports.plugins}`." if game.imports.plugins else ""
    yield f"- What members bring goes into `{game.imports.world or 'the data folder'}`.{plugins}"
    for group, settings in _groups(game).items():
        yield f"- {group}: {'; '.join(_setting(each) for each in settings)}."
    for key, why in game.facts.unsure.items():
        yield f"- Not sure: `{key}`: {why}."
    yield f"- Known from: {'; '.join(game.facts.sources)}."
    yield ""


def _status(game: Game) -> str:
    return "runs here" if game.id in RUNS_HERE else "manifest and parser tested"


def _stop(game: Game) -> str:
    stop = game.stop
    ways = ["by a command in its container"] if stop.command else []
    ways += [f"by `{stop.console}` in its console"] if stop.console else [f"on {stop.signal}"]
    return ", then ".join(ways)


def _groups(game: Game) -> dict[str, list[Setting]]:
    found: dict[str, list[Setting]] = {}
    for each in game.settings:
        found.setdefault(each.group, []).append(each)
    return found


def _setting(each: Setting) -> str:
    match each.type:
        case "choice":
            return f"{each.label} ({', '.join(each.choices)})"
        case "int":
            return f"{each.label} ({each.limits[0]} to {each.limits[1]})"
        case "bool":
            return f"{each.label} (yes, no)"
    return each.label + (" (with your key to CurseForge)" if each.needs else "")


def _memory(mib: int) -> str:
    return f"{mib} MiB" if mib < 1024 else f"{mib / 1024:g} GiB"


def _disk(game: Game) -> int:
    return game.volume_of(game.sizes[0]) + (game.image.room if game.image else 0)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
