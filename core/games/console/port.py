"""The port to a game's console."""

from __future__ import annotations

from abc import ABC, abstractmethod


class ConsoleAway(Exception):
    """The console does not answer, or refuses; why in words."""


class Console(ABC):
    @abstractmethod
    async def send(self, line: str) -> str:
        """Send one line; what the game answers, empty where it answers nothing. Raises `ConsoleAway`."""
