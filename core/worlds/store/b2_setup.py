"""What `dormouse check` says about the bucket, and the rules it should have: expiry of what is hidden, encryption."""

from __future__ import annotations

from typing import Any

from core.worlds.store.b2 import B2Store
from core.worlds.store.b2_words import USES, Restrictions, no_such_bucket
from core.worlds.store.port import StoreError

KEEP_HIDDEN = 30
"""Days that hidden and overwritten versions stay readable: the time in which a theft or a mistake can be undone."""

NEEDED = ("listFiles", "readFiles", "writeFiles")


def check(store: B2Store) -> tuple[list[str], list[str]]:
    """Sentences for the operator: what stops worlds from being kept, and what could be better. Changes nothing; raises
    nothing that the port names."""
    try:
        allowed = store.client.restrictions()
        wrong, said = _wrong_with_key(store, allowed), _about_key(allowed)
        if "listBuckets" in allowed.capabilities:
            said += _about_bucket(store, _bucket(store))
        else:
            said.append(f"The B2 key lacks listBuckets: whether bucket {store.place.bucket} has its rules is unknown.")
    except StoreError as error:
        return [error.detail], []
    return wrong, said


def prepare(store: B2Store) -> None:
    """Give the bucket its expiry rule and SSE-B2, where it lacks them; other rules stay. Needs `writeBuckets`.

    Raises as `Store`.
    """
    bucket = _bucket(store)
    changes: dict[str, Any] = {}
    if not _expires(store, bucket):
        changes["lifecycle_rules"] = [*bucket["lifecycleRules"], _rule(store)]
    if _encrypted(bucket) is False:
        from b2sdk.v3 import SSE_B2_AES  # type: ignore[import-untyped]

        changes["default_server_side_encryption"] = SSE_B2_AES
    if changes:
        revision = bucket["revision"]
        store.client.run(
            "writeBuckets",
            lambda at: at.session.update_bucket(at.account, at.bucket, if_revision_is=revision, **changes),
        )


def _wrong_with_key(store: B2Store, allowed: Restrictions) -> list[str]:
    said = [f"The B2 key lacks {each}, needed for {USES[each]}." for each in NEEDED if each not in allowed.capabilities]
    if not store.place.prefix.startswith(allowed.prefix):
        said.append(
            f"The B2 key is restricted to {allowed.prefix}, but STORE begins at {store.place.prefix or 'the top'}."
        )
    return said


def _about_key(allowed: Restrictions) -> list[str]:
    said = []
    if allowed.prefix and not allowed.prefix.endswith("/"):
        said.append(
            f"The B2 key's prefix {allowed.prefix} does not end in /: it also reaches names that only begin so."
        )
    if "shareFiles" not in allowed.capabilities:
        said.append("The B2 key lacks shareFiles: there will be no download links.")
    if not {"writeKeys", "deleteKeys", "listKeys"} <= allowed.capabilities:
        said.append("The B2 key cannot make keys: every game server's pod gets this one, which reaches all worlds.")
    return said


def _about_bucket(store: B2Store, bucket: Any) -> list[str]:
    said = []
    if bucket["bucketType"] != "allPrivate":
        said.append(f"Bucket {store.place.bucket} is public: everybody can read the worlds. Make it private.")
    if not _expires(store, bucket):
        said.append(
            f"Bucket {store.place.bucket} keeps what was removed for ever. Add a lifecycle rule for "
            f"{store.place.prefix or 'all files'}: delete {KEEP_HIDDEN} days after hiding."
        )
    for rule in _rules(store, bucket):
        if rule.get("daysFromUploadingToHiding"):
            said.append(f"A lifecycle rule of bucket {store.place.bucket} hides files by age: worlds would vanish.")
        if (rule.get("daysFromHidingToDeleting") or KEEP_HIDDEN) < KEEP_HIDDEN:
            said.append(
                f"A lifecycle rule of bucket {store.place.bucket} deletes hidden files after less than "
                f"{KEEP_HIDDEN} days: that is the time in which damage can be undone."
            )
    if _encrypted(bucket) is False:
        said.append(f"Bucket {store.place.bucket} does not encrypt. Turn on its default encryption (SSE-B2).")
    return said


def _bucket(store: B2Store) -> Any:
    found = store.client.run("listBuckets", lambda at: at.session.list_buckets(at.account, bucket_id=at.bucket))
    if not found["buckets"]:
        raise no_such_bucket(store.place)
    return found["buckets"][0]


def _rule(store: B2Store) -> dict[str, Any]:
    return {
        "fileNamePrefix": store.place.prefix,
        "daysFromHidingToDeleting": KEEP_HIDDEN,
        "daysFromUploadingToHiding": None,
        "daysFromStartingToCancelingUnfinishedLargeFiles": 1,
    }


def _rules(store: B2Store, bucket: Any) -> list[Any]:
    """The bucket's rules that touch names of the store."""
    ours = store.place.prefix
    return [
        rule
        for rule in bucket["lifecycleRules"]
        if ours.startswith(rule["fileNamePrefix"]) or rule["fileNamePrefix"].startswith(ours)
    ]


def _expires(store: B2Store, bucket: Any) -> bool:
    return any(
        rule.get("daysFromHidingToDeleting") and store.place.prefix.startswith(rule["fileNamePrefix"])
        for rule in _rules(store, bucket)
    )


def _encrypted(bucket: Any) -> bool | None:
    """None: the key may not read it."""
    encryption = bucket["defaultServerSideEncryption"]
    if not encryption["isClientAuthorizedToRead"]:
        return None
    return bool((encryption["value"] or {}).get("mode"))
