"""What core is assembled from, as the settings say it."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.settings import Settings, master_key
from core.cluster.port import Cluster
from core.errors import Misconfigured
from core.games.catalogue import BUILT_IN, Catalogue
from core.servers.host_rules import HostRules
from core.servers.passwords import Passwords
from core.worlds.shelf import Shelf
from core.worlds.store.folder import FolderStore
from core.worlds.store.port import StoreError
from core.worlds.turns import Turns

if TYPE_CHECKING:
    from core.cluster.local.containers import Containers


def catalogue(settings: Settings) -> Catalogue:
    """The games that can be started on this cluster. Misconfigured lists what is wrong with their files."""
    folders = [BUILT_IN, *([settings.games_dir] if settings.games_dir else [])]
    local = settings.cluster == "local"
    keys = {"curseforge"} if settings.curseforge_key else set()
    as_processes = local and settings.containers is None
    return Catalogue.load(*folders, local_only=as_processes, image_only=not local, keys=keys)


def rules(settings: Settings) -> HostRules:
    """Makes the master key where there is none. Misconfigured where the data folder cannot be used."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return HostRules(
            public_host=settings.name_of_all,
            ports=settings.port_range,
            master_key=master_key(settings),
            idle_after=timedelta(seconds=settings.idle_after),
            idle_warn=timedelta(seconds=settings.idle_warn),
            idle_grace=timedelta(seconds=settings.idle_grace),
            guild_storage=settings.guild_storage * 2**30,
            keeps_worlds=settings.cluster == "local" or settings.store_place.folder is None,
            keeps_addresses=_keeps_addresses(settings),
            curseforge_key=settings.curseforge_key.get_secret_value() if settings.curseforge_key else "",
        )
    except OSError as wrong:
        raise Misconfigured([f"DORMOUSE_DATA_DIR: {settings.data_dir} cannot be used: {wrong.strerror}."]) from None


async def cluster(settings: Settings, rules: HostRules, turns: Turns) -> Cluster:
    """Asks nothing of it yet. `turns`: of whatever starts a child here. Misconfigured where there is no way to it."""
    if settings.cluster == "kubernetes":
        from bot.kubernetes import connect

        return await connect(settings, Passwords(rules.master_key))
    from core.cluster.local.cluster import LocalCluster

    folder = settings.data_dir / "servers"
    return LocalCluster(
        folder, host=settings.public_host, store=settings.store_place, turns=turns, containers=containers(settings)
    )


def containers(settings: Settings) -> Containers | None:
    """What starts games from their images on this machine; None: nothing does."""
    if settings.containers is None or settings.cluster != "local":
        return None
    from core.cluster.local.containers import Containers

    return Containers(settings.containers, settings.data_dir / "servers", own=settings.image or "")


def shelf(settings: Settings, rules: HostRules) -> Shelf:
    return Shelf(
        settings.store_place,
        settings.data_dir / "work",
        most=settings.scratch_bytes,
        public_url=settings.public_url or "",
        secret=_links_secret(rules),
    )


def links_store(settings: Settings, rules: HostRules) -> FolderStore | None:
    """The store that downloads are served from, where it is a folder. Misconfigured where it cannot be used."""
    folder = settings.store_place.folder
    if folder is None or settings.web_address is None:
        return None
    try:
        return FolderStore(folder, secret=_links_secret(rules))
    except StoreError as wrong:
        raise Misconfigured([f"DORMOUSE_STORE: {wrong.detail}"]) from None


def sweep_every(settings: Settings) -> timedelta:
    """15 s, or shorter where idle times are so short that 15 s would be felt (the demo's)."""
    shortest = min(settings.idle_after or 900, max(settings.idle_warn, 1) * 2)
    return timedelta(seconds=min(15.0, max(1.0, shortest / 12)))


def _keeps_addresses(settings: Settings) -> bool:
    if settings.cluster == "local":
        return True
    from bot.kubernetes import addresses_of

    return addresses_of(settings, "").kept


def _links_secret(rules: HostRules) -> bytes:
    """What a folder store's links are signed with."""
    return hmac.digest(rules.master_key, b"links", "sha256")
