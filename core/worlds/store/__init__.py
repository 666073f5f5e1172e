"""Where worlds are kept: one port, and an adapter for each kind of place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .place import KEY, KEY_ID, REALM
from .port import KeyRefused, NotThere, Store, StoreAway, StoreError, StoreRefused, Version

__all__ = ["KeyRefused", "NotThere", "Store", "StoreAway", "StoreError", "StoreRefused", "Version", "open_store"]


def open_store(place: str, environment: Mapping[str, str], *, public_url: str = "", secret: bytes = b"") -> Store:
    """The store at `place`: `folder:PATH` or `b2:BUCKET/PREFIX` (PRODUCT.md, `STORE`).

    B2 takes `DORMOUSE_B2_KEY_ID`, `DORMOUSE_B2_KEY` and, for another realm, `DORMOUSE_B2_REALM` from `environment`:
    secrets are never on a command line. Raises `StoreRefused` with what is wrong in words.
    """
    kind, _, rest = place.partition(":")
    if kind == "folder" and rest:
        from .folder import FolderStore

        return FolderStore(Path(rest), public_url=public_url, secret=secret)
    if kind == "b2" and rest:
        from .b2 import B2Store
        from .b2_place import B2Place

        key_id, key, realm = (environment.get(name, "") for name in (KEY_ID, KEY, REALM))
        try:
            return B2Store(B2Place.parse(place, key_id, key, realm))
        except ValueError as error:
            raise StoreRefused(f"{error}.") from error
    raise StoreRefused(f"{place!r} is no store: write folder:PATH or b2:BUCKET/PREFIX.")
