"""What all servers of an installation have in common on Kubernetes."""

from __future__ import annotations

from dataclasses import dataclass

from core.cluster.addresses import Addresses
from core.cluster.local_files import StoreFile


@dataclass(frozen=True, slots=True)
class Site:
    """`bot_namespace` None: the bot runs outside the cluster."""

    installation: str
    image: str
    addresses: Addresses
    bot_namespace: str | None = None
    store: StoreFile | None = None  # where worlds are saved; None: nowhere
