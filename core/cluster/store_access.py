"""How a server's pods come to the store, and what the adapter asks of it. core/worlds/store_access.py does it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from core.cluster.port import Saved


class StoreAccess(ABC):
    """Every method raises `ClusterError` whose `problem` says what is wrong with the store; each may be repeated."""

    @abstractmethod
    def mark(self, server: str, source: str | None) -> str:
        """Differs where what a server's Secret was made with is no longer right. It is no secret, and asks nobody."""

    @abstractmethod
    async def give(self, server: str, source: str | None) -> Mapping[str, str]:
        """The environment of the server's pods: where the store is and a key to it. `source` as in `ServerSpec`: of
        another server's snapshot it may read that server's world, too, for a week. Older keys go on until `trim`."""

    @abstractmethod
    async def trim(self, server: str, keep: Mapping[str, str]) -> None:
        """Of this server's keys only those in `keep` (an answer of `give`) go on."""

    @abstractmethod
    async def forget(self, server: str) -> None:
        """The server is gone: none of its keys works from here on."""

    @abstractmethod
    async def newest(self, server: str) -> Saved | None:
        """The newest snapshot on the store."""
