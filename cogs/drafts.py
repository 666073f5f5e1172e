"""What somebody typed into a form that was refused, so that opening it again does not lose it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

MOST = 200


class Drafts:
    """In memory only: after a restart a form opens with what is stored. Forgets the oldest beyond `MOST`."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, str, str], dict[str, str]] = OrderedDict()

    def keep(self, user: int, server: str, form: str, typed: Mapping[str, str]) -> None:
        self._kept[user, server, form] = dict(typed)
        self._kept.move_to_end((user, server, form))
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def take(self, user: int, server: str, form: str) -> dict[str, str]:
        """What was kept, once; empty if nothing was."""
        return self._kept.pop((user, server, form), {})
