"""Who is woken when a server changed: the controller, the cards, the outbox. A hint only: rows are the truth."""

from __future__ import annotations

from collections.abc import Callable


class Changes:
    """Calls every subscriber with the server's id, at once and in this task. Subscribers only take note.

    The id is "" for what concerns no server (a guild's greeting).
    """

    def __init__(self) -> None:
        self._subscribers: list[tuple[Callable[[str], None], object]] = []

    def subscribe(self, subscriber: Callable[[str], None], *, owner: object = None) -> None:
        """`owner` does not hear of what it tells itself."""
        self._subscribers.append((subscriber, owner))

    def tell(self, server: str, *, by: object = None) -> None:
        for subscriber, owner in self._subscribers:
            if owner is None or owner is not by:
                subscriber(server)
