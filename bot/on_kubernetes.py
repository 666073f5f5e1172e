"""From the settings to servers on Kubernetes. Imported only where they are: the client costs 60 MiB."""

from __future__ import annotations

from functools import partial

from bot.settings import Settings
from core.cluster.addresses import Addresses, Exposure
from core.cluster.api import own_namespace
from core.cluster.kubernetes import KubernetesCluster
from core.cluster.local_files import StoreFile
from core.cluster.site import Site
from core.errors import ClusterError, Misconfigured
from core.servers.desk import Desk
from core.worlds.store_access import B2Access


def site(settings: Settings, desk: Desk) -> Site:
    """What all servers have in common. Misconfigured lists what cannot be so."""
    # Derived like the passwords: whoever has another key cannot run these servers, and must not touch them.
    installation = desk.secret("installation", "")[:12]
    addresses = Addresses(
        Exposure(settings.exposure), installation, static=settings.addresses, public_host=settings.name_of_all
    )
    mistakes = addresses.mistakes(settings.port_range)
    if not settings.image:
        mistakes.append(
            "DORMOUSE_IMAGE is not set: on Kubernetes it names the image of Dormouse that stands beside every game."
        )
    if mistakes or not settings.image:
        raise Misconfigured(mistakes)
    return Site(installation, settings.image, addresses, own_namespace(), _store(settings))


def _store(settings: Settings) -> StoreFile | None:
    """Pods reach B2, but no folder of the bot's."""
    file = settings.store_file
    return file if file.folder is None else None


async def connect(settings: Settings, desk: Desk) -> KubernetesCluster:
    """Asks nothing of the cluster yet. Misconfigured where there is no way to it."""
    where = site(settings, desk)
    try:
        access = B2Access(where.store) if where.store else None
        return await KubernetesCluster.connect(settings.namespace, where, partial(desk.secret, "agent"), access=access)
    except ClusterError as wrong:
        raise Misconfigured([f"DORMOUSE_CLUSTER=kubernetes: {wrong.detail}."]) from None
