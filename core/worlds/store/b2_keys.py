"""Application keys for single servers: what a pod holds instead of the bot's own key.

A key for a server is restricted to one bucket and to the prefix `<prefix>worlds/<id>/`, and has `listFiles`,
`readFiles` and, if it is to save, `writeFiles`. What its holder can do all the same: read every snapshot of this
server, lay new versions on its names, hide its names, and fill the bucket (a cap of the account is the only quota).
What it cannot: see or touch another server's world, delete a version, make keys or links. No B2 key is append-only;
that is why readers check everything against its name and fall back to older versions.

Making keys takes `writeKeys`, with which one can make any key, so the bot's key is then as good as the account. Where
it must not be, leave `writeKeys` out: then every server gets the bot's key (`shared`), which reaches all worlds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.words import is_server_id
from core.worlds.store.b2 import B2Store
from core.worlds.store.b2_words import lacks
from core.worlds.store.port import check_key

if TYPE_CHECKING:
    from core.worlds.store.b2_client import Connection

READS = ("listFiles", "readFiles")
SAVES = (*READS, "writeFiles")


@dataclass(frozen=True, slots=True)
class ServerKey:
    """What a pod needs to open the store, with the bot's bucket and prefix. `shared`: it is the bot's own key."""

    key_id: str
    key: str = field(repr=False)
    shared: bool


def makes_keys(store: B2Store) -> bool:
    """Whether the bot's key may make and remove keys. Raises as `Store`."""
    return {"writeKeys", "deleteKeys"} <= store.client.restrictions().capabilities


def make_server_key(
    store: B2Store, server: str, *, saves: bool = True, seconds: int | None = None, holder: str = ""
) -> ServerKey:
    """A new key for this server's world, valid for `seconds` (under 1,000 days; None: until removed). `holder`: the
    server that has it, if it is another one; it is removed with that one's keys.

    Where the bot's key may not make keys: the bot's key itself, `shared`. B2 shows a key's secret this once; keep it in
    the cluster's Secret only.
    """
    if not makes_keys(store):
        return ServerKey(store.place.key_id, store.place.key, shared=True)
    prefix = f"{store.place.prefix}worlds/{check_key(server)}/"
    made = store.client.run(
        "writeKeys",
        lambda at: at.session.create_key(
            at.account, list(SAVES if saves else READS), _name(holder or server), seconds, [at.bucket], prefix
        ),
    )
    return ServerKey(made["applicationKeyId"], made["applicationKey"], shared=False)


def remove_server_keys(store: B2Store, server: str, *, but: Collection[str] = ()) -> int:
    """Remove every key made for this server, except those with ids in `but`; how many went.

    Found by name, so that also a key whose making was cut off is removed. A pod that holds one is refused from then on.
    """
    if not makes_keys(store):
        return 0
    gone = [key_id for key_id in _ids(store, _name(server)) if key_id not in but]
    for key_id in gone:
        store.client.run("deleteKeys", _deleting(key_id))
    return len(gone)


def server_keys(store: B2Store) -> dict[str, int]:
    """How many keys each server holds that save its own world; 0 where it only has one to read another's. Only keys of
    this bucket and prefix count: one account may serve several installations."""
    if not makes_keys(store):
        return {}
    worlds, bucket = f"{store.place.prefix}worlds/", store.client.run("", lambda at: at.bucket)
    found: dict[str, int] = {}
    for key in _keys(store):
        holder, prefix = str(key["keyName"]).removeprefix(_NAMED), str(key.get("namePrefix") or "")
        buckets = key.get("bucketIds") or [key.get("bucketId")]
        if key["keyName"] != _name(holder) or not is_server_id(holder):
            continue
        if buckets == [bucket] and prefix.startswith(worlds):
            found[holder] = found.get(holder, 0) + (prefix == f"{worlds}{holder}/")
    return found


_NAMED = "dormouse-"


def _name(server: str) -> str:
    return _NAMED + server


def _ids(store: B2Store, name: str) -> list[str]:
    return [key["applicationKeyId"] for key in _keys(store) if key["keyName"] == name]


def _keys(store: B2Store) -> Iterator[dict[str, Any]]:
    """All of the account's, as B2 tells them."""
    if "listKeys" not in store.client.restrictions().capabilities:
        raise lacks("listKeys")
    start: str | None = None
    while True:
        page = store.client.run("listKeys", _listing(start))
        yield from page["keys"]
        start = page["nextApplicationKeyId"]
        if start is None:
            return


def _listing(start: str | None) -> Callable[[Connection], Any]:
    return lambda at: at.session.list_keys(at.account, 1000, start)


def _deleting(key_id: str) -> Callable[[Connection], Any]:
    return lambda at: at.session.delete_key(key_id)
