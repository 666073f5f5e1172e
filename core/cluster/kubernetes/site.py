"""What all servers of an installation have in common on Kubernetes."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.cluster.kubernetes.addresses import Addresses
from core.cluster.kubernetes.pod_settings import PodSettings
from core.worlds.store.place import StorePlace


@dataclass(frozen=True, slots=True)
class Site:
    """`bot_namespace` None: the bot runs outside the cluster."""

    installation: str
    image: str
    addresses: Addresses
    bot_namespace: str | None = None
    store: StorePlace | None = None  # where worlds are saved; None: nowhere
    pods: PodSettings = field(default_factory=PodSettings)
