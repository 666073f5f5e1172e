"""From the settings to servers on Kubernetes. Imported only where they are: the client costs 60 MiB."""

from __future__ import annotations

from functools import partial

from bot.settings import Settings
from core.cluster.kubernetes import pod_settings
from core.cluster.kubernetes.addresses import Addresses, Exposure, TrafficPolicy
from core.cluster.kubernetes.api import own_namespace
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.kubernetes.pod_settings import PodSettings
from core.cluster.kubernetes.site import Site
from core.errors import ClusterError, Misconfigured
from core.servers.passwords import Passwords
from core.worlds.store.b2_access import B2Access
from core.worlds.store.place import StorePlace


def site(settings: Settings, passwords: Passwords) -> Site:
    """What all servers have in common. Misconfigured lists what cannot be so."""
    # Derived like the passwords: whoever has another key cannot run these servers, and must not touch them.
    installation = passwords.of("installation", "")[:12]
    addresses = addresses_of(settings, installation)
    mistakes = addresses.mistakes(settings.port_range)
    pods = PodSettings()
    try:
        pods = pods_of(settings)
    except Misconfigured as wrong:
        mistakes += wrong.lines
    if not settings.image:
        mistakes.append(
            "DORMOUSE_IMAGE is not set: on Kubernetes it names the image of Dormouse that stands beside every game."
        )
    if mistakes or not settings.image:
        raise Misconfigured(mistakes)
    return Site(installation, settings.image, addresses, own_namespace(), _store(settings), pods)


def addresses_of(settings: Settings, installation: str) -> Addresses:
    return Addresses(
        Exposure(settings.exposure),
        installation,
        static=settings.addresses,
        public_host=settings.name_of_all,
        domain=settings.public_host if settings.exposure == "router" else "",
        traffic=TrafficPolicy(settings.traffic_policy) if settings.traffic_policy else None,
    )


def pods_of(settings: Settings) -> PodSettings:
    """Misconfigured lists all that is wrong in the file."""
    return pod_settings.read(settings.pod_file) if settings.pod_file else PodSettings()


def _store(settings: Settings) -> StorePlace | None:
    """Pods reach B2, but no folder of the bot's."""
    place = settings.store_place
    return place if place.folder is None else None


async def connect(settings: Settings, passwords: Passwords) -> KubernetesCluster:
    """Asks nothing of the cluster yet. Misconfigured where there is no way to it."""
    where = site(settings, passwords)
    try:
        access = B2Access(where.store) if where.store else None
        return await KubernetesCluster.connect(settings.namespace, where, partial(passwords.of, "agent"), access=access)
    except ClusterError as wrong:
        raise Misconfigured([f"DORMOUSE_CLUSTER=kubernetes: {wrong.detail}."]) from None
