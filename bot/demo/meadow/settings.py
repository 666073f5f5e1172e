"""Meadow's settings, from environment variables that begin with `MEADOW_`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .players import clean_text

TEXT_LENGTH = 200
SEASONS = ("spring", "summer", "autumn", "winter")


class SettingsError(ValueError):
    """Some variables cannot be used. The message names all of them, on one line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`save_every` and `ping_every` are seconds. Port 0 takes any free port. An empty password lets everybody in."""

    host: str
    port: int
    data: Path
    title: str
    greeting: str
    max_players: int
    password: str
    season: str
    save_every: float
    ping_every: float
    debug: bool


def read(environment: Mapping[str, str]) -> Settings:
    """Raises `SettingsError`."""
    reader = _Reader(environment)
    settings = Settings(
        host=reader.text("HOST", "127.0.0.1"),
        port=int(reader.number("PORT", 8400, 0, 65535)),
        data=Path(environment.get("MEADOW_DATA") or "meadow-data"),
        title=reader.text("TITLE", "Meadow"),
        greeting=reader.text("GREETING", ""),
        max_players=int(reader.number("MAX_PLAYERS", 16, 1, 200)),
        password=environment.get("MEADOW_PASSWORD", ""),
        season=reader.choice("SEASON", SEASONS),
        save_every=reader.number("SAVE_EVERY", 10, 0.05, 3600),
        # A silent connection is dropped after one and a half times this: 18 s.
        ping_every=reader.number("PING_EVERY", 12, 0.05, 60),
        debug=environment.get("MEADOW_DEBUG") == "1",
    )
    if reader.mistakes:
        raise SettingsError("; ".join(reader.mistakes))
    return settings


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.mistakes: list[str] = []

    def text(self, name: str, default: str) -> str:
        return clean_text(self._environment.get(f"MEADOW_{name}", ""), TEXT_LENGTH) or default

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, allowed[0])
        if value not in allowed:
            self.mistakes.append(f"MEADOW_{name} must be one of {', '.join(allowed)}")
        return value

    def number(self, name: str, default: float, least: float, most: float) -> float:
        value = self.text(name, str(default))
        try:
            number = float(value) if isinstance(least, float) else float(int(value))
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            self.mistakes.append(f"MEADOW_{name} must be a number from {least:g} to {most:g}")
            return default
        return number
