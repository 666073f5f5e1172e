"""The state of one account: keys, tokens, buckets, versions. No HTTP; one lock around everything is the server's."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

DAY = 86_400_000  # milliseconds, B2's unit of time

NEVER_WITH_A_BUCKET = frozenset({"listKeys", "writeKeys", "deleteKeys", "writeBuckets", "deleteBuckets"})
CAPABILITIES = NEVER_WITH_A_BUCKET | {
    *("listBuckets", "listAllBucketNames", "readBuckets", "readBucketEncryption", "writeBucketEncryption"),
    *("listFiles", "readFiles", "shareFiles", "writeFiles", "deleteFiles"),
    *("readBucketRetentions", "writeBucketRetentions", "readFileRetentions", "writeFileRetentions"),
    *("readFileLegalHolds", "writeFileLegalHolds", "bypassGovernance"),
    *("readBucketReplications", "writeBucketReplications", "readBucketNotifications", "writeBucketNotifications"),
}


class Refusal(Exception):
    """An answer of B2's that is an error."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(f"{status} {code} {message}")
        self.status, self.code, self.message = status, code, message


@dataclass(slots=True)
class Version:
    """One version of a file: `action` "upload" or "hide". `sha1` is "none" for a large file, as at Backblaze."""

    id: str
    name: str
    action: str
    at: int  # milliseconds
    data: bytes = b""
    sha1: str = ""
    content_type: str = "application/octet-stream"
    info: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Key:
    id: str
    secret: str
    name: str
    capabilities: frozenset[str]
    bucket_ids: tuple[str, ...] | None = None  # None: every bucket
    prefix: str | None = None
    expires: int | None = None  # milliseconds

    def may(self, capability: str, bucket: str | None = None, name: str | None = None) -> bool:
        if capability not in self.capabilities:
            return False
        if bucket is not None and self.bucket_ids is not None and bucket not in self.bucket_ids:
            return False
        return name is None or self.prefix is None or name.startswith(self.prefix)


@dataclass(slots=True)
class Token:
    """What an authorization token stands for: of an account, of one upload URL, or of downloads below a prefix."""

    key: str
    expires: int
    bucket: str | None = None
    prefix: str | None = None
    large: str | None = None  # the large file whose parts its upload URL takes


@dataclass(slots=True)
class Large:
    """A large file that was started and neither finished nor cancelled."""

    id: str
    bucket: str
    name: str
    content_type: str
    info: dict[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Bucket:
    id: str
    name: str
    kind: str = "allPrivate"
    info: dict[str, str] = field(default_factory=dict)
    lifecycle: list[dict[str, Any]] = field(default_factory=list)
    encryption: dict[str, str | None] = field(default_factory=lambda: {"mode": None})
    revision: int = 1
    files: dict[str, list[Version]] = field(default_factory=dict)  # newest first

    def visible(self, name: str) -> Version | None:
        """The newest version, unless it is a hide."""
        newest = next(iter(self.files.get(name, ())), None)
        return newest if newest and newest.action == "upload" else None

    def names(self) -> list[str]:
        """What b2_list_file_names would show."""
        return [name for name in sorted(self.files) if self.visible(name)]

    def versions(self) -> Iterator[Version]:
        for name in sorted(self.files):
            yield from self.files[name]


class Account:
    """Everything below one account id. `clock` gives seconds since 1970 and may be a test's own."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.id = secrets.token_hex(6)
        self.clock = clock
        self.buckets: dict[str, Bucket] = {}
        self.keys: dict[str, Key] = {}
        self.large: dict[str, Large] = {}
        self.tokens: dict[str, Token] = {}
        self._last = 0
        self._numbers = iter(range(1, 1 << 62))

    # What tests set up and look at

    def add_bucket(self, name: str) -> Bucket:
        if any(bucket.name == name for bucket in self.buckets.values()):
            raise Refusal(400, "duplicate_bucket_name", "Bucket name is already in use.")
        bucket = Bucket(secrets.token_hex(12), name)
        self.buckets[bucket.id] = bucket
        return bucket

    def bucket(self, name: str) -> Bucket:
        return next(bucket for bucket in self.buckets.values() if bucket.name == name)

    def add_key(
        self,
        capabilities: Iterable[str] = CAPABILITIES,
        *,
        bucket: str | None = None,
        prefix: str | None = None,
        name: str = "test",
        seconds: int | None = None,
    ) -> Key:
        """A key as the operator would make it; restricted to the bucket of this name, with what such a key may have."""
        ids = (self.bucket(bucket).id,) if bucket else None
        allowed = frozenset(capabilities) - (NEVER_WITH_A_BUCKET if ids else frozenset())
        return self.make_key(allowed, name, ids, prefix, seconds)

    def expire_tokens(self) -> None:
        """Every token of the account and of upload URLs is 24 hours old now."""
        for token in self.tokens.values():
            token.expires = 0

    def run_lifecycle(self) -> None:
        """Hide and delete what the buckets' lifecycle rules say is due by now."""
        for bucket in self.buckets.values():
            for rule in bucket.lifecycle:
                for name in [name for name in bucket.files if name.startswith(rule["fileNamePrefix"])]:
                    self._age(bucket, name, rule)

    # Rules that the operations share

    def now(self) -> int:
        """Milliseconds; each call is later than the one before, so that versions have an order."""
        self._last = max(self._last + 1, int(self.clock() * 1000))
        return self._last

    def make_key(
        self,
        capabilities: frozenset[str],
        name: str,
        bucket_ids: tuple[str, ...] | None,
        prefix: str | None,
        seconds: int | None,
    ) -> Key:
        if unknown := capabilities - CAPABILITIES:
            raise Refusal(400, "bad_request", f"unknown capability: {min(unknown)}")
        if bucket_ids is not None and (wrong := capabilities & NEVER_WITH_A_BUCKET):
            raise Refusal(400, "bad_request", f"capability not allowed with a bucket: {min(wrong)}")
        expires = self.now() + seconds * 1000 if seconds else None
        key = Key(
            f"005{next(self._numbers):022d}", "K005" + secrets.token_urlsafe(20), name, capabilities, bucket_ids, prefix
        )
        key.expires = expires
        self.keys[key.id] = key
        return key

    def login(self, key_id: str, secret: str) -> Key:
        key = self.keys.get(key_id)
        if key is None or key.secret != secret or (key.expires is not None and key.expires <= self.now()):
            raise Refusal(401, "unauthorized", "The applicationKeyId and/or the applicationKey are wrong.")
        return key

    def issue(
        self,
        key: Key,
        seconds: int = 86_400,
        bucket: str | None = None,
        prefix: str | None = None,
        large: str | None = None,
    ) -> str:
        text = f"4_{key.id}_{secrets.token_urlsafe(24)}"
        self.tokens[text] = Token(key.id, self.now() + seconds * 1000, bucket, prefix, large)
        return text

    def check(self, token: str | None) -> tuple[Key, Token]:
        """The key and token behind an Authorization header."""
        known = self.tokens.get(token or "")
        if known is None or known.key not in self.keys:
            raise Refusal(401, "bad_auth_token", "Invalid authorization token")
        key = self.keys[known.key]
        if known.expires <= self.now() or (key.expires is not None and key.expires <= self.now()):
            raise Refusal(401, "expired_auth_token", "Authorization token has expired")
        return key, known

    def store(self, bucket: Bucket, name: str, action: str = "upload", data: bytes = b"", **more: Any) -> Version:
        """Add a version: what an upload or a hide does, also for a thief in a test."""
        at, file_id = self.now(), more.pop("id", None) or self.new_id(bucket.id)
        sha1 = more.pop("sha1", "") or hashlib.sha1(data, usedforsecurity=False).hexdigest()
        version = Version(file_id, name, action, at, data, sha1, **more)
        bucket.files.setdefault(name, []).insert(0, version)
        return version

    def new_id(self, bucket: str) -> str:
        number = next(self._numbers)
        return f"4_z{bucket}_f1{number:016x}_d{self._last}_m000000_c005_v0000000_t0000"

    def find(self, file_id: str) -> tuple[Bucket, Version] | None:
        for bucket in self.buckets.values():
            if file_id.startswith(f"4_z{bucket.id}_"):
                return next(((bucket, each) for each in bucket.versions() if each.id == file_id), None)
        return None

    def _age(self, bucket: Bucket, name: str, rule: dict[str, Any]) -> None:
        now, versions = self.now(), bucket.files[name]
        hiding, deleting = rule.get("daysFromUploadingToHiding"), rule.get("daysFromHidingToDeleting")
        if hiding and versions[0].action == "upload" and versions[0].at + hiding * DAY <= now:
            self.store(bucket, name, "hide")
        if not deleting:
            return
        # A version counts as hidden from the moment a newer one (or a hide) came.
        kept = [
            version
            for version, newer in zip(versions, [None, *versions], strict=False)
            if newer is None or newer.at + deleting * DAY > now
        ]
        if kept and kept[0].action == "hide" and len(kept) == 1 and kept[0].at + deleting * DAY <= now:
            kept = []
        bucket.files[name] = kept
        if not kept:
            del bucket.files[name]
