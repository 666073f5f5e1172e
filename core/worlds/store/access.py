"""The port to how a server's pods come to the store: which keys they hold, and what the store knows of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from core.worlds.receipt import Receipt


class StoreAccess(ABC):
    """Every method raises `ClusterError` whose `problem` says what is wrong with the store; each may be repeated."""

    @abstractmethod
    def mark(self, server: str, source: str | None) -> str:
        """Differs where what a server's Secret was made with is no longer right. It is no secret, and asks nobody."""

    @abstractmethod
    async def give(self, server: str, source: str | None) -> Mapping[str, str]:
        """The environment of the server's pods: where the store is and a key to it.

        `source` as core.worlds.source says. Where it is another server's snapshot, the pods may read that server's
        world too, for a week. Older keys go on until `trim`.
        """

    @abstractmethod
    async def trim(self, server: str, keep: Mapping[str, str]) -> None:
        """Of this server's keys only those in `keep` (an answer of `give`) go on."""

    @abstractmethod
    async def forget(self, server: str) -> None:
        """The server is gone: none of its keys works from here on."""

    @abstractmethod
    async def keys(self) -> Mapping[str, int]:
        """How many keys each server has that save its world: of servers that have any at all, also one for reading."""

    @abstractmethod
    async def newest(self, server: str) -> Receipt | None:
        """The newest snapshot on the store."""
