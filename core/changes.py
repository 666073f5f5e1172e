"""Who is woken when a server changed: the controller, the cards, the outbox. A hint only: rows are the truth."""

from __future__ import annotations

from collections.abc import Callable


class Changes:
    """Calls every subscriber with the server's id, at once and in this task. Subscribers only take note.

    The id is "" for what concerns no server (a guild's greeting).
    """

    def __init__(self) -> None:
        self._subscribers: list[Callable[[str], None]] = []

    def subscribe(self, subscriber: Callable[[str], None]) -> None:
        self._subscribers.append(subscriber)

    def tell(self, server: str) -> None:
        for subscriber in self._subscribers:
            subscriber(server)
