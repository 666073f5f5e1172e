"""B2's answers as this adapter's exceptions, and its refusals in words for operators: what is wrong and what to do.

No secret, no token and no URL is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.worlds.store.b2_place import B2Place
from core.worlds.store.port import KeyRefused, NotThere, StoreError, StoreRefused

USES = {
    "listBuckets": "finding the bucket",
    "listFiles": "listing snapshots",
    "readFiles": "restoring worlds",
    "writeFiles": "saving worlds",
    "shareFiles": "download links",
    "writeKeys": "a key of its own for each server",
    "deleteKeys": "removing a server's key",
    "listKeys": "finding a server's keys",
    "writeBuckets": "setting the bucket's rules",
    "writeBucketEncryption": "setting the bucket's encryption",
}
"""What Dormouse needs a capability for."""


class Missing(NotThere):
    """There is no such file, or no such version of it."""

    def __init__(self) -> None:
        super().__init__("B2 knows no such file")


class AlreadyHidden(Exception):
    """A hide marker lies on top already."""


class PastTheEnd(Exception):
    """A range begins at or after the file's end."""


class BrokenTransfer(Exception):
    """Bytes were lost or damaged on the way; the same call may well succeed."""


class WrongKey(Exception):
    """b2_authorize_account said 401; `code` is B2's."""

    def __init__(self, code: str | None) -> None:
        super().__init__(code)
        self.code = code or ""


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What an application key is allowed, as B2 reports it. `buckets` (ids by name) counts only if `restricted`."""

    capabilities: frozenset[str]
    buckets: Mapping[str, str]
    prefix: str
    restricted: bool


def other_bucket(place: B2Place, allowed: Restrictions) -> KeyRefused:
    if not allowed.buckets:
        return KeyRefused("The B2 key is restricted to a bucket that does not exist any more. Make a new key.")
    names = ", ".join(sorted(allowed.buckets))
    return KeyRefused(
        f"The B2 key is restricted to bucket {names}, but STORE names {place.bucket}. Change one of them."
    )


def no_such_bucket(place: B2Place) -> StoreRefused:
    return StoreRefused(f"There is no bucket {place.bucket} in this B2 account. Make it (private), or correct STORE.")


def lacks(capability: str) -> StoreRefused:
    uses = USES.get(capability, "this")
    return StoreRefused(f"The B2 key lacks the capability {capability}, needed for {uses}. Make a key that has it.")


def outside(name: str, allowed: Restrictions) -> StoreRefused:
    return StoreRefused(
        f"The B2 key is restricted to names that begin with {allowed.prefix}, and {name} does not. "
        "Correct the prefix in STORE or make another key."
    )


def refusal(error: Exception, place: B2Place, capability: str, allowed: Restrictions | None, name: str) -> StoreError:
    """An error that will not pass by itself, as the port's."""
    kind, text = type(error).__name__, str(error)
    if isinstance(error, WrongKey):
        return _wrong_key(error)
    if "cap_exceeded" in text or kind.endswith("CapExceeded"):
        return _cap(kind + text)
    if getattr(error, "code", None) in ("email_not_verified", "no_payment_history"):
        return StoreRefused("Backblaze has not opened this account yet: verify its e-mail address and payment.")
    if kind == "Unauthorized":
        return _unauthorized(capability, allowed, name)
    if kind == "ClockSkew":
        return StoreRefused("This machine's clock differs from B2's by more than ten minutes. Set it right.")
    if kind == "BucketIdNotFound":
        return no_such_bucket(place)
    if kind in ("PotentialS3EndpointPassedAsRealm", "ResourceNotFound"):
        return StoreRefused('B2_REALM is not an address of the B2 native API. Leave it at "production".')
    return StoreRefused(f"B2 refuses for a reason that Dormouse does not know ({kind}: {text[:120]}).")


def _wrong_key(error: WrongKey) -> StoreRefused:
    if error.code == "unsupported":
        return StoreRefused("This kind of B2 key cannot use the native API. Make an application key.")
    return KeyRefused("B2 does not accept B2_KEY_ID and B2_KEY: they are mistyped, deleted or expired. Make a new key.")


def _cap(text: str) -> StoreRefused:
    which = next((each for each in ("storage", "transaction", "download") if each in text.lower()), "daily")
    return StoreRefused(f"The B2 account has reached its {which} cap. Raise it at Backblaze, under Caps & Alerts.")


def _unauthorized(capability: str, allowed: Restrictions | None, name: str) -> StoreRefused:
    if allowed and capability not in allowed.capabilities:
        return lacks(capability)
    if allowed and not name.startswith(allowed.prefix):
        return outside(name, allowed)
    return StoreRefused(f"B2 does not allow this key {USES.get(capability, 'this')} ({capability}).")
