"""Where worlds lie on B2, as the operator says it, and how long to be patient with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.worlds.store.port import check_prefix


@dataclass(frozen=True, slots=True)
class B2Place:
    """A bucket, a prefix in it ("" or ending in "/"), and the application key to get there.

    `realm` is b2sdk's name of an installation of B2, or the http(s) address of one.
    """

    bucket: str
    prefix: str
    key_id: str
    key: str = field(repr=False)
    realm: str = "production"

    @classmethod
    def parse(cls, store: str, key_id: str, key: str, realm: str = "") -> B2Place:
        """From the settings STORE (`b2:bucket` or `b2:bucket/prefix`), B2_KEY_ID, B2_KEY and B2_REALM.

        Raises ValueError, in words for the operator.
        """
        scheme, _, rest = store.partition(":")
        bucket, _, prefix = rest.partition("/")
        prefix = prefix.strip("/")
        if scheme != "b2" or not bucket:
            raise ValueError("STORE must be b2:bucket/prefix")
        if not key_id or not key:
            raise ValueError("STORE is on B2: set B2_KEY_ID and B2_KEY too")
        try:
            return cls(bucket, check_prefix(prefix + "/" if prefix else ""), key_id, key, realm or "production")
        except ValueError:
            raise ValueError("the prefix in STORE may hold letters A-Z a-z, digits, . _ - and / only") from None


@dataclass(frozen=True, slots=True)
class Patience:
    """How much trouble is sat out within one call; all in seconds, but `tries`."""

    tries: int = 6
    first: float = 0.5  # the first pause; each next is twice as long
    longest: float = 8.0
    waiting: float = 45.0  # all pauses of one call together; a longer Retry-After ends it at once
    overall: float = 180.0  # after that no further try begins
    connect: float = 10.0  # also the longest that one piece of an upload may stick
    read: float = 60.0  # between two pieces of an answer
